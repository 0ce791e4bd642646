//! What clients ask, and what the nodes say to each other.

use crdt::{Ack, LwwMap, Message};
use maelstrom_node::proto::txn::Register;
use maelstrom_node::{Error, ErrorCode, NodeId};
use serde::{Deserialize, Serialize};

/// The steps of a transaction.
pub type Transaction = Vec<Register>;

/// Registers with the stamps of their last writes: Lamport time, then node.
pub type Map = LwwMap<u64, u64, NodeId>;

/// Every message that a node of this crate takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// Carries out the steps in order, all or none.
    Txn {
        /// The steps; what is to be read is `null`.
        txn: Transaction,
    },
    /// The writes of one transaction: [`Broadcast`](crate::Broadcast).
    Writes {
        /// With their stamps.
        writes: Map,
    },
    /// Asks for all registers, of a node that may have forgotten them:
    /// [`Broadcast`](crate::Broadcast).
    Registers,
    /// The writes of many transactions at once: [`Delta`](crate::Delta).
    Deltas {
        /// Whole transactions since the receiver's last acknowledgement, joined.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        news: Option<Message<Map>>,
        /// How far the sender has got with what the receiver sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ack: Option<Ack>,
    },
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response {
    /// The transaction is committed.
    TxnOk {
        /// The same steps, what was read filled in.
        txn: Transaction,
    },
    /// To a node: its writes were taken in.
    WritesOk,
    /// To a node: all registers.
    RegistersOk {
        /// With their stamps.
        writes: Map,
    },
}

/// What is said to a message that this strategy does not have.
pub(crate) fn foreign() -> Error {
    let text = "a message of another strategy, or one that nodes alone send";
    Error::new(ErrorCode::NotSupported, text)
}
