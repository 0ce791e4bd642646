//! How long messages between servers travel, and what is wrong with the way.

use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::nemesis::LinkFault;
use crate::settings::{Latency, LatencyDist};

const MILLISECOND: u64 = 1_000_000;

/// The share of messages that are lost while messages are lost.
const LOSS: f64 = 0.2;

/// The share of messages that arrive twice while some do.
const DUPLICATE: f64 = 0.25;

/// How much longer messages take while they are slow, and how long at least.
const SLOWDOWN: u64 = 10;
const SLOWEST_LEAST: u64 = 50 * MILLISECOND;

/// All links between servers, which are alike.
pub(super) struct Links {
    latency: Latency,
    rng: ChaCha8Rng,
    loss: bool,
    duplicate: bool,
    slow: bool,
    /// Draws which messages are lost and doubled.
    luck: ChaCha8Rng,
}

impl Links {
    pub(super) fn new(latency: Latency, rng: ChaCha8Rng, luck: ChaCha8Rng) -> Self {
        Self {
            latency,
            rng,
            loss: false,
            duplicate: false,
            slow: false,
            luck,
        }
    }

    /// Breaks or mends them.
    pub(super) fn set(&mut self, fault: LinkFault, broken: bool) {
        match fault {
            LinkFault::Loss => self.loss = broken,
            LinkFault::Duplicate => self.duplicate = broken,
            LinkFault::Slow => self.slow = broken,
        }
    }

    /// Whether the next message is lost.
    pub(super) fn loses(&mut self) -> bool {
        self.loss && self.luck.random_bool(LOSS)
    }

    /// Whether the next message arrives twice.
    pub(super) fn duplicates(&mut self) -> bool {
        self.duplicate && self.luck.random_bool(DUPLICATE)
    }

    /// How long the next message travels, in nanoseconds.
    pub(super) fn latency(&mut self) -> u64 {
        let latency = self.usual_latency();
        if self.slow {
            (latency * SLOWDOWN).max(SLOWEST_LEAST)
        } else {
            latency
        }
    }

    fn usual_latency(&mut self) -> u64 {
        let mean = self.latency.mean_ms;
        if mean == 0 {
            return 0;
        }
        let milliseconds = match self.latency.distribution {
            LatencyDist::Constant => mean,
            LatencyDist::Uniform => self.rng.random_range(0..2 * mean),
            LatencyDist::Exponential => {
                let u: f64 = self.rng.random();
                // Cut to whole milliseconds, as Maelstrom does. libm, unlike the
                // system's logarithm, gives the same bits on every machine.
                (-libm::log(1.0 - u) * mean as f64) as u64
            }
        };
        milliseconds * MILLISECOND
    }
}
