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
/// [`wake`]: Spread::wake
pub trait Spread: Send + fmt::Debug + 'static {
    /// A client told a value.
    fn tell(&mut self, now: Duration, value: u64);

    /// A node said something. `false` when it is not of this strategy.
    fn receive(&mut self, now: Duration, from: &NodeId, message: Request) -> bool;

    /// Says what is to be sent now. Called after every change, and at
    /// [`next_wake`](Self::next_wake).
    fn wake(&mut self, now: Duration) -> Vec<Outgoing>;

    /// When it wants to be woken if nothing happens before; a time that is past
    /// means at once.
    fn next_wake(&self) -> Option<Duration>;

    /// The values known.
    fn values(&self) -> &[u64];
}

/// A strategy that answers clients, which is the same for all of them. The
/// suggested topology is of no use here: they choose for themselves whom to
/// speak to.
pub(crate) struct Spreader(pub(crate) Box<dyn Spread>);

impl Protocol for Spreader {
    type Request = Request;
    type Response = Response;

    fn on_message(&mut self, now: Duration, from: &NodeId, request: Request) -> Result<Response> {
        match request {
            Request::Topology { .. } => Ok(Response::TopologyOk),
            Request::Broadcast { message } => {
                self.0.tell(now, message);
                Ok(Response::BroadcastOk)
            }
            Request::Read => {
                let messages = self.0.values().to_vec();
                Ok(Response::ReadOk { messages })
            }
            message => {
                if !from.is_client() && self.0.receive(now, from, message) {
                    // One-way: whatever there is to answer goes its own way.
                    return Ok(Response::BroadcastOk);
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
