//! Sends and polls; now and then an assignment, and now and then a crash.

use maelstrom_check::{Op, OpType, Value};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::finale::FinalPolls;
use super::progress::{self, Offsets, name, raise};
use crate::client::Invocation;
use crate::settings::Settings;
use crate::workload::keys::{Access, KeyPool};
use crate::workload::{Finale, Generator, plain, toss, valued};

/// The chance that an assignment comes before an operation.
const ASSIGN: f64 = 1.0 / 64.0;

/// The chance that an assignment takes in all logs that have unseen messages.
const CATCH_UP: f64 = 1.0 / 3.0;

/// The mean time between two crashes of one client, in nanoseconds.
const CRASH_INTERVAL: f64 = 30e9;

pub(super) struct Mix {
    pool: KeyPool,
    /// The send or poll that comes next.
    pending: Option<Access>,
    /// When a crash is due; at once, as long as there was none.
    next_crash: u64,
    /// The longest time between two crashes.
    longest_gap: f64,
    /// The highest offset seen of each log, in sends and polls.
    seen: Offsets,
    /// The highest offset sent to each log that was not polled that far.
    unseen: Offsets,
    /// How far those logs were polled.
    polled: Offsets,
}

impl Mix {
    pub(super) fn new(settings: &Settings, threads: usize) -> Self {
        Self {
            pool: KeyPool::new(settings.key_count, settings.max_writes_per_key),
            pending: None,
            next_crash: 0,
            longest_gap: 2.0 * CRASH_INTERVAL / threads as f64,
            seen: Offsets::new(),
            unseen: Offsets::new(),
            polled: Offsets::new(),
        }
    }

    /// Assigns a log, and perhaps all that have unseen messages.
    fn assign(&self, key: i64, rng: &mut ChaCha8Rng) -> Invocation {
        let mut keys = Vec::new();
        let mut extra = Vec::new();
        if rng.random_bool(CATCH_UP) && !self.unseen.is_empty() {
            keys.extend(self.unseen.keys().copied());
            let lag = self.unseen.iter().map(|(key, sent)| {
                let polled = self.polled.get(key).copied().unwrap_or(-1);
                let lag = [
                    (Value::keyword("polled"), Value::from(polled)),
                    (Value::keyword("sent"), Value::from(*sent)),
                ];
                (Value::from(*key), Value::map(lag))
            });
            extra.push(("unseen", Value::map(lag)));
        }
        if !keys.contains(&key) {
            keys.push(key);
        }
        let names = keys.into_iter().map(name);
        Invocation {
            extra,
            ..valued("assign", Value::vector(names))
        }
    }
}

impl Generator for Mix {
    fn next(&mut self, now: u64, rng: &mut ChaCha8Rng) -> Invocation {
        // Two generators that both have something to do at this instant.
        if self.next_crash <= now && toss(rng) {
            self.next_crash = now + (rng.random_range(0.0..1.0) * self.longest_gap) as u64;
            return plain("crash");
        }
        let access = match self.pending.take() {
            Some(access) => access,
            None => self.pool.access(rng),
        };
        if rng.random_bool(ASSIGN) {
            self.pending = Some(access);
            return self.assign(access.key, rng);
        }
        match access.write {
            Some(message) => {
                let step = [Value::keyword("send"), name(access.key), message.into()];
                valued("send", Value::vector([Value::vector(step)]))
            }
            None => poll(),
        }
    }

    fn update(&mut self, completion: &Op) {
        if completion.kind != OpType::Ok {
            return;
        }
        let (sent, polled) = (progress::sent(completion), progress::polled(completion));
        for (key, offset) in sent.iter().chain(&polled) {
            raise(&mut self.seen, *key, *offset);
        }
        for (key, offset) in sent {
            raise(&mut self.unseen, key, offset);
        }
        for (key, offset) in polled {
            raise(&mut self.polled, key, offset);
        }
        let Self { unseen, polled, .. } = self;
        unseen.retain(|key, sent| polled.get(key).copied().unwrap_or(-1) < *sent);
        polled.retain(|key, _| unseen.contains_key(key));
    }

    fn finale(&self, threads: usize) -> Option<Box<dyn Finale>> {
        Some(Box::new(FinalPolls::new(&self.seen, threads)))
    }
}

/// A poll of whatever logs the client is assigned.
pub(super) fn poll() -> Invocation {
    let step = Value::vector([Value::keyword("poll")]);
    valued("poll", Value::vector([step]))
}
