//! `glomers compare`: strategies side by side.

use std::path::Path;

use serde_json::Value;

use super::{Run, glomers};

fn compare(folder: &Path, words: &str) -> (Run, Value) {
    let file = folder.join("compared.json");
    let words = format!("compare {words} --json {}", file.display());
    let run = glomers(folder, &words);
    let json = std::fs::read(file).unwrap();
    (run, serde_json::from_slice(&json).unwrap())
}

#[test]
fn strategies_stand_side_by_side_with_and_without_faults() {
    let folder = tempfile::tempdir().unwrap();
    let words = "broadcast-c --strategies flood,direct --seeds 3";
    let (run, json) = compare(folder.path(), words);
    assert_eq!(run.code, 0, "{run:?}");
    let rows: Vec<Vec<&str>> = run
        .out
        .lines()
        .map(|line| line.split_whitespace().collect())
        .filter(|cells: &Vec<&str>| cells.len() == 11)
        .collect();
    let named: Vec<(&str, &str, &str)> = rows.iter().map(|row| (row[0], row[1], row[2])).collect();
    assert_eq!(
        named,
        [
            ("strategy", "faults", "valid"),
            ("flood", "none", "3/3"),
            ("flood", "partition", "3/3"),
            ("direct", "none", "3/3"),
            ("direct", "partition", "3/3"),
        ],
        "{}",
        run.out
    );
    // The table has the worst of the seeds that the file has.
    let row = &json["rows"][3];
    assert_eq!(row["strategy"], "direct");
    assert_eq!(row["faults"], serde_json::json!(["partition"]));
    let most = row["messages-per-operation"]["servers"]["most"].as_f64();
    assert_eq!(rows[4][4], format!("{:.3}", most.unwrap()));
    let max = row["latency"]["milliseconds"]["max"]["most"].as_f64();
    assert_eq!(rows[4][9], format!("{:.0}", max.unwrap()));
    assert_eq!(row["latency"]["kind"], "stable latency");
    // The same seeds, the same figures.
    let (_, again) = compare(folder.path(), words);
    assert_eq!(again, json);
}

#[test]
fn thresholds_are_counted_where_they_hold_and_do_not_change_the_code() {
    let folder = tempfile::tempdir().unwrap();
    let words = "broadcast-e --strategies flood,convergecast --seeds 2 --time-limit 5";
    let (run, json) = compare(folder.path(), words);
    assert_eq!(run.code, 0, "{run:?}");
    let passed: Vec<&Value> = (0..4).map(|row| &json["rows"][row]["passed"]).collect();
    // A flood is valid, and far above the threshold of 3e.
    assert_eq!(passed[..2], [0, 2], "{json:#}");
    assert_eq!(passed[2..], [2, 2], "{json:#}");
    assert!(
        run.out.contains("messages per operation (all) below 20"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("best published, servers: 1.99"),
        "{}",
        run.out
    );
}

#[test]
fn what_breaks_is_told_with_the_command_that_repeats_it() {
    let folder = tempfile::tempdir().unwrap();
    // What only a killed node knew is gone.
    let words = "counter --strategies crdt --seeds 5 --faults none,kill+partition";
    let (run, json) = compare(folder.path(), words);
    assert_eq!(run.code, 1, "{run:?}");
    let (whole, broken) = (&json["rows"][0], &json["rows"][1]);
    assert_eq!(
        (&whole["valid"], &whole["worst"]),
        (&5.into(), &Value::Null)
    );
    let again = broken["worst"]["again"].as_str().unwrap();
    let seed = &broken["worst"]["seed"];
    assert_eq!(
        again,
        format!("cargo glomers run counter --strategy crdt --nemesis partition,kill --seed {seed}")
    );
    assert!(run.out.contains(again), "{}", run.out);
    let words = again.strip_prefix("cargo glomers ").unwrap();
    assert_eq!(glomers(folder.path(), words).code, 1);
}

#[test]
fn what_can_t_be_compared_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (words, expected) in [
        ("compare brodcast-c", "Did you mean `broadcast-c`?"),
        (
            "compare broadcast-c --strategies flood,fluid",
            "no strategy `fluid`",
        ),
        (
            "compare broadcast-c --faults none,kil",
            "unknown fault `kil`",
        ),
        ("compare broadcast-c --nemesis partition", "--faults"),
        ("compare broadcast-c --seeds 0", "--seeds"),
    ] {
        let run = glomers(folder.path(), words);
        assert_eq!((run.code, run.out.as_str()), (254, ""), "{words}: {run:?}");
        assert!(run.err.contains(expected), "{words}: {}", run.err);
    }
}

#[test]
fn a_challenge_with_one_way_only_has_one_row_for_each_fault() {
    let folder = tempfile::tempdir().unwrap();
    let (run, json) = compare(folder.path(), "echo --seeds 2 --faults none");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(json["rows"].as_array().map(Vec::len), Some(1));
    assert_eq!(json["rows"][0]["latency"]["kind"], "response time");
}

#[test]
fn a_page_shows_the_plane_and_leads_to_a_run_of_each_row() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("side by side.html");
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_glomers"));
    let words = "compare broadcast-e --strategies flood,convergecast --seeds 2 --time-limit 5";
    let command = command.args(words.split(' ')).arg("--html").arg(&file);
    command.assert().success();
    let page = std::fs::read_to_string(&file).unwrap();
    for part in [
        ">Messages against median stable latency, no faults</title>",
        ">Messages against maximum stable latency, faults: partition</title>",
        ">all below 20</text>",
        ">below 1000</text>",
        ">published 1</text>",
        "1: 1.99, 339 / 678 ms",
        "messages per operation (all) below 20",
        "<th scope=\"col\">available</th>",
    ] {
        assert!(page.contains(part), "`{part}` is not in {page}");
    }
    for strategy in ["flood", "convergecast"] {
        for faults in ["none", "partition"] {
            let name = format!("{strategy}-{faults}.html");
            let link = format!("<a href=\"side%20by%20side.runs/{name}\">{strategy}</a>");
            // Two planes and the table.
            assert_eq!(page.matches(&link).count(), 3, "{link} in {page}");
            let report = folder.path().join("side by side.runs").join(name);
            let report = std::fs::read_to_string(report).unwrap();
            assert!(
                report.contains(&format!("--strategy {strategy} ")),
                "{strategy} {faults}"
            );
        }
    }
    // Nothing is fetched, and no two parts have the same name.
    for part in ["src=\"http", "href=\"http", "url(http", "<script"] {
        assert!(!page.contains(part), "`{part}` is in {page}");
    }
    let ids: Vec<&str> = page.split(" id=\"").skip(1).collect();
    let mut ids: Vec<&str> = ids.iter().filter_map(|id| id.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "{ids:?}");
}
