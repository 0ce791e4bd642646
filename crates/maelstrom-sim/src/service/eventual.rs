//! `lww-kv`: several replicas, each of which answers for itself.
//!
//! Maelstrom has two, and throws the result of every merge away: they never
//! hear of each other. In the mode `documented` there are five, a pair of them
//! merges before every request, and of two values the one with the higher
//! Lamport timestamp stays.

use std::collections::HashMap;

use maelstrom_check::Value;
use maelstrom_proto::NodeId;
use rand::rngs::ChaCha8Rng;

use super::kv::Request;
use super::{Reply, Service, below};
use crate::settings::ServiceMode;

pub(super) struct Eventual {
    mode: ServiceMode,
    rng: ChaCha8Rng,
    replicas: Vec<Replica>,
}

#[derive(Clone, Default)]
struct Replica {
    /// The timestamp of the next write.
    clock: u64,
    /// What each key holds, and since when.
    keys: HashMap<Value, (u64, Value)>,
}

impl Eventual {
    pub(super) fn new(mode: ServiceMode, rng: ChaCha8Rng) -> Self {
        let count = match mode {
            ServiceMode::Upstream => 2,
            ServiceMode::Documented => 5,
        };
        Self {
            mode,
            rng,
            replicas: vec![Replica::default(); count],
        }
    }

    fn pick(&mut self) -> usize {
        let count = self.replicas.len();
        below(&mut self.rng, count as u64) as usize
    }

    /// One replica hears what another one knows.
    fn gossip(&mut self) {
        let (from, to) = (self.pick(), self.pick());
        if from != to {
            let told = std::mem::take(&mut self.replicas[from]);
            self.replicas[to].merge(&told);
            self.replicas[from] = told;
        }
    }
}

impl Replica {
    fn merge(&mut self, other: &Self) {
        self.clock = self.clock.max(other.clock);
        for (key, theirs) in &other.keys {
            match self.keys.get_mut(key) {
                None => {
                    self.keys.insert(key.clone(), theirs.clone());
                }
                // Of two values of one time the teller's own stays, as it does
                // in Maelstrom's rule.
                Some(ours) if theirs.0 >= ours.0 => ours.clone_from(theirs),
                Some(_) => {}
            }
        }
    }
}

impl Service for Eventual {
    fn handle(&mut self, _: &NodeId, request: &Value) -> Option<Reply> {
        let request = Request::read(request)?.without_create();
        if self.mode == ServiceMode::Documented {
            self.gossip();
        }
        let replica = self.pick();
        let replica = &mut self.replicas[replica];
        let current = replica.keys.get(request.key()).map(|(_, value)| value);
        let (reply, change) = request.apply(current);
        if let Some(value) = change {
            let entry = (replica.clock, value.clone());
            replica.keys.insert(request.key().clone(), entry);
            replica.clock += 1;
        }
        Some(reply)
    }
}
