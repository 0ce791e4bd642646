//! Whatever comes in, the node lives, answers the next honest request, and
//! writes nothing but messages.

use std::time::Duration;

use maelstrom_node::proto::echo::{Request, Response};
use maelstrom_node::{Environment, handler, serve};
use proptest::prelude::*;
use serde_json::{Value, json};

const INIT: &[u8] = br#"{"src":"c0","dest":"n0","body":{"type":"init","msg_id":1,"node_id":"n0","node_ids":["n0","n1"]}}"#;
const ECHO: &[u8] =
    br#"{"src":"c9","dest":"n0","body":{"type":"echo","echo":"still here","msg_id":77}}"#;

/// Serves an echo node on these bytes and returns what it wrote.
fn output_for(input: &[u8]) -> Vec<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let mut output = Vec::new();
    let node = |_| handler(async |_, Request::Echo { echo }| Ok(Response::EchoOk { echo }));
    let environment = Environment::seeded(1, || Duration::ZERO);
    let served = runtime.block_on(serve(node, environment, input, &mut output));
    served.unwrap();
    let lines = output.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).expect("nothing but JSON"))
        .collect()
}

fn survives(noise: &[u8], before_init: bool) {
    let mut input = Vec::new();
    if before_init {
        input.extend_from_slice(noise);
        input.push(b'\n');
    }
    input.extend_from_slice(INIT);
    input.push(b'\n');
    input.extend_from_slice(noise);
    input.push(b'\n');
    input.extend_from_slice(ECHO);
    let written = output_for(&input);
    let last = json!({"src": "n0", "dest": "c9", "body":
        {"type": "echo_ok", "echo": "still here", "in_reply_to": 77}});
    assert_eq!(
        written.last(),
        Some(&last),
        "{}",
        String::from_utf8_lossy(noise)
    );
    for message in &written {
        assert!(message["body"]["in_reply_to"].is_u64(), "{message}");
    }
}

/// Pieces that lines are made of, honest and not.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        r#"{"src":"c1","dest":"n0","body":"#,
        r#"{"type":"echo","echo":"#,
        r#"{"type":"init","msg_id":1,"node_id":"n5","node_ids":[]}"#,
        r#","msg_id":3"#,
        r#","in_reply_to":1"#,
        r#","type":"echo""#,
        "}",
        "}}",
        "\n",
        "[",
        "]",
        "\"",
        "\\",
        "null",
        "1e400",
        "-0.0",
        "\u{fffd}",
        "\"\\ud800\"",
    ];
    prop_oneof![
        6 => prop::sample::select(known.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_bytes_do_no_harm(noise in prop::collection::vec(any::<u8>(), 0..400), early in any::<bool>()) {
        survives(&noise, early);
    }

    #[test]
    fn almost_messages_do_no_harm(pieces in prop::collection::vec(piece(), 0..12)) {
        survives(&pieces.concat(), false);
    }
}

#[test]
fn odd_lines_do_no_harm() {
    let deep = format!(
        r#"{{"src":"c1","dest":"n0","body":{{"type":"echo","msg_id":1,"echo":{}{}}}}}"#,
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    let open = "[{\"a\":".repeat(200_000);
    for noise in [
        deep.as_str(),
        open.as_str(),
        r#"{"src":"c1","dest":"n0","body":{"type":"echo","msg_id":1,"echo":1,"echo":2}}"#,
        r#"{"src":"c1","dest":"n0","body":{"msg_id":18446744073709551615}}"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"echo_ok","in_reply_to":18446744073709551615}}"#,
        r#"{"src":"","dest":"","body":{"type":"","msg_id":0}}"#,
        r#"{"src":"c1","dest":"n0","body":{"type":"echo","echo":tru,"msg_id":5}}"#,
        "\u{feff}{}",
        "\r",
    ] {
        survives(noise.as_bytes(), false);
    }
}
