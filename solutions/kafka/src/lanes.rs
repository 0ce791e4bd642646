//! Lanes: every node appends to every log, at once, in offsets of its own.
//!
//! Of each log, node *i* of *n* owns the offsets that leave the remainder *i*
//! when divided by *n*: its lane. It appends at the next free offset of its lane
//! that is above all that it has seen of the log, a Lamport clock, and answers
//! without asking anybody. So no two messages ever share an offset, sends are
//! answered in any partition, and offsets stay small because each log has a
//! clock of its own.
//!
//! What a node appends goes to all peers in batches. A peer that hears of an
//! offset moves its own clock past it, and says so: a *promise* to append
//! nothing below. The smallest promise of all nodes is the log's **watermark**:
//! below it nothing can be inserted any more, anywhere. Polls are served up to
//! the watermark and no further, which is all the order that consumers need: a
//! poll owes no recency.
//!
//! Each lane travels as one ordered stream ([`Links`]), so whoever holds a
//! promise also holds all that was appended before it. While a node is cut off
//! its promises don't come and watermarks stand still; sends go on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use maelstrom_node::NodeId;

use crate::links::{Links, Outgoing};
use crate::log::{Committed, Log, Messages};
use crate::message::{Batch, Item, Key, Message, Offset, Offsets};
use crate::replica::Replica;

/// A node's logs, clocks and promises, as a plain value.
#[derive(Debug)]
pub struct Lanes {
    /// All nodes in the order that they agree on.
    nodes: Vec<NodeId>,
    /// Which of them this one is.
    me: u64,
    logs: BTreeMap<Key, Shared>,
    committed: Committed,
    links: Links,
    /// Logs whose clock has moved past the last promise.
    to_promise: BTreeSet<Key>,
    /// Logs whose commits peers have not been told.
    to_commit: BTreeSet<Key>,
}

/// A log as this node sees it.
#[derive(Debug, Default)]
struct Shared {
    log: Log,
    /// This node appends nothing below.
    clock: Offset,
    /// The clock as peers were last told.
    promised: Offset,
    /// The same as peers have told it of themselves.
    promises: BTreeMap<NodeId, Offset>,
}

impl Lanes {
    /// The node `me` of `nodes`; `life` tells its lives apart.
    pub fn new(nodes: &[NodeId], me: &NodeId, life: u64) -> Self {
        let peers = nodes.iter().filter(|node| *node != me).cloned();
        let index = nodes.iter().position(|node| node == me);
        Self {
            nodes: nodes.to_vec(),
            me: index.unwrap_or_default() as u64,
            logs: BTreeMap::new(),
            committed: Committed::default(),
            links: Links::new(life, peers),
            to_promise: BTreeSet::new(),
            to_commit: BTreeSet::new(),
        }
    }

    /// Whose lane an offset is in.
    fn owner(&self, offset: Offset) -> u64 {
        offset % self.nodes.len().max(1) as u64
    }

    /// The offset below which nothing will ever be inserted into the log, by
    /// any node, that is not here already.
    pub fn watermark(&self, key: &str) -> Offset {
        self.logs.get(key).map_or(0, |shared| {
            let promise = |peer| shared.promises.get(peer).copied().unwrap_or(0);
            let lowest = self.links.peers().map(promise).min();
            lowest.map_or(shared.clock, |lowest| lowest.min(shared.clock))
        })
    }

    /// All that this node holds of a log, below the watermark and above.
    pub fn held(&self, key: &str) -> Log {
        self.logs
            .get(key)
            .map(|shared| shared.log.clone())
            .unwrap_or_default()
    }

    fn take(&mut self, from: &NodeId, item: Item) {
        match item {
            Item::Append(key, offset, message) => {
                let owner = self.owner(offset);
                let shared = self.logs.entry(key.clone()).or_default();
                let known = shared.log.get(offset).is_some();
                shared.log.insert(offset, message.clone());
                if shared.clock <= offset {
                    shared.clock = offset + 1;
                    self.to_promise.insert(key.clone());
                }
                if self.nodes.get(owner as usize) == Some(from) {
                    shared.promise(from, offset + 1);
                }
                if owner == self.me && !known {
                    // A message of this node's former life. Its promises are
                    // worth nothing to a peer that lacks it.
                    self.links.push_to_all(&Item::Append(key, offset, message));
                }
            }
            Item::Promise(key, below) => {
                self.logs.entry(key).or_default().promise(from, below);
            }
            Item::Floor(key, below) => {
                let shared = self.logs.entry(key.clone()).or_default();
                if shared.clock < below {
                    shared.clock = below;
                    self.to_promise.insert(key);
                }
            }
            Item::Commit(key, offset) => {
                self.committed.commit(&key, offset);
            }
        }
    }

    /// Tells a peer that has lost its memory what it needs of this node: both
    /// their lanes, this node's promises, the commits. Other lanes are for
    /// others to tell.
    ///
    /// And where it has to go on. This node's watermark relies on what the peer
    /// promised in its former life; those of nodes that have lost their memories
    /// too, and what consumers saw there, relied on what this node promised.
    fn remind(&mut self, peer: &NodeId) {
        let theirs = self.nodes.iter().position(|node| node == peer);
        let theirs = theirs.map(|index| index as u64);
        for (key, shared) in &self.logs {
            for (offset, message) in shared.log.iter() {
                let owner = self.owner(offset);
                if owner == self.me || Some(owner) == theirs {
                    let item = Item::Append(key.clone(), offset, message.clone());
                    self.links.push(peer, item);
                }
            }
            let item = Item::Promise(key.clone(), shared.promised);
            self.links.push(peer, item);
            let theirs = shared.promises.get(peer).copied().unwrap_or(0);
            let item = Item::Floor(key.clone(), shared.clock.max(theirs));
            self.links.push(peer, item);
        }
        for (key, offset) in self.committed.iter() {
            self.links.push(peer, Item::Commit(key.clone(), offset));
        }
    }
}

impl Shared {
    fn promise(&mut self, peer: &NodeId, below: Offset) {
        let promise = self.promises.entry(peer.clone()).or_default();
        *promise = below.max(*promise);
    }
}

impl Replica for Lanes {
    fn ready(&self, now: Duration) -> bool {
        self.links.ready(now)
    }

    fn append(&mut self, key: &Key, message: Message) -> Offset {
        let count = self.nodes.len().max(1) as u64;
        let me = self.me;
        let shared = self.logs.entry(key.clone()).or_default();
        // The first offset from the clock on that is in this node's lane.
        let offset = shared.clock + (me + count - shared.clock % count) % count;
        shared.clock = offset + 1;
        shared.promised = shared.clock;
        shared.log.insert(offset, message.clone());
        self.to_promise.remove(key);
        self.links
            .push_to_all(&Item::Append(key.clone(), offset, message));
        offset
    }

    fn poll(&self, offsets: &Offsets) -> Messages {
        let page = |(key, from): (&Key, &Offset)| {
            let page = self.logs.get(key)?.log.page(*from, self.watermark(key));
            (!page.is_empty()).then(|| (key.clone(), page))
        };
        offsets.iter().filter_map(page).collect()
    }

    fn commit(&mut self, offsets: &Offsets) {
        for (key, offset) in offsets {
            if self.committed.commit(key, *offset) {
                self.to_commit.insert(key.clone());
            }
        }
    }

    fn committed(&self, keys: &[Key]) -> Offsets {
        self.committed.list(keys)
    }

    fn receive(&mut self, from: &NodeId, batch: Batch, now: Duration) -> Vec<Outgoing> {
        let received = self.links.receive(from, batch);
        for item in received.items {
            self.take(from, item);
        }
        if received.restarted {
            self.remind(from);
        }
        let answer = received.answer.then(|| self.links.batch(from, now));
        answer.flatten().into_iter().collect()
    }

    fn tick(&mut self, now: Duration) -> Vec<Outgoing> {
        // Before it knows its own lane again it can promise nothing: others may
        // have told it of high offsets, and not yet of its own below them.
        let ready = self.links.ready(now);
        let to_promise = ready.then(|| std::mem::take(&mut self.to_promise));
        for key in to_promise.unwrap_or_default() {
            if let Some(shared) = self.logs.get_mut(&key) {
                shared.promised = shared.clock;
                self.links.push_to_all(&Item::Promise(key, shared.clock));
            }
        }
        for key in std::mem::take(&mut self.to_commit) {
            for (key, offset) in self.committed.list(&[key]) {
                self.links.push_to_all(&Item::Commit(key, offset));
            }
        }
        self.links.tick(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> [Lanes; 2] {
        let nodes = ["a", "b"].map(NodeId::from);
        let [a, b] = [("a", 1), ("b", 2)].map(|(me, life)| Lanes::new(&nodes, &me.into(), life));
        let mut pair = [a, b];
        exchange(&mut pair, 0);
        pair
    }

    /// Both tick, and everything arrives.
    fn exchange(pair: &mut [Lanes; 2], now: u64) {
        let now = Duration::from_millis(now);
        let mut under_way: Vec<_> = (0..2)
            .flat_map(|i| {
                pair[i]
                    .tick(now)
                    .into_iter()
                    .map(move |(_, batch)| (i, batch))
            })
            .collect();
        while let Some((from, batch)) = under_way.pop() {
            let (name, to) = ([NodeId::from("a"), "b".into()][from].clone(), 1 - from);
            let answers = pair[to].receive(&name, batch, now);
            under_way.extend(answers.into_iter().map(|(_, batch)| (to, batch)));
        }
    }

    fn all(lanes: &Lanes) -> Messages {
        lanes.poll(&Offsets::from([("k".into(), 0)]))
    }

    #[test]
    fn each_node_appends_in_its_own_lane_and_above_what_it_has_seen() {
        let mut pair = pair();
        let key = Key::from("k");
        assert_eq!(pair[1].append(&key, 1.into()), 1);
        assert_eq!(pair[1].append(&key, 2.into()), 3);
        assert_eq!(pair[0].append(&key, 3.into()), 0);
        exchange(&mut pair, 100);
        assert_eq!(pair[0].append(&key, 4.into()), 4);
        assert_eq!(pair[0].append(&"other".into(), 5.into()), 0);
    }

    #[test]
    fn a_message_is_polled_only_when_nothing_can_come_before_it() {
        let mut pair = pair();
        pair[1].append(&"k".into(), 7.into());
        assert_eq!(all(&pair[1]), Messages::new(), "a may still append at 0");
        exchange(&mut pair, 100);
        exchange(&mut pair, 200);
        for lanes in &pair {
            assert_eq!(all(lanes)["k"], [(1, 7.into())]);
            assert_eq!(lanes.watermark("k"), 2);
        }
        exchange(&mut pair, 300);
        assert!(
            pair.iter_mut()
                .all(|lanes| lanes.tick(Duration::from_secs(9)).is_empty())
        );
    }

    #[test]
    fn a_restarted_node_gets_its_lane_back_before_it_appends() {
        let mut pair = pair();
        for message in 0..3 {
            pair[0].append(&"k".into(), message.into());
        }
        pair[0].commit(&Offsets::from([("k".into(), 2)]));
        for round in 1..4 {
            exchange(&mut pair, 100 * round);
        }
        let nodes = ["a", "b"].map(NodeId::from);
        pair[0] = Lanes::new(&nodes, &"a".into(), 3);
        assert!(!pair[0].ready(Duration::ZERO));
        exchange(&mut pair, 500);
        assert!(pair[0].ready(Duration::ZERO));
        assert_eq!(pair[0].append(&"k".into(), 3.into()), 6);
        assert_eq!(pair[0].committed(&["k".into()])["k"], 2);
        for round in 6..9 {
            exchange(&mut pair, 100 * round);
        }
        assert_eq!(all(&pair[0]), all(&pair[1]));
        assert_eq!(all(&pair[0])["k"].len(), 4);
    }

    #[test]
    fn one_node_alone_serves_what_it_appends() {
        let nodes = [NodeId::from("a")];
        let mut alone = Lanes::new(&nodes, &nodes[0], 1);
        assert!(alone.ready(Duration::ZERO));
        assert_eq!(alone.append(&"k".into(), 1.into()), 0);
        assert_eq!(alone.append(&"k".into(), 2.into()), 1);
        assert_eq!(all(&alone)["k"].len(), 2);
        assert_eq!(alone.tick(Duration::ZERO), []);
    }
}
