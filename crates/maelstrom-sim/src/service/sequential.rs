//! `seq-kv`: every client moves forward through the states of a map, and may be
//! behind.
//!
//! A request is tried on a state picked at random between the client's own and
//! the newest. If it changes nothing there, that answer stands, and the client
//! is at that state from then on. Otherwise it is carried out on the newest
//! state, and makes a new one.
//!
//! Maelstrom keeps the last 32 states in a ring. A client that is further
//! behind sees one of those 32 all the same, whichever stands at the place its
//! own state had: values go backwards. In the mode `documented` such a client
//! moves up to the oldest of the 32 instead, and the service keeps its promise.

use std::collections::{HashMap, VecDeque};

use maelstrom_check::Value;
use maelstrom_proto::NodeId;
use rand::rngs::ChaCha8Rng;

use super::kv::Request;
use super::{Reply, Service, below};
use crate::settings::ServiceMode;

/// How many states Maelstrom keeps.
const STATES: u64 = 32;

pub(super) struct Sequential {
    mode: ServiceMode,
    rng: ChaCha8Rng,
    /// The number of the newest state.
    last: u64,
    /// The state that each client saw last.
    clients: HashMap<NodeId, u64>,
    /// For each key, from which state on it holds what.
    keys: HashMap<Value, VecDeque<(u64, Value)>>,
}

impl Sequential {
    pub(super) fn new(mode: ServiceMode, rng: ChaCha8Rng) -> Self {
        Self {
            mode,
            rng,
            last: 0,
            clients: HashMap::new(),
            keys: HashMap::new(),
        }
    }

    /// What a key holds in a state.
    fn get(&self, key: &Value, state: u64) -> Option<&Value> {
        let versions = self.keys.get(key)?;
        let (_, value) = versions.iter().rev().find(|(since, _)| *since <= state)?;
        Some(value)
    }

    /// Makes a new state in which a key holds something else.
    fn push(&mut self, key: &Value, value: Option<&Value>) {
        self.last += 1;
        let Some(value) = value else {
            return;
        };
        let versions = self.keys.entry(key.clone()).or_default();
        versions.push_back((self.last, value.clone()));
        // Only what one of the states kept can see is of use.
        let oldest = self.last.saturating_sub(STATES - 1);
        while versions.get(1).is_some_and(|(since, _)| *since <= oldest) {
            versions.pop_front();
        }
    }
}

impl Service for Sequential {
    fn handle(&mut self, src: &NodeId, request: &Value) -> Option<Reply> {
        let request = Request::read(request)?;
        let mut seen = self.clients.get(src).copied().unwrap_or(0);
        if self.mode == ServiceMode::Documented {
            seen = seen.max(self.last.saturating_sub(STATES - 1));
        }
        let picked = seen + below(&mut self.rng, self.last - seen + 1);
        // Its place in the ring, which is its own as long as it is kept.
        let found = self.last - (self.last - picked) % STATES;
        let current = self.get(request.key(), found);
        let (reply, change) = request.apply(current);
        if change.is_none() || change == current {
            self.clients.insert(src.clone(), picked);
            return Some(reply);
        }
        let (reply, change) = request.apply(self.get(request.key(), self.last));
        self.push(request.key(), change);
        self.clients.insert(src.clone(), self.last);
        Some(reply)
    }
}
