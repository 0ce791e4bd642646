//! The command as a person or a script uses it.
#![allow(clippy::unwrap_used)] // A test that can't go on should panic.

#[cfg(unix)]
mod any_language;
mod arguments;
mod compare;
mod files;
mod histories;
#[cfg(unix)]
mod programs;
mod seeds;
#[cfg(unix)]
mod serve;
#[cfg(unix)]
#[path = "../server/mod.rs"]
mod server;
mod shrinking;
#[cfg(unix)]
mod upstream;
mod verdicts;

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

/// Runs `glomers` with a store of its own, and gives its exit code and what it
/// said.
fn glomers(store: &Path, words: &str) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glomers"));
    command.args(words.split_whitespace());
    let keeps = words.starts_with("run ") || words.starts_with("sweep ");
    if keeps && !words.contains("--store") {
        // The options of `glomers` come before `--`.
        command = Command::new(env!("CARGO_BIN_EXE_glomers"));
        let (ours, theirs) = words.split_once(" -- ").unwrap_or((words, ""));
        command
            .args(ours.split_whitespace())
            .arg("--store")
            .arg(store);
        if !theirs.is_empty() {
            command.arg("--").args(theirs.split_whitespace());
        }
    }
    let output: Output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

#[derive(Debug)]
struct Run {
    code: i32,
    out: String,
    err: String,
}

/// The results of the latest run in a store.
fn results(store: &Path) -> serde_json::Value {
    let file = std::fs::read(store.join("latest/results.json")).unwrap();
    serde_json::from_slice(&file).unwrap()
}
