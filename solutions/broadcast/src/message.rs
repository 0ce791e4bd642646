//! What clients ask, and what the nodes say to each other.

use maelstrom_node::proto::broadcast::{self, Topology};
use serde::{Deserialize, Serialize};

use crate::knowledge::{Digest, News};

/// Every message that a node of this crate takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// Suggests neighbours.
    Topology {
        /// The neighbours of each node.
        topology: Topology,
    },
    /// Tells a value; from a client, or from a node that passes it on.
    Broadcast {
        /// The value.
        message: u64,
    },
    /// Asks for every value that this node knows.
    Read,
    /// Several values at once, from a neighbour: [`Batch`](crate::Strategy::Batch).
    BroadcastMany {
        /// Tells the sender's lives apart.
        life: u32,
        /// The values that the receiver is not known to have.
        messages: Vec<u64>,
        /// The number of this message, to be acknowledged.
        number: u64,
    },
    /// The sender has taken in the message of that number.
    BroadcastManyOk {
        /// The life of the receiver that the message came from.
        life: u32,
        /// Tells the sender's lives apart.
        by: u32,
        /// The number.
        number: u64,
    },
    /// What the sender knows, and what it believes the receiver to lack.
    Gossip(Gossip),
    /// The same in rounds: [`Convergecast`](crate::Strategy::Convergecast).
    Round(Round),
}

/// What the sender knows, and what it believes the receiver to lack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gossip {
    /// Everything that the sender knows, as counts. Left out by a sender that
    /// only passes on a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub have: Option<Digest>,
    /// What the sender has known for so long that everybody should; the same
    /// as `have` where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Digest>,
    /// Values.
    #[serde(default, skip_serializing_if = "News::is_empty")]
    pub news: News,
    /// The second message of an exchange: whoever gets it sends what the
    /// sender lacks, and that is the end of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answers: bool,
}

/// A message of a round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Tells the sender's lives apart.
    pub life: u32,
    /// The receiver's life, as far as the sender knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u32>,
    /// Everything that the sender knows, as counts: it acknowledges.
    pub have: Digest,
    /// What it believes the receiver to lack.
    #[serde(default, skip_serializing_if = "News::is_empty")]
    pub news: News,
    /// When this was sent, in µs on the sender's own clock.
    pub sent: u64,
    /// The `sent` of the receiver's last message, and for how many µs the
    /// sender had it before it spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub echo: Option<(u64, u64)>,
    /// Whether the sender takes the receiver for its hub.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follows: bool,
    /// Said by a hub: it speaks again after this many µs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<u64>,
}

/// What clients are answered; nodes are not answered at all, or by a message
/// of its own.
pub type Response = broadcast::Response;
