//! What travels, read and written: examples from the wire and properties.
#![allow(clippy::unwrap_used)] // A test that can't go on should panic.

mod bodies;
mod frames;
mod roundtrip;
mod values;
