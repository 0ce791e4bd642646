//! The body of a message: a JSON object kept as text until a type is asked for.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::decode::{self, DecodeError};
use crate::members::Members;

/// A message body: the text of a JSON object.
///
/// A body that is only passed on keeps every byte, unknown fields, large
/// numbers and key order included. Cloning is cheap (a counted reference).
///
/// ```
/// use maelstrom_proto::Body;
///
/// let body = Body::parse(r#"{"type":"read","msg_id":4,"extra":12345678901234567890123}"#).unwrap();
/// let header = body.header().unwrap();
/// assert_eq!((header.kind.as_ref(), header.msg_id), ("read", Some(4)));
/// assert!(body.as_str().ends_with("12345678901234567890123}"));
/// ```
#[derive(Clone)]
pub struct Body(Arc<str>);

/// The fields that every body may carry.
///
/// ```
/// use maelstrom_proto::Body;
/// let body = Body::parse(r#"{"type":"read_ok","value":3,"in_reply_to":9}"#).unwrap();
/// let header = body.header().unwrap();
/// assert_eq!((header.kind.as_ref(), header.msg_id, header.in_reply_to), ("read_ok", None, Some(9)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Header<'a> {
    /// What the message is: the field `type`.
    #[serde(rename = "type", borrow)]
    pub kind: Cow<'a, str>,
    /// The sender's number for this message; whoever sends one expects a reply.
    #[serde(default)]
    pub msg_id: Option<u64>,
    /// The `msg_id` of the request that this message answers.
    #[serde(default)]
    pub in_reply_to: Option<u64>,
}

/// A value or a text that can't be a message body, or a line that can't be a
/// message.
///
/// ```
/// use maelstrom_proto::{Body, Message};
/// let error = Body::one_way(&[1, 2]).unwrap_err();
/// assert_eq!(error.to_string(), "a body is a JSON object, not `[1,2]`");
/// assert!(Body::parse("{").unwrap_err().to_string().starts_with("not a message: EOF"));
/// ```
#[derive(Debug)]
pub struct EncodeError(Reason);

#[derive(Debug)]
enum Reason {
    NotJson(serde_json::Error),
    NotAnObject(String),
}

/// Appends the text of a body to `out`: `payload` with the protocol's ids
/// behind its own fields. On an error `out` is as it was.
///
/// The building block of [`Body::request`] and its siblings, for those who
/// write lines into a buffer of their own.
///
/// ```
/// let mut line = b"> ".to_vec();
/// maelstrom_proto::write_body(&mut line, &serde_json::json!({"type": "ts"}), Some(4), None).unwrap();
/// assert_eq!(line, br#"> {"type":"ts","msg_id":4}"#);
/// assert!(maelstrom_proto::write_body(&mut line, "no object", None, None).is_err());
/// assert_eq!(line.len(), 26);
/// ```
///
/// # Errors
/// When `payload` does not serialise to a JSON object.
pub fn write_body<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    payload: &T,
    msg_id: Option<u64>,
    in_reply_to: Option<u64>,
) -> Result<(), EncodeError> {
    let start = out.len();
    if let Err(error) = serde_json::to_writer(&mut *out, payload) {
        out.truncate(start);
        return Err(EncodeError::not_json(error));
    }
    if out.get(start) != Some(&b'{') || out.pop() != Some(b'}') {
        let error = EncodeError::not_an_object(&String::from_utf8_lossy(&out[start..]));
        out.truncate(start);
        return Err(error);
    }
    let fields = out[start + 1..].trim_ascii_end();
    let mut bare = fields.is_empty();
    let mut field = |name: &[u8], id: Option<u64>| {
        let Some(id) = id else { return };
        if !std::mem::take(&mut bare) {
            out.push(b',');
        }
        out.extend_from_slice(name);
        out.extend_from_slice(itoa::Buffer::new().format(id).as_bytes());
    };
    field(b"\"msg_id\":", msg_id);
    field(b"\"in_reply_to\":", in_reply_to);
    out.push(b'}');
    Ok(())
}

impl Body {
    /// A body that expects no reply.
    ///
    /// ```
    /// use maelstrom_proto::{Body, echo};
    /// let body = Body::one_way(&echo::Request::Echo { echo: 7.into() }).unwrap();
    /// assert_eq!(body.as_str(), r#"{"type":"echo","echo":7}"#);
    /// ```
    ///
    /// # Errors
    /// When `payload` does not serialise to a JSON object.
    pub fn one_way<T: Serialize + ?Sized>(payload: &T) -> Result<Self, EncodeError> {
        Self::frame(payload, None, None)
    }

    /// A body that expects a reply to `msg_id`.
    ///
    /// ```
    /// use maelstrom_proto::{Body, echo};
    /// let body = Body::request(&echo::Request::Echo { echo: 7.into() }, 1).unwrap();
    /// assert_eq!(body.as_str(), r#"{"type":"echo","echo":7,"msg_id":1}"#);
    /// ```
    ///
    /// # Errors
    /// When `payload` does not serialise to a JSON object.
    pub fn request<T: Serialize + ?Sized>(payload: &T, msg_id: u64) -> Result<Self, EncodeError> {
        Self::frame(payload, Some(msg_id), None)
    }

    /// A body that answers the request numbered `in_reply_to`.
    ///
    /// ```
    /// use maelstrom_proto::{Body, echo};
    /// let body = Body::reply(&echo::Response::EchoOk { echo: 7.into() }, 1).unwrap();
    /// assert_eq!(body.as_str(), r#"{"type":"echo_ok","echo":7,"in_reply_to":1}"#);
    /// ```
    ///
    /// # Errors
    /// When `payload` does not serialise to a JSON object.
    pub fn reply<T: Serialize + ?Sized>(
        payload: &T,
        in_reply_to: u64,
    ) -> Result<Self, EncodeError> {
        Self::frame(payload, None, Some(in_reply_to))
    }

    fn frame<T: Serialize + ?Sized>(
        payload: &T,
        msg_id: Option<u64>,
        in_reply_to: Option<u64>,
    ) -> Result<Self, EncodeError> {
        thread_local! {
            /// Where a body is written before its length is known.
            static DRAFT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
        }
        // A payload that makes a body while it is written finds an empty one.
        let mut draft = DRAFT.take();
        draft.clear();
        let written = write_body(&mut draft, payload, msg_id, in_reply_to);
        let body = written.map(|()| {
            let text = str::from_utf8(&draft).expect("serde_json writes UTF-8");
            Self(text.into())
        });
        // One huge message must not hold its memory for ever.
        draft.truncate(0);
        draft.shrink_to(1 << 16);
        DRAFT.set(draft);
        body
    }

    /// Takes the text of a JSON object as a body.
    ///
    /// ```
    /// use maelstrom_proto::Body;
    /// assert!(Body::parse(r#" {"type":"hello", "to": ["all"]} "#).is_ok());
    /// assert!(Body::parse(r#""hello""#).is_err());
    /// ```
    ///
    /// # Errors
    /// When `text` is not JSON, or not an object.
    pub fn parse(text: &str) -> Result<Self, EncodeError> {
        let text = text.trim();
        serde_json::from_str::<&RawValue>(text).map_err(EncodeError::not_json)?;
        if !text.starts_with('{') {
            return Err(EncodeError::not_an_object(text));
        }
        Ok(Self(text.into()))
    }

    /// This body with the fields of `payload` put over its own. Every field
    /// that `payload` does not have stays as it is, byte for byte: a node that
    /// changes what it forwards keeps what it does not know.
    ///
    /// ```
    /// use maelstrom_proto::Body;
    /// use serde_json::json;
    ///
    /// let body = Body::parse(r#"{"type":"hop","left":3,"trace":1e99}"#).unwrap();
    /// let next = body.overlay(&json!({"left": 2, "via": "n1"})).unwrap();
    /// assert_eq!(next.as_str(), r#"{"type":"hop","left":2,"trace":1e99,"via":"n1"}"#);
    /// ```
    ///
    /// # Errors
    /// When `payload` does not serialise to a JSON object.
    pub fn overlay<T: Serialize + ?Sized>(&self, payload: &T) -> Result<Self, EncodeError> {
        let over = Self::one_way(payload)?;
        let mut members = self.members();
        members.overlay(over.members());
        Ok(Self::of(&members))
    }

    /// This body without `msg_id` and `in_reply_to`, ready to be sent on as the
    /// payload of a message of one's own; [`Body::one_way`] and its siblings do
    /// not look for ids that a payload brings along.
    ///
    /// ```
    /// use maelstrom_proto::Body;
    /// let body = Body::parse(r#"{"type":"read","msg_id":4,"key":"ü"}"#).unwrap();
    /// let onward = Body::request(&body.without_ids(), 17).unwrap();
    /// assert_eq!(onward.as_str(), r#"{"type":"read","key":"ü","msg_id":17}"#);
    /// ```
    pub fn without_ids(&self) -> Self {
        let mut members = self.members();
        members.remove("msg_id");
        members.remove("in_reply_to");
        Self::of(&members)
    }

    fn members(&self) -> Members<'_> {
        Members::of(&self.0).expect("a body is a JSON object")
    }

    fn of(members: &Members<'_>) -> Self {
        let text = members.to_text().expect("text can always be quoted");
        Self(text.into())
    }

    /// The JSON text.
    ///
    /// ```
    /// let body = maelstrom_proto::Body::parse(r#"{"type" : "hello"}"#).unwrap();
    /// assert_eq!(body.as_str(), r#"{"type" : "hello"}"#);
    /// ```
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The JSON text, shared and not copied.
    ///
    /// ```
    /// use std::sync::Arc;
    /// let text: Arc<str> = maelstrom_proto::Body::parse(r#"{"type":"hello"}"#).unwrap().into_text();
    /// ```
    pub fn into_text(self) -> Arc<str> {
        self.0
    }

    /// The fields `type`, `msg_id` and `in_reply_to`.
    ///
    /// ```
    /// use maelstrom_proto::Body;
    /// assert_eq!(Body::parse(r#"{"type":"read","msg_id":4}"#).unwrap().header().unwrap().msg_id, Some(4));
    /// assert!(Body::parse(r#"{"msg_id":4}"#).unwrap().header().is_err());
    /// ```
    ///
    /// # Errors
    /// When the body is not an object, has no `type`, or one of the three has
    /// the wrong JSON type.
    pub fn header(&self) -> Result<Header<'_>, DecodeError> {
        decode::header(self.as_str())
    }

    /// The body as a `T`, fields that `T` does not have passed over.
    ///
    /// ```
    /// use maelstrom_proto::{Body, DecodeError, unique_ids};
    /// let body = Body::parse(r#"{"type":"generate","msg_id":4,"since":"lately"}"#).unwrap();
    /// assert_eq!(body.decode::<unique_ids::Request>().unwrap(), unique_ids::Request::Generate);
    /// let other = Body::parse(r#"{"type":"destroy"}"#).unwrap();
    /// assert!(matches!(other.decode::<unique_ids::Request>(), Err(DecodeError::UnknownType { .. })));
    /// ```
    ///
    /// # Errors
    /// [`DecodeError::UnknownType`] when `T` is an enum without this `type`;
    /// [`DecodeError::Malformed`] when the body does not fit.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        decode::decode(self.as_str())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Equal when the text is equal, byte for byte.
impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Body {}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if !raw.get().starts_with('{') {
            return Err(serde::de::Error::custom(format!(
                "a body is a JSON object, not {}",
                decode::excerpt(raw.get())
            )));
        }
        Ok(Self(raw.get().into()))
    }
}

impl EncodeError {
    pub(crate) fn not_json(error: serde_json::Error) -> Self {
        Self(Reason::NotJson(error))
    }

    pub(crate) fn not_an_object(text: &str) -> Self {
        Self(Reason::NotAnObject(decode::excerpt(text)))
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::NotJson(error) => write!(f, "not a message: {error}"),
            Reason::NotAnObject(found) => write!(f, "a body is a JSON object, not {found}"),
        }
    }
}

impl std::error::Error for EncodeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_object_is_no_body() {
        assert!(Body::one_way(&7).is_err());
        assert!(Body::one_way(&["a"]).is_err());
        assert!(Body::one_way("text").is_err());
        let error = Body::parse("[1]").unwrap_err();
        assert_eq!(error.to_string(), "a body is a JSON object, not `[1]`");
        assert!(serde_json::from_str::<Body>("3").is_err());
    }

    #[test]
    fn a_null_id_counts_as_absent() {
        let body = Body::parse(r#"{"type":"x","msg_id":null}"#).unwrap();
        assert_eq!(body.header().unwrap().msg_id, None);
    }

    #[test]
    fn an_escaped_type_is_read() {
        let body = Body::parse(r#"{"type":"r\u0065ad"}"#).unwrap();
        assert_eq!(body.header().unwrap().kind, "read");
    }
}
