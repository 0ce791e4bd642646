//! What came of a run.

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

/// The figures of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) valid: bool,
    pub(crate) lost: i64,
    pub(crate) unstable: i64,
}

impl Figures {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        let results = outcome.check();
        let json = results.to_json();
        let workload = &json["workload"];
        let count = |name: &str| workload[name].as_i64().unwrap_or(-1);
        Self {
            valid: results.verdict() == Verdict::Valid && outcome.failure.is_none(),
            lost: count("lost-count"),
            unstable: count("attempt-count") - count("stable-count"),
        }
    }
}
