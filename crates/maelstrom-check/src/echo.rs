//! Echo: what comes back is what was sent.
//!
//! Source: `maelstrom.workload.echo`.

use serde::Serialize;

use crate::history::{History, OpType, Value};
use crate::verdict::Verdict;

/// What the check of an echo history found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EchoResults {
    /// Valid if there are no errors.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// The replies that differ from what was sent, in order.
    pub errors: Vec<EchoError>,
}

/// A reply that differs from what was sent.
///
/// Serialises as upstream's four-element list.
#[derive(Debug, Clone, PartialEq)]
pub struct EchoError {
    /// The index of the completion.
    pub index: usize,
    /// What was sent.
    pub sent: Value,
    /// What came back: the reply's body.
    pub received: Value,
    /// Whether the request failed with a definite error, which upstream counts as a wrong reply.
    pub failed: bool,
}

impl Serialize for EchoError {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        (
            "Expected a message with :echo",
            &self.sent,
            "But received",
            &self.received,
        )
            .serialize(s)
    }
}

/// Every request that was answered must have been answered with its own value, after
/// `maelstrom.workload.echo`.
///
/// The value of an ok completion is the reply's body, with the echo under `echo`.
/// A request that failed with a definite error was answered, and wrongly. One that timed
/// out (`info`) says nothing.
pub fn echo(history: &History) -> EchoResults {
    let mut errors = Vec::new();
    for (position, op) in history.client_ops() {
        if !matches!(op.kind, OpType::Ok | OpType::Fail) {
            continue;
        }
        let Some(invocation) = history.invocation(position) else {
            continue;
        };
        if op.value.get("echo") != Some(&invocation.value) {
            errors.push(EchoError {
                index: op.index,
                sent: invocation.value.clone(),
                received: op.value.clone(),
                failed: op.kind == OpType::Fail,
            });
        }
    }
    EchoResults {
        valid: Verdict::of(errors.is_empty()),
        errors,
    }
}
