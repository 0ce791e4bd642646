//! Gossip Glomers 4: a counter whose nodes all come to the same sum.
//!
//! A [`Counter`] node follows one [`Strategy`]. Three of them replicate the
//! counter themselves and are plain values behind the trait [`Gossip`], driven
//! by messages and time and tested with no runtime; [`Cas`] and [`OwnKey`] leave
//! the counter to the service seq-kv.

mod cas;
mod delta;
mod gossip;
mod message;
mod op_log;
mod own_key;
mod pace;
mod state;
mod strategy;

pub use cas::Cas;
pub use delta::Delta;
pub use gossip::{Gossip, Outgoing};
pub use message::{Digest, Op, Replica, Request, Response};
pub use op_log::OpLog;
pub use own_key::OwnKey;
pub use state::State;
pub use strategy::{Counter, Strategy};
