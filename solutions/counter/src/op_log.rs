//! Operation log: every addition by itself, with an id, kept for ever.
//!
//! An addition gets an id that no other has: the replica that took it, and how
//! many that replica had taken before. Each node keeps the additions of each
//! replica in order, and so "the first 17 of n1" says which ones it has. It
//! talks to two neighbours in a ring, tells each how many it has of whom, and
//! sends what the neighbour was not seen to have. An addition that comes twice
//! is known by its number and not counted again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use maelstrom_node::NodeId;

use crate::gossip::{Gossip, Outgoing};
use crate::message::{Digest, Op, Replica, Request};
use crate::pace::Pace;

/// The shortest time between two messages to the same neighbour, in a ring that is
/// not large.
const PERIOD: Duration = Duration::from_millis(1500);

/// How long news may take half round the ring, but for the latency of each step.
const ROUND: Duration = Duration::from_millis(7500);

/// A replica that sends operations.
#[derive(Debug)]
pub struct OpLog {
    replica: Replica,
    /// What each replica added, in its order, with no gap.
    log: BTreeMap<Replica, Vec<i64>>,
    sum: i128,
    /// What each neighbour last said to have. It may have more by now, or less
    /// after a restart; its next message will tell.
    theirs: BTreeMap<NodeId, BTreeMap<Replica, u64>>,
    /// Neighbours that wait for an answer.
    owed: BTreeSet<NodeId>,
    pace: Pace,
}

impl OpLog {
    /// A replica that knows of no addition. `nodes` is the whole cluster, in
    /// the same order on each.
    pub fn new(replica: Replica, nodes: &[NodeId]) -> Self {
        let steps = (nodes.len() / 2).max(1) as u32;
        let mut pace = Pace::new(PERIOD.min(ROUND / steps), neighbours(&replica.node, nodes));
        // It may have been here before, and lack what it is believed to have.
        pace.press_all();
        Self {
            replica,
            log: BTreeMap::new(),
            sum: 0,
            theirs: BTreeMap::new(),
            owed: BTreeSet::new(),
            pace,
        }
    }

    fn digest(&self) -> Digest {
        let known = self.log.iter();
        known
            .map(|(origin, ops)| (origin.clone(), ops.len() as u64))
            .collect()
    }

    /// What a neighbour is not known to have.
    fn lacking(&self, peer: &NodeId) -> Vec<Op> {
        let theirs = self.theirs.get(peer);
        let has = |origin| theirs.and_then(|counts| counts.get(origin)).copied();
        let mut ops = Vec::new();
        for (origin, deltas) in &self.log {
            let first = has(origin).unwrap_or(0);
            let known = usize::try_from(first).unwrap_or(usize::MAX);
            for (number, delta) in (first..).zip(deltas.iter().skip(known)) {
                ops.push(Op {
                    origin: origin.clone(),
                    number,
                    delta: *delta,
                });
            }
        }
        ops
    }

    /// Takes an addition in if it is the next one of its origin. One before
    /// that is known, and one after it comes again once the gap is filled.
    fn learn(&mut self, op: Op) -> bool {
        let known = self.log.entry(op.origin).or_default();
        let next = known.len() as u64 == op.number;
        if next {
            known.push(op.delta);
            self.sum += i128::from(op.delta);
        }
        next
    }
}

/// The nodes before and after this one, when all stand in a ring.
fn neighbours(node: &NodeId, nodes: &[NodeId]) -> Vec<NodeId> {
    let count = nodes.len();
    let Some(at) = nodes.iter().position(|id| id == node) else {
        return nodes.to_vec();
    };
    let mut neighbours = vec![
        nodes[(at + count - 1) % count].clone(),
        nodes[(at + 1) % count].clone(),
    ];
    neighbours.dedup();
    neighbours.retain(|id| id != node);
    neighbours
}

impl Gossip for OpLog {
    fn add(&mut self, delta: i64) {
        if delta == 0 {
            return;
        }
        self.sum += i128::from(delta);
        let mine = self.log.entry(self.replica.clone()).or_default();
        mine.push(delta);
        self.pace.press_all();
    }

    fn value(&self) -> i128 {
        self.sum
    }

    fn receive(&mut self, from: &NodeId, message: Request) -> bool {
        let Request::Ops { have, hello, ops } = message else {
            return false;
        };
        self.theirs.insert(from.clone(), have.into_iter().collect());
        if hello || !ops.is_empty() {
            self.owed.insert(from.clone());
        }
        let mut news = false;
        for op in ops {
            news |= self.learn(op);
        }
        if news {
            self.pace.press_all();
        }
        // It is owed an answer, or has said that it lacks something.
        self.pace.press(from);
        true
    }

    fn wake(&mut self, now: Duration) -> Vec<Outgoing> {
        let mut outgoing = Vec::new();
        for peer in self.pace.due(now) {
            let ops = self.lacking(&peer);
            let owed = self.owed.remove(&peer);
            let hello = !self.theirs.contains_key(&peer);
            if !owed && !hello && ops.is_empty() {
                self.pace.rest(&peer);
                continue;
            }
            self.pace.spoke(now, &peer, hello || !ops.is_empty());
            let have = self.digest();
            outgoing.push((peer, Request::Ops { have, hello, ops }));
        }
        outgoing
    }

    fn next_wake(&self) -> Option<Duration> {
        self.pace.next()
    }
}
