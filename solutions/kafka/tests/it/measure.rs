//! What a run costs, and what the checkers say of it.

use std::fmt;

use kafka::{Kafka, Strategy};
use maelstrom_sim::{Concurrency, InProcess, Outcome, Run, Settings, Verdict, Workload};

/// The official settings of 5b and 5c.
pub(crate) fn official() -> Settings {
    Settings::new(Workload::Kafka)
        .node_count(2)
        .concurrency(Concurrency::PerNode(2))
        .rate(1000.0)
        .time_limit(20)
}

pub(crate) fn run(strategy: Strategy, settings: &Settings, seed: u64) -> Outcome {
    let host = InProcess::new(move |ctx| Kafka::new(strategy, &ctx));
    Run::new(settings.clone(), seed, host).execute()
}

/// The figures of a run, or the worst ones of several.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) runs: usize,
    pub(crate) valid: usize,
    pub(crate) servers: f32,
    pub(crate) all: f32,
    /// Operations other than `crash` that were not answered with success.
    pub(crate) unanswered: usize,
    /// The fewest operations of a run.
    pub(crate) operations: usize,
    /// The kinds of errors that the check of logs found.
    pub(crate) errors: Vec<String>,
}

impl Figures {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        let results = outcome.check();
        let net = results.net.as_ref().expect("a run has a journal");
        let crashes = results.stats.by_f.iter().filter(|(f, _)| ***f == *"crash");
        let crashes: usize = crashes.map(|(_, counts)| counts.count).sum();
        let all = &results.stats.all;
        let json = results.to_json();
        let errors = json["workload"]["bad-error-types"].as_array();
        let names = errors
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str());
        Self {
            runs: 1,
            valid: usize::from(results.verdict() == Verdict::Valid && outcome.failure.is_none()),
            servers: net.servers.msgs_per_op.unwrap_or_default(),
            all: net.all.msgs_per_op.unwrap_or_default(),
            unanswered: all.count - all.ok_count - crashes,
            operations: all.count,
            errors: names.map(str::to_owned).collect(),
        }
    }

    fn worst(mut self, other: Self) -> Self {
        self.errors.extend(other.errors);
        self.errors.sort();
        self.errors.dedup();
        Self {
            runs: self.runs + other.runs,
            valid: self.valid + other.valid,
            servers: self.servers.max(other.servers),
            all: self.all.max(other.all),
            unanswered: self.unanswered.max(other.unanswered),
            operations: self.operations.min(other.operations),
            errors: self.errors,
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} | ", self.valid, self.runs)?;
        write!(f, "{:.3} / {:.3} | ", self.servers, self.all)?;
        write!(f, "{} | {} | ", self.operations, self.unanswered)?;
        let errors = self.errors.join(", ");
        f.write_str(if errors.is_empty() { "none" } else { &errors })
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
