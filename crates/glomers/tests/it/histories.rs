//! `glomers check` on histories written here.

use std::path::PathBuf;

use super::{Run, glomers};

struct Histories(tempfile::TempDir);

impl Histories {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, text: &str) -> PathBuf {
        let file = self.0.path().join("history.edn");
        std::fs::write(&file, text).unwrap();
        file
    }

    fn check(&self, flags: &str, history: &str) -> Run {
        let file = self.file(history);
        glomers(self.0.path(), &format!("check {flags} {}", file.display()))
    }
}

const UNIQUE: &str = "
{:index 0, :time 0, :type :invoke, :process 0, :f :generate, :value nil}
{:index 1, :time 1, :type :ok, :process 0, :f :generate, :value \"a\"}
{:index 2, :time 2, :type :invoke, :process 0, :f :generate, :value nil}
{:index 3, :time 3, :type :ok, :process 0, :f :generate, :value \"ID\"}
";

/// Two transactions that each miss what the other wrote.
const SKEW: &str = r#"
{"index":0,"time":0,"type":"invoke","process":0,"f":"txn","value":[["r",1,null],["append",2,1]]}
{"index":1,"time":1,"type":"invoke","process":1,"f":"txn","value":[["r",2,null],["append",1,1]]}
{"index":2,"time":2,"type":"ok","process":0,"f":"txn","value":[["r",1,[]],["append",2,1]]}
{"index":3,"time":3,"type":"ok","process":1,"f":"txn","value":[["r",2,[]],["append",1,1]]}
{"index":4,"time":4,"type":"invoke","process":0,"f":"txn","value":[["r",1,null],["r",2,null]]}
{"index":5,"time":5,"type":"ok","process":0,"f":"txn","value":[["r",1,[1]],["r",2,[1]]]}
"#;

#[test]
fn the_exit_code_is_the_verdict() {
    let histories = Histories::new();
    let valid = histories.check("-w unique-ids", &UNIQUE.replace("ID", "b"));
    assert_eq!(valid.code, 0, "{valid:?}");
    let invalid = histories.check("-w unique-ids", &UNIQUE.replace("ID", "a"));
    assert_eq!(invalid.code, 1, "{invalid:?}");
    assert!(
        invalid.out.contains("\"a\" was given 2 times"),
        "{}",
        invalid.out
    );
    let unknown = histories.check("-w unique-ids", "");
    assert_eq!(unknown.code, 2, "{unknown:?}");
}

#[test]
fn models_decide_what_a_cycle_means() {
    let histories = Histories::new();
    let strict = histories.check("-w txn-list-append --consistency-models serializable", SKEW);
    assert_eq!(strict.code, 1, "{strict:?}");
    assert!(strict.out.contains("G2"), "{}", strict.out);
    let weak = histories.check(
        "-w txn-list-append --consistency-models snapshot-isolation",
        SKEW,
    );
    assert_eq!(weak.code, 0, "{weak:?}");
    let several = "-w txn-list-append --consistency-models read-committed,snapshot-isolation";
    assert_eq!(histories.check(several, SKEW).code, 0);
}

#[test]
fn json_has_both_parts_of_the_verdict_by_name() {
    let histories = Histories::new();
    let run = histories.check("-w unique-ids --json", &UNIQUE.replace("ID", "b"));
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(json["maelstrom"], true);
    assert_eq!(json["strict"]["valid?"], true);
    assert_eq!(json["workload"]["attempted-count"], 2);
    let run = histories.check(
        "-w unique-ids --json --no-strict",
        &UNIQUE.replace("ID", "b"),
    );
    let json: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(json.get("strict"), None);
}

#[test]
fn a_file_with_a_mistake_is_refused_with_its_line() {
    let histories = Histories::new();
    let run = histories.check("-w unique-ids", "{:type :ok, :process 0, :f :x}\n{:type\n");
    assert_eq!(run.code, 255, "{run:?}");
    assert!(
        run.err.contains("history.edn: ") && run.err.contains("line "),
        "{}",
        run.err
    );
    let run = glomers(histories.0.path(), "check -w echo /nowhere.edn");
    assert_eq!(run.code, 255, "{run:?}");
    assert!(run.err.contains("/nowhere.edn"), "{}", run.err);
}

#[test]
fn the_folder_of_a_run_stands_for_its_history() {
    let histories = Histories::new();
    let empty = histories.0.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let judge = |folder: &std::path::Path| {
        let words = format!("check -w unique-ids {}", folder.display());
        glomers(histories.0.path(), &words)
    };
    histories.file(UNIQUE);
    let theirs = judge(histories.0.path());
    assert_eq!(theirs.code, 0, "{theirs:?}");
    let ours = UNIQUE.replace("ID", "a");
    std::fs::write(histories.0.path().join("history.jsonl"), ours).unwrap();
    let run = judge(histories.0.path());
    assert_eq!(run.code, 1, "{run:?}");
    let none = judge(&empty);
    assert_eq!(none.code, 255, "{none:?}");
    assert!(none.err.contains("empty/history.edn"), "{}", none.err);
}

#[test]
fn unknown_names_are_bad_arguments_that_list_the_known() {
    let histories = Histories::new();
    let run = histories.check("-w brodcast", UNIQUE);
    assert_eq!(run.code, 254, "{run:?}");
    assert!(run.err.contains("broadcast, echo"), "{}", run.err);
    let run = histories.check("-w txn-list-append --consistency-models serialisable", SKEW);
    assert_eq!(run.code, 254, "{run:?}");
    assert!(run.err.contains("serializable"), "{}", run.err);
}

#[test]
fn a_history_in_which_nothing_happened_is_valid_for_maelstrom_alone() {
    let histories = Histories::new();
    assert_eq!(histories.check("-w unique-ids", "").code, 2);
    assert_eq!(histories.check("-w unique-ids --no-strict", "").code, 0);
}
