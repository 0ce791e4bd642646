//! `glomers sweep`: one challenge on many seeds.

use std::io::Write as _;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use maelstrom_check::Verdict;

use crate::challenge::Challenge;
use crate::cli::SettingArgs;
use crate::exit;
use crate::many::{Many, Spread, Summary, again};
use crate::measured::Figures;
use crate::report::{FILE, PageArgs};
use crate::session::{Console, Kept, Nodes, Session, complain};
use crate::shrink::Shrinking;

/// How long the first failure is cut down.
const SHRINKING: Duration = Duration::from_secs(10);

/// What `sweep` can be told.
#[derive(Debug, Args)]
pub(crate) struct SweepArgs {
    /// The challenge; `glomers list` names them.
    challenge: String,

    /// How many seeds.
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,

    /// The first seed.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    from: u64,

    /// Only this part of the seeds: 2/8 is the second of eight.
    #[arg(long, value_name = "PART")]
    shard: Option<Shard>,

    /// Run this strategy of the solution [default: the best for the challenge].
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,

    /// Leave the first failure as it is, instead of cutting it down to a small run.
    #[arg(long)]
    no_shrink: bool,

    /// The folder that keeps the runs of seeds that failed.
    #[arg(long, value_name = "FOLDER", default_value = "store")]
    store: PathBuf,

    /// Keep no run, and write no page, of seeds that failed.
    #[arg(long)]
    no_report: bool,

    #[command(flatten)]
    settings: SettingArgs,
}

/// So many runs that failed are kept, with their pages.
const KEPT: usize = 5;

/// One part of several, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    part: u64,
    of: u64,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let parts = parts.and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((part, of)) if (1..=of).contains(&part) => Ok(Self { part, of }),
            _ => Err("expected a part and how many there are, as in 2/8".into()),
        }
    }
}

impl Shard {
    fn takes(self, seed: u64) -> bool {
        seed % self.of == self.part - 1
    }
}

/// Runs the seeds, tells of each that failed, and gives the exit code.
pub(crate) fn sweep(args: &SweepArgs) -> u8 {
    let asked = args
        .settings
        .asked(&args.challenge, args.strategy.as_deref());
    let (challenge, settings, host) = match asked {
        Ok(asked) => asked,
        Err(text) => return complain(exit::BAD_ARGUMENTS, &text),
    };
    let Some(end) = args.from.checked_add(args.seeds) else {
        let text = format!("there are no {} seeds from {} on", args.seeds, args.from);
        return complain(exit::BAD_ARGUMENTS, &text);
    };
    let seeds: Vec<u64> = (args.from..end)
        .filter(|seed| args.shard.is_none_or(|shard| shard.takes(*seed)))
        .collect();
    let bar = ProgressBar::new(seeds.len() as u64);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} seeds, {eta} left {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let start = Instant::now();
    let many = Many {
        settings: &settings,
        host: &host,
        thresholds: challenge.thresholds(&settings),
    };
    let summaries = many.run(&seeds, |summary| {
        bar.inc(1);
        if let Some(failure) = &summary.failure {
            let strategy = args.strategy.as_deref();
            let again = again(challenge.id, strategy, &args.settings.flags(), summary.seed);
            let line = format!("seed {}: {failure}\n  again: {again}\n", summary.seed);
            // What can't be written now can't be in the end either, and is told then.
            let _ = bar.suspend(|| anstream::stdout().write_all(line.as_bytes()));
        }
    });
    bar.finish_and_clear();
    tell(&summaries, start.elapsed().as_secs_f64());
    if !args.no_report {
        let failed = summaries.iter().filter(|summary| summary.failure.is_some());
        for summary in failed.take(KEPT) {
            keep(args, &many, challenge, summary.seed);
        }
    }
    if let Some(seed) = first_failure(&summaries).filter(|_| !args.no_shrink) {
        let shrinking = Shrinking {
            challenge,
            strategy: args.strategy.as_deref(),
            host,
            settings,
            seed,
            within: SHRINKING,
        };
        anstream::println!(
            "\nThe first failure, seed {seed}, cut down (--no-shrink leaves that out):\n"
        );
        if let Err(error) = shrinking.run() {
            anstream::println!("{error}.");
        }
    }
    code(&summaries)
}

/// Runs a seed that failed once more, now that the sweep is over and nobody waits, and
/// keeps what it leaves.
fn keep(args: &SweepArgs, many: &Many<'_>, challenge: &Challenge, seed: u64) {
    let session = Session {
        name: challenge.id,
        settings: many.settings.clone(),
        seed,
        nodes: Nodes::InProcess(many.host.clone()),
        thresholds: many.thresholds,
        strict: true,
        lenient: None,
        store: args.store.clone(),
        page: PageArgs::default(),
        command: again(
            challenge.id,
            args.strategy.as_deref(),
            &args.settings.flags(),
            seed,
        ),
        console: Console::default(),
    };
    match session.keep().and_then(Kept::whole) {
        Ok(kept) => anstream::println!(
            "seed {seed} is kept: {}",
            kept.folder.path().join(FILE).display()
        ),
        Err(error) => anstream::eprintln!("note: seed {seed} is not kept: {error}"),
    }
}

fn tell(summaries: &[Summary], seconds: f64) {
    let failed = summaries
        .iter()
        .filter(|summary| summary.failure.is_some())
        .count();
    let messages: usize = summaries.iter().map(|summary| summary.messages).sum();
    let count = summaries.len();
    anstream::println!(
        "{count} seeds, {failed} failed; {seconds:.1} s, {:.0} messages a second",
        messages as f64 / seconds
    );
    for (name, figure) in Figures::NAMED {
        if let Some(Spread {
            least,
            median,
            most,
        }) = Spread::of(summaries, figure)
        {
            anstream::println!("{name:<32} least {least:.3}, median {median:.3}, most {most:.3}");
        }
    }
}

/// The first seed whose run shows an anomaly, rather than miss a threshold.
fn first_failure(summaries: &[Summary]) -> Option<u64> {
    let failed = summaries
        .iter()
        .filter(|summary| summary.failure.is_some() && summary.verdict != Verdict::Valid);
    let gravest = failed
        .clone()
        .find(|summary| summary.verdict == Verdict::Invalid);
    gravest
        .or(failed.clone().next())
        .map(|summary| summary.seed)
}

/// The worst of them all.
fn code(summaries: &[Summary]) -> u8 {
    let any = |test: fn(&Summary) -> bool| summaries.iter().any(test);
    if any(|summary| summary.failure.is_some() && summary.verdict != Verdict::Unknown) {
        exit::INVALID
    } else if any(|summary| summary.failure.is_some()) {
        exit::UNKNOWN
    } else {
        exit::VALID
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_share_out_every_seed_once() {
        let shards: Vec<Shard> = (1..=8).map(|part| Shard { part, of: 8 }).collect();
        for seed in 0..100 {
            assert_eq!(shards.iter().filter(|shard| shard.takes(seed)).count(), 1);
        }
        assert_eq!("2/8".parse(), Ok(Shard { part: 2, of: 8 }));
        for bad in ["0/8", "9/8", "2", "a/b", "1/0", "2/8/3"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}
