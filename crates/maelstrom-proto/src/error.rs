//! Maelstrom's error bodies: `{"type": "error", "code": 22, "text": "..."}`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a request failed, as Maelstrom numbers it (its `resources/errors.edn`).
///
/// A *definite* error says that the operation did not happen and never will;
/// an indefinite one leaves open whether it did. Clients record the first as
/// a failure and must treat the second as "may have happened".
///
/// ```
/// use maelstrom_proto::ErrorCode;
/// assert_eq!(ErrorCode::from(22), ErrorCode::PreconditionFailed);
/// assert!(ErrorCode::PreconditionFailed.is_definite());
/// assert!(!ErrorCode::Timeout.is_definite());
/// assert_eq!((ErrorCode::Crash.code(), ErrorCode::Crash.name()), (13, "crash"));
/// // One of your own, from 1000 on.
/// assert_eq!(ErrorCode::from(1001), ErrorCode::Other(1001));
/// let indefinite: Vec<i64> = ErrorCode::ALL.into_iter().filter(|code| !code.is_definite()).map(i64::from).collect();
/// assert_eq!(indefinite, [0, 13]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "i64", into = "i64")]
pub enum ErrorCode {
    /// 0: the operation could not be completed in time.
    Timeout,
    /// 1: the node that the request was for does not exist.
    NodeNotFound,
    /// 10: the node does not support this kind of request.
    NotSupported,
    /// 11: the operation can't be performed just now; try again later.
    TemporarilyUnavailable,
    /// 12: the request did not have the form that was expected.
    MalformedRequest,
    /// 13: something went wrong inside the node; it may or may not have acted.
    Crash,
    /// 14: something went wrong inside the node, and it certainly did not act.
    Abort,
    /// 20: the operation needs a key that does not exist.
    KeyDoesNotExist,
    /// 21: the operation would create a key that exists.
    KeyAlreadyExists,
    /// 22: a condition of the operation does not hold, as in compare-and-set.
    PreconditionFailed,
    /// 30: the transaction conflicts with another one and was aborted.
    TxnConflict,
    /// Any other code. Maelstrom keeps those from 1000 on for applications
    /// and treats each of them as indefinite.
    Other(i64),
}

impl ErrorCode {
    /// Every code that Maelstrom itself defines, in order of number.
    pub const ALL: [Self; 11] = [
        Self::Timeout,
        Self::NodeNotFound,
        Self::NotSupported,
        Self::TemporarilyUnavailable,
        Self::MalformedRequest,
        Self::Crash,
        Self::Abort,
        Self::KeyDoesNotExist,
        Self::KeyAlreadyExists,
        Self::PreconditionFailed,
        Self::TxnConflict,
    ];

    /// The number on the wire.
    pub const fn code(self) -> i64 {
        match self {
            Self::Timeout => 0,
            Self::NodeNotFound => 1,
            Self::NotSupported => 10,
            Self::TemporarilyUnavailable => 11,
            Self::MalformedRequest => 12,
            Self::Crash => 13,
            Self::Abort => 14,
            Self::KeyDoesNotExist => 20,
            Self::KeyAlreadyExists => 21,
            Self::PreconditionFailed => 22,
            Self::TxnConflict => 30,
            Self::Other(code) => code,
        }
    }

    /// Maelstrom's name for the code; `unknown` for codes of one's own.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::NodeNotFound => "node-not-found",
            Self::NotSupported => "not-supported",
            Self::TemporarilyUnavailable => "temporarily-unavailable",
            Self::MalformedRequest => "malformed-request",
            Self::Crash => "crash",
            Self::Abort => "abort",
            Self::KeyDoesNotExist => "key-does-not-exist",
            Self::KeyAlreadyExists => "key-already-exists",
            Self::PreconditionFailed => "precondition-failed",
            Self::TxnConflict => "txn-conflict",
            Self::Other(_) => "unknown",
        }
    }

    /// Whether the operation certainly did not happen.
    pub const fn is_definite(self) -> bool {
        !matches!(self, Self::Timeout | Self::Crash | Self::Other(_))
    }
}

impl From<i64> for ErrorCode {
    fn from(code: i64) -> Self {
        Self::ALL
            .into_iter()
            .find(|known| known.code() == code)
            .unwrap_or(Self::Other(code))
    }
}

impl From<ErrorCode> for i64 {
    fn from(code: ErrorCode) -> Self {
        code.code()
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.code())
    }
}

/// An error as it travels: a code and a text for people.
///
/// ```
/// use maelstrom_proto::{Body, Error, ErrorCode};
///
/// let error = Error::new(ErrorCode::KeyDoesNotExist, "no key 7");
/// let body = Body::reply(&error, 3).unwrap();
/// assert_eq!(
///     body.as_str(),
///     r#"{"type":"error","code":20,"text":"no key 7","in_reply_to":3}"#
/// );
/// assert!(body.decode::<Error>().unwrap().is_definite());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "error")]
pub struct Error {
    /// Which kind of error.
    pub code: ErrorCode,
    /// What happened, for people. Maelstrom allows it to be absent.
    #[serde(default)]
    pub text: String,
}

impl Error {
    /// An error with this code and text.
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }

    /// Whether the operation certainly did not happen; see [`ErrorCode::is_definite`].
    pub fn is_definite(&self) -> bool {
        self.code.is_definite()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {}: {}", self.code, self.text)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_codes_is_maelstroms() {
        let table: Vec<(i64, &str, bool)> = ErrorCode::ALL
            .iter()
            .map(|code| (code.code(), code.name(), code.is_definite()))
            .collect();
        assert_eq!(
            table,
            [
                (0, "timeout", false),
                (1, "node-not-found", true),
                (10, "not-supported", true),
                (11, "temporarily-unavailable", true),
                (12, "malformed-request", true),
                (13, "crash", false),
                (14, "abort", true),
                (20, "key-does-not-exist", true),
                (21, "key-already-exists", true),
                (22, "precondition-failed", true),
                (30, "txn-conflict", true),
            ]
        );
    }

    #[test]
    fn codes_round_trip_and_unknown_ones_are_indefinite() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from(code.code()), code);
        }
        assert_eq!(ErrorCode::from(1001), ErrorCode::Other(1001));
        assert!(!ErrorCode::Other(1001).is_definite());
    }

    #[test]
    fn an_error_without_text_is_read() {
        let error: Error = serde_json::from_str(r#"{"type":"error","code":11}"#).unwrap();
        assert_eq!(error, Error::new(ErrorCode::TemporarilyUnavailable, ""));
    }
}
