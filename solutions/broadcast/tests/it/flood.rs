//! Flooding under the official settings of 3a to 3c, on many seeds, with a
//! broken node that a run must catch.

use std::sync::Mutex;

use broadcast::{Broadcast, Strategy};
use maelstrom_node::proto::broadcast::{Request, Response};
use maelstrom_node::{Context, Node, Result, handler};
use maelstrom_sim::{
    EventKind, Fault, InProcess, LatencyDist, Outcome, Run, Settings, Verdict, Workload,
};

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
fn one_node_and_five_are_valid_on_50_seeds() {
    for seed in 0..50 {
        for nodes in [1, 5] {
            let outcome = flood(&official(nodes), seed);
            assert_eq!(
                outcome.check().verdict(),
                Verdict::Valid,
                "seed {seed}, {nodes} nodes"
            );
        }
    }
}

#[test]
fn no_value_is_lost_under_partitions_on_100_seeds() {
    let settings = official(5).nemesis(Fault::Partition);
    for seed in 0..100 {
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
fn nothing_is_lost_whatever_the_latency() {
    for distribution in [LatencyDist::Uniform, LatencyDist::Exponential] {
        let settings = official(5)
            .nemesis(Fault::Partition)
            .latency_ms(50)
            .latency_dist(distribution);
        for seed in 0..20 {
            let results = flood(&settings, seed).check();
            assert_eq!(
                results.verdict(),
                Verdict::Valid,
                "{distribution}, seed {seed}"
            );
        }
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
