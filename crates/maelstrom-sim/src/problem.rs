//! What can be wrong with a node, told where Maelstrom would stay silent.

use std::fmt;
use std::path::PathBuf;

use maelstrom_proto::{Message, NodeId};

use crate::schema::excerpt;

/// How much of a message is quoted.
const QUOTED: usize = 500;

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
    /// It said more than a run can keep.
    Flood {
        /// How many messages.
        messages: u64,
        /// How large they are together, in bytes.
        bytes: u64,
    },
    /// It printed a line that is no message.
    BadLine {
        /// The beginning of the line.
        line: String,
        /// What was wrong with it.
        reason: String,
        /// What else is known of the node.
        traces: Traces,
    },
    /// It printed something behind a message, on the same line. Maelstrom passes
    /// that over, and so does the run. Told of a node once.
    Trailing {
        /// The beginning of it.
        text: String,
    },
    /// It sent a client something that answers nothing: `in_reply_to` is missing,
    /// or no number from 0 up. Nobody takes it for an answer. Told of a node once.
    NoAnswer {
        /// The message.
        message: Message,
    },
    /// It closed its standard output.
    ClosedOutput {
        /// What else is known of the node.
        traces: Traces,
    },
    /// It closed its standard input, and what was sent to it could not be
    /// handed over.
    ClosedInput {
        /// What else is known of the node.
        traces: Traces,
    },
    /// It leaves what it is sent unread.
    Unread {
        /// How many bytes wait.
        waiting: usize,
        /// What else is known of the node.
        traces: Traces,
    },
    /// Its process ended before the run did.
    Exited {
        /// How, as the system tells it.
        status: String,
        /// What else is known of the node.
        traces: Traces,
    },
}

/// What a node that is a process left to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// The last lines that it wrote to standard error.
    pub stderr: Vec<String>,
    /// The beginning of a line on standard output that it did not end.
    pub begun: String,
    /// Where the rest of them is.
    pub log: PathBuf,
}

impl fmt::Display for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stderr.as_slice() {
            [] => f.write_str("It wrote nothing to standard error.")?,
            lines => write!(
                f,
                "Its last lines on standard error:\n  {}\n",
                lines.join("\n  ")
            )?,
        }
        if !self.begun.is_empty() {
            let begun = &self.begun;
            writeln!(
                f,
                " On standard output it began a line that has no newline yet, and nobody reads half a line: {begun}"
            )?;
        }
        write!(f, " The node's log: {}", self.log.display())
    }
}

impl ProblemKind {
    /// Whether the run can't go on. After a late reply it does, without the
    /// node, and so it does as long as a node may yet read, and past what stands
    /// behind a message or answers nothing.
    pub fn is_fatal(&self) -> bool {
        !matches!(
            self,
            Self::LateReply { .. }
                | Self::Trailing { .. }
                | Self::NoAnswer { .. }
                | Self::Unread { .. }
        )
    }
}

/// What a message says, its beginning at least.
fn said(message: &Message) -> String {
    excerpt(message.body.as_str(), QUOTED)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (node, seconds) = (&self.node, self.time as f64 / 1e9);
        match &self.kind {
            ProblemKind::LateReply { message } => {
                let (client, body) = (&message.dest, said(message));
                write!(
                    f,
                    "{node} answered {client} at {seconds:.3} s, after the client had given up and gone: {body}. \
                    As on Maelstrom, nothing that {node} says is heard from then on"
                )
            }
            ProblemKind::UnknownDestination { message } => {
                let (dest, body) = (&message.dest, said(message));
                write!(
                    f,
                    "{node} sent a message to `{dest}` at {seconds:.3} s, and there is nobody of that name: {body}"
                )
            }
            ProblemKind::UnknownSource { message } => {
                let (src, body) = (&message.src, said(message));
                write!(
                    f,
                    "{node} sent a message in the name of `{src}` at {seconds:.3} s, and there is nobody of that name: {body}"
                )
            }
            ProblemKind::Flood { messages, bytes } => {
                let megabytes = bytes >> 20;
                write!(
                    f,
                    "{node} floods the network: {messages} messages ({megabytes} MB) by {seconds:.3} s, \
                    and a run can't keep more. Does it answer its own messages, or send without end?"
                )
            }
            ProblemKind::BadLine {
                line,
                reason,
                traces,
            } => {
                write!(
                    f,
                    "{node} printed a line on standard output that is no message, at {seconds:.3} s: {reason}\n  \
                    {line}\nA message is one JSON object with src, dest and body on a line of its own; \
                    anything else belongs on standard error. {traces}"
                )
            }
            ProblemKind::NoAnswer { message } => {
                let (client, body) = (&message.dest, said(message));
                write!(
                    f,
                    "{node} sent {client} a message at {seconds:.3} s whose `in_reply_to` is missing or no number from 0 up, \
                    so that no client takes it for an answer: {body}"
                )
            }
            ProblemKind::Trailing { text } => {
                write!(
                    f,
                    "{node} printed something behind a message, on the same line, at {seconds:.3} s: {text}\n  \
                    As on Maelstrom, such text is passed over, be it a message itself: each message \
                    belongs on a line of its own, and anything else on standard error"
                )
            }
            ProblemKind::ClosedOutput { traces } => {
                write!(
                    f,
                    "{node} closed its standard output by {seconds:.3} s and went on: nothing that it says can \
                    be heard. {traces}"
                )
            }
            ProblemKind::ClosedInput { traces } => {
                write!(
                    f,
                    "{node} closed its standard input by {seconds:.3} s and went on: nothing can be said to it. \
                    {traces}"
                )
            }
            ProblemKind::Unread { waiting, traces } => {
                write!(
                    f,
                    "{node} does not read its standard input: at {seconds:.3} s nothing had been taken for 5 s, \
                    and {waiting} bytes were waiting. {traces}"
                )
            }
            ProblemKind::Exited { status, traces } => {
                write!(
                    f,
                    "{node} ended at {seconds:.3} s, before the run did ({status}). {traces}"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use maelstrom_proto::Body;

    #[test]
    fn a_message_is_quoted_in_part() {
        let body = Body::parse(&format!(r#"{{"load":"{}"}}"#, "x".repeat(1_000_000))).unwrap();
        let message = Message::new("n0", "n7", body);
        for kind in [
            ProblemKind::LateReply {
                message: message.clone(),
            },
            ProblemKind::UnknownDestination {
                message: message.clone(),
            },
            ProblemKind::UnknownSource {
                message: message.clone(),
            },
            ProblemKind::NoAnswer { message },
        ] {
            let node = "n0".into();
            let text = Problem {
                time: 0,
                node,
                kind,
            }
            .to_string();
            assert!(text.contains("{\"load\":\"xxx"), "{text}");
            assert!(text.len() < 1000, "{} bytes", text.len());
        }
    }
}
