//! Whatever the network does, replicas end up with the same sum, and it is that
//! of all additions: the strategies as plain values, with no runtime.

use std::time::Duration;

use counter::{Delta, Gossip, OpLog, Replica, Request, State};
use maelstrom_node::NodeId;
use proptest::prelude::*;

/// What happens next in a run.
#[derive(Clone, Debug)]
enum Step {
    Add {
        node: usize,
        delta: i64,
    },
    /// Time passes, and nodes say what they have to say.
    Pass {
        ms: u64,
    },
    /// One of the messages under way arrives, whichever that is.
    Deliver {
        which: usize,
    },
    /// It arrives, and will arrive again.
    Repeat {
        which: usize,
    },
    /// It is lost.
    Lose {
        which: usize,
    },
    /// A node loses its memory, and starts again.
    Restart {
        node: usize,
    },
}

fn step(restarts: u32) -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4usize, -5..5i64).prop_map(|(node, delta)| Step::Add { node, delta }),
        3 => (0..2000u64).prop_map(|ms| Step::Pass { ms }),
        6 => any::<usize>().prop_map(|which| Step::Deliver { which }),
        2 => any::<usize>().prop_map(|which| Step::Repeat { which }),
        3 => any::<usize>().prop_map(|which| Step::Lose { which }),
        restarts => (0..4usize).prop_map(|node| Step::Restart { node }),
    ]
}

type Make = fn(Replica, &[NodeId]) -> Box<dyn Gossip>;

const STRATEGIES: [Make; 3] = [
    |replica, nodes| Box::new(State::new(replica.clone(), peers(&replica, nodes))),
    |replica, nodes| Box::new(Delta::new(replica.clone(), peers(&replica, nodes))),
    |replica, nodes| Box::new(OpLog::new(replica, nodes)),
];

fn peers(replica: &Replica, nodes: &[NodeId]) -> Vec<NodeId> {
    let others = nodes.iter().filter(|id| **id != replica.node);
    others.cloned().collect()
}

/// Nodes, and the messages between them.
struct Cluster {
    make: Make,
    ids: Vec<NodeId>,
    nodes: Vec<Box<dyn Gossip>>,
    under_way: Vec<(usize, NodeId, Request)>,
    now: Duration,
    lives: u64,
}

impl Cluster {
    fn new(make: Make) -> Self {
        let ids: Vec<NodeId> = (0..4).map(|i| NodeId::new(format!("n{i}"))).collect();
        let replica = |node: &NodeId| Replica {
            node: node.clone(),
            life: 0,
        };
        Self {
            make,
            nodes: ids.iter().map(|id| make(replica(id), &ids)).collect(),
            ids,
            under_way: Vec::new(),
            now: Duration::ZERO,
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
        assert!(dest.receive(&self.ids[from], message));
    }

    fn act(&mut self, step: Step) {
        let pick = |which: usize, of: &Vec<_>| (!of.is_empty()).then(|| which % of.len());
        match step {
            Step::Add { node, delta } => self.nodes[node].add(delta),
            Step::Pass { ms } => self.now += Duration::from_millis(ms),
            Step::Deliver { which } => {
                if let Some(index) = pick(which, &self.under_way) {
                    let message = self.under_way.remove(index);
                    self.deliver(message);
                }
            }
            Step::Repeat { which } => {
                if let Some(index) = pick(which, &self.under_way) {
                    self.deliver(self.under_way[index].clone());
                }
            }
            Step::Lose { which } => {
                if let Some(index) = pick(which, &self.under_way) {
                    self.under_way.remove(index);
                }
            }
            Step::Restart { node } => {
                self.lives += 1;
                let replica = Replica {
                    node: self.ids[node].clone(),
                    life: self.lives,
                };
                self.nodes[node] = (self.make)(replica, &self.ids);
            }
        }
        self.wake();
    }

    /// The network is whole again: everything said arrives.
    fn repair(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += Duration::from_millis(100);
            self.wake();
            while !self.under_way.is_empty() {
                let message = self.under_way.remove(0);
                self.deliver(message);
                self.wake();
            }
        }
    }

    fn values(&self) -> Vec<i128> {
        self.nodes.iter().map(|node| node.value()).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn replicas_come_to_the_sum_of_all_additions(
        steps in prop::collection::vec(step(0), 0..120),
    ) {
        for make in STRATEGIES {
            let mut cluster = Cluster::new(make);
            let mut sum = 0;
            for step in steps.clone() {
                if let Step::Add { delta, .. } = step {
                    sum += i128::from(delta);
                }
                cluster.act(step);
            }
            cluster.repair(Duration::from_secs(8));
            prop_assert_eq!(cluster.values(), [sum; 4]);
        }
    }

    /// A restart loses what that node alone knew. The others, and the node
    /// itself, agree on all the rest.
    #[test]
    fn replicas_agree_after_restarts(steps in prop::collection::vec(step(1), 0..120)) {
        for make in STRATEGIES {
            let mut cluster = Cluster::new(make);
            for step in steps.clone() {
                cluster.act(step);
            }
            cluster.repair(Duration::from_secs(12));
            let values = cluster.values();
            prop_assert!(values.iter().all(|value| *value == values[0]), "{values:?}");
        }
    }
}

/// What others have been told outlives its teller, and counts once.
#[test]
fn a_restart_takes_nothing_back_that_was_told() {
    for make in STRATEGIES {
        let mut cluster = Cluster::new(make);
        cluster.act(Step::Add { node: 1, delta: 7 });
        cluster.repair(Duration::from_secs(8));
        cluster.act(Step::Restart { node: 1 });
        cluster.act(Step::Add { node: 1, delta: 2 });
        cluster.repair(Duration::from_secs(12));
        assert_eq!(cluster.values(), [9; 4]);
        // And this one nobody was told of in time.
        cluster.nodes[1].add(100);
        cluster.act(Step::Restart { node: 1 });
        cluster.repair(Duration::from_secs(12));
        assert_eq!(cluster.values(), [9; 4]);
    }
}

/// Nothing new, nothing said.
#[test]
fn deltas_and_operations_fall_silent() {
    for make in &STRATEGIES[1..] {
        let mut cluster = Cluster::new(*make);
        for node in 0..4 {
            cluster.act(Step::Add { node, delta: 1 });
        }
        cluster.repair(Duration::from_secs(10));
        assert!(cluster.nodes.iter().all(|node| node.next_wake().is_none()));
    }
}
