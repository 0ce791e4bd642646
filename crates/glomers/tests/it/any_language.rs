//! `glomers test` on a node that is not written in Rust: every workload, right
//! and wrong. Skipped, with a word, where there is no python3.

use std::process::Command;

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

fn test(workload: &str, flags: &str, mode: &str) -> (Run, serde_json::Value) {
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
fn all(mode: &'static str) -> Vec<(&'static str, Run, serde_json::Value)> {
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

#[test]
fn a_reply_with_a_field_too_many_tells_its_name_and_the_node() {
    if python() {
        let (run, results) = test("echo", "", "chatty");
        assert_eq!(run.code, 1, "{run:?}");
        let example = results["exceptions"]["exceptions"][0]["example"].to_string();
        assert!(
            example.contains("unknown field `mood`") && example.contains("n0"),
            "{results}"
        );
    }
}
