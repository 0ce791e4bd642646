//! What a node answers to what it should and should not be asked.

use broadcast::{Broadcast, Strategy};
use clap::ValueEnum;
use maelstrom_node::testing::{Setup, TestNode};
use maelstrom_node::{Context, ErrorCode};
use serde_json::{Value, json};

#[test]
fn malformed_and_unknown_requests_get_their_codes_and_the_node_lives_on() {
    for strategy in Strategy::value_variants() {
        let mut node = TestNode::new(|ctx: Context| Broadcast::new(*strategy, &ctx));
        for (request, code) in [
            (json!({"type": "broadcast"}), ErrorCode::MalformedRequest),
            (
                json!({"type": "broadcast", "message": -1}),
                ErrorCode::MalformedRequest,
            ),
            (
                json!({"type": "topology", "topology": 7}),
                ErrorCode::MalformedRequest,
            ),
            (json!({"type": "shout"}), ErrorCode::NotSupported),
            // Messages of nodes are not taken from clients.
            (
                json!({"type": "broadcast_many", "life": 1, "messages": [7], "number": 0}),
                ErrorCode::NotSupported,
            ),
            (json!({"type": "gossip"}), ErrorCode::NotSupported),
            (
                json!({"type": "round", "life": 1, "have": {}, "sent": 0}),
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
fn replies_carry_the_fields_that_maelstrom_allows_and_wait_for_init() {
    for strategy in Strategy::value_variants() {
        let make = |ctx: Context| Broadcast::new(*strategy, &ctx);
        let mut node = Setup::default().start_uninitialised(make);
        node.request("c1", &json!({"type": "read"}));
        node.expect_silence();
        node.initialise();
        node.expect("c1", &json!({"type": "read_ok", "messages": []}));
        let topology = json!({"n0": ["n1"], "n1": ["n0"], "n2": []});
        node.request("c1", &json!({"type": "topology", "topology": topology}));
        node.expect("c1", &json!({"type": "topology_ok"}));
        node.request("c1", &json!({"type": "broadcast", "message": 7}));
        node.expect("c1", &json!({"type": "broadcast_ok"}));
        node.request("c1", &json!({"type": "read"}));
        node.expect("c1", &json!({"type": "read_ok", "messages": [7]}));
    }
}
