//! Any bytes on standard input: the node must not panic, must answer the next
//! honest request, and must write nothing but JSON lines.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use maelstrom_node::proto::echo::{Request, Response};
use maelstrom_node::{Environment, handler, serve};

const INIT: &[u8] = br#"{"src":"c0","dest":"n0","body":{"type":"init","msg_id":1,"node_id":"n0","node_ids":["n0","n1"]}}"#;
const ECHO: &[u8] =
    br#"{"src":"c9","dest":"n0","body":{"type":"echo","echo":"still here","msg_id":77}}"#;

fuzz_target!(|noise: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O");
    let input = [INIT, b"\n", noise, b"\n", ECHO].concat();
    let mut output = Vec::new();
    let node = |_| {
        handler(async |_, Request::Echo { echo }| Ok(Response::EchoOk { echo }))
    };
    let environment = Environment::seeded(1, || Duration::ZERO);
    runtime
        .block_on(serve(node, environment, &input[..], &mut output))
        .expect("bytes in memory can be read and written");
    let lines = output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let last = lines.fold(serde_json::Value::Null, |_, line| {
        serde_json::from_slice(line).expect("nothing but JSON is written")
    });
    assert_eq!(last["body"]["in_reply_to"], 77);
});
