//! Gossip Glomers 3: what one node is told, all nodes come to know.
//!
//! A [`Broadcast`] node follows one [`Strategy`]. Four of them are plain values
//! behind the trait [`Spread`], driven by messages and time and tested with no
//! runtime; [`Flood`], with a [`Pool`] or without, is written on the runtime's
//! calls.

mod anti_entropy;
mod batch;
mod convergecast;
mod direct;
mod exchange;
mod flood;
pub mod knowledge;
pub mod message;
mod spread;
mod strategy;
mod timeout_pool;

pub use anti_entropy::AntiEntropy;
pub use batch::Batch;
pub use convergecast::Convergecast;
pub use direct::Direct;
pub use exchange::Exchange;
pub use flood::Flood;
pub use spread::{Outgoing, Spread};
pub use strategy::{Broadcast, Strategy};
pub use timeout_pool::Pool;
