//! Verdicts, thresholds and exit codes of our own solutions.

use super::{glomers, results};

#[test]
fn every_challenge_passes() {
    let store = tempfile::tempdir().unwrap();
    for challenge in [
        "echo",
        "unique-ids",
        "broadcast-a",
        "broadcast-b",
        "broadcast-c",
        "broadcast-d",
        "broadcast-e",
        "counter",
        "kafka-a",
        "kafka-b",
        "kafka-c",
        "txn-a",
        "txn-b",
        "txn-c",
    ] {
        for seed in 0..5 {
            let run = glomers(store.path(), &format!("run {challenge} --seed {seed}"));
            assert_eq!(run.code, 0, "{challenge}, seed {seed}: {run:?}");
            assert!(run.out.contains("Everything passed."), "{}", run.out);
        }
    }
}

#[test]
fn both_message_figures_are_printed_and_each_threshold_with_what_was_measured() {
    let store = tempfile::tempdir().unwrap();
    let run = glomers(store.path(), "run broadcast-c --seed 1");
    let figures = run
        .out
        .lines()
        .find(|line| line.starts_with("messages per operation"))
        .unwrap();
    assert!(
        figures.contains("all ") && figures.contains("servers "),
        "{figures}"
    );
    let run = glomers(store.path(), "run broadcast-d --seed 1");
    for asked in ["asked below 30", "asked below 400 ms", "asked below 600 ms"] {
        let row = run.out.lines().find(|line| line.contains(asked)).unwrap();
        assert!(row.contains("measured "), "{row}");
    }
}

#[test]
fn a_threshold_that_is_missed_fails_a_valid_run() {
    let store = tempfile::tempdir().unwrap();
    // A line of 25 nodes takes seconds from end to end.
    let run = glomers(
        store.path(),
        "run broadcast-d --seed 1 --strategy flood --topology line",
    );
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.out.contains("FAIL maximum stable latency"),
        "{}",
        run.out
    );
    assert_eq!(results(store.path())["valid?"], true);
}

#[test]
fn a_run_that_exercised_nothing_is_unknown() {
    let store = tempfile::tempdir().unwrap();
    let run = glomers(store.path(), "run broadcast-a --rate 0 --seed 1");
    assert_eq!(run.code, 2, "{run:?}");
    assert_eq!(results(store.path())["valid?"], "unknown");
}

#[test]
fn output_that_is_no_terminal_has_no_colours() {
    let store = tempfile::tempdir().unwrap();
    let run = glomers(store.path(), "run broadcast-c --seed 1");
    assert!(!run.out.contains('\u{1b}') && !run.err.contains('\u{1b}'));
}
