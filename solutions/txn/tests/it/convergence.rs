//! Whatever the network does, replicas end up the same, and nobody ever reads a
//! part of a transaction: the strategy as a plain value, with no runtime.

use std::time::Duration;

use maelstrom_node::proto::txn::Register::{Read, Write};
use maelstrom_node::{NodeId, Protocol};
use proptest::prelude::*;
use txn::{Delta, Registers, Request};

/// Every transaction writes its number to all of these at once.
const KEYS: [u64; 3] = [1, 2, 3];

#[derive(Clone, Debug)]
enum Step {
    Write { node: usize },
    Pass { ms: u64 },
    Deliver { which: usize },
    Repeat { which: usize },
    Lose { which: usize },
    Restart { node: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3usize).prop_map(|node| Step::Write { node }),
        3 => (0..150u64).prop_map(|ms| Step::Pass { ms }),
        6 => any::<usize>().prop_map(|which| Step::Deliver { which }),
        2 => any::<usize>().prop_map(|which| Step::Repeat { which }),
        3 => any::<usize>().prop_map(|which| Step::Lose { which }),
        1 => (0..3usize).prop_map(|node| Step::Restart { node }),
    ]
}

struct Cluster {
    ids: Vec<NodeId>,
    nodes: Vec<Delta>,
    under_way: Vec<(usize, NodeId, Request)>,
    now: Duration,
    writes: u64,
    lives: u64,
}

fn replica(ids: &[NodeId], node: usize, life: u64) -> Delta {
    let peers = ids.iter().filter(|id| **id != ids[node]).cloned().collect();
    Delta::new(&ids[node], life, peers)
}

impl Cluster {
    fn new() -> Self {
        let ids: Vec<NodeId> = (0..3).map(|i| NodeId::new(format!("n{i}"))).collect();
        Self {
            nodes: (0..3).map(|node| replica(&ids, node, 0)).collect(),
            ids,
            under_way: Vec::new(),
            now: Duration::ZERO,
            writes: 0,
            lives: 0,
        }
    }

    fn wake(&mut self) {
        for (from, node) in self.nodes.iter_mut().enumerate() {
            let sent = node.wake(self.now).into_iter();
            let sent = sent.map(|(dest, message)| (from, dest, message));
            self.under_way.extend(sent);
        }
    }

    fn deliver(&mut self, (from, dest, message): (usize, NodeId, Request)) {
        let dest = self.ids.iter().position(|id| *id == dest);
        let dest = &mut self.nodes[dest.expect("nodes write to nodes")];
        let taken = dest.on_message(self.now, &self.ids[from], message);
        taken.expect("a peer's message is taken");
    }

    fn act(&mut self, step: Step) {
        let count = self.under_way.len();
        match step {
            Step::Write { node } => {
                self.writes += 1;
                let write = |key| Write(key, self.writes);
                self.nodes[node].execute(&mut KEYS.map(write).to_vec());
            }
            Step::Pass { ms } => self.now += Duration::from_millis(ms),
            Step::Deliver { which } if count > 0 => {
                let message = self.under_way.remove(which % count);
                self.deliver(message);
            }
            Step::Repeat { which } if count > 0 => {
                self.deliver(self.under_way[which % count].clone());
            }
            Step::Lose { which } if count > 0 => {
                self.under_way.remove(which % count);
            }
            Step::Restart { node } => {
                self.lives += 1;
                self.nodes[node] = replica(&self.ids, node, self.lives);
            }
            Step::Deliver { .. } | Step::Repeat { .. } | Step::Lose { .. } => {}
        }
        self.wake();
    }

    /// What a transaction that reads everything sees on each node.
    fn views(&mut self) -> Vec<Vec<Option<u64>>> {
        let view = |node: &mut Delta| {
            let mut txn = KEYS.map(|key| Read(key, None)).to_vec();
            node.execute(&mut txn);
            let seen = txn.into_iter().map(|step| match step {
                Read(_, seen) => seen,
                Write(..) => None,
            });
            seen.collect()
        };
        self.nodes.iter_mut().map(view).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn replicas_converge_and_never_show_a_part(
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut cluster = Cluster::new();
        for step in steps {
            cluster.act(step);
            for view in cluster.views() {
                prop_assert!(view.iter().all(|seen| *seen == view[0]), "a part: {view:?}");
            }
        }
        for _ in 0..30 {
            cluster.act(Step::Pass { ms: 100 });
            while !cluster.under_way.is_empty() {
                cluster.act(Step::Deliver { which: 0 });
            }
        }
        for node in &cluster.nodes {
            prop_assert_eq!(node.registers().map(), cluster.nodes[0].registers().map());
            prop_assert!(node.next_wake().is_none(), "silence when all have all");
        }
    }

    /// The same for transactions that arrive one by one, as those of broadcast.
    #[test]
    fn any_order_of_transactions_gives_the_same_registers(
        txns in prop::collection::vec((0..3usize, prop::collection::vec((0..4u64, 0..100u64), 1..4)), 0..30),
        order in prop::collection::vec(any::<usize>(), 90),
    ) {
        let mut nodes = ["n0", "n1", "n2"].map(|id| Registers::new(id.into()));
        let mut sent = Vec::new();
        for (node, writes) in txns {
            let mut txn = writes.into_iter().map(|(key, value)| Write(key, value)).collect();
            sent.push(nodes[node].execute(&mut txn));
        }
        for (turn, at) in order.iter().enumerate() {
            if !sent.is_empty() {
                nodes[turn % 3].merge(&sent[at % sent.len()]);
            }
        }
        for (index, node) in nodes.iter_mut().enumerate() {
            // What was lost comes again, in another order on each.
            let by = index.min(sent.len());
            sent.rotate_left(by);
            for writes in &sent {
                node.merge(writes);
            }
        }
        prop_assert_eq!(nodes[0].map(), nodes[1].map());
        prop_assert_eq!(nodes[1].map(), nodes[2].map());
    }
}
