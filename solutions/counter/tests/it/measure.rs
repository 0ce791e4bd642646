//! What came of a run.

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

/// Whether a run went to its end and was right.
pub(crate) fn is_valid(outcome: &Outcome) -> bool {
    outcome.check().verdict() == Verdict::Valid && outcome.failure.is_none()
}
