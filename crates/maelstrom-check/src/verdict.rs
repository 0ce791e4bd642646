//! [`Verdict`]: valid, unknown or invalid.

use std::fmt;

/// What a checker says of a history.
///
/// Ordered by gravity, so that the verdict of several checkers is their maximum:
///
/// ```
/// use maelstrom_check::Verdict::{Invalid, Unknown, Valid};
///
/// assert_eq!(Valid.merge(Unknown), Unknown);
/// assert_eq!([Valid, Invalid, Unknown].into_iter().max(), Some(Invalid));
/// ```
///
/// Serialises as Jepsen's `valid?`: `true`, `"unknown"` or `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The history keeps the promise that was checked.
    Valid,
    /// The history does not let the checker say: nothing was exercised, or a bound was reached.
    Unknown,
    /// The history breaks the promise.
    Invalid,
}

impl Verdict {
    /// The graver of two verdicts: invalid over unknown over valid.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        self.max(other)
    }

    /// `Valid` if `holds`, else `Invalid`.
    pub fn of(holds: bool) -> Self {
        if holds { Self::Valid } else { Self::Invalid }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Valid => "valid",
            Self::Unknown => "unknown",
            Self::Invalid => "invalid",
        })
    }
}

impl serde::Serialize for Verdict {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Valid => s.serialize_bool(true),
            Self::Invalid => s.serialize_bool(false),
            Self::Unknown => s.serialize_str("unknown"),
        }
    }
}
