//! Nothing is lost under faults, whatever the latency and the number of nodes.
//! The figures are held to in the list of challenges, where the settings are.

use broadcast::Strategy;
use clap::ValueEnum;
use maelstrom_sim::{Fault, LatencyDist, Settings, TopologyKind, Workload};

use crate::measure::{Figures, efficient, run};

/// Nothing lost, every value on every node by the final reads.
fn loses_nothing(strategy: Strategy, settings: &Settings, seed: u64) {
    let figures = Figures::of(&run(strategy, settings, seed));
    assert!(figures.valid, "{strategy:?}, seed {seed}: {figures:?}");
    assert_eq!(
        (figures.lost, figures.unstable),
        (0, 0),
        "{strategy:?}, seed {seed}: {figures:?}"
    );
}

#[test]
fn convergecasts_lose_nothing_under_quick_partitions() {
    // A partition is cut at once, and the next about every two seconds.
    let settings = efficient()
        .time_limit(5)
        .nemesis(Fault::Partition)
        .nemesis_interval(2.0);
    for strategy in [Strategy::Convergecast, Strategy::ConvergecastQuick] {
        for seed in 0..25 {
            loses_nothing(strategy, &settings, seed);
        }
    }
}

#[test]
fn every_strategy_loses_nothing_in_a_small_cluster() {
    let settings = Settings::new(Workload::Broadcast)
        .node_count(5)
        .rate(10.0)
        .time_limit(20)
        .nemesis(Fault::Partition);
    for strategy in Strategy::value_variants() {
        for seed in 0..10 {
            loses_nothing(*strategy, &settings, seed);
        }
    }
}

#[test]
fn nothing_is_lost_whatever_the_latency() {
    let small = Settings::new(Workload::Broadcast)
        .node_count(5)
        .rate(20.0)
        .time_limit(5)
        .latency_ms(50);
    for distribution in [LatencyDist::Uniform, LatencyDist::Exponential] {
        for strategy in Strategy::value_variants() {
            let calm = small.clone().latency_dist(distribution);
            let cut = calm.clone().nemesis(Fault::Partition).nemesis_interval(2.0);
            for seed in 0..4 {
                loses_nothing(*strategy, &calm, seed);
                loses_nothing(*strategy, &cut, seed);
            }
        }
        let large = efficient().time_limit(5).latency_dist(distribution);
        for strategy in [
            Strategy::Convergecast,
            Strategy::ConvergecastQuick,
            Strategy::Direct,
        ] {
            loses_nothing(strategy, &large.clone().nemesis(Fault::Partition), 1);
        }
    }
}

#[test]
fn no_strategy_needs_a_certain_topology() {
    for topology in [
        TopologyKind::Line,
        TopologyKind::Grid,
        TopologyKind::Tree,
        TopologyKind::Total,
    ] {
        let settings = Settings::new(Workload::Broadcast)
            .node_count(7)
            .rate(20.0)
            .time_limit(5)
            .latency_ms(20)
            .topology(topology)
            .nemesis(Fault::Partition)
            .nemesis_interval(2.0);
        for strategy in Strategy::value_variants() {
            loses_nothing(*strategy, &settings, 1);
        }
    }
}

#[test]
fn any_number_of_nodes_will_do() {
    for nodes in 1..=25 {
        let settings = Settings::new(Workload::Broadcast)
            .node_count(nodes)
            .rate(20.0)
            .time_limit(5)
            .latency_ms(20);
        for strategy in Strategy::value_variants() {
            loses_nothing(*strategy, &settings, nodes as u64);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let settings = efficient().time_limit(3).nemesis(Fault::Partition);
    for strategy in Strategy::value_variants() {
        let [first, second] = [3, 3].map(|seed| run(*strategy, &settings, seed));
        assert_eq!(first.journal, second.journal, "{strategy:?}");
        assert_eq!(first.history.ops(), second.history.ops(), "{strategy:?}");
    }
}
