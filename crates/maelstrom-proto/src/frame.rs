//! A line, read once and borrowed from.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::body::Header;
use crate::decode::{self, DecodeError};
use crate::{EncodeError, Message, NodeId, scan};

/// A line of the network, its parts found but nothing copied.
///
/// This is the quick way to read a line whose body goes straight into a type:
/// the fields of the protocol are found in one pass, and
/// [`decode`](Self::decode) reads the body once. To keep a message, make a
/// [`Message`] of it.
///
/// ```
/// use maelstrom_proto::{Frame, echo};
///
/// let line = r#"{"src":"c1","dest":"n0","body":{"type":"echo","echo":7,"msg_id":3}}"#;
/// let frame = Frame::parse(line).unwrap();
/// assert_eq!((frame.src(), frame.dest()), ("c1", "n0"));
/// assert_eq!(frame.header().unwrap().msg_id, Some(3));
/// let echo::Request::Echo { echo } = frame.decode().unwrap();
/// assert_eq!(echo, 7);
///
/// // What is kept or passed on is made a message of its own.
/// assert_eq!((frame.id(), frame.body()), (None, r#"{"type":"echo","echo":7,"msg_id":3}"#));
/// assert_eq!(frame.to_message().unwrap().dest, "n0");
/// ```
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    id: Option<u64>,
    src: Cow<'a, str>,
    dest: Cow<'a, str>,
    body: &'a str,
    /// Known already when the line was an ordinary one.
    header: Option<Header<'a>>,
}

/// The envelope as serde reads it: any spelling, and errors that say what is wrong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    #[serde(default)]
    id: Option<u64>,
    #[serde(borrow)]
    src: Cow<'a, str>,
    #[serde(borrow)]
    dest: Cow<'a, str>,
    #[serde(borrow)]
    body: &'a RawValue,
}

impl<'a> Frame<'a> {
    /// Finds the parts of a line.
    ///
    /// The body is looked at only as far as its extent and its header need;
    /// that it is JSON throughout shows when it is decoded.
    ///
    /// # Errors
    /// When the line is not an envelope: an object of `src`, `dest`, `body`, an
    /// optional `id` and nothing else, the body an object.
    pub fn parse(line: &'a str) -> Result<Self, EncodeError> {
        if let Some(found) = scan::envelope(line) {
            return Ok(Self {
                id: found.id,
                src: Cow::Borrowed(found.src),
                dest: Cow::Borrowed(found.dest),
                body: found.body,
                header: Some(found.header),
            });
        }
        let envelope: Envelope<'a> = serde_json::from_str(line).map_err(EncodeError::not_json)?;
        let body = envelope.body.get();
        if !body.starts_with('{') {
            return Err(EncodeError::not_an_object(body));
        }
        Ok(Self {
            id: envelope.id,
            src: envelope.src,
            dest: envelope.dest,
            body,
            header: None,
        })
    }

    /// The network's own number for the message, if the line carries it.
    pub fn id(&self) -> Option<u64> {
        self.id
    }

    /// The sender.
    pub fn src(&self) -> &str {
        &self.src
    }

    /// The receiver.
    pub fn dest(&self) -> &str {
        &self.dest
    }

    /// The text of the body, from brace to brace. See [`Frame::parse`] for how
    /// far it has been looked at.
    pub fn body(&self) -> &'a str {
        self.body
    }

    /// The fields `type`, `msg_id` and `in_reply_to` of the body.
    ///
    /// # Errors
    /// As [`Body::header`](crate::Body::header).
    pub fn header(&self) -> Result<Header<'a>, DecodeError> {
        match &self.header {
            Some(header) => Ok(header.clone()),
            None => decode::header(self.body),
        }
    }

    /// The body as a `T`, which may borrow from the line.
    ///
    /// # Errors
    /// As [`Body::decode`](crate::Body::decode).
    pub fn decode<T: Deserialize<'a>>(&self) -> Result<T, DecodeError> {
        decode::decode(self.body)
    }

    /// A message that owns its parts, its body checked to be JSON throughout.
    ///
    /// # Errors
    /// When the body is not JSON.
    pub fn to_message(&self) -> Result<Message, EncodeError> {
        Ok(Message {
            id: self.id,
            src: NodeId::from(&*self.src),
            dest: NodeId::from(&*self.dest),
            body: crate::Body::parse(self.body)?,
        })
    }
}
