//! Each strategy where it belongs: figures under the official settings, the
//! isolation that it keeps, and the one that it does not.

use clap::ValueEnum;
use maelstrom_sim::{Availability, LatencyDist, Verdict};
use txn::Strategy;

use crate::measure::{Figures, model, official, partitioned, run, worst};

#[test]
fn lww_delta_meets_6c() {
    // Of the official length.
    let figures = worst(Strategy::LwwDelta, &partitioned(), 0..1);
    assert!(figures.valid && figures.servers <= 0.10, "{figures}");
    // Shorter, with a partition about every second.
    let settings = partitioned().time_limit(2).nemesis_interval(1.0);
    let figures = worst(Strategy::LwwDelta, &settings, 0..20);
    assert!(figures.valid && figures.servers <= 0.10, "{figures}");
}

#[test]
fn lww_strategies_are_read_committed_and_available_under_partitions() {
    for strategy in [Strategy::LwwBroadcast, Strategy::LwwDelta] {
        for name in [
            "read-uncommitted",
            "read-committed",
            "monotonic-atomic-view",
        ] {
            let settings = partitioned()
                .time_limit(2)
                .nemesis_interval(1.0)
                .consistency_models(vec![model(name)]);
            let figures = worst(strategy, &settings, 0..5);
            assert!(figures.valid, "{strategy:?}, {name}: {figures}");
        }
    }
}

/// Two nodes that write without asking each other overwrite each other.
#[test]
fn lww_strategies_lose_updates() {
    for strategy in [Strategy::LwwBroadcast, Strategy::LwwDelta] {
        let models = vec![model("snapshot-isolation")];
        let settings = partitioned()
            .time_limit(5)
            .availability(Availability::Any)
            .consistency_models(models);
        let figures = worst(strategy, &settings, 0..3);
        assert!(figures.anomalies.contains("lost-update"), "{figures}");
    }
}

#[test]
fn the_lock_is_strictly_serializable() {
    let settings = partitioned()
        .time_limit(5)
        .availability(Availability::Any)
        .consistency_models(vec![model("strict-serializable")]);
    let figures = worst(Strategy::LinKvLock, &settings, 0..3);
    assert!(figures.valid, "{figures}");
}

#[test]
fn a_single_node_is_strictly_serializable_and_two_are_not() {
    let settings = official()
        .time_limit(3)
        .availability(Availability::Total)
        .consistency_models(vec![model("strict-serializable")]);
    let figures = worst(Strategy::Single, &settings.clone().node_count(1), 0..5);
    assert!(figures.valid, "{figures}");
    for seed in 0..5 {
        let verdict = run(Strategy::Single, &settings, seed).check().verdict();
        assert_eq!(verdict, Verdict::Invalid, "seed {seed}");
    }
}

#[test]
fn latencies_and_more_nodes_change_nothing() {
    for distribution in [LatencyDist::Uniform, LatencyDist::Exponential] {
        for nodes in [1, 3, 5] {
            let settings = partitioned()
                .node_count(nodes)
                .time_limit(1)
                .rate(300.0)
                .latency_ms(20)
                .latency_dist(distribution);
            for strategy in [Strategy::LwwBroadcast, Strategy::LwwDelta] {
                let figures = Figures::of(&run(strategy, &settings, nodes as u64));
                assert!(figures.valid, "{strategy:?}, {nodes} nodes: {figures}");
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let settings = partitioned().time_limit(1);
    for strategy in Strategy::value_variants() {
        let [first, second] = [3, 3].map(|seed| {
            let outcome = run(*strategy, &settings, seed);
            let mut journal = Vec::new();
            let written = outcome.journal.write_json_lines(&mut journal);
            written.expect("a list takes everything");
            (journal, outcome.history.to_json_lines())
        });
        assert!(first == second, "{strategy:?}");
    }
}
