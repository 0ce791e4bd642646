//! Faults on programs: what a process feels of them, and that it outlives them.

use std::collections::BTreeSet;

use maelstrom_check::{Op, Process};
use maelstrom_sim::{Fault, Outcome, Problem, ProblemKind, Settings, Verdict, Workload};

use crate::faults::{acts, nothing_passes_a_paused_node};
use crate::processes::{Script, echoes};
use crate::unruly::{nothing_is_left, python_is_here};

/// A set that is told to all peers ten times a second.
const SET: &str = r#"
import json, os, select, sys, time
print("pid", os.getpid(), file=sys.stderr, flush=True)
name, peers, elements, rest, last = None, [], set(), b"", time.monotonic()
def say(dest, body):
    os.write(1, (json.dumps({"src": name, "dest": dest, "body": body}) + "\n").encode())
while True:
    ready, _, _ = select.select([0], [], [], 0.1)
    now = time.monotonic()
    if now - last > 0.4:
        print("stood still for", now - last, file=sys.stderr, flush=True)
    if not ready or now - last > 0.1:
        for peer in peers:
            say(peer, {"type": "merge", "elements": sorted(elements)})
    last = now
    if not ready:
        continue
    chunk = os.read(0, 65536)
    if not chunk:
        break
    *lines, rest = (rest + chunk).split(b"\n")
    for line in lines:
        message = json.loads(line)
        body, answer = message["body"], {}
        kind = body["type"]
        if kind == "init":
            name = body["node_id"]
            peers = [peer for peer in body["node_ids"] if peer != name]
        elif kind == "add":
            elements.add(body["element"])
        elif kind == "merge":
            elements.update(body["elements"])
            continue
        elif kind == "read":
            answer = {"value": sorted(elements)}
        say(message["src"], {"type": kind + "_ok", "in_reply_to": body["msg_id"], **answer})
"#;

fn run(faults: &[Fault]) -> Option<(Script, Outcome)> {
    if !python_is_here() {
        return None;
    }
    let script = Script::of("/usr/bin/env python3", SET);
    let settings = Settings::new(Workload::GSet)
        .node_count(5)
        .rate(20.0)
        .time_limit(8)
        .nemesis_interval(0.5);
    let settings = faults
        .iter()
        .fold(settings, |settings, fault| settings.nemesis(*fault));
    let outcome = script.run_with(settings);
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    mended(&outcome, faults);
    nothing_is_left(&script);
    Some((script, outcome))
}

/// Every fault was done and, before the final reads, undone.
fn mended(outcome: &Outcome, faults: &[Fault]) {
    let acts = acts(outcome);
    let names: BTreeSet<&str> = acts.iter().map(|op| op.f.as_str()).collect();
    for fault in faults {
        let name = fault.name();
        let begun = names.contains(name) || names.contains(format!("start-{name}").as_str());
        assert!(begun, "no {name} among {names:?}");
    }
    let ends: Vec<&Op> = acts.iter().rev().take(2 * faults.len()).copied().collect();
    let undone = |op: &&Op| {
        ["stop-", "start", "resume"]
            .iter()
            .any(|end| op.f.starts_with(end))
    };
    assert!(ends.iter().all(undone), "{ends:?}");
    let ops = outcome.history.ops();
    let first_read = ops
        .iter()
        .find(|op| op.is_final() && op.is_invoke())
        .unwrap();
    assert!(first_read.time - acts.last().unwrap().time >= 10_000_000_000);
    let finals = ops.iter().filter(|op| op.is_final() && op.is_ok());
    let readers: BTreeSet<String> = finals
        .filter(|op| op.process != Process::Nemesis)
        .map(|op| op.value.to_string())
        .collect();
    if nobody_is_muted(outcome) {
        assert_eq!(readers.len(), 1, "all nodes answer, and know the same");
    }
}

/// On a machine that is busy beyond measure a node may answer a client that is
/// gone, and what it says from then on counts for nothing.
fn nobody_is_muted(outcome: &Outcome) -> bool {
    let late = |problem: &Problem| matches!(problem.kind, ProblemKind::LateReply { .. });
    let muted = outcome.notices.iter().any(late);
    if muted {
        eprintln!(
            "less is tested, the machine is too busy: {:?}",
            outcome.notices
        );
    }
    !muted
}

#[test]
fn a_program_outlives_pauses_partitions_and_bad_links() {
    let faults = [
        Fault::Partition,
        Fault::Pause,
        Fault::Loss,
        Fault::Duplicate,
        Fault::Slow,
    ];
    let Some((script, outcome)) = run(&faults) else {
        return;
    };
    let results = outcome.check();
    if nobody_is_muted(&outcome) {
        assert_eq!(results.verdict(), Verdict::Valid, "{}", results.story());
    }
    nothing_passes_a_paused_node(&outcome);
    let logs = ["n0", "n1", "n2", "n3", "n4"].map(|node| script.log(node));
    assert!(
        logs.iter().any(|log| log.contains("stood still for")),
        "no node was ever stopped"
    );
    assert!(logs.iter().all(|log| log.matches("pid ").count() == 1));
}

#[test]
fn a_killed_program_starts_again_and_knows_nothing() {
    let Some((script, outcome)) = run(&[Fault::Kill, Fault::Pause]) else {
        return;
    };
    let started = acts(&outcome)
        .iter()
        .flat_map(|op| op.value.entries())
        .filter(|(_, what)| what.name() == Some("started"))
        .count();
    assert!(started > 0);
    let lives = ["n0", "n1", "n2", "n3", "n4"].map(|node| script.log(node).matches("pid ").count());
    assert_eq!(lives.iter().sum::<usize>(), 5 + started, "{lives:?}");
    let bodies = outcome
        .journal
        .messages
        .iter()
        .map(|message| message.body.as_str());
    let inits = bodies
        .filter(|body| body.contains(r#""type":"init""#))
        .count();
    assert_eq!(inits, 5 + started);
}

#[test]
fn the_clocks_of_programs_are_left_alone() {
    let script = Script::new("");
    let failure = script.run_with(echoes().nemesis(Fault::Skew)).failure;
    let failure = failure.expect("the run is refused").to_string();
    assert!(failure.contains("can't be skewed"), "{failure}");
    assert!(!script.folder.path().join("logs").exists());
}
