//! The end: every client starts anew and reads all logs from the beginning,
//! until it has seen what anybody saw, or ten seconds have passed.

use maelstrom_check::{Op, OpType, Value};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::REWIND;
use super::generator::poll;
use super::progress::{self, Offsets, name};
use crate::client::Invocation;
use crate::workload::{Finale, plain, valued};

/// How long final operations may start, in nanoseconds.
const TIME_LIMIT: u64 = 10_000_000_000;

/// The longest time between the polls of one thread.
const LONGEST_GAP: f64 = 0.4e9;

pub(super) struct FinalPolls {
    threads: Vec<Reader>,
    keys: Vec<i64>,
    /// When the first of the final operations began.
    began: Option<u64>,
}

struct Reader {
    /// The offsets that are still to be read.
    targets: Offsets,
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    Crash,
    Assign,
    /// Polls, when it is this late.
    Poll(u64),
}

impl FinalPolls {
    pub(super) fn new(targets: &Offsets, threads: usize) -> Self {
        let reader = |_| Reader {
            targets: targets.clone(),
            stage: Stage::Crash,
        };
        Self {
            threads: (0..threads).map(reader).collect(),
            keys: targets.keys().copied().collect(),
            began: None,
        }
    }
}

impl Finale for FinalPolls {
    fn due(&self, thread: usize, now: u64) -> Option<u64> {
        let reader = &self.threads[thread];
        let due = match reader.stage {
            Stage::Poll(time) => time.max(now),
            _ => now,
        };
        let in_time = self.began.is_none_or(|began| due < began + TIME_LIMIT);
        (in_time && !reader.targets.is_empty()).then_some(due)
    }

    fn next(&mut self, thread: usize, now: u64, rng: &mut ChaCha8Rng) -> Invocation {
        self.began.get_or_insert(now);
        let reader = &mut self.threads[thread];
        match reader.stage {
            Stage::Crash => {
                reader.stage = Stage::Assign;
                plain("crash")
            }
            Stage::Assign => {
                reader.stage = Stage::Poll(0);
                let keys = self.keys.iter().copied().map(name);
                Invocation {
                    extra: vec![(REWIND, Value::Bool(true))],
                    ..valued("assign", Value::vector(keys))
                }
            }
            Stage::Poll(_) => {
                let gap = (rng.random_range(0.0..1.0) * LONGEST_GAP) as u64;
                reader.stage = Stage::Poll(now + gap);
                Invocation {
                    extra: vec![("poll-ms", Value::Int(1000))],
                    ..poll()
                }
            }
        }
    }

    fn update(&mut self, thread: usize, completion: &Op) {
        if completion.kind == OpType::Ok && completion.f == *"poll" {
            let polled = progress::polled(completion);
            self.threads[thread]
                .targets
                .retain(|key, target| polled.get(key).is_none_or(|offset| offset < target));
        }
    }
}
