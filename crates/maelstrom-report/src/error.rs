//! [`Error`]: why a run's folder could not be read.

use std::io;
use std::path::PathBuf;

/// What can go wrong when a run is read from its folder. Nothing is changed by any of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder has no file of that kind.
    #[error("{folder} is no run's folder: there is neither {first} nor {second}", folder = folder.display())]
    NotARun {
        /// The folder.
        folder: PathBuf,
        /// The file that a run of ours leaves.
        first: &'static str,
        /// The file that a run of Maelstrom's leaves.
        second: &'static str,
    },
    /// A file could not be read.
    #[error("{path} can't be read: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A history or results in EDN that are none.
    #[error("{path}: {source}", path = path.display())]
    Edn {
        /// The file.
        path: PathBuf,
        /// What is wrong, and on which line.
        source: maelstrom_check::Error,
    },
    /// A line that is not the JSON expected there.
    #[error("{path}, line {line}: {source}", path = path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The line, counted from one.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A line of the journal about a message that was never sent, or sent before.
    #[error("{path}, line {line}: message {id} {reason}", path = path.display())]
    Message {
        /// The file.
        path: PathBuf,
        /// The line, counted from one.
        line: usize,
        /// The message's number.
        id: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
}
