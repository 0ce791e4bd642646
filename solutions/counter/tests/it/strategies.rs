//! The right sum under faults, whatever the latency and the number of nodes. The
//! figures are held to in the list of challenges, where the settings are.

use clap::ValueEnum;
use std::collections::BTreeMap;

use counter::{Replica, Request, Strategy};
use crdt::{Join, PNCounter};
use maelstrom_check::Op;
use maelstrom_node::NodeId;
use maelstrom_sim::{EventKind, Fault, LatencyDist, Outcome, Settings, Verdict, Workload};

use crate::measure::{is_valid, official, run};

/// The time of the last healing.
fn healed(outcome: &Outcome) -> u64 {
    let name = |op: &Op| op.value.name() == Some("network-healed");
    let healed = outcome.history.ops().iter().rfind(|op| name(op));
    let healed = healed.expect("the run ends with a healed network").time;
    u64::try_from(healed).expect("not before the run")
}

/// When a node last received a count that it did not have, and when a node last
/// said anything to another, both after the journal.
fn last_news(outcome: &Outcome) -> (u64, u64) {
    let mut known: BTreeMap<&NodeId, PNCounter<Replica>> = BTreeMap::new();
    let (mut learnt, mut said) = (0, 0);
    for event in &outcome.journal.events {
        let message = outcome.journal.message(event).expect("it was sent");
        if message.involves_client() {
            continue;
        }
        said = event.time;
        let request = message.body.decode().expect("nodes talk like this");
        let Request::Deltas {
            news: Some(news), ..
        } = request
        else {
            continue;
        };
        match event.kind {
            // Its own counts, if they are new.
            EventKind::Send => {
                known.entry(&message.src).or_default().join(&news.payload);
            }
            EventKind::Receive => {
                if known.entry(&message.dest).or_default().join(&news.payload) {
                    learnt = event.time;
                }
            }
            EventKind::Drop => {}
        }
    }
    (learnt, said)
}

/// The final reads are right, so whoever learnt nothing more was right before.
#[test]
fn all_nodes_are_right_within_two_seconds_of_healing() {
    let settings = official().nemesis(Fault::Partition);
    for seed in 0..20 {
        let outcome = run(Strategy::DeltaCrdt, &settings, seed);
        assert!(is_valid(&outcome), "seed {seed}");
        let healed = healed(&outcome);
        let (learnt, said) = last_news(&outcome);
        let after = |time: u64| time.saturating_sub(healed) as f64 / 1e9;
        assert!(after(learnt) <= 2.0, "seed {seed}: {} s", after(learnt));
        assert!(after(said) <= 7.0, "seed {seed}: {} s", after(said));
    }
}

fn is_right(strategy: Strategy, settings: &Settings, seed: u64) {
    let outcome = run(strategy, settings, seed);
    assert!(
        is_valid(&outcome),
        "{strategy:?}, seed {seed}, {settings:?}: {}",
        outcome.check().story()
    );
}

#[test]
fn every_strategy_is_right_under_partitions() {
    for workload in [Workload::GCounter, Workload::PnCounter] {
        let mut settings = official().nemesis(Fault::Partition);
        settings.workload = workload;
        for strategy in Strategy::value_variants() {
            for seed in 0..5 {
                is_right(*strategy, &settings, seed);
            }
        }
        // Shorter, with a partition about every two seconds.
        settings = settings.time_limit(5).nemesis_interval(2.0);
        for strategy in Strategy::value_variants() {
            for seed in 0..25 {
                is_right(*strategy, &settings, seed);
            }
        }
    }
}

#[test]
fn every_strategy_is_right_whatever_the_latency() {
    for distribution in [LatencyDist::Uniform, LatencyDist::Exponential] {
        let settings = official()
            .time_limit(5)
            .nemesis(Fault::Partition)
            .latency_ms(50)
            .latency_dist(distribution);
        for strategy in Strategy::value_variants() {
            for seed in 0..4 {
                // A run in which all clients wait for the service may end
                // before anybody adds, which the stricter checks will not call
                // tested.
                let outcome = run(*strategy, &settings, seed);
                let verdict = outcome.check().maelstrom;
                assert_eq!(verdict, Verdict::Valid, "{strategy:?}, seed {seed}");
            }
        }
    }
}

#[test]
fn any_number_of_nodes_will_do() {
    for nodes in 1..=9 {
        let settings = official().node_count(nodes).time_limit(3);
        for strategy in Strategy::value_variants() {
            is_right(*strategy, &settings, nodes as u64);
        }
    }
}

/// A read of 25 keys takes three round trips, not 26: nobody is answered too late.
#[test]
fn reads_of_many_keys_are_answered_in_time() {
    let mut settings = official().node_count(25).rate(10.0).latency_ms(100);
    settings.nemesis.clear();
    let outcome = run(Strategy::SeqKvOwnKey, &settings, 0);
    assert!(is_valid(&outcome), "{}", outcome.check().story());
    assert!(outcome.notices.is_empty(), "{:?}", outcome.notices);
}

/// News is everywhere within the ten seconds before the final reads.
#[test]
fn many_nodes_are_right_in_time() {
    for strategy in [Strategy::Crdt, Strategy::OpLog] {
        for nodes in [14, 25, 40] {
            let settings = official().node_count(nodes).latency_ms(50);
            let settings = settings.time_limit(5).nemesis(Fault::Partition);
            for seed in 0..3 {
                is_right(strategy, &settings, seed);
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let settings = official().time_limit(5).nemesis(Fault::Partition);
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
