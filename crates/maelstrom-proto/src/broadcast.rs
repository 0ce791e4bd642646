//! The broadcast workload: what one node is told, all nodes come to know.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::NodeId;

/// Who is whose neighbour, as the workbench suggests it.
///
/// ```
/// use maelstrom_proto::broadcast::Topology;
/// let line = Topology::from([("n1".into(), vec!["n2".into()]), ("n2".into(), vec!["n1".into()])]);
/// assert_eq!(line[&"n1".into()], ["n2"]);
/// ```
pub type Topology = BTreeMap<NodeId, Vec<NodeId>>;

/// What a client asks.
///
/// ```
/// use maelstrom_proto::{broadcast, Body};
/// let body = Body::parse(r#"{"type":"broadcast","message":8,"msg_id":3}"#).unwrap();
/// let request: broadcast::Request = body.decode().unwrap();
/// assert_eq!(request, broadcast::Request::Broadcast { message: 8 });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// Suggests neighbours. Sent once to each node before the run.
    Topology {
        /// The neighbours of each node. A node may be missing from it: one
        /// that stands alone in a line is.
        topology: Topology,
    },
    /// Tells the cluster a value.
    Broadcast {
        /// The value; Maelstrom's are 0, 1, 2, …
        message: u64,
    },
    /// Asks for every value that this node knows.
    Read,
}

/// The answer to [`Request`].
///
/// ```
/// use maelstrom_proto::{broadcast, Body};
/// let reply = broadcast::Response::ReadOk { messages: vec![1, 8] };
/// let body = Body::reply(&reply, 3).unwrap();
/// assert_eq!(body.as_str(), r#"{"type":"read_ok","messages":[1,8],"in_reply_to":3}"#);
/// assert_eq!(body.decode::<broadcast::Response>().unwrap(), reply);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response {
    /// The topology was noted.
    TopologyOk,
    /// The value was noted.
    BroadcastOk,
    /// What this node knows, in any order.
    ReadOk {
        /// The values.
        messages: Vec<u64>,
    },
}
