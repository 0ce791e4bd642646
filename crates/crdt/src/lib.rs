#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;
#[cfg(any(test, feature = "testing"))]
extern crate std;

mod counts;
mod delta_buffer;
mod dot;
mod dot_context;
mod ew_flag;
mod g_counter;
mod g_set;
mod join;
mod lww_map;
mod lww_register;
mod max;
mod min;
mod mv_register;
mod or_map;
mod or_set;
mod pn_counter;
mod resettable;
mod sorted_map;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod two_phase_set;
mod version_vector;

pub use delta_buffer::{Ack, DeltaBuffer, Message, Received};
pub use dot::Dot;
pub use dot_context::DotContext;
pub use ew_flag::EwFlag;
pub use g_counter::GCounter;
pub use g_set::GSet;
pub use join::Join;
pub use lww_map::LwwMap;
pub use lww_register::LwwRegister;
pub use max::Max;
pub use min::Min;
pub use mv_register::MvRegister;
pub use or_map::OrMap;
pub use or_set::OrSet;
pub use pn_counter::PNCounter;
pub use resettable::Resettable;
pub use two_phase_set::TwoPhaseSet;
pub use version_vector::VersionVector;
