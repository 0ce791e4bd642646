//! Each strategy where it belongs: figures under the official settings, and
//! nothing lost under faults.

use broadcast::Strategy;
use clap::ValueEnum;
use maelstrom_sim::{Fault, LatencyDist, Settings, Workload};

use crate::measure::{Figures, efficient, run, worst};

#[test]
fn convergecast_meets_3e_on_20_seeds() {
    let figures = worst(Strategy::Convergecast, &efficient(), 0..20);
    assert!(figures.valid, "{figures}");
    assert!(figures.servers <= 0.40, "{figures}");
    assert!(figures.median < 1000 && figures.maximum < 2000, "{figures}");
    assert_eq!((figures.lost, figures.unstable), (0, 0));
}

#[test]
fn quick_convergecast_meets_3d_on_20_seeds() {
    let figures = worst(Strategy::ConvergecastQuick, &efficient(), 0..20);
    assert!(figures.valid, "{figures}");
    assert!(figures.servers <= 1.5, "{figures}");
    assert!(figures.median < 400 && figures.maximum < 600, "{figures}");
    assert_eq!((figures.lost, figures.unstable), (0, 0));
}

#[test]
fn direct_meets_3d_in_one_hop_on_20_seeds() {
    let figures = worst(Strategy::Direct, &efficient(), 0..20);
    assert!(figures.valid, "{figures}");
    assert!(figures.servers <= 13.0, "{figures}");
    assert!(figures.median < 100 && figures.maximum <= 110, "{figures}");
    assert_eq!((figures.lost, figures.unstable), (0, 0));
}

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
fn nothing_is_lost_under_partitions_on_50_seeds() {
    // A partition is cut at once, and the next about every two seconds.
    let settings = efficient()
        .time_limit(5)
        .nemesis(Fault::Partition)
        .nemesis_interval(2.0);
    for strategy in [Strategy::Convergecast, Strategy::ConvergecastQuick] {
        for seed in 0..50 {
            loses_nothing(strategy, &settings, seed);
        }
    }
    // And of the official length.
    let settings = efficient().nemesis(Fault::Partition);
    loses_nothing(Strategy::Convergecast, &settings, 50);
    loses_nothing(Strategy::ConvergecastQuick, &settings, 50);
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
    for distribution in [LatencyDist::Uniform, LatencyDist::Exponential] {
        for faults in [false, true] {
            let mut settings = efficient().time_limit(5).latency_dist(distribution);
            if faults {
                settings = settings.nemesis(Fault::Partition);
            }
            for strategy in [
                Strategy::Convergecast,
                Strategy::ConvergecastQuick,
                Strategy::Direct,
            ] {
                for seed in 0..4 {
                    loses_nothing(strategy, &settings, seed);
                }
            }
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
