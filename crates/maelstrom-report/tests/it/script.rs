//! The script reads what was packed, on machines that have node.

use std::process::Command;

use super::broadcast;

/// What node prints of a script, or nothing where there is no node that is new enough.
fn node(script: &str) -> Option<serde_json::Value> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/src/page/");
    let script = script.replace("PAGE/", page);
    let node = Command::new("node")
        .args(["--input-type=module", "-e", &script])
        .output();
    let Ok(output) = node else {
        eprintln!("there is no node here, so this is not tested");
        return None;
    };
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn every_message_and_operation_comes_through() {
    let report = broadcast();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    std::fs::write(&file, report.html()).unwrap();
    let script = r#"
        import { readFileSync } from "node:fs";
        import { unpack, read, bodyOf, opInWords } from "PAGE/data.mjs";
        const page = readFileSync("FILE", "utf8");
        const run = read(await unpack(/id="run">([^<]*)</.exec(page)[1]));
        const { messages, ops } = run;
        const all = Array.from(messages.sent, (sent, m) => [sent, run.names[messages.src[m]],
            run.names[messages.dest[m]], messages.end[m], messages.fate[m], bodyOf(run, m)]);
        const done = Array.from(ops.at, (at, op) => [at, run.lanes[ops.lane[op]].name,
            opInWords(run, op), ops.outcome[op], ops.index[op], ops.completion[op]]);
        const faults = run.faults.map((f) => [f.kind, f.from, f.to, f.sides, f.cuts.length]);
        console.log(JSON.stringify({ all, done, faults, lanes: run.lanes.map((lane) => lane.name) }));
    "#;
    let Some(seen) = node(&script.replace("FILE", file.to_str().unwrap())) else {
        return;
    };
    let tell = serde_json::json!({"type": "tell", "messages": [5, 6, 7]});
    let expected = serde_json::json!([
        [1000, "c3", "n0", 1000, 1, {"type": "broadcast", "message": 5, "msg_id": 1}],
        [1000, "n0", "n1", 101_000, 1, tell],
        [1000, "n0", "n2", 1000, 2, tell],
        [2000, "n0", "c3", 2000, 1, {"type": "broadcast_ok", "in_reply_to": 1}],
    ]);
    assert_eq!(seen["all"], expected);
    let expected = serde_json::json!([
        [1000, "client 0", "broadcast 5", 0, 2, 3],
        [500_000, "client 1", "read [5]", 0, 6, 7],
        [500_000, "client 0", "read [5]", 0, 8, 9],
        [500_000, "client 2", "read []", 0, 10, 11],
    ]);
    assert_eq!(seen["done"], expected);
    let expected = serde_json::json!([["partition", 0, 400_000, [[1, 3], [5]], 4]]);
    assert_eq!(seen["faults"], expected);
    let lanes = ["client 0", "n0", "client 1", "n1", "client 2", "n2"];
    assert_eq!(seen["lanes"], serde_json::json!(lanes));
}
