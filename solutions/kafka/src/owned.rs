//! Logs of which each has one owner: what `leader`, `fixed-leader` and `owner`
//! have in common.
//!
//! Only the owner of a log appends to it, so offsets count up without gaps. It
//! passes each message on to all peers, in order and in batches, and every node
//! answers polls from what it has. A message is acknowledged before it is
//! replicated: an owner that dies takes with it what it had not passed on.

use std::collections::BTreeSet;
use std::time::Duration;

use maelstrom_node::NodeId;

use crate::links::{Links, Outgoing};
use crate::log::Messages;
use crate::message::{Batch, Item, Key, Message, Offset, Offsets};
use crate::replica::Replica;
use crate::single::Single;

/// A node's copy of all logs, as a plain value.
#[derive(Debug)]
pub struct Owned {
    kept: Single,
    links: Links,
    /// Logs whose commits peers have not been told.
    to_commit: BTreeSet<Key>,
}

impl Owned {
    /// A node with these peers; `life` tells its lives apart.
    pub fn new(peers: impl IntoIterator<Item = NodeId>, life: u64) -> Self {
        Self {
            kept: Single::default(),
            links: Links::new(life, peers),
            to_commit: BTreeSet::new(),
        }
    }

    fn take(&mut self, item: Item) {
        match item {
            Item::Append(key, offset, message) => {
                let log = self.kept.logs.entry(key.clone()).or_default();
                let known = log.get(offset).is_some();
                log.insert(offset, message.clone());
                if !known && !self.links.ready(Duration::ZERO) {
                    // Perhaps of this node's former life, and lacked by others.
                    self.links.push_to_all(&Item::Append(key, offset, message));
                }
            }
            Item::Commit(key, offset) => {
                self.kept.committed.commit(&key, offset);
            }
            // Of no use where one node alone appends.
            Item::Promise(..) | Item::Floor(..) => {}
        }
    }

    /// Tells a peer that has lost its memory all that this node knows.
    fn remind(&mut self, peer: &NodeId) {
        for (key, log) in &self.kept.logs {
            for (offset, message) in log.iter() {
                let item = Item::Append(key.clone(), offset, message.clone());
                self.links.push(peer, item);
            }
        }
        for (key, offset) in self.kept.committed.iter() {
            self.links.push(peer, Item::Commit(key.clone(), offset));
        }
    }
}

impl Replica for Owned {
    fn ready(&self, now: Duration) -> bool {
        self.links.ready(now)
    }

    fn append(&mut self, key: &Key, message: Message) -> Offset {
        let offset = self.kept.append(key, message.clone());
        let item = Item::Append(key.clone(), offset, message);
        self.links.push_to_all(&item);
        offset
    }

    fn poll(&self, offsets: &Offsets) -> Messages {
        self.kept.poll(offsets)
    }

    fn commit(&mut self, offsets: &Offsets) {
        for (key, offset) in offsets {
            if self.kept.committed.commit(key, *offset) {
                self.to_commit.insert(key.clone());
            }
        }
    }

    fn committed(&self, keys: &[Key]) -> Offsets {
        self.kept.committed(keys)
    }

    fn receive(&mut self, from: &NodeId, batch: Batch, now: Duration) -> Vec<Outgoing> {
        let received = self.links.receive(from, batch);
        for item in received.items {
            self.take(item);
        }
        if received.restarted {
            self.remind(from);
        }
        let answer = received.answer.then(|| self.links.batch(from, now));
        answer.flatten().into_iter().collect()
    }

    fn tick(&mut self, now: Duration) -> Vec<Outgoing> {
        for key in std::mem::take(&mut self.to_commit) {
            for (key, offset) in self.kept.committed.list(&[key]) {
                self.links.push_to_all(&Item::Commit(key, offset));
            }
        }
        self.links.tick(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_owner_appends_can_be_polled_elsewhere() {
        let mut owner = Owned::new([NodeId::from("b")], 1);
        let mut other = Owned::new([NodeId::from("a")], 2);
        assert_eq!(owner.append(&"k".into(), 5.into()), 0);
        owner.commit(&Offsets::from([("k".into(), 0)]));
        for round in 0..8 {
            let now = Duration::from_millis(100 * round);
            for (_, batch) in owner.tick(now) {
                for (_, answer) in other.receive(&"a".into(), batch, now) {
                    owner.receive(&"b".into(), answer, now);
                }
            }
            for (_, batch) in other.tick(now) {
                owner.receive(&"b".into(), batch, now);
            }
        }
        let wanted = Offsets::from([("k".into(), 0)]);
        assert_eq!(other.poll(&wanted)["k"], [(0, 5.into())]);
        assert_eq!(other.committed(&["k".into()]), wanted);
        assert_eq!(owner.tick(Duration::from_secs(9)), []);
    }
}
