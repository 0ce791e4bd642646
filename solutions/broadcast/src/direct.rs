//! Direct: whoever is told a value tells everybody, in one hop.
//!
//! Nothing is faster than one hop, and a value costs one message for each other
//! node. Nothing is acknowledged. What is lost is repaired in two ways that cost
//! little: each message carries the last few values of its sender, so that one
//! lost message is made good by the next; and now and then a node compares what
//! it knows with another one, at random.

use std::time::Duration;

use maelstrom_node::NodeId;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::exchange::Exchange;
use crate::message::{Gossip, Request};
use crate::spread::{Outgoing, Spread};

/// How many of its last values a node repeats with a new one.
const REPEATED: usize = 8;

/// How long between comparisons, on average, when the last one found that both
/// knew the same, and when it did not.
const CALM: Duration = Duration::from_millis(1000);
const BUSY: Duration = Duration::from_millis(250);

/// A node that tells everybody, as a plain value.
#[derive(Debug)]
pub struct Direct {
    exchange: Exchange,
    rng: ChaCha8Rng,
    next_repair: Duration,
    /// The last value told, to be sent with what was before it.
    fresh: bool,
}

impl Direct {
    /// A node that knows nothing yet.
    pub fn new(exchange: Exchange, mut rng: ChaCha8Rng) -> Self {
        let next_repair = CALM.mul_f64(rng.random_range(0.5..1.5));
        Self {
            exchange,
            rng,
            next_repair,
            fresh: false,
        }
    }
}

impl Spread for Direct {
    fn tell(&mut self, _: Duration, value: u64) {
        self.fresh |= self.exchange.knowledge.tell(value);
    }

    fn receive(&mut self, now: Duration, from: &NodeId, message: Request) -> bool {
        let Request::Gossip(gossip) = message else {
            return false;
        };
        if self.exchange.hear(from, &gossip) {
            let soon = now + BUSY.mul_f64(self.rng.random_range(0.5..1.5));
            self.next_repair = self.next_repair.min(soon);
        }
        true
    }

    fn wake(&mut self, now: Duration) -> Vec<Outgoing> {
        let mut out = self.exchange.take_answers();
        if std::mem::take(&mut self.fresh) {
            let gossip = Gossip {
                news: self.exchange.knowledge.latest(REPEATED),
                ..Gossip::default()
            };
            let to_peer = |peer: &NodeId| (peer.clone(), Request::Gossip(gossip.clone()));
            out.extend(self.exchange.peers.iter().map(to_peer));
        }
        if self.next_repair <= now {
            self.next_repair = now + CALM.mul_f64(self.rng.random_range(0.5..1.5));
            self.exchange.settle();
            out.extend(self.exchange.ask_somebody(&mut self.rng));
        }
        out
    }

    fn next_wake(&self) -> Option<Duration> {
        Some(self.next_repair)
    }

    fn values(&self) -> &[u64] {
        self.exchange.knowledge.values()
    }
}
