//! What a node answers to what it should not be asked.

use std::time::Duration;

use clap::ValueEnum;
use counter::{Counter, Strategy};
use maelstrom_node::testing::{Setup, TestNode};
use maelstrom_node::{Context, ErrorCode};
use serde_json::{Value, json};

fn node(strategy: Strategy) -> TestNode<Counter, impl FnOnce(Context) -> Counter> {
    TestNode::new(move |ctx: Context| Counter::new(strategy, &ctx))
}

#[test]
fn malformed_and_unknown_requests_get_their_codes_and_the_node_lives_on() {
    for strategy in Strategy::value_variants() {
        let mut node = node(*strategy);
        for (request, code) in [
            (json!({"type": "add"}), ErrorCode::MalformedRequest),
            (
                json!({"type": "add", "delta": "five"}),
                ErrorCode::MalformedRequest,
            ),
            (
                json!({"type": "add", "delta": 1.5}),
                ErrorCode::MalformedRequest,
            ),
            (
                json!({"type": "multiply", "factor": 2}),
                ErrorCode::NotSupported,
            ),
            // Messages of nodes are not taken from clients.
            (json!({"type": "ops", "have": []}), ErrorCode::NotSupported),
            (json!({"type": "deltas"}), ErrorCode::NotSupported),
            (
                json!({"type": "state", "state": {"added": [], "taken": []}}),
                ErrorCode::NotSupported,
            ),
        ] {
            let answer = node.ask::<_, Value>("c1", &request);
            let error = answer.expect_err("it is no request of a client");
            assert_eq!(error.code, code, "{strategy:?}: {request}");
        }
    }
}

#[test]
fn replies_carry_the_fields_that_maelstrom_allows_and_no_other() {
    for strategy in [Strategy::Crdt, Strategy::DeltaCrdt, Strategy::OpLog] {
        let mut node = node(strategy);
        node.request("c1", &json!({"type": "add", "delta": -3}));
        node.expect("c1", &json!({"type": "add_ok"}));
        node.request("c1", &json!({"type": "read"}));
        node.expect("c1", &json!({"type": "read_ok", "value": -3}));
    }
}

#[test]
fn a_read_before_init_waits_for_it() {
    for strategy in [Strategy::Crdt, Strategy::DeltaCrdt, Strategy::OpLog] {
        let make = move |ctx: Context| Counter::new(strategy, &ctx);
        let mut node = Setup::default().start_uninitialised(make);
        node.request("c1", &json!({"type": "read"}));
        node.expect_silence();
        node.initialise();
        node.expect("c1", &json!({"type": "read_ok", "value": 0}));
    }
}

/// The service says nothing. A client that is gone after five seconds must not
/// be answered, or Maelstrom hears nothing more from the node.
#[test]
fn nobody_waits_for_a_silent_service_until_the_client_is_gone() {
    for strategy in [Strategy::SeqKvCas, Strategy::SeqKvOwnKey] {
        let mut node = node(strategy);
        for delta in 1..=5 {
            node.request("c1", &json!({"type": "add", "delta": delta}));
        }
        node.request("c1", &json!({"type": "read"}));
        node.advance(Duration::from_millis(4001));
        let sent = node.sent();
        let answers = sent.iter().filter(|message| message.dest.is_client());
        assert_eq!(answers.count(), 6, "{strategy:?}: {sent:?}");
    }
}

/// An addition that waits behind another that the service does not answer has
/// certainly not been made.
#[test]
fn an_addition_that_did_not_get_its_turn_ends_in_a_definite_error() {
    let mut node = node(Strategy::SeqKvOwnKey);
    node.request("c1", &json!({"type": "add", "delta": 1}));
    let answer = node.ask::<_, Value>("c1", &json!({"type": "add", "delta": 2}));
    let error = answer.expect_err("it had to wait too long");
    assert_eq!(error.code, ErrorCode::TemporarilyUnavailable);
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
