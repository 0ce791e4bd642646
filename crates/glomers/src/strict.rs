//! What becomes of the checks that are stricter than Maelstrom's.
//!
//! A node of one's own is judged as Maelstrom judges it: `test` and `check` are
//! there to tell what it would say. What the stricter checks find beside that
//! is told and decides nothing, unless somebody asks for it. The challenges,
//! which have solutions of ours to hold up, ask for it.

use clap::Args;
use maelstrom_check::{Results, Verdict};

/// What becomes of the stricter checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strict {
    /// They are not made.
    Off,
    /// What they find is told.
    Told,
    /// A run must pass them, too.
    Counts,
}

/// The flags for that.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct StrictArgs {
    /// Count what checks stricter than Maelstrom's find, which is only told otherwise.
    #[arg(long, conflicts_with = "no_strict")]
    strict: bool,

    /// Leave the stricter checks out.
    #[arg(long)]
    no_strict: bool,
}

impl StrictArgs {
    pub(crate) fn chosen(self) -> Strict {
        match (self.strict, self.no_strict) {
            (_, true) => Strict::Off,
            (true, _) => Strict::Counts,
            _ => Strict::Told,
        }
    }

    /// The flag that was given, as it is typed again.
    pub(crate) fn flag(self) -> Option<String> {
        match self.chosen() {
            Strict::Off => Some("--no-strict".into()),
            Strict::Told => None,
            Strict::Counts => Some("--strict".into()),
        }
    }
}

impl Strict {
    /// The results with the verdict that stands.
    pub(crate) fn applied_to(self, mut results: Results) -> Results {
        if self != Self::Counts {
            results.valid = results.maelstrom;
        }
        results
    }

    /// Tells on standard error what a valid run would not have passed.
    pub(crate) fn tell(results: &Results) {
        let Some(strict) = &results.strict else {
            return;
        };
        if strict.valid == Verdict::Valid {
            return;
        }
        anstream::eprintln!("note: Maelstrom has nothing against it; stricter checks found:");
        for finding in &strict.findings {
            anstream::eprintln!("  {} ({}):", finding.name, finding.count);
            for line in &finding.story {
                anstream::eprintln!("    {line}");
            }
        }
    }
}
