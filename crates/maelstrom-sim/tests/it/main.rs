//! The workbench, held to what Maelstrom does.
#![allow(clippy::unwrap_used)] // A test that can't go on should panic.

mod clients;
mod course;
mod determinism;
mod faults;
mod network;
mod nodes;
mod planted;
#[cfg(unix)]
mod process_faults;
#[cfg(unix)]
mod processes;
mod recorded;
mod scale;
mod shrinking;
mod stories;
#[cfg(unix)]
mod unruly;
mod workloads;

use maelstrom_node::proto::echo::{Request, Response};
use maelstrom_node::{Context, Node, handler};

/// A right echo node.
fn echo(_: Context) -> impl Node {
    handler(async |_: Context, Request::Echo { echo }: Request| Ok(Response::EchoOk { echo }))
}
