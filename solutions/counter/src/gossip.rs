//! A strategy as a plain value: what it is told, and what it says to whom.

use std::fmt;
use std::time::Duration;

use maelstrom_node::{Error, ErrorCode, NodeId, Protocol, Result};

use crate::message::{Request, Response};

/// A message to be sent.
pub type Outgoing = (NodeId, Request);

/// A strategy with no runtime: what comes in changes it, and [`wake`] says what
/// to send. Times are those of the node's own clock, from its start on.
///
/// [`wake`]: Gossip::wake
pub trait Gossip: Send + fmt::Debug + 'static {
    /// A client adds.
    fn add(&mut self, delta: i64);

    /// The sum of all additions known.
    fn value(&self) -> i128;

    /// A node said something. `false` when it is not of this strategy.
    fn receive(&mut self, from: &NodeId, message: Request) -> bool;

    /// Says what is to be sent now. Called after every change, and at
    /// [`next_wake`](Self::next_wake).
    fn wake(&mut self, now: Duration) -> Vec<Outgoing>;

    /// When it wants to be woken if nothing happens before; a time that is past
    /// means at once, and `None` that it has nothing to say.
    fn next_wake(&self) -> Option<Duration>;
}

/// A strategy that answers clients, which is the same for all of them.
pub(crate) struct Gossiper(pub(crate) Box<dyn Gossip>);

impl Protocol for Gossiper {
    type Request = Request;
    type Response = Response;

    fn on_message(&mut self, _: Duration, from: &NodeId, request: Request) -> Result<Response> {
        match request {
            Request::Add { delta } => {
                self.0.add(delta);
                Ok(Response::AddOk)
            }
            Request::Read => {
                let value = clamped(self.0.value());
                Ok(Response::ReadOk { value })
            }
            message => {
                if !from.is_client() && self.0.receive(from, message) {
                    // One-way: whatever there is to answer goes its own way.
                    return Ok(Response::AddOk);
                }
                Err(foreign())
            }
        }
    }

    fn wake(&mut self, now: Duration) -> Vec<Outgoing> {
        self.0.wake(now)
    }

    fn next_wake(&self) -> Option<Duration> {
        self.0.next_wake()
    }
}

/// What is said to a message that this strategy does not have.
pub(crate) fn foreign() -> Error {
    let text = "a message of another strategy, or one that nodes alone send";
    Error::new(ErrorCode::NotSupported, text)
}

/// A sum as it is answered. One beyond 64 bits stops at the end of their range.
fn clamped(sum: i128) -> i64 {
    let limit = if sum < 0 { i64::MIN } else { i64::MAX };
    i64::try_from(sum).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_beyond_64_bits_stops_at_their_end() {
        assert_eq!(clamped(-7), -7);
        assert_eq!(clamped(i128::from(i64::MAX) + 1), i64::MAX);
        assert_eq!(clamped(i128::from(i64::MIN) - 1), i64::MIN);
    }
}
