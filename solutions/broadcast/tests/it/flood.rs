//! Flooding under the official settings of 3a to 3c, on many seeds, with a
//! broken node that a run must catch.

use std::collections::HashMap;
use std::sync::Mutex;

use broadcast::{Broadcast, Strategy};
use maelstrom_node::proto::broadcast::{Request, Response};
use maelstrom_node::{Context, Node, Result, handler};
use maelstrom_sim::{EventKind, Fault, InProcess, Outcome, Run, Settings, Verdict, Workload};

fn official(nodes: usize) -> Settings {
    Settings::new(Workload::Broadcast)
        .node_count(nodes)
        .rate(10.0)
        .time_limit(20)
}

fn flood(settings: &Settings, seed: u64) -> Outcome {
    let host = InProcess::new(|ctx| Broadcast::new(Strategy::Flood, &ctx));
    Run::new(settings.clone(), seed, host).execute()
}

#[test]
fn no_value_is_lost_under_partitions_on_30_seeds() {
    let settings = official(5).nemesis(Fault::Partition);
    for seed in 0..30 {
        let outcome = flood(&settings, seed);
        let results = outcome.check();
        assert_eq!(
            results.verdict(),
            Verdict::Valid,
            "seed {seed}: {}",
            results.story()
        );
        let workload = &results.to_json()["workload"];
        assert_eq!(workload["lost-count"], 0, "seed {seed}");
        assert_eq!(
            workload["stable-count"], workload["attempt-count"],
            "seed {seed}"
        );
    }
}

#[test]
fn a_value_crosses_each_edge_once_and_is_acknowledged_once() {
    // A line of five has four edges: a value costs 4 messages and 4
    // acknowledgements, and nothing is repeated when nothing is lost. At the
    // start both ends of each edge ask the other what it knows.
    let settings = official(5).topology(maelstrom_sim::TopologyKind::Line);
    let outcome = flood(&settings, 3);
    let broadcasts = outcome.history.ops().iter();
    let broadcasts = broadcasts
        .filter(|op| op.is_invoke() && op.f.as_str() == "broadcast")
        .count();
    let results = outcome.check();
    let servers = results.net.map(|net| net.servers.msg_count);
    assert_eq!(servers, Some(broadcasts * 8 + 4 * 4));
}

#[test]
fn a_pool_says_nothing_twice_once_it_knows_how_long_answers_take() {
    // Round trips of 200 ms, twice what a pool waits at first.
    let settings = official(5).latency_ms(100);
    let settings = settings.topology(maelstrom_sim::TopologyKind::Line);
    let host = InProcess::new(|ctx| Broadcast::new(Strategy::TimeoutPool, &ctx));
    let outcome = Run::new(settings, 3, host).execute();
    let mut told = HashMap::new();
    for event in outcome.journal.events.iter() {
        let message = outcome.journal.message(event).unwrap();
        let value = message.body.decode::<Request>();
        if event.kind == EventKind::Send
            && !message.involves_client()
            && let Ok(Request::Broadcast { message: value }) = value
        {
            let way = (message.src.clone(), message.dest.clone(), value);
            told.entry(way).or_insert_with(Vec::new).push(event.time);
        }
    }
    let twice: Vec<_> = told.values().filter(|times| times.len() > 1).collect();
    assert!(!twice.is_empty(), "the first timeout is too short");
    let latest = twice.iter().map(|times| times[0]).max().unwrap();
    assert!(latest < 3_000_000_000, "{latest} ns, of {twice:?}");
}

/// Tells everybody once what a client told it, and never again.
fn forgetful(_: Context) -> impl Node {
    let values = Mutex::new(Vec::new());
    handler(move |ctx: Context, request: Request| {
        let mut values = values.lock().expect("no handler panics");
        let response: Result<Response> = Ok(match request {
            Request::Topology { .. } => Response::TopologyOk,
            Request::Read => Response::ReadOk {
                messages: values.clone(),
            },
            Request::Broadcast { message } => {
                values.push(message);
                if ctx.sender().is_client() {
                    for peer in ctx.peers() {
                        ctx.send(peer, &Request::Broadcast { message });
                    }
                }
                Response::BroadcastOk
            }
        });
        async { response }
    })
}

#[test]
fn a_node_that_does_not_retry_is_caught_whenever_something_was_dropped() {
    let settings = official(5).nemesis(Fault::Partition);
    let mut caught = 0;
    for seed in 0..20 {
        let host = InProcess::new(forgetful);
        let outcome = Run::new(settings.clone(), seed, host).execute();
        let dropped = outcome
            .journal
            .events
            .iter()
            .any(|event| event.kind == EventKind::Drop);
        let expected = if dropped {
            Verdict::Invalid
        } else {
            Verdict::Valid
        };
        assert_eq!(outcome.check().verdict(), expected, "seed {seed}");
        caught += usize::from(dropped);
    }
    assert!(caught > 15, "{caught}");
}
