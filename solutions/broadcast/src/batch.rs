//! Batch: a queue and a ticker for each neighbour.
//!
//! A value that comes in is queued for every neighbour but the one that it came
//! from. At each tick at which there is news the queue goes out as one message,
//! numbered by how much was ever queued up to its end. The neighbour acknowledges
//! that number, and what lies before it leaves the queue: until then each
//! message repeats what the last ones said, so one that is lost costs nothing.
//! The graph is a star, as in the best solutions of the field: two hops between
//! any two nodes, so a value waits for two ticks and two hops at most.
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
    /// It had another life: what it tells may be late news of that one's, of
    /// which it knows nothing itself.
    reborn: bool,
    /// It knows of this life of ours: it has acknowledged something.
    greeted: bool,
    /// What it is not known to have.
    queue: Vec<u64>,
    /// How much was queued before that, and has been acknowledged.
    acknowledged: u64,
    /// Up to which number the queue was sent, and when, if that was not
    /// acknowledged yet.
    sent: Option<(u64, Duration)>,
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
            reborn: false,
            greeted: false,
            queue: Vec::new(),
            acknowledged: 0,
            sent: None,
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
            if Some(&neighbour.id) != from || neighbour.reborn {
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
    /// Notes which life it lives. It has nothing of what an earlier one
    /// acknowledged, and what that one may still say counts for nothing.
    fn meet(&mut self, life: u32, values: &[u64]) {
        if self.life == Some(life) {
            return;
        }
        self.reborn |= self.life.is_some();
        self.life = Some(life);
        self.acknowledged = self.end() + 1;
        self.sent = None;
        self.queue = values.to_vec();
    }

    /// It acknowledges what was queued up to this number.
    fn takes(&mut self, number: u64) {
        if (self.acknowledged..=self.end()).contains(&number) {
            let news = number - self.acknowledged;
            self.greeted = true;
            self.queue.drain(..news as usize);
            self.acknowledged = number;
            self.sent.take_if(|sent| sent.0 <= number);
        }
    }

    /// How much was ever queued.
    fn end(&self) -> u64 {
        self.acknowledged + self.queue.len() as u64
    }

    /// When there is something to send, the time to send it.
    fn due(&self) -> Option<Duration> {
        let (sent, until) = match self.sent {
            Some((number, time)) => (number, Some(time + PATIENCE)),
            None => (self.acknowledged, None),
        };
        let hello = !self.greeted && self.sent.is_none();
        let fresh = (hello || sent < self.end()).then_some(self.next_tick);
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
                if let Some(neighbour) = all.find(|neighbour| neighbour.id == *from) {
                    neighbour.meet(life, &self.values);
                }
                for value in messages {
                    self.learn(now, value, Some(from));
                }
                let by = self.life;
                let done = Request::BroadcastManyOk { life, by, number };
                self.acknowledgements.push((from.clone(), done));
            }
            Request::BroadcastManyOk { life, by, number } if life == self.life => {
                let mut all = self.neighbours.iter_mut();
                if let Some(neighbour) = all.find(|neighbour| neighbour.id == *from) {
                    neighbour.life.get_or_insert(by);
                    neighbour.meet(by, &self.values);
                    neighbour.takes(number);
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
            let number = neighbour.end();
            neighbour.sent = Some((number, now));
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

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    /// The hub of two nodes, and what it sends at each tick until `end` when
    /// every message is acknowledged `delay` after it.
    fn sent_by_hub(delay: Duration, end: Duration) -> Vec<Vec<u64>> {
        let nodes = ["n0", "n1"].map(NodeId::from);
        let mut hub = Batch::new(&nodes, 0, 1, ChaCha8Rng::seed_from_u64(1));
        let mut said = Vec::new();
        let mut acknowledgements: Vec<(Duration, u64)> = Vec::new();
        for ms in 0..end.as_millis() as u64 {
            let now = Duration::from_millis(ms);
            if ms % 20 == 0 {
                hub.tell(now, ms / 20);
            }
            for (_, number) in acknowledgements.extract_if(.., |(due, _)| *due <= now) {
                let (life, by) = (1, 2);
                let done = Request::BroadcastManyOk { life, by, number };
                assert!(hub.receive(now, &nodes[1], done));
            }
            for (_, message) in hub.wake(now) {
                if let Request::BroadcastMany {
                    messages, number, ..
                } = message
                {
                    acknowledgements.push((now + delay, number));
                    said.push(messages);
                }
            }
        }
        said
    }

    #[test]
    fn what_was_acknowledged_is_not_said_again_while_news_keeps_coming() {
        let said = sent_by_hub(Duration::from_millis(200), Duration::from_secs(20));
        let most = said.iter().map(Vec::len).max();
        // The values of a tick, and of the two within a round trip.
        assert!(most <= Some(5 * 4), "{most:?} values in one message");
        let mut all: Vec<u64> = said.into_iter().flatten().collect();
        all.dedup();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all, (0..=all[all.len() - 1]).collect::<Vec<_>>());
    }

    #[test]
    fn an_acknowledgement_of_an_earlier_life_counts_for_nothing() {
        let nodes = ["n0", "n1"].map(NodeId::from);
        let mut hub = Batch::new(&nodes, 0, 1, ChaCha8Rng::seed_from_u64(1));
        let hello = |life| Request::BroadcastMany {
            life,
            messages: Vec::new(),
            number: 0,
        };
        let (now, later) = (Duration::from_secs(1), Duration::from_secs(2));
        hub.receive(now, &nodes[1], hello(7));
        hub.tell(now, 10);
        let before = hub.wake(later);
        hub.receive(later, &nodes[1], hello(8));
        for (_, message) in before {
            if let Request::BroadcastMany { number, .. } = message {
                let (life, by) = (1, 2);
                let late = Request::BroadcastManyOk { life, by, number };
                hub.receive(later, &nodes[1], late);
            }
        }
        let again = hub.wake(Duration::from_secs(4));
        let all = |message: &Outgoing| matches!(&message.1, Request::BroadcastMany { messages, .. } if *messages == [10]);
        assert!(again.iter().any(all), "{again:?}");
    }
}
