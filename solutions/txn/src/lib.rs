//! Gossip Glomers 6: transactions on registers, available whatever the network does.
//!
//! A [`Txn`] node follows one [`Strategy`]. What the nodes keep and how they
//! merge it is in [`Registers`], a plain value; [`Delta`] adds when to tell whom,
//! and is one too.

mod broadcast;
mod delta;
mod lock;
mod message;
mod registers;
mod single;
mod strategy;

pub use broadcast::Broadcast;
pub use delta::Delta;
pub use lock::Locked;
pub use message::{Map, Request, Response, Transaction};
pub use registers::Registers;
pub use single::Single;
pub use strategy::{Strategy, Txn};
