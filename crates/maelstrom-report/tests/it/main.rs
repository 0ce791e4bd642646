//! Reports of whole runs.
#![allow(clippy::unwrap_used)] // A test that can't go on should panic.
