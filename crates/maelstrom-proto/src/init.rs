//! The first exchange of every run: a node learns its name and its peers.

use serde::{Deserialize, Serialize};

use crate::NodeId;

/// What a client asks before anything else.
///
/// ```
/// use maelstrom_proto::{init, Body};
/// let body = Body::parse(r#"{"type":"init","msg_id":1,"node_id":"n1","node_ids":["n1","n2"]}"#).unwrap();
/// let init::Request::Init { node_id, node_ids } = body.decode().unwrap();
/// assert_eq!((node_id.as_str(), node_ids.len()), ("n1", 2));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// Names the node and lists the cluster.
    Init {
        /// The receiver's own id.
        node_id: NodeId,
        /// Every node of the cluster, the receiver included, in the same
        /// order for all.
        node_ids: Vec<NodeId>,
    },
}

/// The answer to [`Request`].
///
/// ```
/// use maelstrom_proto::{init, Body};
/// let reply = init::Response::InitOk;
/// let body = Body::reply(&reply, 3).unwrap();
/// assert_eq!(body.as_str(), r#"{"type":"init_ok","in_reply_to":3}"#);
/// assert_eq!(body.decode::<init::Response>().unwrap(), reply);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response {
    /// The node is ready.
    InitOk,
}
