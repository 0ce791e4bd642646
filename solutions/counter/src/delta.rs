//! Delta-CRDT: to each peer what it lacks, in batches, until it acknowledges.
//!
//! The counter is a PN-counter of which each node keeps a replica. An addition
//! makes a delta; a [`DeltaBuffer`] keeps for each peer those that it has not
//! acknowledged. Every [`PERIOD`] at most, a peer is sent their join, and the
//! acknowledgement of what it sent travels in the same message. When everybody
//! has acknowledged everything, nobody says anything.
//!
//! What a node learns of one peer it has for the others as well, so that an
//! addition finds its way round a broken link.

use std::collections::BTreeMap;
use std::time::Duration;

use crdt::{Ack, DeltaBuffer, PNCounter};
use maelstrom_node::NodeId;

use crate::gossip::{Gossip, Outgoing};
use crate::message::{Replica, Request};
use crate::pace::Pace;

/// The shortest time between two messages to the same peer. Whatever a peer
/// lacks when a partition heals is sent to it within this time.
const PERIOD: Duration = Duration::from_millis(1500);

/// A replica that sends deltas.
#[derive(Debug)]
pub struct Delta {
    replica: Replica,
    buffer: DeltaBuffer<PNCounter<Replica>, NodeId>,
    /// Acknowledgements to go with the next message.
    acks: BTreeMap<NodeId, Ack>,
    pace: Pace,
}

impl Delta {
    /// A replica that knows of no addition.
    pub fn new(replica: Replica, peers: Vec<NodeId>) -> Self {
        let mut buffer = DeltaBuffer::new(PNCounter::new(), replica.life);
        for peer in &peers {
            buffer.add_peer(peer.clone());
        }
        let mut pace = Pace::new(PERIOD, peers);
        // It may have been here before, and lack what it is believed to have:
        // its first message, which is due even if empty, tells its peers.
        pace.press_all();
        Self {
            replica,
            buffer,
            acks: BTreeMap::new(),
            pace,
        }
    }
}

impl Gossip for Delta {
    fn add(&mut self, delta: i64) {
        let replica = &self.replica;
        self.buffer.update(|counter| counter.add(replica, delta));
        self.pace.press_all();
    }

    fn value(&self) -> i128 {
        self.buffer.state().value()
    }

    fn receive(&mut self, from: &NodeId, message: Request) -> bool {
        let Request::Deltas { news, ack } = message else {
            return false;
        };
        if let Some(ack) = ack {
            self.buffer.acknowledge(from, ack);
        }
        if let Some(news) = news {
            let received = self.buffer.receive(from, &news);
            self.acks.insert(from.clone(), received.ack);
            if received.changed {
                self.pace.press_all();
            }
        }
        // An acknowledgement is owed, or the peer is back and lacks something.
        self.pace.press(from);
        true
    }

    fn wake(&mut self, now: Duration) -> Vec<Outgoing> {
        let mut outgoing = Vec::new();
        for peer in self.pace.due(now) {
            let news = self.buffer.message_for(&peer);
            let ack = self.acks.remove(&peer);
            if news.is_none() && ack.is_none() {
                self.pace.rest(&peer);
                continue;
            }
            self.pace.spoke(now, &peer, news.is_some());
            outgoing.push((peer, Request::Deltas { news, ack }));
        }
        outgoing
    }

    fn next_wake(&self) -> Option<Duration> {
        self.pace.next()
    }
}
