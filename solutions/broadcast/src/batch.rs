//! Batch: a queue and a ticker for each neighbour.
//!
//! A value that comes in is queued for every neighbour but the one that it came
//! from. At each tick what has queued up goes out as one message, which the
//! neighbour acknowledges, and which is repeated with what has come since until
//! it does. The graph is a star, as in the best solutions of the field: two hops
//! between any two nodes, so a value waits for two ticks and two hops at most.
//!
//! It costs a message and an acknowledgement for each edge and tick.
//!
//! A neighbour that was killed has forgotten what it acknowledged. It says hello
//! in a new life, and everything is queued for it again.

use std::collections::HashSet;
use std::time::Duration;

use maelstrom_node::NodeId;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::message::Request;
use crate::spread::{Outgoing, Spread};

/// The time between ticks, on average.
const TICK: Duration = Duration::from_millis(100);

/// How long to wait for an acknowledgement: more than a round trip of the
/// official settings.
const PATIENCE: Duration = Duration::from_millis(600);

/// A node with a queue for each neighbour, as a plain value.
#[derive(Debug)]
pub struct Batch {
    life: u32,
    neighbours: Vec<Neighbour>,
    values: Vec<u64>,
    known: HashSet<u64>,
    rng: ChaCha8Rng,
    acknowledgements: Vec<Outgoing>,
}

#[derive(Debug)]
struct Neighbour {
    id: NodeId,
    /// Its life, once it was heard of.
    life: Option<u32>,
    /// It knows of this life of ours: it has acknowledged something.
    greeted: bool,
    /// What it is not known to have.
    queue: Vec<u64>,
    /// How much of the queue was sent, under which number, and when.
    sent: Option<(usize, u64, Duration)>,
    next_number: u64,
    next_tick: Duration,
}

impl Batch {
    /// The node at place `me` of `nodes`, in the life `life` of it; the first
    /// one is the middle of the star.
    pub fn new(nodes: &[NodeId], me: usize, life: u32, rng: ChaCha8Rng) -> Self {
        let others = nodes.iter().enumerate();
        let near = others.filter(|(place, _)| (*place == 0) != (me == 0));
        let neighbour = |(_, id): (usize, &NodeId)| Neighbour {
            id: id.clone(),
            life: None,
            greeted: false,
            queue: Vec::new(),
            sent: None,
            next_number: 0,
            next_tick: Duration::ZERO,
        };
        Self {
            life,
            neighbours: near.map(neighbour).collect(),
            values: Vec::new(),
            known: HashSet::new(),
            rng,
            acknowledgements: Vec::new(),
        }
    }

    fn learn(&mut self, now: Duration, value: u64, from: Option<&NodeId>) {
        if !self.known.insert(value) {
            return;
        }
        self.values.push(value);
        for neighbour in &mut self.neighbours {
            if Some(&neighbour.id) != from {
                if neighbour.queue.is_empty() {
                    // The ticker rests while there is nothing to send.
                    let wait = TICK.mul_f64(self.rng.random_range(0.75..1.25));
                    neighbour.next_tick = neighbour.next_tick.max(now + wait);
                }
                neighbour.queue.push(value);
            }
        }
    }
}

impl Neighbour {
    /// When there is something to send, the time to send it.
    fn due(&self) -> Option<Duration> {
        let (sent, until) = match self.sent {
            Some((count, _, time)) => (count, Some(time + PATIENCE)),
            None => (0, None),
        };
        let hello = !self.greeted && self.sent.is_none();
        let fresh = (hello || sent < self.queue.len()).then_some(self.next_tick);
        fresh.into_iter().chain(until).min()
    }
}

impl Spread for Batch {
    fn tell(&mut self, now: Duration, value: u64) {
        self.learn(now, value, None);
    }

    fn receive(&mut self, now: Duration, from: &NodeId, message: Request) -> bool {
        match message {
            Request::BroadcastMany {
                life,
                messages,
                number,
            } => {
                let mut all = self.neighbours.iter_mut();
                if let Some(neighbour) = all.find(|neighbour| neighbour.id == *from)
                    && neighbour.life.replace(life) != Some(life)
                {
                    // It has nothing of what an earlier life acknowledged.
                    neighbour.sent = None;
                    neighbour.queue.clone_from(&self.values);
                }
                for value in messages {
                    self.learn(now, value, Some(from));
                }
                let done = Request::BroadcastManyOk { life, number };
                self.acknowledgements.push((from.clone(), done));
            }
            Request::BroadcastManyOk { life, number } if life == self.life => {
                let mut all = self.neighbours.iter_mut();
                if let Some(neighbour) = all.find(|neighbour| neighbour.id == *from)
                    && let Some((count, _, _)) = neighbour.sent.take_if(|sent| sent.1 == number)
                {
                    neighbour.greeted = true;
                    neighbour.queue.drain(..count);
                }
            }
            Request::BroadcastManyOk { .. } => {}
            _ => return false,
        }
        true
    }

    fn wake(&mut self, now: Duration) -> Vec<Outgoing> {
        let mut out = std::mem::take(&mut self.acknowledgements);
        for neighbour in &mut self.neighbours {
            if neighbour.due().is_none_or(|due| due > now) {
                continue;
            }
            let number = neighbour.next_number;
            neighbour.next_number += 1;
            neighbour.sent = Some((neighbour.queue.len(), number, now));
            neighbour.next_tick = now + TICK.mul_f64(self.rng.random_range(0.75..1.25));
            let messages = neighbour.queue.clone();
            let batch = Request::BroadcastMany {
                life: self.life,
                messages,
                number,
            };
            out.push((neighbour.id.clone(), batch));
        }
        out
    }

    fn next_wake(&self) -> Option<Duration> {
        self.neighbours.iter().filter_map(Neighbour::due).min()
    }

    fn values(&self) -> &[u64] {
        &self.values
    }
}
