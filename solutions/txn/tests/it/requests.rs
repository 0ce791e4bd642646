//! What a node answers to what it should not be asked.

use std::time::Duration;

use clap::ValueEnum;
use maelstrom_node::testing::{Setup, TestNode};
use maelstrom_node::{Context, ErrorCode};
use serde_json::{Value, json};
use txn::{Strategy, Txn};

fn node(strategy: Strategy) -> TestNode<Txn, impl FnOnce(Context) -> Txn> {
    TestNode::new(move |ctx: Context| Txn::new(strategy, &ctx))
}

const LOCAL: [Strategy; 3] = [Strategy::Single, Strategy::LwwBroadcast, Strategy::LwwDelta];

/// A step that is none spoils the whole transaction, the steps before it too.
#[test]
fn malformed_transactions_are_refused_and_leave_no_trace() {
    for strategy in Strategy::value_variants() {
        let mut node = node(*strategy);
        for (request, code) in [
            (json!({"type": "txn"}), ErrorCode::MalformedRequest),
            (
                json!({"type": "txn", "txn": [["w", 1, 5], ["x", 2, 6]]}),
                ErrorCode::MalformedRequest,
            ),
            (
                json!({"type": "txn", "txn": [["w", 1, 5], ["w", 2]]}),
                ErrorCode::MalformedRequest,
            ),
            (
                json!({"type": "txn", "txn": [["w", 1, 5], ["w", 2, null]]}),
                ErrorCode::MalformedRequest,
            ),
            (
                json!({"type": "txn", "txn": [["w", 1, 5], ["r", "one", null]]}),
                ErrorCode::MalformedRequest,
            ),
            (json!({"type": "commit"}), ErrorCode::NotSupported),
            // Messages of nodes are not taken from clients.
            (
                json!({"type": "writes", "writes": {"live": [], "removed": []}}),
                ErrorCode::NotSupported,
            ),
            (json!({"type": "deltas"}), ErrorCode::NotSupported),
            (json!({"type": "registers"}), ErrorCode::NotSupported),
        ] {
            let answer = node.ask::<_, Value>("c1", &request);
            let error = answer.expect_err("it is no request of a client");
            assert_eq!(error.code, code, "{strategy:?}: {request}");
        }
        if LOCAL.contains(strategy) {
            node.request("c1", &json!({"type": "txn", "txn": [["r", 1, null]]}));
            node.expect("c1", &json!({"type": "txn_ok", "txn": [["r", 1, null]]}));
        }
    }
}

#[test]
fn replies_carry_the_steps_and_nothing_else() {
    for strategy in LOCAL {
        let mut node = node(strategy);
        node.request(
            "c1",
            &json!({"type": "txn", "txn": [["r", 1, null], ["w", 1, 6], ["r", 1, null]]}),
        );
        let steps = json!([["r", 1, null], ["w", 1, 6], ["r", 1, 6]]);
        node.expect("c1", &json!({"type": "txn_ok", "txn": steps}));
    }
}

#[test]
fn a_transaction_before_init_waits_for_it() {
    for strategy in LOCAL {
        let make = move |ctx: Context| Txn::new(strategy, &ctx);
        let mut node = Setup::default().start_uninitialised(make);
        node.request("c1", &json!({"type": "txn", "txn": []}));
        node.expect_silence();
        node.initialise();
        node.expect("c1", &json!({"type": "txn_ok", "txn": []}));
    }
}

/// What its peers have acknowledged to hold, a node that was killed is told.
#[test]
fn a_node_of_broadcast_asks_its_peers_for_what_it_may_have_forgotten() {
    let make = |ctx: Context| Txn::new(Strategy::LwwBroadcast, &ctx);
    let mut survivor = Setup::default().id("n1").start(make);
    let write = json!({"type": "txn", "txn": [["w", 1, 5]]});
    survivor.request("c1", &write);
    let registers = survivor.ask::<_, Value>("n0", &json!({"type": "registers"}));
    let mut registers = registers.expect("nodes are told");
    registers
        .as_object_mut()
        .map(|body| body.remove("in_reply_to"));
    let mut restarted = Setup::default().start(make);
    restarted.advance(Duration::from_millis(100));
    let asked = restarted.expect("n1", &json!({"type": "registers"}));
    restarted.reply(&asked, &registers);
    restarted.sent();
    restarted.request("c1", &json!({"type": "txn", "txn": [["r", 1, null]]}));
    restarted.expect("c1", &json!({"type": "txn_ok", "txn": [["r", 1, 5]]}));
}

/// Peers may not be there yet, and Maelstrom hears nothing more from a node that
/// speaks to somebody whom it does not know.
#[test]
fn a_node_that_starts_is_silent_at_first() {
    for strategy in Strategy::value_variants() {
        let mut node = node(*strategy);
        node.advance(Duration::from_millis(99));
        node.expect_silence();
    }
}
