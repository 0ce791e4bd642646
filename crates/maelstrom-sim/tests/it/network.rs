//! Latency and partitions, seen from two nodes that talk all the time.

use std::time::Duration;

use maelstrom_node::{Context, Node, handler};
use maelstrom_sim::{EventKind, Fault, InProcess, LatencyDist, Outcome, Run, Settings, Workload};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Request {
    Echo { echo: serde_json::Value },
    Beat,
}

/// Sends each peer a message every 10 ms, and echoes.
fn beating(ctx: Context) -> impl Node {
    let beat = ctx.clone();
    ctx.every(Duration::from_millis(10), move || {
        for peer in beat.peers() {
            beat.send(peer, &Request::Beat);
        }
        async {}
    });
    handler(async |_: Context, request: Request| {
        Ok(match request {
            Request::Echo { echo } => json!({"type": "echo_ok", "echo": echo}),
            Request::Beat => json!({"type": "beat_ok"}),
        })
    })
}

fn run(settings: Settings) -> Outcome {
    let outcome = Run::new(settings, 5, InProcess::new(beating)).execute();
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    outcome
}

/// How long each message between nodes travelled, in milliseconds, by order of
/// arrival.
fn latencies(outcome: &Outcome) -> Vec<f64> {
    let mut sent = vec![0; outcome.journal.messages.len()];
    let mut latencies = Vec::new();
    for event in &outcome.journal.events {
        let message = outcome.journal.message(event).unwrap();
        let number = usize::try_from(event.message).unwrap();
        match event.kind {
            EventKind::Send => sent[number] = event.time,
            EventKind::Receive => {
                let latency = event.time - sent[number];
                if message.dest.is_client() {
                    assert_eq!(latency, 0, "replies take no time: {message:?}");
                } else if !message.src.is_client() {
                    latencies.push(latency as f64 / 1e6);
                }
            }
            EventKind::Drop => {}
        }
    }
    latencies
}

fn talk(distribution: LatencyDist) -> Settings {
    Settings::new(Workload::Echo)
        .node_count(2)
        .time_limit(60)
        .latency_ms(100)
        .latency_dist(distribution)
}

#[test]
fn constant_latency_is_exact() {
    let latencies = latencies(&run(talk(LatencyDist::Constant)));
    assert!(latencies.len() > 10_000);
    assert!(latencies.iter().all(|latency| *latency == 100.0));
}

#[test]
fn a_request_waits_behind_the_message_that_its_node_holds() {
    // As on Maelstrom: a receiver takes one message out of its queue and holds
    // it until it is due, and what comes meanwhile waits, requests included.
    let outcome = run(talk(LatencyDist::Constant));
    let ops = outcome
        .history
        .client_ops()
        .filter(|(_, op)| op.is_invoke());
    let waits: Vec<i64> = ops
        .filter_map(|(position, op)| Some(outcome.history.completion(position)?.time - op.time))
        .collect();
    assert!(waits.iter().all(|wait| *wait <= 100_000_000), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait > 1_000_000), "{waits:?}");
}

#[test]
fn uniform_latency_lies_between_nothing_and_twice_the_mean() {
    let latencies = latencies(&run(talk(LatencyDist::Uniform)));
    let mean = latencies.iter().sum::<f64>() / latencies.len() as f64;
    // A receiver holds one message at a time, so one that is due early may
    // wait for one that is due late: a little more than the mean, as upstream.
    assert!((95.0..125.0).contains(&mean), "{mean}");
    assert!(latencies.iter().all(|latency| *latency < 400.0));
}

#[test]
fn exponential_latency_has_its_mean_and_its_tail() {
    let mut latencies = latencies(&run(talk(LatencyDist::Exponential)));
    let mean = latencies.iter().sum::<f64>() / latencies.len() as f64;
    assert!((95.0..140.0).contains(&mean), "{mean}");
    latencies.sort_by(f64::total_cmp);
    let p95 = latencies[latencies.len() * 95 / 100];
    assert!((270.0..400.0).contains(&p95), "{p95}");
}

#[test]
fn messages_of_zero_latency_arrive_at_once() {
    let latencies = latencies(&run(talk(LatencyDist::Exponential).latency_ms(0)));
    assert!(latencies.iter().all(|latency| *latency == 0.0));
}

#[test]
fn a_partition_drops_on_the_receiving_side_and_spares_clients() {
    let settings = Settings::new(Workload::Echo)
        .node_count(5)
        .time_limit(60)
        .rate(50.0)
        .latency_ms(30)
        .nemesis(Fault::Partition)
        .nemesis_interval(4.0);
    let outcome = run(settings);
    let cuts = cuts(&outcome);
    assert!(cuts.len() >= 4, "{}", cuts.len());
    let mut sent = vec![0; outcome.journal.messages.len()];
    let mut dropped = 0;
    for event in &outcome.journal.events {
        let message = outcome.journal.message(event).unwrap();
        let number = usize::try_from(event.message).unwrap();
        let cut_at = |time: u64| {
            let standing = cuts.iter().rev().find(|(start, _)| *start <= time);
            standing.is_some_and(|(_, pairs)| {
                let pair = (message.dest.to_string(), message.src.to_string());
                pairs.contains(&pair)
            })
        };
        match event.kind {
            EventKind::Send => sent[number] = event.time,
            EventKind::Drop => {
                dropped += 1;
                assert!(!message.involves_client(), "{message:?}");
                // It is looked at when the receiver takes it out of its queue,
                // which is after it was sent and before it is due.
                assert!(cut_at(event.time), "dropped without a cut: {message:?}");
                assert!(event.time - sent[number] <= 30_000_000);
            }
            // What the receiver held when the cut came is still delivered:
            // one message, which was sent when no cut stood.
            EventKind::Receive => {
                assert!(
                    !cut_at(event.time) || !cut_at(sent[number]),
                    "passed a cut: {message:?}"
                );
            }
        }
    }
    assert!(dropped > 1000, "{dropped}");
}

/// The partitions in the history: when each began, and who did not hear whom.
fn cuts(outcome: &Outcome) -> Vec<(u64, Vec<(String, String)>)> {
    let ops = outcome
        .history
        .ops()
        .iter()
        .filter(|op| !op.is_client() && !op.value.is_nil());
    let done =
        ops.filter(|op| op.value.name() == Some("network-healed") || op.value.items().len() == 2);
    done.map(|op| {
        let name = |value: &maelstrom_check::Value| value.name().unwrap().to_owned();
        let grudge = op
            .value
            .items()
            .get(1)
            .map(|grudge| grudge.entries().to_vec());
        let pairs = grudge
            .unwrap_or_default()
            .into_iter()
            .flat_map(|(node, from)| {
                let node = name(&node);
                from.items()
                    .iter()
                    .map(|other| (node.clone(), name(other)))
                    .collect::<Vec<_>>()
            });
        (u64::try_from(op.time).unwrap(), pairs.collect())
    })
    .collect()
}
