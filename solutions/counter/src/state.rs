//! State-based CRDT: now and then, everything to somebody.
//!
//! Each node keeps a PN-counter and sends the whole of it to one peer after the
//! other, for ever. The receiver merges: the higher of two counts of a replica
//! is the newer one, so neither loss nor repetition nor order matters, and
//! nothing need be acknowledged.

use std::time::Duration;

use crdt::{Join, PNCounter};
use maelstrom_node::NodeId;

use crate::gossip::{Gossip, Outgoing};
use crate::message::{Replica, Request};

/// The time between two messages of one node. With n nodes each has spoken to all
/// after n - 1 of them, and news is everywhere much sooner, as whoever has it
/// passes it on: each speaks first to the node after it, so that all speak to
/// different ones at a time.
const PERIOD: Duration = Duration::from_millis(500);

/// A replica that sends its state.
#[derive(Debug)]
pub struct State {
    replica: Replica,
    counter: PNCounter<Replica>,
    peers: Vec<NodeId>,
    /// How many messages were sent; the next goes to the next peer.
    sent: usize,
    next: Duration,
}

impl State {
    /// A replica that knows of no addition.
    pub fn new(replica: Replica, mut peers: Vec<NodeId>) -> Self {
        peers.sort();
        let before = peers.partition_point(|peer| *peer < replica.node);
        peers.rotate_left(before);
        Self {
            replica,
            counter: PNCounter::new(),
            peers,
            sent: 0,
            next: PERIOD,
        }
    }
}

impl Gossip for State {
    fn add(&mut self, delta: i64) {
        self.counter.add(&self.replica, delta);
    }

    fn value(&self) -> i128 {
        self.counter.value()
    }

    fn receive(&mut self, _: &NodeId, message: Request) -> bool {
        let Request::State { state } = message else {
            return false;
        };
        self.counter.join(&state);
        true
    }

    fn wake(&mut self, now: Duration) -> Vec<Outgoing> {
        if self.peers.is_empty() || now < self.next {
            return Vec::new();
        }
        let peer = self.peers[self.sent % self.peers.len()].clone();
        self.sent += 1;
        self.next = now + PERIOD;
        let state = self.counter.clone();
        vec![(peer, Request::State { state })]
    }

    fn next_wake(&self) -> Option<Duration> {
        (!self.peers.is_empty()).then_some(self.next)
    }
}
