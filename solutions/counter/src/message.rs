//! What clients ask, and what the nodes say to each other.

use crdt::{Ack, Message, PNCounter};
use maelstrom_node::proto::counter;
use maelstrom_node::{Context, NodeId};
use serde::{Deserialize, Serialize};

/// Every message that a node of this crate takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// Adds to the counter.
    Add {
        /// How much; it may be below zero.
        delta: i64,
    },
    /// Asks for the sum.
    Read,
    /// All that the sender knows: [`State`](crate::State).
    State {
        /// To be merged.
        state: PNCounter<Replica>,
    },
    /// What the receiver lacks: [`Delta`](crate::Delta).
    Deltas {
        /// The deltas since the receiver's last acknowledgement, joined.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        news: Option<Message<PNCounter<Replica>>>,
        /// How far the sender has got with what the receiver sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ack: Option<Ack>,
    },
    /// Operations, one by one: [`OpLog`](crate::OpLog).
    Ops {
        /// How many operations of each replica the sender has: it acknowledges.
        have: Digest,
        /// The sender has not heard of the receiver yet, and waits to.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        hello: bool,
        /// Operations that the receiver is not known to have, in order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ops: Vec<Op>,
    },
}

/// What clients are answered; nodes are not answered at all, or by a message of
/// its own.
pub type Response = counter::Response;

/// How many operations of each replica are known, the first ones without a gap.
pub type Digest = Vec<(Replica, u64)>;

/// One addition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Op {
    /// Who took it from its client.
    pub origin: Replica,
    /// The how-manieth of its origin, from 0 on. The two together are its id.
    pub number: u64,
    /// What it adds.
    pub delta: i64,
}

/// One life of a node. Whoever comes back with empty memory counts under a new
/// name, or it would take back what it had counted under the old one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Replica {
    /// The node.
    pub node: NodeId,
    /// When this life began, in µs since the Unix epoch: later lives have
    /// higher numbers, unless the wall clock was set back in between.
    pub life: u64,
}

impl Replica {
    /// The life that begins now.
    pub fn of(ctx: &Context) -> Self {
        let node = ctx.id().clone();
        // Micros of a date near ours take 51 bits.
        let life = u64::try_from(ctx.wall_clock().as_micros()).unwrap_or(u64::MAX);
        Self { node, life }
    }
}
