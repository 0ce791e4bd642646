//! From the names of parties to their numbers.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use maelstrom_proto::NodeId;

/// The number of each party. It is looked up for every message, and names are
/// short: a plain hash does.
#[derive(Default)]
pub(super) struct Names(HashMap<NodeId, usize, BuildHasherDefault<Fnv>>);

impl Names {
    pub(super) fn insert(&mut self, name: NodeId, number: usize) {
        self.0.insert(name, number);
    }

    pub(super) fn get(&self, name: &NodeId) -> Option<usize> {
        self.0.get(name).copied()
    }
}

/// FNV-1a, of 64 bits.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
