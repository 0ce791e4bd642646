//! Nodes are killed and start again with empty memory: only messages that were
//! acknowledged a moment before are lost, and with lin-kv none.

use std::collections::BTreeSet;

use clap::ValueEnum;
use kafka::Strategy;
use maelstrom_check::Value;
use maelstrom_sim::{Fault, Outcome, Settings};

use crate::measure::{Figures, official, run};

/// Twice the time in which peers are told, and some more to be acknowledged.
const TOLD: i64 = 300_000_000;

fn settings() -> Settings {
    official()
        .node_count(3)
        .rate(200.0)
        .time_limit(10)
        .nemesis(Fault::Kill)
        .nemesis_interval(2.0)
}

/// Key and message of each step of that name in an operation that succeeded,
/// with the operation's place in the history.
fn messages(outcome: &Outcome, name: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (place, op) in outcome.history.ops().iter().enumerate() {
        for step in op.value.items() {
            let [kind, rest @ ..] = step.items() else {
                continue;
            };
            if !op.is_ok() || kind.name() != Some(name) {
                continue;
            }
            let logs: Vec<(&Value, &[Value])> = match rest {
                [key, sent] => vec![(key, std::slice::from_ref(sent))],
                [polled] => {
                    let logs = polled.entries().iter();
                    logs.map(|(key, entries)| (key, entries.items())).collect()
                }
                _ => Vec::new(),
            };
            for (key, entries) in logs {
                let message =
                    |entry: &Value| format!("{}: {}", key.to_json(), entry.items()[1].to_json());
                found.extend(entries.iter().map(|entry| (place, message(entry))));
            }
        }
    }
    found
}

/// Sends acknowledged whose messages nobody was ever shown.
fn lost(outcome: &Outcome) -> Vec<(i64, String)> {
    let polled: BTreeSet<String> = messages(outcome, "poll")
        .into_iter()
        .map(|(_, message)| message)
        .collect();
    let sent = messages(outcome, "send").into_iter();
    let lost = sent.filter(|(_, message)| !polled.contains(message));
    let ops = outcome.history.ops();
    lost.map(|(place, message)| (ops[place].time, message))
        .collect()
}

#[test]
fn no_strategy_loses_what_peers_were_told() {
    for strategy in Strategy::value_variants() {
        // Which is right on one node only.
        if *strategy == Strategy::Single {
            continue;
        }
        let in_memory = !matches!(strategy, Strategy::LinKvCas | Strategy::LinKvLock);
        let (mut tried, mut gone) = (0, 0);
        for seed in 0..8 {
            let outcome = run(*strategy, &settings(), seed);
            assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
            let kills = outcome.kills();
            let at_once = |time| kills.iter().filter(|(other, _)| *other == time).count();
            if kills.iter().any(|(time, _)| at_once(*time) == 3) {
                // Nobody is left who was told.
                continue;
            }
            tried += 1;
            if *strategy == Strategy::Lanes {
                // Messages that are lost, and none that are in the wrong place.
                let lost = ["int-poll-skip", "lost-write", "poll-skip", "unseen"];
                let errors = Figures::of(&outcome).errors;
                assert!(
                    errors.iter().all(|error| lost.contains(&error.as_str())),
                    "seed {seed}: {errors:?}"
                );
            }
            for (time, message) in lost(&outcome) {
                let mut killed = kills.iter().map(|(when, _)| when - time);
                assert!(
                    in_memory && killed.any(|after| (0..TOLD).contains(&after)),
                    "{strategy:?}, seed {seed}: {message} of {time}"
                );
                gone += 1;
            }
        }
        assert!(tried >= 4, "{strategy:?}: {tried}");
        assert_eq!(gone > 0, in_memory, "{strategy:?}: {gone} lost");
    }
}
