//! Each strategy where it belongs: figures under the official settings, the
//! isolation that it keeps, and the one that it does not.

use clap::ValueEnum;
use maelstrom_sim::{Availability, Concurrency, Fault, LatencyDist, Settings, Verdict};
use txn::Strategy;

use crate::measure::{Figures, model, official, partitioned, run, worst};

/// Models that nothing in a history of the local strategies rules out.
const KEPT: [&str; 6] = [
    "read-uncommitted",
    "strong-read-committed",
    "monotonic-atomic-view",
    "causal-cerone",
    "PRAM",
    "prefix",
];

#[test]
fn lww_strategies_keep_these_models_and_are_available_under_partitions() {
    for strategy in [Strategy::LwwBroadcast, Strategy::LwwDelta] {
        for name in KEPT {
            let settings = partitioned()
                .time_limit(2)
                .nemesis_interval(1.0)
                .consistency_models(vec![model(name)]);
            let figures = worst(strategy, &settings, 0..3);
            assert!(figures.valid, "{strategy:?}, {name}: {figures}");
        }
    }
}

/// Three nodes, and messages that overtake each other or are lost.
fn stormy() -> Settings {
    partitioned()
        .node_count(3)
        .rate(300.0)
        .time_limit(5)
        .nemesis_interval(1.0)
        .latency_ms(30)
        .latency_dist(LatencyDist::Exponential)
        .availability(Availability::Any)
        .consistency_models(vec![model("strict-serializable")])
}

/// Whoever sees a transaction sees what it built on: a batch comes after all
/// batches before it. One message for each transaction does not, and it shows.
#[test]
fn batches_keep_the_causal_order_that_single_messages_break() {
    let anomalies = |strategy| worst(strategy, &stormy(), 0..6).anomalies;
    let broken = anomalies(Strategy::LwwBroadcast);
    assert!(broken.contains("G-single-item"), "{broken:?}");
    let kept = anomalies(Strategy::LwwDelta);
    assert!(kept.contains("lost-update"), "{kept:?}");
    for forbidden in ["G0", "G1a", "G1b", "G1c", "internal", "G-single-item"] {
        assert!(!kept.contains(forbidden), "{kept:?}");
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
            // Whoever waits for a lock may wait too long, and partitions of
            // nodes are nothing to it.
            let mut settings = settings.availability(Availability::Any);
            settings.nemesis.clear();
            let figures = Figures::of(&run(Strategy::LinKvLock, &settings, nodes as u64));
            assert!(figures.valid, "the lock, {nodes} nodes: {figures}");
        }
    }
}

/// A killed node forgets what it told nobody, and no rule is broken by that.
#[test]
fn kills_leave_every_strategy_read_committed() {
    let settings = official()
        .node_count(3)
        .rate(300.0)
        .time_limit(5)
        .nemesis(Fault::Kill)
        .nemesis_interval(0.5);
    for strategy in Strategy::value_variants() {
        let mut transactions = 0;
        for seed in 0..4 {
            let figures = Figures::of(&run(*strategy, &settings, seed));
            // A run whose clients all wait for killed nodes may end at once.
            let judged = figures.transactions > 50;
            assert!(figures.valid || !judged, "{strategy:?}: {figures}");
            transactions += figures.transactions;
        }
        assert!(transactions > 200, "{strategy:?}: {transactions}");
    }
}

/// Those who queue here for longer than they could commit end in error 30, and no
/// client is answered when it is gone: Maelstrom would hear nothing more of the node.
#[test]
fn whoever_waits_for_the_lock_too_long_aborts() {
    let settings = official()
        .concurrency(Concurrency::PerNode(20))
        .rate(200.0)
        .latency_ms(30)
        .consistency_models(vec![model("strict-serializable")]);
    let outcome = run(Strategy::LinKvLock, &settings, 0);
    assert!(outcome.notices.is_empty(), "{:?}", outcome.notices);
    let figures = Figures::of(&outcome);
    assert!(figures.valid, "{figures}");
    let all = outcome.check().stats.all;
    let (aborted, unknown) = (all.fail_count, all.info_count);
    assert!(aborted > 10 * unknown, "{aborted}, {unknown} unknown");
}

/// A round trip to the service takes 200 ms, and five of them a transaction.
#[test]
fn the_lock_is_had_where_the_service_is_far() {
    let settings = official()
        .latency_ms(100)
        .consistency_models(vec![model("strict-serializable")]);
    let figures = worst(Strategy::LinKvLock, &settings, 0..3);
    assert!(figures.valid && figures.transactions > 10, "{figures}");
}

/// A compare-and-set that the network repeats is refused for its own first copy.
#[test]
fn what_the_network_repeats_is_committed_once_and_not_called_aborted() {
    let settings = official()
        .time_limit(5)
        .rate(50.0)
        .latency_ms(10)
        .latency_dist(LatencyDist::Exponential)
        .nemesis(Fault::Duplicate)
        .nemesis_interval(2.0)
        .consistency_models(vec![model("strict-serializable")]);
    let figures = worst(Strategy::LinKvLock, &settings, 0..10);
    assert!(figures.valid, "{figures}");
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
