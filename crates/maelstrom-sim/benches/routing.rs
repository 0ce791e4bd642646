//! How many messages a second a run in real time carries between processes.
//!
//! `cargo bench -p maelstrom-sim --bench routing` runs a few nodes that keep
//! messages under way among themselves, each a process of its own, while
//! clients ask for echoes beside them, and prints what the network carried.
#![allow(clippy::print_stdout)] // What a bench is for.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use maelstrom_check::History;
use maelstrom_node::{Context, Node, handler};
use maelstrom_sim::{Event, EventKind, Pace, Process, Run, Settings, Workload};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// How long nodes throw, in seconds.
const SECONDS: u32 = 5;

/// How many balls each node throws to each other node.
const BALLS: u64 = 200;

fn main() -> io::Result<()> {
    match std::env::args().nth(1).as_deref() {
        // This program is its own nodes.
        Some("--node") => maelstrom_node::run(juggler),
        // Asked by `cargo test --benches`: that it runs is all.
        Some("--test") => Ok(()),
        _ => {
            for nodes in [2, 3, 5] {
                measure(nodes)?;
            }
            Ok(())
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Request {
    Echo { echo: Json },
    Ball { number: u64 },
}

/// Throws balls to all others, and throws back every ball that it catches.
fn juggler(ctx: Context) -> impl Node {
    ctx.spawn({
        let ctx = ctx.clone();
        async move {
            for number in 0..BALLS {
                for peer in ctx.peers() {
                    ctx.send(peer, &Request::Ball { number });
                }
            }
        }
    });
    handler(|ctx: Context, request: Request| async move {
        Ok(match request {
            Request::Echo { echo } => json!({"type": "echo_ok", "echo": echo}),
            // Nobody asked for an answer, and none is sent.
            Request::Ball { number } => {
                ctx.send(ctx.sender(), &Request::Ball { number });
                Json::Null
            }
        })
    })
}

fn measure(nodes: usize) -> io::Result<()> {
    let logs = tempfile::tempdir()?;
    let host = Process::new(std::env::current_exe()?, ["--node"], logs.path());
    let settings = Settings::new(Workload::Echo)
        .node_count(nodes)
        .time_limit(SECONDS.into())
        .rate(100.0);
    let outcome = Run::new(settings, 1, host).pace(Pace::Real).execute();
    if let Some(failure) = outcome.failure {
        return Err(io::Error::other(failure));
    }
    let events = &outcome.journal.events;
    let received = |event: &&Event| event.kind == EventKind::Receive;
    let carried = events.iter().filter(received).count() as f64;
    let time = events.last().map_or(0.0, |event| event.time as f64 / 1e9);
    println!(
        "{nodes} processes: {:.0} messages a second over {time:.1} s, {} echoes of at most {:.0} ms",
        carried / time,
        outcome.history.len() / 2,
        slowest(&outcome.history).as_secs_f64() * 1000.0,
    );
    Ok(())
}

/// How long the slowest operation took.
fn slowest(history: &History) -> Duration {
    let mut started = BTreeMap::new();
    let mut slowest = 0;
    for op in history.ops() {
        if op.is_invoke() {
            started.insert(op.process.clone(), op.time);
        } else if let Some(start) = started.remove(&op.process) {
            slowest = slowest.max(op.time - start);
        }
    }
    Duration::from_nanos(slowest.unsigned_abs())
}
