//! [`Error`]: why a history could not be read or a request not be understood.

/// What can go wrong before there is a verdict.
///
/// Nothing here changes any state; the same call with the same input fails the same way.
/// A checker that meets a history which does not fit its workload does not fail:
/// its verdict is unknown, and says why.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is neither EDN nor JSON.
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        /// Counted from one.
        line: usize,
        /// In bytes, counted from one.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
    /// The text is well formed, but what stands there is not an operation.
    #[error("line {line}: {reason}")]
    NotAnOp {
        /// The line on which the operation starts, counted from one.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// An operation that cannot follow those before it.
    #[error("operation {index}: {reason}")]
    Order {
        /// The operation's index in the history.
        index: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A name that stands for nothing here.
    #[error("{what} {given:?} is not known; known are {known}{}", .nearest.as_ref().map(|n| format!(" (did you mean {n}?)")).unwrap_or_default())]
    UnknownName {
        /// What was asked for: `workload`, `consistency model`, …
        what: &'static str,
        /// The name given.
        given: String,
        /// The names there are, separated by commas.
        known: String,
        /// The one most like the name given, if any is like it.
        nearest: Option<String>,
    },
}

impl Error {
    /// An [`Error::UnknownName`] that lists `known` and finds the nearest.
    pub(crate) fn unknown_name(what: &'static str, given: &str, known: &[&str]) -> Self {
        let nearest = known
            .iter()
            .map(|k| (edit_distance(given, k), *k))
            .min()
            .filter(|(d, k)| *d <= 1 + k.len() / 3)
            .map(|(_, k)| k.to_owned());
        Self::UnknownName {
            what,
            given: given.to_owned(),
            known: known.join(", "),
            nearest,
        }
    }
}

/// How many characters must be put in, taken out or replaced to get from one to the other.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replace = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
