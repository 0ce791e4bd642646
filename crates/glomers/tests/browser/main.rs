//! The pages in a real browser: reports of runs, and `glomers serve`.
//!
//! They need `chromium` and `chromedriver`, so they are behind a feature:
//! `cargo test --package glomers --features browser --test browser`.
#![allow(clippy::unwrap_used)] // A test that can't go on should panic.

mod browser;
mod pictures;
mod reports;
mod runs;
mod serve;
#[path = "../server/mod.rs"]
mod server;
