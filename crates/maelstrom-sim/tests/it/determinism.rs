//! The same seed gives the same run, byte for byte.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use maelstrom_node::proto::{broadcast, unique_ids};
use maelstrom_node::{Context, Node, NodeId, Retry, RpcError, handler};
use maelstrom_sim::{Fault, InProcess, LatencyDist, Outcome, Run, Settings, Workload};
use rand::RngExt;

fn bytes(outcome: &Outcome) -> (Vec<u8>, String) {
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    let mut journal = Vec::new();
    outcome.journal.write_json_lines(&mut journal).unwrap();
    (journal, outcome.history.to_json_lines())
}

/// Runs twice with one seed and once with another.
fn check<N: Node>(
    settings: &Settings,
    make: impl Fn(Context) -> N + Clone + Send + Sync + 'static,
) {
    let run = |seed| {
        let host = InProcess::new(make.clone());
        bytes(&Run::new(settings.clone(), seed, host).execute())
    };
    let (first, again, other) = (run(1), run(1), run(2));
    assert!(
        first.0.len() > 10_000,
        "the journal says little: {} bytes",
        first.0.len()
    );
    assert!(first == again, "the same seed gave two runs");
    assert!(first.0 != other.0, "two seeds gave the same run");
}

fn busy(workload: Workload) -> Settings {
    Settings::new(workload)
        .node_count(5)
        .rate(100.0)
        .time_limit(20)
        .latency_ms(20)
        .latency_dist(LatencyDist::Exponential)
        .nemesis(Fault::Partition)
        .nemesis_interval(3.0)
}

#[test]
fn echo() {
    check(&busy(Workload::Echo), super::echo);
}

#[test]
fn unique_ids_from_the_nodes_own_randomness() {
    use unique_ids::{Request, Response};
    check(&busy(Workload::UniqueIds), |ctx: Context| {
        let rng = Mutex::new(ctx.rng());
        handler(move |ctx: Context, Request::Generate| {
            let drawn: u64 = rng.lock().unwrap().random();
            async move {
                // Time passes, and shows in the reply.
                tokio::time::sleep(Duration::from_micros(drawn % 5_000)).await;
                let id = format!(
                    "{}-{drawn}-{:?}-{:?}",
                    ctx.id(),
                    ctx.uptime(),
                    ctx.wall_clock()
                );
                Ok(Response::GenerateOk { id: id.into() })
            }
        })
    });
}

#[test]
fn broadcast_with_retries_tickers_and_tasks() {
    use broadcast::{Request, Response};
    check(&busy(Workload::Broadcast), |ctx: Context| {
        // The runtime must not depend on the order of a hash map of its own;
        // that of this one is never looked at.
        let values: Mutex<HashMap<u64, ()>> = Mutex::default();
        let beat = ctx.clone();
        ctx.every(Duration::from_millis(700), move || {
            for peer in beat.peers() {
                beat.send(peer, &Request::Broadcast { message: 1_000_000 });
            }
            async {}
        });
        handler(move |ctx: Context, request: Request| {
            let mut values = values.lock().unwrap();
            let response = match request {
                Request::Topology { .. } => Response::TopologyOk,
                Request::Read => {
                    let mut messages: Vec<u64> = values.keys().copied().collect();
                    messages.sort_unstable();
                    Response::ReadOk { messages }
                }
                Request::Broadcast { message } => {
                    if values.insert(message, ()).is_none() {
                        let peers: Vec<NodeId> = ctx.peers().cloned().collect();
                        for peer in peers {
                            let told = ctx.clone();
                            ctx.spawn(async move {
                                let request = Request::Broadcast { message };
                                let _: Result<Response, RpcError> =
                                    told.rpc_retried(&peer, &request, Retry::default()).await;
                            });
                        }
                    }
                    Response::BroadcastOk
                }
            };
            async { Ok(response) }
        })
    });
}
