//! What a run costs.

use std::fmt;

use counter::{Counter, Strategy};
use maelstrom_sim::{InProcess, Outcome, Run, Settings, Verdict, Workload};

/// The official settings, but for the partitions.
pub(crate) fn official() -> Settings {
    Settings::new(Workload::GCounter)
        .node_count(3)
        .rate(100.0)
        .time_limit(20)
}

pub(crate) fn run(strategy: Strategy, settings: &Settings, seed: u64) -> Outcome {
    let host = InProcess::new(move |ctx| Counter::new(strategy, &ctx));
    Run::new(settings.clone(), seed, host).execute()
}

/// The figures of a run, or the worst ones of several.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) valid: bool,
    pub(crate) all: f32,
    pub(crate) servers: f32,
}

impl Figures {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        let results = outcome.check();
        let net = results.net.as_ref().expect("a run has a journal");
        Self {
            valid: results.verdict() == Verdict::Valid && outcome.failure.is_none(),
            all: net.all.msgs_per_op.unwrap_or_default(),
            servers: net.servers.msgs_per_op.unwrap_or_default(),
        }
    }

    fn worst(self, other: Self) -> Self {
        Self {
            valid: self.valid && other.valid,
            all: self.all.max(other.all),
            servers: self.servers.max(other.servers),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.valid { "valid" } else { "INVALID" };
        write!(f, "{verdict}, {:.3} / {:.3}", self.servers, self.all)
    }
}

/// The worst figures over these seeds.
pub(crate) fn worst(
    strategy: Strategy,
    settings: &Settings,
    seeds: std::ops::Range<u64>,
) -> Figures {
    let figures = seeds.map(|seed| Figures::of(&run(strategy, settings, seed)));
    let worst = figures.reduce(Figures::worst);
    worst.expect("there is at least one seed")
}
