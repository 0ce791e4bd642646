//! The crate held to what it promises, from outside.

#![allow(clippy::unwrap_used)] // in a test, what can't go on is to fail

mod cases;
mod delta_buffer;
mod large;
mod laws;
mod lengths;
mod memory;
mod parts;
mod scenarios;
mod serial;
mod wrong;

use proptest::test_runner::{Config, RngSeed};
use std::hash::{BuildHasher, RandomState};

/// Random tests that say where they started, should they fail: set `PROPTEST_RNG_SEED` to that.
#[allow(clippy::print_stdout)] // shown with the failure only
fn config(cases: u32) -> Config {
    let seed = match Config::default().rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => RandomState::new().hash_one(cases),
    };
    println!("to repeat: PROPTEST_RNG_SEED={seed}");
    Config {
        cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Config::default()
    }
}
