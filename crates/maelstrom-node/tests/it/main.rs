//! The runtime, driven line by line as Maelstrom would, under virtual time.
#![allow(clippy::unwrap_used)] // A test that can't go on should panic.

mod lines;
mod rpc;
mod wire;
