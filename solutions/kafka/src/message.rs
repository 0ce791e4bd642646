//! What a node understands: the requests of clients, and the batches of peers.

use maelstrom_node::proto::kafka;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use maelstrom_node::proto::kafka::{Key, Offset, Offsets};

/// A message of a log: whatever JSON the client sent.
pub type Message = Value;

/// What clients are answered; nodes are answered by batches of their own.
pub type Response = kafka::Response<Message>;

/// What a node is told and asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// Appends a message to a log; from a client, or redirected by a node.
    Send {
        /// The log.
        key: Key,
        /// The message.
        msg: Message,
        /// Tells a redirected send from every other one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// Asks for messages from these offsets on.
    Poll {
        /// The first offset wanted of each log.
        offsets: Offsets,
    },
    /// Says that messages up to these offsets are processed.
    CommitOffsets {
        /// The last offset processed of each log.
        offsets: Offsets,
    },
    /// Asks for the offsets committed.
    ListCommittedOffsets {
        /// The logs of interest.
        keys: Vec<Key>,
    },
    /// News from another node.
    Replicate(Batch),
}

/// A run of a node's stream to one peer. Items are numbered from 0 on, and the
/// numbering begins anew with each life of either side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Tells the sender's lives apart.
    pub life: u64,
    /// The receiver's life, as far as the sender knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// How many batches the sender's life has sent the receiver, this one included.
    #[serde(default)]
    pub turn: u64,
    /// The last `turn` that the sender has seen of the receiver's life.
    #[serde(default)]
    pub seen: u64,
    /// How many items of the receiver's stream the sender has taken in.
    pub ack: u64,
    /// The number of the first item here.
    pub first: u64,
    /// How many items the stream has so far, those sent later included.
    pub end: u64,
    /// The sender waits to hear what the receiver has to tell at the beginning.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks: bool,
    /// The items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
}

/// Something that peers have to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// A message stands in a log.
    Append(Key, Offset, Message),
    /// The sender will never append to this log below this offset.
    Promise(Key, Offset),
    /// The receiver may not append to this log below this offset: it has lost
    /// its memory, and others have relied on what it said before.
    Floor(Key, Offset),
    /// Messages up to this offset are processed.
    Commit(Key, Offset),
}
