//! The service `lin-tso`: a timestamp oracle.

use serde::{Deserialize, Serialize};

/// What a node asks.
///
/// ```
/// use maelstrom_proto::{tso, Body};
/// assert_eq!(Body::request(&tso::Request::Ts, 1).unwrap().as_str(), r#"{"type":"ts","msg_id":1}"#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// Asks for a timestamp.
    Ts,
}

/// The answer to [`Request`].
///
/// ```
/// use maelstrom_proto::{tso, Body};
/// let reply = tso::Response::TsOk { ts: 12 };
/// let body = Body::reply(&reply, 3).unwrap();
/// assert_eq!(body.as_str(), r#"{"type":"ts_ok","ts":12,"in_reply_to":3}"#);
/// assert_eq!(body.decode::<tso::Response>().unwrap(), reply);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response {
    /// A timestamp greater than any given before: 0, 1, 2, …
    TsOk {
        /// The timestamp.
        ts: u64,
    },
}
