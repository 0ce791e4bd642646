//! `glomers test` on a node that is not written in Rust: every workload, right
//! and wrong. Skipped, with a word, where there is no python3.

use std::process::Command;

use serde_json::Value;

use super::{Run, glomers, results};

const NODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/nodes/single.py");

const WORKLOADS: [(&str, &str); 10] = [
    ("echo", ""),
    ("unique-ids", ""),
    ("broadcast", ""),
    ("g-set", ""),
    ("g-counter", ""),
    ("pn-counter", ""),
    ("lin-kv", "--concurrency 2n"),
    ("kafka", "--concurrency 2n"),
    ("txn-list-append", "--concurrency 2n"),
    ("txn-rw-register", "--consistency-models read-committed"),
];

fn python() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok();
    if !found {
        eprintln!("skipped: there is no python3");
    }
    found
}

fn test(workload: &str, flags: &str, mode: &str) -> (Run, Value) {
    let store = tempfile::tempdir().unwrap();
    let words = format!(
        "test -w {workload} --bin {NODE} --node-count 1 --rate 60 --time-limit 2 --seed 1 \
         --store {} {flags} -- {mode} {workload}",
        store.path().display()
    );
    let run = glomers(store.path(), &words);
    (run, results(store.path()))
}

/// All at the same time: most of each run is its pause before the final reads.
fn all(mode: &'static str) -> Vec<(&'static str, Run, Value)> {
    let threads = WORKLOADS.map(|(workload, flags)| {
        std::thread::spawn(move || {
            let (run, results) = test(workload, flags, mode);
            (workload, run, results)
        })
    });
    threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect()
}

#[test]
fn a_right_node_is_valid_in_every_workload() {
    if !python() {
        return;
    }
    for (workload, run, results) in all("right") {
        assert_eq!(run.code, 0, "{workload}: {run:?}");
        assert!(
            results["stats"]["ok-count"].as_u64() > Some(40),
            "{workload}: {results}"
        );
    }
}

#[test]
fn a_node_that_drops_what_it_acknowledged_is_invalid() {
    if !python() {
        return;
    }
    for (workload, run, _) in all("forgetful") {
        let writes_nothing = ["echo", "unique-ids", "lin-kv"].contains(&workload);
        assert_eq!(run.code, i32::from(!writes_nothing), "{workload}: {run:?}");
    }
}

#[test]
fn a_stale_register_is_not_linearizable() {
    if python() {
        let (run, _) = test("lin-kv", "--concurrency 2n", "stale");
        assert_eq!(run.code, 1, "{run:?}");
    }
}

/// One run: what its node is asked, how it is odd, how the run ends, and where
/// in the results what stands.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    i32,
    &'static str,
    fn(&Value) -> bool,
);

const fn case(
    workload: &'static str,
    flags: &'static str,
    mode: &'static str,
    code: i32,
    place: &'static str,
    stands: fn(&Value) -> bool,
) -> Case {
    (workload, flags, mode, code, place, stands)
}

fn some(value: &Value) -> bool {
    value.as_u64() > Some(0) || value.as_array().is_some_and(|items| !items.is_empty())
}

fn none(value: &Value) -> bool {
    *value == 0 || value.is_null()
}

const APPEND: &str = "txn-list-append";
const REGISTER: &str = "txn-rw-register";
const READ_COMMITTED: &str = "--consistency-models read-committed --concurrency 4n";

/// What the real Maelstrom says of the same behaviour.
const CASES: [Case; 24] = [
    // Odd, and allowed.
    case("broadcast", "", "nulls", 0, "/stats/info-count", none),
    case("g-set", "", "nulls", 0, "/stats/info-count", none),
    case("kafka", "", "nulls", 0, "/stats/ok-count", some),
    case(
        "unique-ids",
        "",
        "wide",
        0,
        "/workload/duplicated-count",
        none,
    ),
    case("echo", "", "wordy", 0, "/stats/info-count", none),
    case(
        "lin-kv",
        "--concurrency 2n",
        "wordy",
        0,
        "/stats/ok-count",
        some,
    ),
    case("echo", "", "talkative", 0, "/stats/info-count", none),
    case(APPEND, "", "talkative", 0, "/stats/info-count", none),
    // Refused in ways of its own: what can't be known is a failed read all the same.
    case(
        "lin-kv",
        "--concurrency 2n",
        "codeless",
        1,
        "/stats/by-f/read/fail-count",
        some,
    ),
    case(
        "lin-kv",
        "--concurrency 2n",
        "private",
        1,
        "/stats/by-f/read/fail-count",
        some,
    ),
    // Not to be compared.
    case(
        "unique-ids",
        "",
        "mixed",
        2,
        "/workload/error",
        Value::is_string,
    ),
    // Wrong.
    case("echo", "", "deaf", 1, "/workload/errors", some),
    case(
        "unique-ids",
        "",
        "twins",
        1,
        "/workload/duplicated-count",
        some,
    ),
    case(
        "lin-kv",
        "--concurrency 2n",
        "stale",
        1,
        "/workload/failures",
        some,
    ),
    case(
        "broadcast",
        "",
        "forgetful",
        1,
        "/workload/lost-count",
        some,
    ),
    case("g-counter", "", "forgetful", 1, "/workload/errors", some),
    case("pn-counter", "", "forgetful", 1, "/workload/errors", some),
    case(
        "kafka",
        "",
        "twins",
        1,
        "/workload/duplicate",
        Value::is_object,
    ),
    case(
        "kafka",
        "",
        "skips",
        1,
        "/workload/poll-skip",
        Value::is_object,
    ),
    case(APPEND, "", "aborts", 1, "/workload/anomalies/G1a", some),
    case(
        APPEND,
        "",
        "twins",
        1,
        "/workload/anomalies/duplicate-elements",
        some,
    ),
    case(
        APPEND,
        "",
        "backwards",
        1,
        "/workload/anomalies/incompatible-order",
        some,
    ),
    case(
        REGISTER,
        READ_COMMITTED,
        "aborts",
        1,
        "/workload/anomalies/G1a",
        some,
    ),
    case(
        REGISTER,
        "",
        "forgetful",
        1,
        "/workload/anomalies/internal",
        some,
    ),
];

#[test]
fn each_behaviour_is_judged_as_maelstrom_judges_it() {
    if !python() {
        return;
    }
    let runs = CASES
        .map(|(workload, flags, mode, ..)| std::thread::spawn(move || test(workload, flags, mode)));
    for (case, run) in CASES.into_iter().zip(runs) {
        let (workload, _, mode, code, place, stands) = case;
        let (run, results) = run.join().unwrap();
        let found = results.pointer(place).unwrap_or(&Value::Null);
        assert_eq!(run.code, code, "{workload} {mode}: {run:?}\n{results:#}");
        assert!(
            stands(found),
            "{workload} {mode}: {place} is {found}\n{results:#}"
        );
    }
}

#[test]
fn stricter_checks_count_unless_they_are_left_out() {
    if !python() {
        return;
    }
    let (run, results) = test("broadcast", "", "echoing");
    assert_eq!(
        (run.code, &results["maelstrom"]),
        (1, &Value::Bool(true)),
        "{run:?}"
    );
    assert_eq!(results["strict"]["valid?"], false);
    assert!(run.out.contains("duplicate-elements"), "{run:?}");
    let how = "Maelstrom itself calls such a run valid; with --no-strict so does this command.";
    assert!(run.out.contains(how), "{run:?}");
    let (run, _) = test("broadcast", "", "forgetful");
    assert!(!run.out.contains(how), "{run:?}");
    let (run, results) = test("broadcast", "--no-strict", "echoing");
    assert_eq!(
        (run.code, &results["valid?"]),
        (0, &Value::Bool(true)),
        "{run:?}"
    );
}

#[test]
fn a_malformed_reply_is_shown_beside_what_was_expected() {
    if !python() {
        return;
    }
    for (mode, problem) in [
        ("chatty", "`mood` is not defined for it"),
        ("unnumbered", "`msg_id` is null where integer is expected"),
        ("untyped", "`type` is missing"),
    ] {
        let (run, results) = test("echo", "", mode);
        assert_eq!(run.code, 1, "{run:?}");
        // At once, and not when nobody waits any more.
        assert!(
            results["stats"]["info-count"].as_u64() > Some(3),
            "{results}"
        );
        let example = results["exceptions"]["exceptions"][0]["example"]["error"].to_string();
        let expected = r#"{\"type\": \"echo_ok\", \"echo\": anything, \"in_reply_to\": integer"#;
        for part in ["n0 was sent", "Please echo", expected, problem] {
            assert!(example.contains(part), "{part}: {example}");
            assert!(part != problem || run.out.contains(part), "{}", run.out);
        }
    }
}

#[test]
fn words_behind_a_message_are_passed_over_and_told_of_at_once() {
    if !python() {
        return;
    }
    let (run, results) = test("echo", "", "trailing");
    assert_eq!(run.code, 0, "{run:?}");
    let told = "n0 printed something behind a message, on the same line";
    // While the run goes on, and with the verdict.
    assert_eq!(run.err.matches(told).count(), 2, "{run:?}");
    let notices = results["notices"].as_array().unwrap();
    assert_eq!(notices.len(), 1, "{results}");
    assert!(notices[0].as_str().unwrap().starts_with(told), "{results}");
}

/// Greets its peer as soon as it is there, and echoes once it was greeted. The
/// first to start wakes late, and ends if more than `init` waits for it then.
const EARLY: &str = r#"#!/usr/bin/env python3
import json, os, sys, time

try:
    os.close(os.open(sys.argv[1], os.O_CREAT | os.O_EXCL))
    time.sleep(0.7)
except FileExistsError:
    pass
lines = os.read(0, 1 << 16).decode().splitlines()
init = json.loads(lines[0])
node = init["body"]["node_id"]
if len(lines) > 1:
    sys.exit(f"sent with init: {lines[1]}")


def say(dest, body):
    print(json.dumps({"src": node, "dest": dest, "body": body}), flush=True)


say(init["src"], {"type": "init_ok", "in_reply_to": 1})
for other in init["body"]["node_ids"]:
    if other != node:
        say(other, {"type": "hello"})
greeted = False
for line in sys.stdin:
    message = json.loads(line)
    body = message["body"]
    greeted |= body["type"] == "hello"
    if greeted and body["type"] == "echo":
        say(message["src"], {"type": "echo_ok", "echo": body["echo"], "in_reply_to": body["msg_id"]})
"#;

#[test]
fn a_node_that_comes_up_late_hears_its_peers_after_its_init() {
    use std::os::unix::fs::PermissionsExt;

    if !python() {
        return;
    }
    let store = tempfile::tempdir().unwrap();
    let node = store.path().join("node.py");
    std::fs::write(&node, EARLY).unwrap();
    std::fs::set_permissions(&node, PermissionsExt::from_mode(0o755)).unwrap();
    let words = format!(
        "test -w echo --bin {} --node-count 2 --rate 20 --time-limit 1 \
         --store {} -- {}",
        node.display(),
        store.path().display(),
        store.path().join("first").display()
    );
    let run = glomers(store.path(), &words);
    assert_eq!(run.code, 0, "{run:?}");
}
