//! The runtime, driven line by line as Maelstrom would, under virtual time.
#![allow(clippy::unwrap_used)] // A test that can't go on should panic.

mod arbitrary;
mod by_hand;
mod examples;
mod lines;
mod lives;
mod logs;
#[cfg(unix)]
mod luck;
mod process;
mod rpc;
mod wire;
#[cfg(unix)]
mod workbench;
