//! The body of a message: a JSON object kept as text until a type is asked for.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::decode::{self, DecodeError};

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
pub struct Body(Arc<RawValue>);

/// The fields that every body may carry.
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

/// A value that can't be a message body.
#[derive(Debug)]
pub struct EncodeError(Reason);

#[derive(Debug)]
enum Reason {
    NotJson(serde_json::Error),
    NotAnObject(String),
}

/// A payload with the protocol's own fields beside its own.
#[derive(Serialize)]
struct Framed<'a, T> {
    #[serde(flatten)]
    payload: &'a T,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_reply_to: Option<u64>,
}

impl Body {
    /// A body that expects no reply.
    ///
    /// # Errors
    /// When `payload` does not serialise to a JSON object.
    pub fn one_way<T: Serialize + ?Sized>(payload: &T) -> Result<Self, EncodeError> {
        Self::frame(&payload, None, None)
    }

    /// A body that expects a reply to `msg_id`.
    ///
    /// # Errors
    /// When `payload` does not serialise to a JSON object.
    pub fn request<T: Serialize + ?Sized>(payload: &T, msg_id: u64) -> Result<Self, EncodeError> {
        Self::frame(&payload, Some(msg_id), None)
    }

    /// A body that answers the request numbered `in_reply_to`.
    ///
    /// # Errors
    /// When `payload` does not serialise to a JSON object.
    pub fn reply<T: Serialize + ?Sized>(
        payload: &T,
        in_reply_to: u64,
    ) -> Result<Self, EncodeError> {
        Self::frame(&payload, None, Some(in_reply_to))
    }

    fn frame<T: Serialize>(
        payload: &T,
        msg_id: Option<u64>,
        in_reply_to: Option<u64>,
    ) -> Result<Self, EncodeError> {
        let framed = Framed {
            payload,
            msg_id,
            in_reply_to,
        };
        to_raw_value(&framed)
            .map(|raw| Self(raw.into()))
            .map_err(|error| EncodeError(Reason::NotJson(error)))
    }

    /// Takes the text of a JSON object as a body.
    ///
    /// # Errors
    /// When `text` is not JSON, or not an object.
    pub fn parse(text: &str) -> Result<Self, EncodeError> {
        let raw = RawValue::from_string(text.trim().to_owned())
            .map_err(|error| EncodeError(Reason::NotJson(error)))?;
        if !raw.get().starts_with('{') {
            return Err(EncodeError(Reason::NotAnObject(decode::excerpt(raw.get()))));
        }
        Ok(Self(raw.into()))
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// The fields `type`, `msg_id` and `in_reply_to`.
    ///
    /// # Errors
    /// When the body is not an object, has no `type`, or one of the three has
    /// the wrong JSON type.
    pub fn header(&self) -> Result<Header<'_>, DecodeError> {
        decode::header(self.as_str())
    }

    /// The body as a `T`, fields that `T` does not have passed over.
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
        self.0.serialize(serializer)
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
        Ok(Self(raw.into()))
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::NotJson(error) => write!(f, "not a JSON object: {error}"),
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
