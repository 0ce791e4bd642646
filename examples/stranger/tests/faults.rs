//! The node under faults, on many seeds; and a broken one, which is caught.

use std::collections::BTreeSet;
use std::sync::Mutex;

use maelstrom_node::proto::g_set::{Request, Response};
use maelstrom_node::{Context, Node, handler};
use maelstrom_sim::{Fault, Settings, Workload};
use stranger::g_set;

#[test]
fn no_element_is_lost_under_faults() {
    let settings = Settings::new(Workload::GSet).node_count(5).time_limit(20);
    let settings = settings.nemesis(Fault::Partition).nemesis(Fault::Loss);
    maelstrom_sim::test(settings, 0..100, g_set);
}

/// Tells each peer once, and does not listen for an answer.
fn told_once(_: Context) -> impl Node {
    let known = Mutex::new(BTreeSet::new());
    handler(move |ctx: Context, request: Request<u64>| {
        let mut known = known.lock().expect("no handler panics while it holds this");
        let response = match request {
            Request::Read => Response::ReadOk {
                value: known.iter().copied().collect(),
            },
            Request::Add { element } => {
                known.insert(element);
                if ctx.sender().is_client() {
                    for peer in ctx.peers() {
                        ctx.send(peer, &Request::Add { element });
                    }
                }
                Response::AddOk
            }
        };
        async { Ok(response) }
    })
}

#[test]
fn a_node_that_tells_only_once_passes_where_nothing_is_lost() {
    let settings = Settings::new(Workload::GSet).node_count(5).time_limit(20);
    maelstrom_sim::test(settings, 0..10, told_once);
}

/// The story is that of a small run: which element, told to whom and when, who
/// was cut off, and which messages were lost.
#[test]
fn a_node_that_tells_only_once_is_caught_with_the_story() {
    let settings = Settings::new(Workload::GSet).node_count(5).time_limit(20);
    let settings = settings.nemesis(Fault::Partition);
    let test = || maelstrom_sim::test(settings, 0..100, told_once);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(test));
    let panic = panic.expect_err("values were lost, and the test passed");
    let story = panic.downcast_ref::<String>().expect("a panic has a text");
    for part in [
        "seed 0 failed",
        "2 nodes, 1 operation, 1 fault",
        "lacks ",
        "(told to n",
        "the network is cut",
        "n0 → n1  add element=0  [lost]",
    ] {
        assert!(
            story.contains(part),
            "`{part}` is not in the story:\n{story}"
        );
    }
}
