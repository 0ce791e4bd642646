//! The envelope around a body.

use serde::{Deserialize, Serialize};

use crate::{Body, NodeId};

/// A message: who sent it, who it is for, and its body.
///
/// Fields of the envelope that Maelstrom does not define are an error when
/// reading, as they are there.
///
/// ```
/// use maelstrom_proto::Message;
///
/// let line = r#"{"id":5,"src":"c1","dest":"n0","body":{"type":"read","msg_id":2}}"#;
/// let message: Message = serde_json::from_str(line).unwrap();
/// assert_eq!(message.src, "c1");
/// assert_eq!(message.body.header().unwrap().msg_id, Some(2));
/// assert_eq!(serde_json::to_string(&message).unwrap(), line);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The network's own number for the message. Nodes leave it out; what the
    /// network delivers carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// The sender.
    pub src: NodeId,
    /// The receiver.
    pub dest: NodeId,
    /// What is said.
    pub body: Body,
}

impl Message {
    /// A message not yet on the network.
    ///
    /// ```
    /// use maelstrom_proto::{Body, Message};
    /// let message = Message::new("n0", "n1", Body::parse(r#"{"type":"hello"}"#).unwrap());
    /// assert_eq!(serde_json::to_string(&message).unwrap(), r#"{"src":"n0","dest":"n1","body":{"type":"hello"}}"#);
    /// ```
    pub fn new(src: impl Into<NodeId>, dest: impl Into<NodeId>, body: Body) -> Self {
        Self {
            id: None,
            src: src.into(),
            dest: dest.into(),
            body,
        }
    }

    /// Whether a client is on either end. Such messages travel without
    /// latency and are counted apart from those between servers.
    ///
    /// ```
    /// use maelstrom_proto::{Body, Message};
    /// let hello = || Body::parse(r#"{"type":"hello"}"#).unwrap();
    /// assert!(Message::new("n0", "c1", hello()).involves_client());
    /// assert!(!Message::new("n0", "lin-kv", hello()).involves_client());
    /// ```
    pub fn involves_client(&self) -> bool {
        self.src.is_client() || self.dest.is_client()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_envelope_says_why() {
        for (line, reason) in [
            ("hello", "expected value"),
            (r#"{"src":"a","dest":"b"}"#, "missing field `body`"),
            (
                r#"{"src":"a","dest":"b","body":3}"#,
                "a body is a JSON object",
            ),
            (r#"{"src":null,"dest":"b","body":{}}"#, "invalid type: null"),
            (
                r#"{"src":"a","dest":"b","body":{},"x":1}"#,
                "unknown field `x`",
            ),
        ] {
            let error = serde_json::from_str::<Message>(line).unwrap_err();
            assert!(error.to_string().contains(reason), "{line}: {error}");
        }
    }
}
