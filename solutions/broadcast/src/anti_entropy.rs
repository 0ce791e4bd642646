//! Anti-entropy: every so often, compare with somebody, at random.
//!
//! Nothing is sent on when a value is told. Each node, again and again, picks
//! another one and evens out what the two know. A value spreads as a rumour
//! does, to twice as many nodes each time; no node is special and no loss
//! matters, for whatever is missing is found by the next comparison. The price
//! is that it never falls silent, and that a value needs several comparisons.

use std::time::Duration;

use maelstrom_node::NodeId;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::exchange::Exchange;
use crate::message::Request;
use crate::spread::{Outgoing, Spread};

/// How long between the comparisons that a node begins, on average.
const PERIOD: Duration = Duration::from_millis(250);

/// A node that compares itself with others, as a plain value.
#[derive(Debug)]
pub struct AntiEntropy {
    exchange: Exchange,
    rng: ChaCha8Rng,
    next: Duration,
}

impl AntiEntropy {
    /// A node that knows nothing yet.
    pub fn new(exchange: Exchange, mut rng: ChaCha8Rng) -> Self {
        let next = PERIOD.mul_f64(rng.random_range(0.0..1.0));
        Self {
            exchange,
            rng,
            next,
        }
    }
}

impl Spread for AntiEntropy {
    fn tell(&mut self, _: Duration, value: u64) {
        self.exchange.knowledge.tell(value);
    }

    fn receive(&mut self, _: Duration, from: &NodeId, message: Request) -> bool {
        let Request::Gossip(gossip) = message else {
            return false;
        };
        self.exchange.hear(from, &gossip);
        true
    }

    fn wake(&mut self, now: Duration) -> Vec<Outgoing> {
        let mut out = self.exchange.take_answers();
        if self.next <= now {
            // Jittered, so that nodes do not fall into step.
            self.next = now + PERIOD.mul_f64(self.rng.random_range(0.5..1.5));
            out.extend(self.exchange.ask_somebody(&mut self.rng));
        }
        out
    }

    fn next_wake(&self) -> Option<Duration> {
        Some(self.next)
    }

    fn values(&self) -> &[u64] {
        self.exchange.knowledge.values()
    }
}
