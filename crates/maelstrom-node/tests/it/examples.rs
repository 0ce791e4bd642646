//! The first ten minutes: what a stranger writes works, and is short.

use std::collections::BTreeSet;

use serde_json::json;

use crate::process::Process;

#[test]
fn the_first_nodes_are_short() {
    for (source, limit) in [
        (include_str!("../../examples/echo.rs"), 12),
        (include_str!("../../examples/unique_ids.rs"), 30),
        (include_str!("../../examples/broadcast_a.rs"), 30),
    ] {
        let lines = source.lines().count();
        assert!(lines <= limit, "{lines} lines, {limit} allowed:\n{source}");
    }
}

#[test]
fn echo() {
    let mut node = Process::start("echo");
    for echo in [json!("Please echo 35"), json!(null), json!({"ü": [1, 2.5]})] {
        let answer = node.ask(json!({"type": "echo", "echo": echo}));
        assert_eq!(answer, json!({"type": "echo_ok", "echo": echo}));
    }
    assert_eq!(node.end(), "");
}

#[test]
fn unique_ids() {
    let mut node = Process::start("unique_ids");
    let ids: BTreeSet<String> = (0..1000)
        .map(|_| node.ask(json!({"type": "generate"}))["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1000);
    assert_eq!(node.end(), "");
}

#[test]
fn broadcast_a() {
    let mut node = Process::start("broadcast_a");
    let topology = json!({"type": "topology", "topology": {"n0": []}});
    assert_eq!(node.ask(topology), json!({"type": "topology_ok"}));
    for message in [3, 1, 2] {
        let told = node.ask(json!({"type": "broadcast", "message": message}));
        assert_eq!(told, json!({"type": "broadcast_ok"}));
    }
    let read = node.ask(json!({"type": "read"}));
    assert_eq!(read, json!({"type": "read_ok", "messages": [3, 1, 2]}));
    assert_eq!(node.end(), "");
}
