//! The g-set workload: a set that only grows, and that all nodes come to agree on.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a client asks. `E` is the type of the elements; Maelstrom's are the
/// integers 0, 1, 2, …
///
/// ```
/// use maelstrom_proto::{g_set, Body};
/// let body = Body::parse(r#"{"type":"add","element":3,"msg_id":1}"#).unwrap();
/// let request: g_set::Request<u64> = body.decode().unwrap();
/// assert_eq!(request, g_set::Request::Add { element: 3 });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request<E = Value> {
    /// Adds an element.
    Add {
        /// The element, any JSON value.
        element: E,
    },
    /// Asks for every element that this node knows.
    Read,
}

/// The answer to [`Request`].
///
/// The field is called `value` on the wire, whatever Maelstrom's own text says
/// of `elements`.
///
/// ```
/// use maelstrom_proto::{g_set, Body};
/// let reply = g_set::Response::ReadOk { value: vec![1_u64, 3] };
/// let body = Body::reply(&reply, 3).unwrap();
/// assert_eq!(body.as_str(), r#"{"type":"read_ok","value":[1,3],"in_reply_to":3}"#);
/// assert_eq!(body.decode::<g_set::Response<u64>>().unwrap(), reply);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response<E = Value> {
    /// The element was noted.
    AddOk,
    /// What this node knows, in any order.
    ReadOk {
        /// The elements.
        value: Vec<E>,
    },
}
