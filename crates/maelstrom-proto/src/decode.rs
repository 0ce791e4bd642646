//! From JSON text to types, and what to say when it does not fit.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapDeserializer;

use crate::body::Header;
use crate::error::{Error, ErrorCode};
use crate::scan;

/// Why a body could not be read as the type asked for.
///
/// ```
/// use maelstrom_proto::{Body, ErrorCode, echo};
///
/// let unknown = Body::parse(r#"{"type":"shout"}"#).unwrap().decode::<echo::Request>().unwrap_err();
/// assert_eq!(unknown.to_string(), "unknown message type `shout`, expected `echo`");
/// assert_eq!(unknown.to_error().code, ErrorCode::NotSupported);
///
/// let unfit = Body::parse(r#"{"type":"echo"}"#).unwrap().decode::<echo::Request>().unwrap_err();
/// assert!(unfit.to_string().starts_with("missing field `echo`"));
/// assert_eq!(unfit.to_error().code, ErrorCode::MalformedRequest);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The enum asked for has no variant of this `type`. As an answer to a
    /// request this is error 10, not supported.
    UnknownType {
        /// The `type` found.
        kind: String,
        /// The types that would have been understood.
        expected: &'static [&'static str],
    },
    /// The body is not an object with a `type`, or a field is missing or has
    /// the wrong JSON type. As an answer to a request this is error 12.
    Malformed {
        /// What was wrong, and where.
        reason: String,
        /// The beginning of the body.
        body: String,
    },
}

impl DecodeError {
    /// The error body with which a node answers such a request.
    pub fn to_error(&self) -> Error {
        let code = match self {
            Self::UnknownType { .. } => ErrorCode::NotSupported,
            Self::Malformed { .. } => ErrorCode::MalformedRequest,
        };
        Error::new(code, self.to_string())
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownType { kind, expected } => {
                write!(f, "unknown message type `{kind}`, expected ")?;
                match expected {
                    [] => write!(f, "none"),
                    [only] => write!(f, "`{only}`"),
                    many => write!(f, "one of `{}`", many.join("`, `")),
                }
            }
            Self::Malformed { reason, body } => write!(f, "{reason}, in {body}"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Reads the three fields that the protocol itself knows.
pub(crate) fn header(body: &str) -> Result<Header<'_>, DecodeError> {
    match scan::header(body) {
        Some(header) => Ok(header),
        None => serde_json::from_str(body).map_err(|error| malformed(body, &error)),
    }
}

/// Reads the text of a body as a `T`, which may borrow from it: what
/// [`Body::decode`](crate::Body::decode) does, for text that is no [`Body`](crate::Body) yet.
///
/// ```
/// use maelstrom_proto::{decode, tso};
/// assert_eq!(decode::<tso::Response>(r#"{"type":"ts_ok","ts":4}"#).unwrap(), tso::Response::TsOk { ts: 4 });
/// ```
///
/// # Errors
/// As [`Body::decode`](crate::Body::decode).
pub fn decode<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, DecodeError> {
    serde_json::from_str(body).map_err(|error| {
        let Ok(Header { kind, .. }) = serde_json::from_str::<Header<'_>>(body) else {
            return malformed(body, &error);
        };
        match unknown_type::<T>(&kind) {
            Some(expected) => DecodeError::UnknownType {
                kind: kind.into_owned(),
                expected,
            },
            None => malformed(body, &error),
        }
    })
}

fn malformed(body: &str, error: &serde_json::Error) -> DecodeError {
    DecodeError::Malformed {
        reason: error.to_string(),
        body: excerpt(body),
    }
}

/// The beginning of a text, quoted, short enough for a log line.
pub(crate) fn excerpt(text: &str) -> String {
    const LIMIT: usize = 160;
    match text.char_indices().nth(LIMIT) {
        None => format!("`{text}`"),
        Some((end, _)) => format!("`{}`… ({} bytes)", &text[..end], text.len()),
    }
}

/// The types that `T` understands, if `kind` is not one of them.
///
/// Asks serde itself: `T` is offered a map that holds nothing but the type. An
/// enum that does not know it complains of an unknown variant; anything else
/// is content with the type or complains of what follows.
fn unknown_type<'a, T: Deserialize<'a>>(kind: &str) -> Option<&'static [&'static str]> {
    let only_type = MapDeserializer::<_, Probe>::new([("type", kind)].into_iter());
    match T::deserialize(only_type) {
        Err(Probe::UnknownVariant(expected)) => Some(expected),
        _ => None,
    }
}

/// A serde error that remembers whether a variant was unknown.
#[derive(Debug)]
enum Probe {
    UnknownVariant(&'static [&'static str]),
    Other,
}

impl serde::de::Error for Probe {
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self::Other
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::UnknownVariant(expected)
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("probe")
    }
}

impl std::error::Error for Probe {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{broadcast, echo};

    #[test]
    fn an_unknown_type_names_the_known_ones() {
        let error = decode::<broadcast::Request>(r#"{"type":"shout","msg_id":1}"#).unwrap_err();
        assert_eq!(error.to_error().code, ErrorCode::NotSupported);
        assert_eq!(
            error.to_string(),
            "unknown message type `shout`, expected one of `topology`, `broadcast`, `read`"
        );
    }

    #[test]
    fn a_body_that_does_not_fit_says_what_is_wrong() {
        for (body, reason) in [
            (r#"{"type":"echo"}"#, "missing field `echo`"),
            (r#"{"echo":1}"#, "missing field `type`"),
            (r#"{"type":7}"#, "invalid type"),
            (r#"{"type":"echo","msg_id":"one"}"#, "missing field `echo`"),
        ] {
            let error = decode::<echo::Request>(body).unwrap_err();
            assert_eq!(error.to_error().code, ErrorCode::MalformedRequest, "{body}");
            assert!(error.to_string().contains(reason), "{body}: {error}");
        }
    }

    #[test]
    fn a_nested_unknown_variant_is_malformed_not_unsupported() {
        #[derive(Debug, Deserialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        #[allow(dead_code)] // Only ever fails to be made.
        enum Request {
            Paint { colour: Colour },
        }
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Colour {
            Red,
        }
        let error = decode::<Request>(r#"{"type":"paint","colour":"blue"}"#).unwrap_err();
        assert!(matches!(error, DecodeError::Malformed { .. }), "{error}");
        let fine = decode::<Request>(r#"{"type":"paint","colour":"red"}"#).unwrap();
        assert!(matches!(
            fine,
            Request::Paint {
                colour: Colour::Red
            }
        ));
    }

    #[test]
    fn long_bodies_are_cut_in_messages() {
        let body = format!(r#"{{"type":"echo","pad":"{}"}}"#, "ü".repeat(500));
        let error = decode::<echo::Request>(&body).unwrap_err().to_string();
        assert!(
            error.contains("missing field `echo`") && error.len() < 500,
            "{error}"
        );
    }
}
