//! What a run leaves behind.

use super::{glomers, results};

#[test]
fn a_run_leaves_its_files_and_the_links_to_them() {
    let store = tempfile::tempdir().unwrap();
    let run = glomers(store.path(), "run broadcast-c --seed 7");
    assert_eq!(run.code, 0, "{run:?}");
    let latest = store.path().join("latest");
    for file in [
        "history.jsonl",
        "history.edn",
        "journal.jsonl",
        "results.json",
        "report.html",
        "node-logs/n4.log",
    ] {
        assert!(latest.join(file).is_file(), "{file}");
    }
    let same = store.path().join("broadcast-c/latest");
    assert_eq!(latest.canonicalize().unwrap(), same.canonicalize().unwrap());
    assert_eq!(
        latest
            .canonicalize()
            .unwrap()
            .parent()
            .unwrap()
            .file_name()
            .unwrap(),
        "broadcast-c"
    );
}

#[test]
fn results_have_upstreams_own_keys_with_ours_beside_them() {
    let store = tempfile::tempdir().unwrap();
    glomers(
        store.path(),
        "run broadcast-b --seed 7 --availability total --rate 50",
    );
    let results = results(store.path());
    for pointer in [
        "/net/all/msgs-per-op",
        "/net/servers/msgs-per-op",
        "/net/clients/msg-count",
        "/workload/attempt-count",
        "/workload/stable-latencies/0.5",
        "/workload/stable-latencies/1",
        "/stats/by-f/broadcast/ok-count",
    ] {
        let value = results.pointer(pointer);
        assert!(
            value.is_some_and(serde_json::Value::is_number),
            "{pointer}: {value:?}"
        );
    }
    assert_eq!(results["valid?"], true);
    assert_eq!(results["workload"]["lost-count"], 0);
    assert_eq!(results["availability"]["ok-fraction"], 1.0);
    assert_eq!(results["seed"], 7);
    assert_eq!(results["challenge"], "broadcast-b");
    assert_eq!(results["settings"]["rate"], 50.0);
    assert_eq!(results["thresholds"][1]["asked"], "total");
    assert_eq!(
        results["command"]
            .as_str()
            .unwrap()
            .split(" --store")
            .next(),
        Some("cargo glomers run broadcast-b --rate 50 --availability total")
    );
}

#[test]
fn the_seed_repeats_the_run_byte_for_byte() {
    let journal = |seed: u64| {
        let store = tempfile::tempdir().unwrap();
        glomers(
            store.path(),
            &format!("run broadcast-c --seed {seed} --latency 10 --latency-dist exponential"),
        );
        std::fs::read(store.path().join("latest/journal.jsonl")).unwrap()
    };
    let first = journal(11);
    assert!(first.len() > 100_000);
    assert!(first == journal(11));
    assert!(first != journal(12));
}

#[test]
fn a_run_without_a_seed_prints_the_one_that_repeats_it() {
    let store = tempfile::tempdir().unwrap();
    let first = glomers(store.path(), "run broadcast-c");
    let again = first
        .out
        .lines()
        .find_map(|line| line.strip_prefix("again: cargo glomers "))
        .unwrap();
    let seed = again.rsplit_once("--seed ").unwrap().1.to_owned();
    let journal = std::fs::read(store.path().join("latest/journal.jsonl")).unwrap();
    glomers(store.path(), &format!("run broadcast-c --seed {seed}"));
    assert!(journal == std::fs::read(store.path().join("latest/journal.jsonl")).unwrap());
}

#[test]
fn a_history_that_was_written_reads_back_the_same() {
    let store = tempfile::tempdir().unwrap();
    glomers(store.path(), "run broadcast-c --seed 3");
    let read = |name: &str| {
        maelstrom_check::History::read(store.path().join("latest").join(name)).unwrap()
    };
    let (json, edn) = (read("history.jsonl"), read("history.edn"));
    assert_eq!(json.len(), edn.len());
    let check = |history| {
        maelstrom_check::check(
            maelstrom_check::Workload::Broadcast,
            history,
            &Default::default(),
        )
    };
    assert_eq!(check(&json).to_json(), check(&edn).to_json());
}

#[test]
fn the_page_of_an_official_run_is_small_and_made_again_the_same() {
    let store = tempfile::tempdir().unwrap();
    let latest = store.path().join("latest");
    let page = || std::fs::read_to_string(latest.join("report.html")).unwrap();
    // Beside three of the official runs, those that tell the most.
    for words in [
        "broadcast-e --strategy timeout-pool --nemesis partition",
        "unique-ids --strategy uuid",
        "kafka-c --strategy lin-kv-cas",
        "broadcast-c",
        "broadcast-e",
        "kafka-a",
    ] {
        glomers(store.path(), &format!("run {words} --seed 7"));
        assert!(page().len() < 1_000_000, "{words}: {}", page().len());
    }
    let first = page();
    std::fs::remove_file(latest.join("report.html")).unwrap();
    let again = glomers(store.path(), &format!("report {}", latest.display()));
    assert_eq!(again.code, 0, "{again:?}");
    assert!(
        page() == first,
        "the folder gives the page that the run gave"
    );
}

#[test]
fn a_page_is_left_out_where_nobody_wants_it() {
    let store = tempfile::tempdir().unwrap();
    glomers(store.path(), "run echo --seed 7 --no-report");
    assert!(!store.path().join("latest/report.html").exists());
    let words = format!("report {}", store.path().display());
    let run = glomers(store.path(), &words);
    assert_eq!(run.code, 255, "{run:?}");
    assert!(run.err.contains("is no run's folder"), "{}", run.err);
}

/// Runs echo with `--open` where a program of this name and script opens files, and gives what it
/// printed.
#[cfg(unix)]
fn opened_with(store: &std::path::Path, script: Option<&str>) -> std::process::Output {
    use std::os::unix::fs::PermissionsExt;

    let programs = tempfile::tempdir().unwrap();
    if let Some(script) = script {
        let program = programs.path().join("xdg-open");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_glomers"));
    command
        .args(["run", "echo", "--seed", "7", "--open", "--store"])
        .arg(store)
        .env("PATH", programs.path())
        .env("OPENED", store.join("opened"));
    let output = command.output().unwrap();
    let start = std::time::Instant::now();
    // What opens a file is not waited for.
    while script.is_some_and(|script| script.contains("OPENED"))
        && store.join("opened").symlink_metadata().is_err()
        && start.elapsed().as_secs() < 30
    {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    output
}

#[test]
#[cfg(target_os = "linux")]
fn the_page_is_opened_where_that_was_asked() {
    let store = tempfile::tempdir().unwrap();
    let output = opened_with(store.path(), Some(r#"/bin/ln -s "$1" "$OPENED""#));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let opened = std::fs::read_link(store.path().join("opened")).unwrap();
    let page = store.path().join("latest/report.html").canonicalize();
    assert_eq!(opened.canonicalize().unwrap(), page.unwrap());
}

#[test]
#[cfg(target_os = "linux")]
fn a_page_that_cannot_be_opened_is_told_and_changes_nothing_else() {
    for script in [None, Some("exit 3")] {
        let store = tempfile::tempdir().unwrap();
        let output = opened_with(store.path(), script);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains("report.html could not be opened"), "{told}");
    }
}

#[test]
fn a_table_of_results_keeps_what_was_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.md");
    let before = "# Notes\n<!-- results: written by `just results` -->\n";
    let behind = "<!-- end of results -->\nThe rest.\n";
    let head = "| Challenge | Strategy |\n|---|---|\n";
    let kept = "| counter | crdt |\n| | *best published* |\n";
    std::fs::write(
        &file,
        format!("{before}{head}{kept}| echo | as it was |\n{behind}"),
    )
    .unwrap();
    let write = |flags: &str| {
        let words = format!("results --seeds 1 --write {} {flags}", file.display());
        glomers(folder.path(), &words)
    };
    let run = write("--only echo");
    assert_eq!(run.code, 0, "{run:?}");
    let text = std::fs::read_to_string(&file).unwrap();
    let table = text.strip_prefix(before).unwrap();
    let table = table.strip_suffix(behind).unwrap();
    let rows: Vec<&str> = table.split_inclusive('\n').skip(2).collect();
    // In the order of the challenges, not of the file.
    assert!(
        rows[0].starts_with("| echo |  |  | 1 of 1 | 0.000 ("),
        "{text}"
    );
    assert_eq!(rows[1..].concat(), kept);

    let unknown = write("--only ekko");
    assert_eq!(unknown.code, 254, "{unknown:?}");
    std::fs::write(&file, "no place for a table").unwrap();
    let nowhere = write("--only echo");
    assert_eq!(nowhere.code, 255, "{nowhere:?}");
    assert!(nowhere.err.contains("end of results"), "{}", nowhere.err);
}

#[test]
fn a_verdict_is_told_where_its_files_can_not_be_written() {
    let store = tempfile::tempdir().unwrap();
    // A folder in the place of a link, as copies of stores have it.
    let latest = store.path().join("echo/latest");
    std::fs::create_dir_all(&latest).unwrap();
    let run = glomers(store.path(), "run echo --seed 1");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("Everything passed."), "{run:?}");
    assert!(run.err.contains("note: "), "{run:?}");
    assert!(
        run.err.contains("echo/latest could not be written"),
        "{run:?}"
    );
    let left = std::fs::read_dir(store.path().join("echo")).unwrap();
    assert_eq!(left.count(), 2, "the run, and the folder that was there");
}

/// Some file is larger than any may be here.
#[cfg(unix)]
#[test]
fn a_run_that_can_not_be_kept_is_told_and_fails() {
    let store = tempfile::tempdir().unwrap();
    let words = format!(
        "ulimit -f 16; trap '' XFSZ; exec {} run echo --seed 1 --store {}",
        env!("CARGO_BIN_EXE_glomers"),
        store.path().display()
    );
    let run = std::process::Command::new("/bin/sh")
        .arg("-c")
        .arg(words)
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8(run.stdout).unwrap(),
        String::from_utf8(run.stderr).unwrap(),
    );
    assert_eq!(run.status.code(), Some(255), "{err}");
    assert!(out.contains("Everything passed."), "{out}{err}");
    assert!(
        err.contains(" could not be written: File too large"),
        "{err}"
    );
}
