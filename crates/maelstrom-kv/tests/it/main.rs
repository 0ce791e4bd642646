//! The clients against services in memory that behave as Maelstrom's do, on a
//! clock that stands still between events.
#![allow(clippy::unwrap_used)] // A test that can't go on should panic.

mod fake;
mod fencing;
mod locks;
mod network;
mod stale;
mod stores;
mod updates;
