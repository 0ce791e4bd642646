//! The kafka workload: append-only logs, polled by offset.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name of a log. Maelstrom's are decimal numbers as text.
///
/// ```
/// let key: maelstrom_proto::kafka::Key = 7.to_string();
/// ```
pub type Key = String;

/// A place in a log. Offsets grow and may leave gaps.
///
/// ```
/// let next = |last: maelstrom_proto::kafka::Offset| last + 1;
/// assert_eq!(next(41), 42);
/// ```
pub type Offset = u64;

/// An offset of each of several logs.
///
/// ```
/// use maelstrom_proto::kafka::Offsets;
/// let committed = Offsets::from([("7".to_owned(), 2), ("8".to_owned(), 0)]);
/// assert_eq!(serde_json::to_string(&committed).unwrap(), r#"{"7":2,"8":0}"#);
/// ```
pub type Offsets = BTreeMap<Key, Offset>;

/// What a client asks. `M` is the type of the messages; Maelstrom's are integers.
///
/// ```
/// use maelstrom_proto::{kafka, Body};
///
/// let body = Body::parse(r#"{"type":"poll","offsets":{"7":2},"msg_id":1}"#).unwrap();
/// let kafka::Request::<u64>::Poll { offsets } = body.decode().unwrap() else { panic!() };
/// assert_eq!(offsets["7"], 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request<M = Value> {
    /// Appends a message to a log.
    Send {
        /// The log.
        key: Key,
        /// The message, any JSON value.
        msg: M,
    },
    /// Asks for messages from these offsets on.
    Poll {
        /// The first offset wanted of each log.
        offsets: Offsets,
    },
    /// Says that messages up to and including these offsets are processed.
    CommitOffsets {
        /// The last offset processed of each log.
        offsets: Offsets,
    },
    /// Asks for the offsets committed.
    ListCommittedOffsets {
        /// The logs of interest.
        keys: Vec<Key>,
    },
}

/// The answer to [`Request`].
///
/// ```
/// use maelstrom_proto::{kafka, Body};
/// let reply = kafka::Response::PollOk { msgs: [("7".to_owned(), vec![(2, 9_u64), (4, 5)])].into() };
/// let body = Body::reply(&reply, 3).unwrap();
/// assert_eq!(body.as_str(), r#"{"type":"poll_ok","msgs":{"7":[[2,9],[4,5]]},"in_reply_to":3}"#);
/// assert_eq!(body.decode::<kafka::Response<u64>>().unwrap(), reply);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response<M = Value> {
    /// The message is in the log.
    SendOk {
        /// Its place there.
        offset: Offset,
    },
    /// Messages of each log, in order and without leaving any out. A log
    /// without news may be missing.
    PollOk {
        /// Pairs of offset and message.
        msgs: BTreeMap<Key, Vec<(Offset, M)>>,
    },
    /// The offsets are noted.
    CommitOffsetsOk,
    /// What is committed. A log that does not exist may be missing.
    ListCommittedOffsetsOk {
        /// The last offset processed of each log.
        offsets: Offsets,
    },
}
