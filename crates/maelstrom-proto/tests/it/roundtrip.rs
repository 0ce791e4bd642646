//! What is written is read again, whatever it holds.

use maelstrom_proto::{Body, Error, ErrorCode, Message, NodeId, echo, kafka, kv, txn};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::values::{any_object, any_value};

/// A request enum of a stranger's own, in one derive.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Gossip {
    Digest {
        seen: Vec<u64>,
        from: Option<NodeId>,
    },
    Fill(Fill),
    Pull,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Fill {
    values: Vec<Value>,
}

#[test]
fn a_request_enum_of_ones_own_takes_one_derive() {
    for (request, text) in [
        (
            Gossip::Digest {
                seen: vec![1],
                from: None,
            },
            r#"{"type":"digest","seen":[1],"from":null,"msg_id":1}"#,
        ),
        (
            Gossip::Fill(Fill {
                values: vec![json!(null)],
            }),
            r#"{"type":"fill","values":[null],"msg_id":1}"#,
        ),
        (Gossip::Pull, r#"{"type":"pull","msg_id":1}"#),
    ] {
        let body = Body::request(&request, 1).unwrap();
        assert_eq!(body.as_str(), text);
        assert_eq!(body.decode::<Gossip>().unwrap(), request);
    }
}

#[test]
fn ids_join_bodies_of_any_shape() {
    for (payload, text) in [
        ("{}", r#"{"msg_id":7}"#),
        ("{ \n}", "{ \n\"msg_id\":7}"),
        (r#"{"a":{}}"#, r#"{"a":{},"msg_id":7}"#),
        (r#"{"a":"}"}"#, r#"{"a":"}","msg_id":7}"#),
    ] {
        let payload = Body::parse(payload).unwrap();
        let body = Body::request(&payload, 7).unwrap();
        assert_eq!(body.as_str(), text);
        assert!(Body::parse(body.as_str()).is_ok());
    }
    let reply = Body::reply(&json!({"type": "a"}), u64::MAX).unwrap();
    assert_eq!(
        reply.as_str(),
        r#"{"type":"a","in_reply_to":18446744073709551615}"#
    );
}

#[test]
fn numbers_that_no_type_holds_survive_in_a_body() {
    let text = r#"{"type":"x","n":123456789012345678901234567890.123456789,"e":1E-400}"#;
    let body = Body::parse(text).unwrap();
    let sent = Message::new("n0", "n1", body.clone());
    let line = serde_json::to_string(&sent).unwrap();
    let read: Message = serde_json::from_str(&line).unwrap();
    assert_eq!(read.body.as_str(), text);
    let changed = body.overlay(&json!({"hops": 1})).unwrap();
    assert!(
        changed
            .as_str()
            .contains("123456789012345678901234567890.123456789")
    );
}

proptest! {
    #[test]
    fn a_message_is_read_as_it_was_written(
        src in any::<String>(), dest in any::<String>(), id in any::<Option<u64>>(), object in any_object(),
    ) {
        let mut message = Message::new(src, dest, Body::one_way(&object).unwrap());
        message.id = id;
        let line = serde_json::to_string(&message).unwrap();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(serde_json::from_str::<Message>(&line).unwrap(), message);
    }

    #[test]
    fn any_value_survives_an_echo(echo in any_value(), id in any::<u64>()) {
        let body = Body::request(&echo::Request::Echo { echo: echo.clone() }, id).unwrap();
        let header = body.header().unwrap();
        prop_assert_eq!((header.kind.as_ref(), header.msg_id), ("echo", Some(id)));
        let echo::Request::Echo { echo: read } = body.decode().unwrap();
        prop_assert_eq!(read, echo);
    }

    #[test]
    fn any_key_and_value_survive_a_cas(key in any_value(), from in any_value(), to in any_value(), create in any::<bool>()) {
        let cas = kv::Request::Cas { key, from, to, create_if_not_exists: create };
        prop_assert_eq!(Body::request(&cas, 1).unwrap().decode::<kv::Request>().unwrap(), cas);
    }

    #[test]
    fn any_log_survives(msgs in prop::collection::btree_map(any::<String>(), prop::collection::vec((any::<u64>(), any_value()), 0..4), 0..4)) {
        let poll = kafka::Response::PollOk { msgs };
        prop_assert_eq!(Body::reply(&poll, 1).unwrap().decode::<kafka::Response>().unwrap(), poll);
    }

    #[test]
    fn any_transaction_survives(steps in prop::collection::vec((any_value(), any::<Option<i64>>()), 0..6)) {
        let txn = steps.into_iter().map(|(key, value)| match value {
            Some(value) if value % 2 == 0 => txn::Register::Write(key, value),
            value => txn::Register::Read(key, value),
        });
        let txn = txn::Request::Txn { txn: txn.collect() };
        let read = Body::request(&txn, 1).unwrap().decode::<txn::Request<txn::Register<Value, i64>>>();
        prop_assert_eq!(read.unwrap(), txn);
    }

    #[test]
    fn any_error_survives(code in any::<i64>(), text in any::<String>()) {
        let error = Error::new(ErrorCode::from(code), text);
        let read: Error = Body::reply(&error, 1).unwrap().decode().unwrap();
        prop_assert_eq!(read.code.code(), code);
        prop_assert_eq!(read, error);
    }

    #[test]
    fn an_overlay_changes_what_it_names_and_nothing_else(below in any_object(), above in any_object()) {
        let body = Body::one_way(&below).unwrap();
        let merged: serde_json::Map<String, Value> = body.overlay(&above).unwrap().decode().unwrap();
        let mut expected = below;
        expected.extend(above);
        prop_assert_eq!(merged, expected);
    }

    #[test]
    fn ids_come_off_and_go_on_again(object in any_object(), id in any::<u64>(), next in any::<u64>()) {
        let bare = Body::one_way(&object).unwrap();
        let request = Body::request(&bare, id).unwrap();
        prop_assert_eq!(request.without_ids(), bare);
        let onward = Body::request(&request.without_ids(), next).unwrap();
        prop_assert_eq!(onward, Body::request(&object, next).unwrap());
    }
}
