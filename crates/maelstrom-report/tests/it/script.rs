//! The script reads what was packed, on machines that have node.

use std::process::Command;

use maelstrom_check::History;
use maelstrom_report::{Fate, Journal, Report};

use super::broadcast;

/// What a script prints of the run in a report's page, once that is unpacked, or nothing where
/// there is no node that is new enough.
fn unpacked(report: &Report, script: &str) -> Option<serde_json::Value> {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("report.html");
    std::fs::write(&page, report.html()).unwrap();
    let reader = concat!(env!("CARGO_MANIFEST_DIR"), "/src/page/data.mjs");
    // The paths are arguments: within the script they would have to be quoted.
    let unpack = r#"
        import { readFileSync } from "node:fs";
        import { pathToFileURL } from "node:url";
        const [, reader, file] = process.argv;
        const { unpack, read, bodyOf, opInWords } = await import(pathToFileURL(reader));
        const page = readFileSync(file, "utf8");
        const run = read(await unpack(/id="run">([^<]*)</.exec(page)[1]));
        const { messages, ops } = run;
    "#;
    let node = Command::new("node")
        .args(["--input-type=module", "-e"])
        .arg(unpack.to_owned() + script)
        .arg(reader)
        .arg(&page)
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
    let script = r#"
        const all = Array.from(messages.sent, (sent, m) => [sent, run.names[messages.src[m]],
            run.names[messages.dest[m]], messages.end[m], messages.fate[m], bodyOf(run, m)]);
        const done = Array.from(ops.at, (at, op) => [at, run.lanes[ops.lane[op]].name,
            opInWords(run, op), ops.outcome[op], ops.index[op], ops.completion[op]]);
        const faults = run.faults.map((f) => [f.kind, f.from, f.to, f.sides, f.cuts.length]);
        console.log(JSON.stringify({ all, done, faults, lanes: run.lanes.map((lane) => lane.name) }));
    "#;
    let Some(seen) = unpacked(&report, script) else {
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

/// Bodies of every kind, from a generator of the test's own: the packing guesses, and must never
/// guess differently from the script that unpacks.
#[test]
fn whatever_is_packed_is_unpacked() {
    let mut state = 7_u64;
    let mut draw = move |most: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % most
    };
    let mut journal = Journal::new();
    let mut told = Vec::new();
    let mut registers: Vec<(u64, u64)> = (0..200).map(|key| (key * 3, 0)).collect();
    for number in 0..3_000 {
        let time = number * 1_000_000 + draw(500_000);
        let (one, other) = (draw(4), draw(4));
        let id = draw(300);
        let place = draw(registers.len() as u64) as usize;
        registers[place].1 += draw(3);
        if number % 40 == 0 {
            registers.insert(place, (draw(2000), draw(9)));
        }
        let all = |row: fn(&(u64, u64)) -> String| {
            let rows: Vec<String> = registers.iter().map(row).collect();
            rows.join(",")
        };
        let body = match draw(9) {
            0 => format!(r#"{{"type":"tell","message":{},"msg_id":{id}}}"#, draw(50)),
            1 => format!(r#"{{"type":"tell_ok","in_reply_to":{id}}}"#),
            2 => format!(r#"{{"type":"state","all":{{{}}}}}"#, all(|(k, v)| format!(r#""{k}":{v}"#))),
            3 => format!(r#"{{"type":"rows","all":[{}]}}"#, all(|(k, v)| format!(r#"[{k},"n0/x",{v},{}]"#, k * 7 + v))),
            4 => format!(r#"{{"type":"mixed","msg_id":{id},"a":[{},null,"é\"{}",-{},{}.5,[],{{}}]}}"#, draw(9), draw(99), 1 + draw(9), draw(9)),
            5 => format!(r#"{{"type":"ids","of":["{:x}","n{}/{:016x}",{}]}}"#, draw(u64::MAX), draw(5), draw(9) << 50, u64::MAX - draw(5)),
            6 => format!(r#"{{"type":"list","in_reply_to":{id},"all":[{}],"msg_id":{}}}"#, all(|(k, _)| k.to_string()), id + 1),
            7 => r#"{"type":"uuid","id":"550e8400-e29b-41d4-a716-446655440000","big":123456789012345}"#.to_owned(),
            _ => told.last().cloned().unwrap_or_else(|| "{}".to_owned()),
        };
        let sent = journal.send(
            time,
            &format!("n{one}"),
            &format!("n{other}"),
            body.as_str(),
        );
        told.push(body);
        match draw(8) {
            0 => journal.end_of(sent, time, Fate::Dropped),
            1 => {}
            fate => journal.end_of(sent, time + (fate % 3) * 900_000, Fate::Received),
        }
    }
    let history = History::parse("").unwrap();
    let report = Report::new(history, Some(journal), serde_json::json!({}));
    let script = r#"
        console.log(JSON.stringify(Array.from(messages.sent, (sent, m) => [sent, messages.end[m], messages.fate[m],
            run.names[messages.src[m]], run.names[messages.dest[m]], messages.msgId[m], messages.reply[m],
            run.texts.text(messages.body[m])])));
    "#;
    let Some(seen) = unpacked(&report, script) else {
        return;
    };
    let journal = report.journal().unwrap();
    let mut ends: Vec<(u64, u64)> = journal.messages().iter().map(|m| (m.sent, 0)).collect();
    for (message, at, fate) in journal.fates() {
        ends[*message] = (*at, 1 + u64::from(*fate == Fate::Dropped));
    }
    assert_eq!(seen.as_array().unwrap().len(), ends.len());
    for ((message, (end, fate)), seen) in journal
        .messages()
        .iter()
        .zip(ends)
        .zip(seen.as_array().unwrap())
    {
        let mut body: serde_json::Value = serde_json::from_str(&message.body).unwrap();
        let mut take = |id| body.as_object_mut().unwrap().remove(id).unwrap_or_default();
        let (id, reply) = (take("msg_id"), take("in_reply_to"));
        let (src, dest) = (
            &journal.names()[message.src],
            &journal.names()[message.dest],
        );
        assert_eq!(
            seen.as_array().unwrap()[..7],
            serde_json::json!([message.sent / 1000, end / 1000, fate, src, dest, id, reply])
                .as_array()
                .unwrap()[..]
        );
        let text: serde_json::Value = serde_json::from_str(seen[7].as_str().unwrap()).unwrap();
        assert_eq!(text, body);
    }
}
