//! The pages in a real browser: reports of runs, and `glomers serve`.
//!
//! They need `chromium` and `chromedriver`, so they run when they are named:
//! `cargo test --workspace --test browser`.
#![allow(clippy::unwrap_used)] // A test that can't go on should panic.

mod browser;
mod pictures;
mod reports;
mod runs;
mod serve;
#[path = "../server/mod.rs"]
mod server;
