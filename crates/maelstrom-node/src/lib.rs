#![doc = include_str!("../README.md")]
//!
//! # Where to begin
//!
//! | For | See |
//! |---|---|
//! | serving a node | [`run`] on standard input and output, [`serve`] on any streams, [`Server`] without either |
//! | writing one | [`stateful`], [`handler`], [`Node`] |
//! | what a handler can reach | [`Context`] |
//! | asking other nodes | [`Context::rpc`], [`Context::rpc_retried`] with [`Retry`], [`RpcError`] |
//! | seeds and clocks | [`Environment`], [`Context::rng`], [`Context::uptime`], [`Context::wall_clock`] |
//! | a test without a process | `testing::TestNode`, with the feature `testing` |

mod context;
mod environment;
mod gate;
mod lines;
mod node;
mod outbox;
mod panics;
mod pending;
mod protocol;
mod retry;
mod rpc;
mod sample;
mod server;
mod stateful;
mod stdio;
mod tasks;
#[cfg(feature = "testing")]
pub mod testing;

pub use context::Context;
pub use environment::Environment;
pub use maelstrom_proto as proto;
pub use maelstrom_proto::{Body, Error, ErrorCode, Message, NodeId};
pub use node::{Handler, Node, handler};
pub use protocol::{Driver, Protocol};
pub use retry::Retry;
pub use rpc::RpcError;
pub use server::Server;
pub use stateful::{Stateful, stateful};
pub use stdio::{run, serve};

/// What a handler returns: a response, or an error that becomes Maelstrom's
/// error body.
///
/// ```
/// use maelstrom_node::{Error, ErrorCode, Result};
///
/// fn halve(number: u64) -> Result<u64> {
///     match number % 2 {
///         0 => Ok(number / 2),
///         _ => Err(Error::new(ErrorCode::PreconditionFailed, "an odd number has no half")),
///     }
/// }
/// assert_eq!(halve(3).unwrap_err().code, ErrorCode::PreconditionFailed);
/// ```
pub type Result<T> = std::result::Result<T, Error>;
