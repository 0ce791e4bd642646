//! What travels between [Maelstrom](https://github.com/jepsen-io/maelstrom) nodes.
//!
//! A Maelstrom node reads one JSON object per line and writes one JSON object
//! per line. This crate gives those lines types and promises nothing about how
//! they are moved: no I/O, no clock, no async.
//!
//! - [`Message`] is the envelope: `src`, `dest` and a [`Body`].
//! - [`Body`] is a JSON object kept as text until somebody asks for a type.
//! - [`NodeId`] tells nodes, clients and services apart and sorts as people count.
//! - [`Error`] and [`ErrorCode`] are Maelstrom's error bodies.
//! - [`init`], [`echo`], [`unique_ids`] and [`broadcast`] hold the bodies
//!   of the workloads as plain serde types.
//!
//! A body of one's own is an ordinary serde enum, tagged with `type`:
//!
//! ```
//! use maelstrom_proto::{Body, DecodeError, ErrorCode};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! #[serde(tag = "type", rename_all = "snake_case")]
//! enum Gossip {
//!     Digest { seen: Vec<u64> },
//!     Pull,
//! }
//!
//! let body = Body::request(&Gossip::Digest { seen: vec![1, 2] }, 7).unwrap();
//! assert_eq!(body.as_str(), r#"{"type":"digest","seen":[1,2],"msg_id":7}"#);
//! assert_eq!(body.decode::<Gossip>().unwrap(), Gossip::Digest { seen: vec![1, 2] });
//!
//! // A type that the enum does not have is told apart from one that does not fit.
//! let unknown = Body::parse(r#"{"type":"shout"}"#).unwrap();
//! let error = unknown.decode::<Gossip>().unwrap_err();
//! assert_eq!(error.to_error().code, ErrorCode::NotSupported);
//! ```

mod body;
pub mod broadcast;
mod decode;
pub mod echo;
mod error;
pub mod init;
mod message;
mod node_id;
pub mod unique_ids;

pub use body::{Body, EncodeError, Header};
pub use decode::DecodeError;
pub use error::{Error, ErrorCode};
pub use message::Message;
pub use node_id::{NodeId, NodeKind};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
