//! What can be wrong with a node, told where Maelstrom would stay silent.

use std::fmt;
use std::path::PathBuf;

use maelstrom_proto::{Message, NodeId};

/// Something that a node did which the protocol does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Nanoseconds since the run began.
    pub time: u64,
    /// The node.
    pub node: NodeId,
    /// What it did.
    pub kind: ProblemKind,
}

/// What a node did wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// It replied to a client that had given up waiting and was gone. Maelstrom
    /// never listens to such a node again, and neither does the run.
    LateReply {
        /// The reply.
        message: Message,
    },
    /// It sent to somebody who does not exist.
    UnknownDestination {
        /// The message.
        message: Message,
    },
    /// It sent in the name of somebody who does not exist.
    UnknownSource {
        /// The message.
        message: Message,
    },
    /// It printed a line that is no message.
    BadLine {
        /// The beginning of the line.
        line: String,
        /// What was wrong with it.
        reason: String,
        /// Where the node's own log is.
        log: PathBuf,
    },
    /// Its process ended before the run did.
    Exited {
        /// How, as the system tells it.
        status: String,
        /// The last lines that it wrote to standard error.
        stderr: Vec<String>,
        /// Where the rest of them is.
        log: PathBuf,
    },
}

impl ProblemKind {
    /// Whether the run can't go on. After a late reply it does, without the node.
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::LateReply { .. })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (node, seconds) = (&self.node, self.time as f64 / 1e9);
        match &self.kind {
            ProblemKind::LateReply { message } => {
                let (client, body) = (&message.dest, &message.body);
                write!(
                    f,
                    "{node} answered {client} at {seconds:.3} s, after the client had given up and gone: {body}. \
                    As on Maelstrom, nothing that {node} says is heard from then on"
                )
            }
            ProblemKind::UnknownDestination { message } => {
                let (dest, body) = (&message.dest, &message.body);
                write!(
                    f,
                    "{node} sent a message to `{dest}` at {seconds:.3} s, and there is nobody of that name: {body}"
                )
            }
            ProblemKind::UnknownSource { message } => {
                let (src, body) = (&message.src, &message.body);
                write!(
                    f,
                    "{node} sent a message in the name of `{src}` at {seconds:.3} s, and there is nobody of that name: {body}"
                )
            }
            ProblemKind::BadLine { line, reason, log } => {
                write!(
                    f,
                    "{node} printed a line on standard output that is no message, at {seconds:.3} s: {reason}\n  \
                    {line}\nA message is one JSON object with src, dest and body on a line of its own; \
                    anything else belongs on standard error. The node's log: {}",
                    log.display()
                )
            }
            ProblemKind::Exited {
                status,
                stderr,
                log,
            } => {
                write!(
                    f,
                    "{node} ended at {seconds:.3} s, before the run did ({status})."
                )?;
                match stderr.as_slice() {
                    [] => write!(f, " It wrote nothing to standard error.")?,
                    lines => write!(
                        f,
                        " Its last lines on standard error:\n  {}\n",
                        lines.join("\n  ")
                    )?,
                }
                write!(f, " The node's log: {}", log.display())
            }
        }
    }
}
