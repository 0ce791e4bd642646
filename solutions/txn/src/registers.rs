//! The registers of one replica, and the order of all writes.
//!
//! A transaction runs on this replica alone: it reads what is here, and its
//! writes get one stamp, which is above every stamp that this replica has seen.
//! A stamp is a Lamport time and the node that gave it, so any two differ, and
//! all replicas agree which is later. Of two writes to a register the later one
//! wins, here and everywhere.
//!
//! Whatever is taken from another replica holds whole transactions, and is taken
//! in at once. So what can be read is, at any moment, what some set of whole
//! transactions gives when they are carried out in the order of their stamps:
//! never a part of one.

use std::collections::BTreeMap;

use crdt::Join;
use maelstrom_node::NodeId;
use maelstrom_node::proto::txn::Register;

use crate::message::{Map, Transaction};

/// Registers, and the clock that orders the writes to them.
#[derive(Clone, Debug)]
pub struct Registers {
    node: NodeId,
    map: Map,
    /// The Lamport time of the latest write known.
    time: u64,
}

impl Registers {
    /// Registers that nobody has written.
    pub fn new(node: NodeId) -> Self {
        Self {
            node,
            map: Map::new(),
            time: 0,
        }
    }

    /// Carries a transaction out: fills in what it reads, its own writes
    /// included, and returns what it wrote. Nothing is written before its last
    /// step is done, and then all of it is.
    pub fn execute(&mut self, txn: &mut Transaction) -> Map {
        let mut writes: BTreeMap<u64, u64> = BTreeMap::new();
        for step in txn {
            match step {
                Register::Read(key, seen) => {
                    *seen = writes.get(key).or_else(|| self.map.get(key)).copied();
                }
                Register::Write(key, value) => {
                    writes.insert(*key, *value);
                }
            }
        }
        let mut delta = Map::new();
        if !writes.is_empty() {
            self.time += 1;
        }
        for (key, value) in writes {
            delta.join(&self.map.insert(self.time, &self.node, key, value));
        }
        delta
    }

    /// Takes in what another replica wrote, all at once; returns whether
    /// anything of it was news.
    pub fn merge(&mut self, writes: &Map) -> bool {
        let latest = writes.iter().filter_map(|(key, _)| writes.stamp(key));
        let latest = latest.map(|(time, _)| *time).max();
        self.time = self.time.max(latest.unwrap_or(0));
        self.map.join(writes)
    }

    /// The registers with their stamps.
    pub fn map(&self) -> &Map {
        &self.map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Register::{Read, Write};

    #[test]
    fn a_transaction_sees_its_own_writes_and_commits_its_last() {
        let mut registers = Registers::new("n0".into());
        let mut txn = vec![Read(1, None), Write(1, 5), Read(1, None), Write(1, 6)];
        let delta = registers.execute(&mut txn);
        let seen = [Read(1, None), Write(1, 5), Read(1, Some(5)), Write(1, 6)];
        assert_eq!(txn, seen);
        assert_eq!(delta.get(&1), Some(&6));
        assert_eq!(delta.len(), 1);
    }

    #[test]
    fn reading_gives_no_stamp_and_writes_of_one_transaction_share_one() {
        let mut registers = Registers::new("n0".into());
        assert!(registers.execute(&mut vec![Read(1, None)]).is_bottom());
        let delta = registers.execute(&mut vec![Write(1, 5), Write(2, 6)]);
        assert_eq!(delta.stamp(&1), delta.stamp(&2));
    }

    #[test]
    fn a_write_comes_after_all_that_its_replica_has_seen() {
        let [mut here, mut there] = ["n1", "n0"].map(|id| Registers::new(id.into()));
        for value in 0..5 {
            here.merge(&there.execute(&mut vec![Write(1, value)]));
        }
        // n0 is lower than n1, yet later than what it has seen.
        there.merge(&here.execute(&mut vec![Write(1, 100)]));
        let last = there.execute(&mut vec![Write(1, 200)]);
        here.merge(&last);
        assert_eq!(here.map().get(&1), Some(&200));
        assert_eq!(here.map(), there.map());
    }
}
