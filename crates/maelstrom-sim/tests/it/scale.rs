//! A thousand nodes in one run.

use std::sync::Mutex;

use maelstrom_node::proto::broadcast::{Request, Response};
use maelstrom_node::{Context, Node, NodeId, handler};
use maelstrom_sim::{
    Concurrency, Fault, InProcess, LatencyDist, Outcome, Run, Settings, TopologyKind, Verdict,
    Workload,
};

/// Passes each new value on to all neighbours but its sender, once.
fn flood(_: Context) -> impl Node {
    let state: Mutex<(Vec<NodeId>, Vec<u64>)> = Mutex::default();
    handler(move |ctx: Context, request: Request| {
        let (neighbours, values) = &mut *state.lock().unwrap();
        let response = match request {
            Request::Topology { mut topology } => {
                *neighbours = topology.remove(ctx.id()).unwrap_or_default();
                Response::TopologyOk
            }
            Request::Broadcast { message } => {
                if !values.contains(&message) {
                    values.push(message);
                    for peer in neighbours.iter().filter(|peer| *peer != ctx.sender()) {
                        ctx.send(peer, &Request::Broadcast { message });
                    }
                }
                Response::BroadcastOk
            }
            Request::Read => Response::ReadOk {
                messages: values.clone(),
            },
        };
        async { Ok(response) }
    })
}

fn run(settings: Settings, seed: u64) -> Outcome {
    let outcome = Run::new(settings, seed, InProcess::new(flood)).execute();
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    outcome
}

fn a_thousand() -> Settings {
    Settings::new(Workload::Broadcast)
        .node_count(1000)
        .concurrency(Concurrency::Total(20))
        .rate(10.0)
        .time_limit(4)
        .latency_ms(10)
        .topology(TopologyKind::Tree4)
}

#[test]
fn a_thousand_nodes_hear_every_value_once() {
    let outcome = run(a_thousand(), 1);
    let results = outcome.check();
    assert_eq!(results.verdict(), Verdict::Valid, "{}", results.story());
    // One message for each edge of a tree, and nothing else between servers.
    let invoked = outcome.history.client_ops().map(|(_, op)| op);
    let broadcasts = invoked.filter(|op| op.is_invoke() && op.f == *"broadcast");
    let servers = outcome
        .journal
        .messages
        .iter()
        .filter(|m| !m.involves_client());
    let count = broadcasts.count();
    assert!(count > 5);
    assert_eq!(servers.count(), 999 * count);
}

#[test]
fn a_thousand_nodes_repeat_their_run_under_every_fault() {
    let faults = Fault::ALL.iter().fold(
        a_thousand().latency_dist(LatencyDist::Exponential),
        |settings, fault| settings.nemesis(*fault),
    );
    let settings = faults.nemesis_interval(0.7).time_limit(2);
    let [first, again, other] = [1, 1, 2].map(|seed| {
        let outcome = run(settings.clone(), seed);
        let mut journal = Vec::new();
        outcome.journal.write_json_lines(&mut journal).unwrap();
        (journal, outcome.history.to_json_lines())
    });
    assert!(first == again, "the same seed gave two runs");
    assert!(first.0 != other.0, "two seeds gave the same run");
}
