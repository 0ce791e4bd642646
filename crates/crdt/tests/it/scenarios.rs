//! Every type in use: its operations, and the plain model that it is held to.

mod causal;
mod maps;
mod plain;

pub(crate) use causal::{Contexts, Flags, LargeSets, MultiValues, Sets, Vectors};
pub(crate) use maps::{CounterMaps, FlagMaps, LargeSetMaps, LwwMaps, SetMaps, ValueMaps};
pub(crate) use plain::{Counters, Grow, Highest, Lowest, Registers, TwoPhase, UpDown};

use std::fmt::Debug;

/// What a model says against what the type says.
fn equal<T: PartialEq + Debug>(expected: T, seen: T) -> Result<(), String> {
    if expected == seen {
        Ok(())
    } else {
        Err(format!("expected {expected:?}, read {seen:?}"))
    }
}
