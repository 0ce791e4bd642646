//! The examples on the workbench: official settings, real pipes, a verdict.

use maelstrom_sim::{Availability, Fault, Pace, Process, Run, Settings, Verdict, Workload};

use crate::process::example;

fn valid(name: &str, settings: Settings) {
    let logs = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
    let host = Process::new(example(name), [""; 0], &logs);
    let outcome = Run::new(settings, 1, host).pace(Pace::Real).execute();
    assert!(outcome.failure.is_none(), "{name}: {:?}", outcome.failure);
    let results = outcome.check();
    assert_eq!(
        results.verdict(),
        Verdict::Valid,
        "{name}: {}",
        results.story()
    );
    assert!(results.stats.all.ok_count > 10, "{name}");
    std::fs::remove_dir_all(logs).unwrap();
}

#[test]
fn echo() {
    valid(
        "echo",
        Settings::new(Workload::Echo)
            .node_count(1)
            .rate(50.0)
            .time_limit(1),
    );
}

#[test]
fn unique_ids() {
    let settings = Settings::new(Workload::UniqueIds)
        .node_count(3)
        .rate(200.0)
        .time_limit(1)
        .availability(Availability::Total)
        .nemesis(Fault::Partition);
    valid("unique_ids", settings);
}

/// Eleven seconds, ten of which are the pause before the final read.
#[test]
fn broadcast_a() {
    valid(
        "broadcast_a",
        Settings::new(Workload::Broadcast)
            .node_count(1)
            .rate(50.0)
            .time_limit(1),
    );
}
