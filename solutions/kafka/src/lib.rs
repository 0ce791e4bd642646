//! Gossip Glomers 5: logs that are appended to and polled on any node.
//!
//! A [`Kafka`] node follows one [`Strategy`]. Those that keep logs in memory are
//! plain values behind the trait [`Replica`], driven by messages and time and
//! tested with no runtime; those that keep them in lin-kv are written on its
//! client.

mod entries;
mod fixed_leader;
mod lanes;
mod leader;
mod lin_kv_cas;
mod lin_kv_lock;
mod links;
mod log;
pub mod message;
mod owned;
mod owner;
mod redirect;
mod replica;
mod single;
mod strategy;

pub use lanes::Lanes;
pub use links::{Links, Outgoing, Received};
pub use log::{Committed, Log, Messages};
pub use owned::Owned;
pub use replica::Replica;
pub use single::Single;
pub use strategy::{Kafka, Strategy};
