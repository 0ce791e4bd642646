//! The unique-ids workload: a node hands out ids that no other node ever does.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a client asks.
///
/// ```
/// use maelstrom_proto::{unique_ids, Body};
/// let body = Body::parse(r#"{"type":"generate","msg_id":2}"#).unwrap();
/// assert_eq!(body.decode::<unique_ids::Request>().unwrap(), unique_ids::Request::Generate);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// Asks for a new id.
    Generate,
}

/// The answer to [`Request`].
///
/// ```
/// use maelstrom_proto::{unique_ids, Body};
/// let reply = unique_ids::Response::GenerateOk { id: "n1-7".into() };
/// let body = Body::reply(&reply, 3).unwrap();
/// assert_eq!(body.as_str(), r#"{"type":"generate_ok","id":"n1-7","in_reply_to":3}"#);
/// assert_eq!(body.decode::<unique_ids::Response>().unwrap(), reply);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response {
    /// A new id.
    GenerateOk {
        /// Any JSON value. Maelstrom's checker compares ids with one another,
        /// so a node should stay with strings or with integers.
        id: Value,
    },
}
