//! `glomers shrink`, and the same after a sweep that failed.

use super::glomers;

/// The command that the last line gives, without `cargo glomers`.
fn again(out: &str) -> &str {
    let line = out.lines().rev().find(|line| line.starts_with("again: "));
    line.unwrap().strip_prefix("again: cargo glomers ").unwrap()
}

/// The line that names the anomalies and tells how large the small run is.
fn headline(out: &str) -> &str {
    let line = out
        .lines()
        .find(|line| line.contains(" operation") && line.contains(": "));
    line.unwrap_or_else(|| panic!("{out}"))
}

#[test]
fn a_failure_is_cut_down_and_the_command_that_is_printed_repeats_it() {
    let store = tempfile::tempdir().unwrap();
    // The nodes of 6c keep read committed, and that is not strict serializability.
    let words =
        "shrink txn-c --seed 1 --consistency-models strict-serializable --rate 100 --within 600";
    let run = glomers(store.path(), words);
    assert_eq!(run.code, 1, "{run:?}");
    let headline = headline(&run.out);
    let (anomalies, size) = headline.split_once(": ").unwrap();
    assert!(
        size.contains("2 nodes, ") && size.contains(" 0 faults, 1 s"),
        "{headline}"
    );
    let operations = size.split(", ").nth(1).unwrap();
    let operations: u32 = operations.split(' ').next().unwrap().parse().unwrap();
    assert!((1..=5).contains(&operations), "{headline}");
    assert!(
        run.out.contains("  process 0 calls txn") || run.out.contains("  process 1 calls txn"),
        "{}",
        run.out
    );
    assert!(run.out.contains("   n0 → "), "{}", run.out);
    let same = glomers(store.path(), again(&run.out));
    assert_eq!(same.code, 1, "{same:?}");
    for anomaly in anomalies.split(", ") {
        assert!(same.out.contains(anomaly), "{anomaly}: {}", same.out);
    }
    let first = run
        .out
        .lines()
        .position(|line| line.contains("calls txn"))
        .unwrap();
    let timeline: Vec<&str> = run
        .out
        .lines()
        .skip(first)
        .take_while(|line| !line.is_empty())
        .collect();
    assert!(
        same.out.contains(&timeline.join("\n")),
        "{}\n{}",
        run.out,
        same.out
    );
}

#[test]
fn a_run_that_passes_says_so() {
    let store = tempfile::tempdir().unwrap();
    let run = glomers(store.path(), "shrink broadcast-c --seed 4");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.out.contains("broadcast-c: the run of seed 4 is valid"),
        "{}",
        run.out
    );
    assert!(run.out.contains("no anomaly"), "{}", run.out);
}

#[test]
fn a_missed_threshold_is_told_apart_from_an_anomaly() {
    let store = tempfile::tempdir().unwrap();
    let run = glomers(
        store.path(),
        "shrink broadcast-e --seed 0 --strategy flood --time-limit 5",
    );
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("It misses a threshold"), "{}", run.out);
}

#[test]
fn a_sweep_that_fails_cuts_its_first_failure_down() {
    let store = tempfile::tempdir().unwrap();
    let words =
        "sweep txn-c --seeds 3 --from 5 --consistency-models strict-serializable --rate 100";
    let run = glomers(store.path(), words);
    assert_eq!(run.code, 1, "{run:?}");
    let told = "The first failure, seed 5, cut down";
    assert!(run.out.contains(told), "{}", run.out);
    assert!(headline(&run.out).contains("2 nodes, "), "{}", run.out);
    assert_eq!(glomers(store.path(), again(&run.out)).code, 1);
    let run = glomers(store.path(), &format!("{words} --no-shrink"));
    assert_eq!(run.code, 1, "{run:?}");
    assert!(!run.out.contains("cut down"), "{}", run.out);
}

#[test]
fn what_can_be_selected_is_said() {
    let store = tempfile::tempdir().unwrap();
    for (words, said) in [
        ("shrink echo", "--seed <SEED>"),
        ("run echo --only-operations 0", "numbers from 1 up"),
        ("run echo --only-faults 3-2", "3,7-9"),
        ("shrink echo --seed 1 --strategy fast", "one way only"),
    ] {
        let run = glomers(store.path(), words);
        assert_eq!(run.code, 254, "{run:?}");
        assert!(run.err.contains(said), "{words}: {}", run.err);
    }
    let help = glomers(store.path(), "run --help").out;
    assert!(help.contains("--only-operations"), "{help}");
    assert!(
        !glomers(store.path(), "run -h")
            .out
            .contains("--only-operations")
    );
}

#[test]
fn a_search_that_was_ended_says_by_which_limit() {
    let store = tempfile::tempdir().unwrap();
    let words = "shrink broadcast-c --strategy convergecast --seed 1 --time-limit 30 --latency 40 \
                 --latency-dist exponential --nemesis pause,loss,duplicate,slow,skew --nemesis-interval 7";
    for (within, limit) in [(600, "3000 runs"), (0, "0 s")] {
        let run = glomers(store.path(), &format!("{words} --within {within}"));
        assert_eq!(run.code, 1, "{run:?}");
        let said = format!("The search was ended after {limit}: there may be a smaller one.");
        assert!(run.out.contains(&said), "{run:?}");
    }
}
