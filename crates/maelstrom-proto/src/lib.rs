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
//! - [`Frame`] is a line read in one pass, borrowed and not copied.
//! - The bodies are plain serde enums, a module for each exchange:
//!
//! | Workload or service | Module |
//! |---|---|
//! | the first message of every run | [`init`] |
//! | echo | [`echo`] |
//! | unique-ids | [`unique_ids`] |
//! | broadcast | [`broadcast`] |
//! | g-set | [`g_set`] |
//! | g-counter, pn-counter | [`counter`] |
//! | lin-kv, and the services `lin-kv`, `seq-kv`, `lww-kv` | [`kv`] |
//! | kafka | [`kafka`] |
//! | txn-rw-register, txn-list-append | [`txn`] |
//! | the service `lin-tso` | [`tso`] |
//!
//! What a client sends may carry fields that these types do not know: they are
//! passed over, and [`Body`] keeps them for those who forward. What a node
//! answers carries no field beyond Maelstrom's own, as Maelstrom's clients take
//! offence at any other.
//!
//! Integers up to 64 bits and all floats survive a journey through
//! [`serde_json::Value`] exactly; longer numbers survive in a [`Body`].
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
//!
//! One limit comes from serde: it sets the fields of a tagged enum aside before
//! it reads them, and so reads no map there whose keys are numbers. A list of
//! pairs does as well; the values of the key-value services, in
//! [`kv::Response`], are free of it.
//!
//! # Features
//!
//! None. The crate needs `serde` for the types and `serde_json` for the text.

mod body;
pub mod broadcast;
pub mod counter;
mod decode;
pub mod echo;
mod error;
mod frame;
pub mod g_set;
pub mod init;
pub mod kafka;
pub mod kv;
mod members;
mod message;
mod node_id;
mod scan;
pub mod tso;
pub mod txn;
pub mod unique_ids;

pub use body::{Body, EncodeError, Header, write_body};
pub use decode::{DecodeError, decode};
pub use error::{Error, ErrorCode};
pub use frame::Frame;
pub use message::Message;
pub use node_id::{NodeId, NodeKind};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
