//! Many seeds at once: `glomers sweep` and `glomers results`.

use super::glomers;

#[test]
fn a_sweep_of_a_right_node_passes_and_tells_its_figures() {
    let store = tempfile::tempdir().unwrap();
    let run = glomers(store.path(), "sweep broadcast-c --seeds 40");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.starts_with("40 seeds, 0 failed;"), "{}", run.out);
    assert!(
        run.out.contains("messages per operation, servers"),
        "{}",
        run.out
    );
}

#[test]
fn every_seed_that_fails_is_told_with_the_command_that_repeats_it() {
    let store = tempfile::tempdir().unwrap();
    // A flood is far above the threshold of 3e.
    let run = glomers(
        store.path(),
        &format!(
            "sweep broadcast-e --seeds 3 --strategy flood --time-limit 5 --store {}",
            store.path().display()
        ),
    );
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("3 seeds, 3 failed;"), "{}", run.out);
    let again = "again: cargo glomers run broadcast-e --strategy flood --time-limit 5 --seed 2";
    assert!(run.out.contains(again), "{}", run.out);
    // Seeds that failed are kept, with their pages.
    let kept = std::fs::read_dir(store.path().join("broadcast-e")).unwrap();
    let kept = kept.filter(|run| run.as_ref().unwrap().path().join("report.html").exists());
    assert_eq!(kept.count(), 4, "three runs, and the link to the latest");
    let again = glomers(
        store.path(),
        "run broadcast-e --strategy flood --time-limit 5 --seed 2",
    );
    assert_eq!(again.code, 1, "{again:?}");
}

#[test]
fn shards_share_the_seeds_out() {
    let store = tempfile::tempdir().unwrap();
    for part in 1..=4 {
        let run = glomers(
            store.path(),
            &format!("sweep echo --seeds 8 --shard {part}/4"),
        );
        assert!(run.out.starts_with("2 seeds, 0 failed;"), "{}", run.out);
    }
    let run = glomers(store.path(), "sweep echo --shard 5/4");
    assert_eq!(run.code, 254, "{run:?}");
    assert!(run.err.contains("2/8"), "{}", run.err);
}

#[test]
fn faults_lift_the_thresholds_and_not_the_verdict() {
    let store = tempfile::tempdir().unwrap();
    let run = glomers(
        store.path(),
        "sweep broadcast-e --seeds 4 --nemesis partition",
    );
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn the_table_of_results_goes_between_its_marks_and_nowhere_else() {
    let store = tempfile::tempdir().unwrap();
    let file = store.path().join("page.md");
    let marks = "<!-- results: written by `just results` -->\nold\n<!-- end of results -->";
    std::fs::write(&file, format!("before\n{marks}\nafter\n")).unwrap();
    let words = format!("results --seeds 1 --only echo --write {}", file.display());
    assert_eq!(glomers(store.path(), &words).code, 0);
    let page = std::fs::read_to_string(&file).unwrap();
    assert!(
        page.starts_with("before\n") && page.ends_with("after\n"),
        "{page}"
    );
    assert!(
        page.contains("| echo |") && page.contains("1 of 1") && !page.contains("old"),
        "{page}"
    );
    std::fs::write(&file, "no marks").unwrap();
    assert_eq!(glomers(store.path(), &words).code, 255);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "no marks");
}

#[test]
fn a_seed_that_fails_is_named_by_its_anomalies() {
    let store = tempfile::tempdir().unwrap();
    let words = "sweep kafka-b --strategy single --seeds 1 --time-limit 2 --no-report --no-shrink";
    let run = glomers(store.path(), words);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.out.contains("seed 0: invalid: inconsistent-offsets"),
        "{}",
        run.out
    );
}
