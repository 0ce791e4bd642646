//! The crate's tests, in one binary.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod history;
mod recorded;
mod sets;
mod small;
