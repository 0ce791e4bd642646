//! The crate's tests, in one binary.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub)]

mod agreement;
mod cases;
mod history;
mod oracle;
mod recorded;
mod sets;
mod small;
mod support;
