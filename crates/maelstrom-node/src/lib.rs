//! An async runtime for [Maelstrom](https://github.com/jepsen-io/maelstrom) nodes.
//!
//! A node is a value that implements [`Node`], or just a closure: it gets a
//! typed request and returns a typed response. [`run`] serves it on standard
//! input and output:
//!
//! ```no_run
//! use maelstrom_node::{handler, run};
//! use maelstrom_node::proto::echo::{Request, Response};
//!
//! fn main() -> std::io::Result<()> {
//!     run(|_| handler(async |_, Request::Echo { echo }| Ok(Response::EchoOk { echo })))
//! }
//! ```
//!
//! What the runtime promises:
//!
//! - **Replies.** A reply is what the handler returns, so it can be neither
//!   forgotten nor sent twice. An `Err` becomes Maelstrom's error body, a panic
//!   becomes error 13, and the node lives on.
//! - **Concurrency.** A handler that does not wait runs at once, in order of
//!   arrival. One that waits holds up nobody.
//! - **Time and chance** come from the [`Context`] and from tokio's clock, so the
//!   same node runs unchanged under `main` and under a seeded simulation.
//! - **Bad input** never ends the node: a line that is not a message is logged
//!   with what was wrong; a request of unknown type, or one that does not fit,
//!   is answered with error 10 or 12.
//! - **Order of birth.** Messages that arrive before `init` wait for it.
//! - **A clean end.** When the input ends, background tasks stop, handlers that
//!   still run get a moment to finish, and every pending reply is written.
//!
//! # Features
//!
//! - `logging` (default): [`run`] writes tracing events to stderr, as much of
//!   them as `RUST_LOG` asks for.
//! - `testing`: the module `testing`, a node driven by hand. For
//!   `[dev-dependencies]`.
//!
//! # Following a message through the logs
//!
//! Each message is handled in a span named `message`, with the fields `node`,
//! `from`, `kind` and `msg_id`; each request sent is an event with its `dest`
//! and `msg_id` in that span. Both are of level debug and target
//! `maelstrom_node::message`, so `RUST_LOG=info,maelstrom_node::message=debug`
//! shows them. Sender and `msg_id` name a message on both of its ends.

mod context;
mod environment;
mod gate;
mod handlers;
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
pub use stdio::{run, serve};

/// What a handler returns: a response, or an error that becomes Maelstrom's
/// error body.
pub type Result<T> = std::result::Result<T, Error>;

#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;
