//! Reports of whole runs: what they say, what they hold, and that the script reads it.
#![allow(clippy::unwrap_used)] // A test that can't go on should panic.

mod folders;
mod script;
mod text;

use maelstrom_check::{History, Options, Workload, check};
use maelstrom_report::{Fate, Journal, Report};
use serde_json::json;

/// A report as a run of a workload leaves it: judged, with its story and settings.
fn report(workload: Workload, history: &str, journal: Option<Journal>) -> Report {
    let history = History::parse(history).unwrap();
    let found = check(workload, &history, &Options::default());
    let mut results = found.to_json();
    results["story"] = found.story().into();
    results["challenge"] = "an-example".into();
    results["seed"] = 7.into();
    results["command"] = "cargo glomers run an-example --seed 7".into();
    results["settings"] = json!({
        "workload": workload.name(),
        "nodes": ["n0", "n1", "n2"],
        "concurrency": "1n",
        "latency": {"mean": 100, "dist": "constant"},
        "nemesis": ["partition"],
    });
    let verdict = found.verdict();
    let row = json!({
        "what": "verdict",
        "asked": "valid",
        "measured": verdict.to_string(),
        "pass": verdict == maelstrom_check::Verdict::Valid,
    });
    results["thresholds"] = json!([row]);
    Report::new(history, journal, results)
}

/// Three nodes, of which n2 is cut off when it should hear of 5 and never does.
fn broadcast() -> Report {
    let history = r#"
        {:process :nemesis, :type :info, :time 0, :f :start-partition, :value :one}
        {:process :nemesis, :type :info, :time 0, :f :start-partition, :value [:isolated {"n0" #{"n2"}, "n1" #{"n2"}, "n2" #{"n0" "n1"}}]}
        {:process 0, :type :invoke, :time 1000000, :f :broadcast, :value 5}
        {:process 0, :type :ok, :time 2000000, :f :broadcast, :value 5}
        {:process :nemesis, :type :info, :time 400000000, :f :stop-partition, :value nil}
        {:process :nemesis, :type :info, :time 400000000, :f :stop-partition, :value :network-healed}
        {:process 1, :type :invoke, :time 500000000, :f :read, :value nil, :final? true}
        {:process 1, :type :ok, :time 500000000, :f :read, :value [5], :final? true}
        {:process 0, :type :invoke, :time 500000000, :f :read, :value nil, :final? true}
        {:process 0, :type :ok, :time 500000000, :f :read, :value [5], :final? true}
        {:process 2, :type :invoke, :time 500000000, :f :read, :value nil, :final? true}
        {:process 2, :type :ok, :time 500000000, :f :read, :value [], :final? true}
    "#;
    let mut journal = Journal::new();
    let mut send = |sent, src, dest, body: &str, end, fate| {
        let number = journal.send(sent, src, dest, body);
        journal.end_of(number, end, fate);
    };
    let (received, dropped) = (Fate::Received, Fate::Dropped);
    let told = r#"{"type":"broadcast","message":5,"msg_id":1}"#;
    send(1_000_000, "c3", "n0", told, 1_000_000, received);
    let tell = r#"{"type":"tell","messages":[5,6,7]}"#;
    send(1_000_000, "n0", "n1", tell, 101_000_000, received);
    send(1_000_000, "n0", "n2", tell, 1_000_000, dropped);
    let done = r#"{"type":"broadcast_ok","in_reply_to":1}"#;
    send(2_000_000, "n0", "c3", done, 2_000_000, received);
    report(Workload::Broadcast, history, Some(journal))
}

/// Two transactions, each of which reads what the other was about to overwrite.
fn transactions() -> Report {
    let history = r#"
        {:type :invoke, :process 0, :time 0, :f :txn, :value [[:r 1 nil] [:append 2 1]]}
        {:type :invoke, :process 1, :time 1000, :f :txn, :value [[:r 2 nil] [:append 1 2]]}
        {:type :ok, :process 0, :time 2000000, :f :txn, :value [[:r 1 []] [:append 2 1]]}
        {:type :ok, :process 1, :time 3000000, :f :txn, :value [[:r 2 []] [:append 1 2]]}
    "#;
    report(Workload::TxnListAppend, history, None)
}

/// A register that shows a value again which was overwritten.
fn register() -> Report {
    let history = r#"
        {:type :invoke, :process 0, :time 0, :f :write, :value [9 1]}
        {:type :ok, :process 0, :time 1000000, :f :write, :value [9 1]}
        {:type :invoke, :process 1, :time 2000000, :f :write, :value [9 2]}
        {:type :ok, :process 1, :time 3000000, :f :write, :value [9 2]}
        {:type :invoke, :process 2, :time 3500000, :f :cas, :value [9 [2 3]]}
        {:type :invoke, :process 0, :time 4000000, :f :read, :value [9 nil]}
        {:type :ok, :process 0, :time 5000000, :f :read, :value [9 1]}
        {:type :info, :process 2, :time 9000000, :f :cas, :value [9 [2 3]], :error :net-timeout}
    "#;
    report(Workload::LinKv, history, None)
}
