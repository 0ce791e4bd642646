//! Every body of every workload, as it looks on the wire.

use maelstrom_proto::{
    Body, Error, ErrorCode, NodeId, broadcast, counter, echo, g_set, init, kafka, kv, tso, txn,
    unique_ids,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// `value` is written as `text`, and `text`, with fields nobody knows, is read as `value`.
fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T, text: &str) {
    let body = Body::one_way(value).unwrap();
    assert_eq!(body.as_str(), text);
    assert_eq!(&body.decode::<T>().unwrap(), value);
    let extended = format!(
        "{},\"msg_id\":1,\"trace\":{{\"a\":[null]}}}}",
        &text[..text.len() - 1]
    );
    let extended = Body::parse(&extended).unwrap();
    assert_eq!(&extended.decode::<T>().unwrap(), value);
}

#[test]
fn init_echo_and_unique_ids() {
    check(
        &init::Request::Init {
            node_id: NodeId::from("n0"),
            node_ids: vec![NodeId::from("n0"), NodeId::from("n1")],
        },
        r#"{"type":"init","node_id":"n0","node_ids":["n0","n1"]}"#,
    );
    check(&init::Response::InitOk, r#"{"type":"init_ok"}"#);
    let echo = json!({"nested": {"1": [null, -1, 2.5, "grüß"]}});
    check(
        &echo::Request::Echo { echo: echo.clone() },
        r#"{"type":"echo","echo":{"nested":{"1":[null,-1,2.5,"grüß"]}}}"#,
    );
    check(
        &echo::Response::EchoOk { echo: Value::Null },
        r#"{"type":"echo_ok","echo":null}"#,
    );
    check(&unique_ids::Request::Generate, r#"{"type":"generate"}"#);
    check(
        &unique_ids::Response::GenerateOk {
            id: json!("n0-\u{1}"),
        },
        r#"{"type":"generate_ok","id":"n0-\u0001"}"#,
    );
}

#[test]
fn broadcast_sets_and_counters() {
    check(
        &broadcast::Request::Topology {
            topology: [(NodeId::from("n0"), vec![NodeId::from("n1")])].into(),
        },
        r#"{"type":"topology","topology":{"n0":["n1"]}}"#,
    );
    check(
        &broadcast::Request::Broadcast { message: 8 },
        r#"{"type":"broadcast","message":8}"#,
    );
    check(&broadcast::Request::Read, r#"{"type":"read"}"#);
    check(
        &broadcast::Response::TopologyOk,
        r#"{"type":"topology_ok"}"#,
    );
    check(
        &broadcast::Response::BroadcastOk,
        r#"{"type":"broadcast_ok"}"#,
    );
    check(
        &broadcast::Response::ReadOk {
            messages: vec![1, 8],
        },
        r#"{"type":"read_ok","messages":[1,8]}"#,
    );
    check(
        &g_set::Request::Add { element: 4_u64 },
        r#"{"type":"add","element":4}"#,
    );
    check(&g_set::Request::<u64>::Read, r#"{"type":"read"}"#);
    check(&g_set::Response::<u64>::AddOk, r#"{"type":"add_ok"}"#);
    check(
        &g_set::Response::ReadOk {
            value: vec![json!(4), json!("x")],
        },
        r#"{"type":"read_ok","value":[4,"x"]}"#,
    );
    check(
        &counter::Request::Add { delta: -5 },
        r#"{"type":"add","delta":-5}"#,
    );
    check(&counter::Request::Read, r#"{"type":"read"}"#);
    check(&counter::Response::AddOk, r#"{"type":"add_ok"}"#);
    check(
        &counter::Response::ReadOk { value: 12 },
        r#"{"type":"read_ok","value":12}"#,
    );
}

#[test]
fn keys_and_values() {
    check(
        &kv::Request::<u64, u64>::Read { key: 1 },
        r#"{"type":"read","key":1}"#,
    );
    check(
        &kv::Request::Write {
            key: "a".to_owned(),
            value: None::<u64>,
        },
        r#"{"type":"write","key":"a","value":null}"#,
    );
    let mut cas = kv::Request::Cas {
        key: 1_u64,
        from: 2_u64,
        to: 3_u64,
        create_if_not_exists: false,
    };
    check(&cas, r#"{"type":"cas","key":1,"from":2,"to":3}"#);
    if let kv::Request::Cas {
        create_if_not_exists,
        ..
    } = &mut cas
    {
        *create_if_not_exists = true;
    }
    check(
        &cas,
        r#"{"type":"cas","key":1,"from":2,"to":3,"create_if_not_exists":true}"#,
    );
    check(
        &kv::Response::ReadOk { value: 3_u64 },
        r#"{"type":"read_ok","value":3}"#,
    );
    check(&kv::Response::<Value>::WriteOk, r#"{"type":"write_ok"}"#);
    check(&kv::Response::<Value>::CasOk, r#"{"type":"cas_ok"}"#);
    check(&tso::Request::Ts, r#"{"type":"ts"}"#);
    check(
        &tso::Response::TsOk { ts: 123 },
        r#"{"type":"ts_ok","ts":123}"#,
    );
}

#[test]
fn logs() {
    check(
        &kafka::Request::Send {
            key: "7".to_owned(),
            msg: 3_u64,
        },
        r#"{"type":"send","key":"7","msg":3}"#,
    );
    let offsets = kafka::Offsets::from([("7".to_owned(), 2)]);
    check(
        &kafka::Request::<u64>::Poll {
            offsets: offsets.clone(),
        },
        r#"{"type":"poll","offsets":{"7":2}}"#,
    );
    check(
        &kafka::Request::<u64>::CommitOffsets {
            offsets: offsets.clone(),
        },
        r#"{"type":"commit_offsets","offsets":{"7":2}}"#,
    );
    check(
        &kafka::Request::<u64>::ListCommittedOffsets {
            keys: vec!["7".to_owned()],
        },
        r#"{"type":"list_committed_offsets","keys":["7"]}"#,
    );
    check(
        &kafka::Response::<u64>::SendOk { offset: 9 },
        r#"{"type":"send_ok","offset":9}"#,
    );
    check(
        &kafka::Response::PollOk {
            msgs: [("7".to_owned(), vec![(2, 9_u64), (4, 5)])].into(),
        },
        r#"{"type":"poll_ok","msgs":{"7":[[2,9],[4,5]]}}"#,
    );
    check(
        &kafka::Response::<u64>::CommitOffsetsOk,
        r#"{"type":"commit_offsets_ok"}"#,
    );
    check(
        &kafka::Response::<u64>::ListCommittedOffsetsOk { offsets },
        r#"{"type":"list_committed_offsets_ok","offsets":{"7":2}}"#,
    );
}

#[test]
fn transactions() {
    use txn::{List, Register, Request, Response};
    check(
        &Request::Txn {
            txn: vec![Register::Read(1_u64, None), Register::Write(2, 9_u64)],
        },
        r#"{"type":"txn","txn":[["r",1,null],["w",2,9]]}"#,
    );
    check(
        &Response::TxnOk {
            txn: vec![List::Read(1_u64, Some(vec![1, 2])), List::Append(2, 9_u64)],
        },
        r#"{"type":"txn_ok","txn":[["r",1,[1,2]],["append",2,9]]}"#,
    );
    assert_eq!(List::<u64, u64>::Append(2, 9).key(), &2);
    assert_eq!(Register::<&str, u64>::Read("x", None).key(), &"x");
    for (steps, reason) in [
        (r#"[["append",1,2]]"#, "a step [\"r\" or \"w\", key, value]"),
        (r#"[["w",1]]"#, "a step of three elements"),
        (r#"[["w",1,2,3]]"#, "a step of three elements"),
        (r#"[["w",1,null]]"#, "invalid type: null"),
        ("[7]", "expected a step"),
    ] {
        let body = Body::parse(&format!(r#"{{"type":"txn","txn":{steps}}}"#)).unwrap();
        let error = body.decode::<Request>().unwrap_err();
        assert_eq!(error.to_error().code, ErrorCode::MalformedRequest);
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn errors_of_every_code() {
    for code in ErrorCode::ALL {
        check(
            &Error::new(code, "no"),
            &format!(r#"{{"type":"error","code":{},"text":"no"}}"#, code.code()),
        );
    }
    check(
        &Error::new(ErrorCode::Other(1001), "my own"),
        r#"{"type":"error","code":1001,"text":"my own"}"#,
    );
    // Maelstrom lets an error carry more than that.
    let body = Body::parse(r#"{"type":"error","code":22,"current":5,"in_reply_to":1}"#).unwrap();
    assert_eq!(
        body.decode::<Error>().unwrap().code,
        ErrorCode::PreconditionFailed
    );
}
