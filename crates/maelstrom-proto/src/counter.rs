//! The g-counter and pn-counter workloads: a sum that all nodes come to agree
//! on. The two differ only in that g-counter's clients never take away.

use serde::{Deserialize, Serialize};

/// What a client asks.
///
/// ```
/// use maelstrom_proto::{counter, Body};
/// let body = Body::parse(r#"{"type":"add","delta":-2,"msg_id":1}"#).unwrap();
/// assert_eq!(body.decode::<counter::Request>().unwrap(), counter::Request::Add { delta: -2 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// Adds to the counter.
    Add {
        /// How much; below zero in the pn-counter workload only.
        delta: i64,
    },
    /// Asks for the sum that this node knows.
    Read,
}

/// The answer to [`Request`].
///
/// ```
/// use maelstrom_proto::{counter, Body};
/// let reply = counter::Response::ReadOk { value: -2 };
/// let body = Body::reply(&reply, 3).unwrap();
/// assert_eq!(body.as_str(), r#"{"type":"read_ok","value":-2,"in_reply_to":3}"#);
/// assert_eq!(body.decode::<counter::Response>().unwrap(), reply);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response {
    /// The delta was noted.
    AddOk,
    /// What this node knows.
    ReadOk {
        /// The sum of all deltas known.
        value: i64,
    },
}
