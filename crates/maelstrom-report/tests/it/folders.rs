//! Reports read from runs' folders.

use std::fs;

use maelstrom_report::{Error, Report};

const EDN: &str = r#"
    {:process 0, :type :invoke, :f :broadcast, :value 1, :time 0}
    {:process 0, :type :ok, :f :broadcast, :value 1, :time 10}
    {:process 1, :type :invoke, :f :read, :value nil, :time 2000000000}
    {:process 1, :type :ok, :f :read, :value [], :time 2000000000}
"#;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn a_run_of_maelstroms_is_told_without_its_messages() {
    let folder = folder(&[
        ("history.edn", EDN),
        (
            "results.edn",
            "{:valid? false, :stats {:ok-count 2, :fail-count 0, :info-count 0}, :workload {:lost [1]}}",
        ),
    ]);
    let report = Report::read(folder.path()).unwrap();
    assert!(report.journal().is_none());
    assert_eq!(report.results()["valid?"], false);
    let story = report.results()["story"].as_str().unwrap();
    assert!(story.contains("1 was added by process 0"), "{story}");
    assert!(
        report
            .html()
            .contains("The run is invalid: 1 value was lost.")
    );
}

/// Each of two transactions reads what the other is about to write.
const SKEWED: &str = r#"
    {:process 0, :type :invoke, :f :txn, :value [[:r 1 nil] [:w 2 1]], :time 0}
    {:process 1, :type :invoke, :f :txn, :value [[:r 2 nil] [:w 1 2]], :time 1}
    {:process 0, :type :ok, :f :txn, :value [[:r 1 nil] [:w 2 1]], :time 2}
    {:process 1, :type :ok, :f :txn, :value [[:r 2 nil] [:w 1 2]], :time 3}
"#;

#[test]
fn transactions_of_maelstroms_are_held_to_what_they_seem_to_have_been_held_to() {
    let told = |results: &str| {
        let folder = folder(&[("history.edn", SKEWED), ("results.edn", results)]);
        let report = Report::read(folder.path()).unwrap();
        let story = report.results()["story"].as_str().unwrap().to_owned();
        (report.results()["workload"]["anomaly-types"].clone(), story)
    };
    let (kinds, story) = told("{:valid? true, :workload {:valid? true, :anomaly-types ()}}");
    assert_eq!(kinds, serde_json::json!([]));
    assert!(story.starts_with("The history is valid."), "{story}");
    let asked = "{:valid? false, :workload {:valid? false, :anomaly-types (:G2-item)}}";
    let (kinds, story) = told(asked);
    assert_eq!(kinds, serde_json::json!(["G2-item"]));
    assert!(story.starts_with("The history is invalid."), "{story}");
}

#[test]
fn a_set_of_maelstroms_that_nobody_could_read_is_no_counter() {
    let history = r#"
        {:process 0, :type :invoke, :f :add, :value 1, :time 0}
        {:process 0, :type :ok, :f :add, :value 1, :time 10}
        {:process 0, :type :invoke, :f :read, :value nil, :time 20}
        {:process 0, :type :info, :f :read, :value nil, :error :net-timeout, :time 30}
    "#;
    let results = "{:valid? false, :workload {:valid? :unknown, :attempt-count 1}}";
    let folder = folder(&[("history.edn", history), ("results.edn", results)]);
    let html = Report::read(folder.path()).unwrap().html();
    assert!(html.contains("<title>g-set"));
    assert!(!html.contains("the adds allow"));
}

#[test]
fn a_share_of_operations_that_was_too_small_for_maelstrom_is_so_in_the_story() {
    let history = r#"
        {:process 0, :type :invoke, :f :echo, :value 1, :time 0}
        {:process 0, :type :ok, :f :echo, :value {:echo 1}, :time 10}
        {:process 0, :type :invoke, :f :echo, :value 2, :time 20}
        {:process 0, :type :info, :f :echo, :value 2, :error :net-timeout, :time 30}
    "#;
    let results = "{:valid? false, :availability {:valid? false, :ok-fraction 0.5}}";
    let folder = folder(&[("history.edn", history), ("results.edn", results)]);
    let report = Report::read(folder.path()).unwrap();
    let story = report.results()["story"].as_str().unwrap();
    assert!(story.starts_with("The history is invalid."), "{story}");
    assert!(story.contains("Only 50.000 % of the operations"), "{story}");
}

#[test]
fn where_nothing_else_names_the_nodes_partitions_do() {
    let cut = r#"{:process :nemesis, :type :info, :f :start-partition, :time 5, :value [:isolated {"n10" #{"n9"}, "n9" #{"n10"}}]}"#;
    let folder = folder(&[("history.edn", cut), ("results.edn", "{:valid? true}")]);
    assert_eq!(Report::read(folder.path()).unwrap().nodes(), ["n9", "n10"]);
}

#[test]
fn a_journal_is_read_with_what_became_of_each_message() {
    let journal = r#"{"time":5,"type":"send","id":8,"src":"c1","dest":"n0","body":{"type":"echo"}}
{"time":5,"type":"send","id":9,"src":"n0","dest":"n1","body":{"type":"echo","a":[1, 2]}}
{"time":7,"type":"recv","id":8}
{"time":9,"type":"drop","id":9}
"#;
    let folder = folder(&[
        ("history.edn", EDN),
        ("results.json", "{}"),
        ("journal.jsonl", journal),
    ]);
    let report = Report::read(folder.path()).unwrap();
    let journal = report.journal().unwrap();
    assert_eq!(journal.names(), ["c1", "n0", "n1"]);
    assert_eq!(
        *journal.messages()[1].body,
        *r#"{"type":"echo","a":[1, 2]}"#
    );
    assert_eq!(journal.fates().len(), 2);
    assert_eq!(report.nodes(), ["n0", "n1"]);
}

#[test]
fn what_is_missing_or_broken_is_named_with_its_line() {
    let error = |files: &[(&str, &str)]| {
        let folder = folder(files);
        let error = Report::read(folder.path()).unwrap_err();
        let here = folder.path().display().to_string();
        (error.to_string().replace(&here, "FOLDER"), error)
    };
    let (text, _) = error(&[("results.json", "{}")]);
    assert_eq!(
        text,
        "FOLDER is no run's folder: there is neither history.jsonl nor history.edn"
    );
    let (text, _) = error(&[("history.edn", EDN)]);
    assert!(
        text.ends_with("neither results.json nor results.edn"),
        "{text}"
    );
    let (text, _) = error(&[("history.edn", "{:type :okay}"), ("results.json", "{}")]);
    assert!(
        text.starts_with("FOLDER/history.edn: line 1: type :okay"),
        "{text}"
    );
    let (text, _) = error(&[("history.edn", EDN), ("results.json", "{\n}}")]);
    assert!(text.starts_with("FOLDER/results.json, line 2: "), "{text}");
    let lost = "{\"time\":5,\"type\":\"recv\",\"id\":8}\n";
    let files = [
        ("history.edn", EDN),
        ("results.json", "{}"),
        ("journal.jsonl", lost),
    ];
    let (text, kind) = error(&files);
    assert_eq!(
        text,
        "FOLDER/journal.jsonl, line 1: message 8 was never sent"
    );
    assert!(matches!(kind, Error::Message { line: 1, id: 8, .. }));
}
