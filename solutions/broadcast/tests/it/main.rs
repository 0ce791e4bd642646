//! The broadcast strategies under the official settings and under faults.
#![allow(clippy::unwrap_used)] // A test that can't go on should panic.

mod flood;
mod kills;
mod measure;
mod model;
mod strategies;
