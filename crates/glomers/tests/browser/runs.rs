//! The runs whose reports are looked at, made anew for each test.

use std::path::{Path, PathBuf};
use std::process::Command;

use maelstrom_node::proto::kv::{Request, Response};
use maelstrom_node::{Error, ErrorCode, handler};
use maelstrom_report::Report;
use maelstrom_sim::{Concurrency, InProcess, Run, Settings, Workload};

/// Runs `glomers run` with a store, and gives the report.
pub(crate) fn run(store: &Path, words: &str) -> PathBuf {
    let done = Command::new(env!("CARGO_BIN_EXE_glomers"))
        .arg("run")
        .args(words.split_whitespace())
        .arg("--store")
        .arg(store)
        .output()
        .unwrap();
    assert!(
        matches!(done.status.code(), Some(0 | 1)),
        "{words}: {done:?}"
    );
    report(&store.join("latest"))
}

/// A run of lin-kv whose nodes keep what they are told to themselves.
pub(crate) fn lonely_registers(store: &Path) -> PathBuf {
    let host = InProcess::new(|_| {
        let values = std::sync::Mutex::new(std::collections::BTreeMap::new());
        handler(move |_, request: Request<u64, u64>| {
            let mut values = values.lock().unwrap();
            let answer = match request {
                Request::Read { key } => match values.get(&key) {
                    Some(value) => Ok(Response::ReadOk { value: *value }),
                    None => Err(Error::new(ErrorCode::KeyDoesNotExist, "no such key")),
                },
                Request::Write { key, value } => {
                    values.insert(key, value);
                    Ok(Response::WriteOk)
                }
                Request::Cas { key, from, to, .. } => match values.get_mut(&key) {
                    Some(value) if *value == from => {
                        *value = to;
                        Ok(Response::CasOk)
                    }
                    Some(_) => Err(Error::new(ErrorCode::PreconditionFailed, "another value")),
                    None => Err(Error::new(ErrorCode::KeyDoesNotExist, "no such key")),
                },
            };
            async move { answer }
        })
    });
    let settings = Settings::new(Workload::LinKv)
        .node_count(2)
        .rate(20.0)
        .time_limit(5)
        .concurrency(Concurrency::PerNode(2));
    // A run has a runtime of its own, which can't be within the test's.
    let run = std::thread::spawn(move || Run::new(settings, 3, host).execute());
    let outcome = run.join().unwrap();
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    let mut results = outcome.check().to_json();
    assert_eq!(results["valid?"], false);
    results["settings"] = serde_json::json!({ "workload": "lin-kv", "nodes": ["n0", "n1"] });
    let folder = store.join("lin-kv/latest");
    std::fs::create_dir_all(&folder).unwrap();
    let mut journal = Vec::new();
    outcome.journal.write_json_lines(&mut journal).unwrap();
    std::fs::write(folder.join("journal.jsonl"), journal).unwrap();
    let history = outcome.history.to_json_lines();
    std::fs::write(folder.join("history.jsonl"), history).unwrap();
    std::fs::write(folder.join("results.json"), results.to_string()).unwrap();
    report(&folder)
}

fn report(folder: &Path) -> PathBuf {
    let file = folder.canonicalize().unwrap().join("report.html");
    if !file.exists() {
        let report = Report::read(folder).unwrap();
        std::fs::write(&file, report.html()).unwrap();
    }
    file
}
