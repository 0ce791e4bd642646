//! What a run costs, and how long values take.

use std::fmt;

use broadcast::{Broadcast, Strategy};
use maelstrom_sim::{InProcess, Outcome, Run, Settings, Verdict, Workload};

/// The official settings of 3d and 3e.
pub(crate) fn efficient() -> Settings {
    Settings::new(Workload::Broadcast)
        .node_count(25)
        .rate(100.0)
        .time_limit(20)
        .latency_ms(100)
}

pub(crate) fn run(strategy: Strategy, settings: &Settings, seed: u64) -> Outcome {
    let host = InProcess::new(move |ctx| Broadcast::new(strategy, &ctx));
    Run::new(settings.clone(), seed, host).execute()
}

/// The figures of a run, or the worst ones of several.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) valid: bool,
    pub(crate) all: f32,
    pub(crate) servers: f32,
    pub(crate) median: i64,
    pub(crate) maximum: i64,
    pub(crate) lost: i64,
    pub(crate) unstable: i64,
}

impl Figures {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        let results = outcome.check();
        let json = results.to_json();
        let workload = &json["workload"];
        let count = |name: &str| workload[name].as_i64().unwrap_or(-1);
        let latency = |q: &str| workload["stable-latencies"][q].as_i64().unwrap_or(-1);
        let net = results.net.as_ref().expect("a run has a journal");
        Self {
            valid: results.verdict() == Verdict::Valid && outcome.failure.is_none(),
            all: net.all.msgs_per_op.unwrap_or_default(),
            servers: net.servers.msgs_per_op.unwrap_or_default(),
            median: latency("0.5"),
            maximum: latency("1"),
            lost: count("lost-count"),
            unstable: count("attempt-count") - count("stable-count"),
        }
    }

    /// The worst of each figure.
    pub(crate) fn worst(self, other: Self) -> Self {
        Self {
            valid: self.valid && other.valid,
            all: self.all.max(other.all),
            servers: self.servers.max(other.servers),
            median: self.median.max(other.median),
            maximum: self.maximum.max(other.maximum),
            lost: self.lost.max(other.lost),
            unstable: self.unstable.max(other.unstable),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.valid { "valid" } else { "INVALID" };
        write!(
            f,
            "{verdict} | {:.3} / {:.3} | {} / {} ms",
            self.servers, self.all, self.median, self.maximum
        )
    }
}

pub(crate) fn worst(
    strategy: Strategy,
    settings: &Settings,
    seeds: std::ops::Range<u64>,
) -> Figures {
    let figures = seeds.map(|seed| Figures::of(&run(strategy, settings, seed)));
    figures
        .reduce(Figures::worst)
        .expect("there is at least one seed")
}
