//! The crate held to what it promises, from outside.

mod cases;
mod delta_buffer;
mod large;
mod laws;
mod memory;
mod scenarios;
mod serial;
mod wrong;
