//! The echo workload: a node sends back what it was sent.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a client asks.
///
/// ```
/// use maelstrom_proto::{echo, Body};
/// let body = Body::parse(r#"{"type":"echo","echo":"Please echo 35"}"#).unwrap();
/// let echo::Request::Echo { echo } = body.decode().unwrap();
/// assert_eq!(echo, "Please echo 35");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// Asks for `echo` back.
    Echo {
        /// Any JSON value.
        echo: Value,
    },
}

/// The answer to [`Request`].
///
/// ```
/// use maelstrom_proto::{echo, Body};
/// let reply = echo::Response::EchoOk { echo: "hello".into() };
/// let body = Body::reply(&reply, 3).unwrap();
/// assert_eq!(body.as_str(), r#"{"type":"echo_ok","echo":"hello","in_reply_to":3}"#);
/// assert_eq!(body.decode::<echo::Response>().unwrap(), reply);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response {
    /// The same value again.
    EchoOk {
        /// The value that was sent.
        echo: Value,
    },
}
