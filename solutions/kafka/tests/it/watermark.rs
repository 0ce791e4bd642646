//! The promise of lanes, under any interleaving, loss, duplication and
//! reordering: nothing is ever inserted below a watermark.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka::message::{Batch, Offset, Offsets};
use kafka::{Lanes, Replica};
use maelstrom_node::NodeId;
use proptest::prelude::*;

const KEYS: [&str; 2] = ["a", "b"];

#[derive(Clone, Debug)]
enum Step {
    Send(usize, usize),
    Tick(usize),
    Deliver(usize),
    Repeat(usize),
    Lose(usize),
    /// The consumer polls one of the nodes, whichever it likes.
    Poll(usize),
}

fn steps() -> impl Strategy<Value = (usize, Vec<Step>)> {
    let step = prop_oneof![
        3 => (any::<usize>(), any::<usize>()).prop_map(|(node, key)| Step::Send(node, key)),
        3 => any::<usize>().prop_map(Step::Tick),
        6 => any::<usize>().prop_map(Step::Deliver),
        1 => any::<usize>().prop_map(Step::Repeat),
        2 => any::<usize>().prop_map(Step::Lose),
        2 => any::<usize>().prop_map(Step::Poll),
    ];
    (1_usize..5, prop::collection::vec(step, 0..200))
}

struct Cluster {
    names: Vec<NodeId>,
    nodes: Vec<Lanes>,
    under_way: Vec<(usize, usize, Batch)>,
    time: Duration,
    sent: u64,
    /// What each node has shown to stand below its watermark.
    settled: Vec<BTreeMap<&'static str, (Offset, Vec<Offset>)>>,
    /// What a consumer that goes from node to node has polled.
    consumed: BTreeMap<&'static str, Vec<Offset>>,
}

impl Cluster {
    fn new(count: usize) -> Self {
        let names: Vec<_> = (0..count).map(|i| NodeId::new(format!("n{i}"))).collect();
        let node = |(life, me)| Lanes::new(&names, me, life as u64);
        Self {
            nodes: names.iter().enumerate().map(node).collect(),
            under_way: Vec::new(),
            time: Duration::ZERO,
            sent: 0,
            settled: vec![BTreeMap::new(); count],
            consumed: BTreeMap::new(),
            names,
        }
    }

    fn post(&mut self, from: usize, outgoing: Vec<(NodeId, Batch)>) {
        for (to, batch) in outgoing {
            let to = self
                .names
                .iter()
                .position(|name| *name == to)
                .expect("all names are known");
            self.under_way.push((from, to, batch));
        }
    }

    fn tick(&mut self, node: usize) {
        self.time += Duration::from_millis(100);
        let outgoing = self.nodes[node].tick(self.time);
        self.post(node, outgoing);
    }

    fn deliver(&mut self, (from, to, batch): (usize, usize, Batch)) {
        let name = self.names[from].clone();
        let outgoing = self.nodes[to].receive(&name, batch, self.time);
        self.post(to, outgoing);
    }

    fn poll(&mut self, node: usize) {
        for key in KEYS {
            let consumed = self.consumed.entry(key).or_default();
            let from = consumed.last().map_or(0, |last| last + 1);
            let polled = self.nodes[node].poll(&Offsets::from([(key.into(), from)]));
            consumed.extend(polled.into_values().flatten().map(|(offset, _)| offset));
        }
    }

    fn apply(&mut self, step: Step) {
        let count = self.nodes.len();
        let place =
            |under_way: &Vec<_>, at: usize| (!under_way.is_empty()).then(|| at % under_way.len());
        match step {
            Step::Send(node, key) => {
                self.sent += 1;
                let key = KEYS[key % KEYS.len()].to_owned();
                self.nodes[node % count].append(&key, self.sent.into());
            }
            Step::Tick(node) => self.tick(node % count),
            Step::Poll(node) => self.poll(node % count),
            Step::Deliver(at) => {
                if let Some(at) = place(&self.under_way, at) {
                    let message = self.under_way.swap_remove(at);
                    self.deliver(message);
                }
            }
            Step::Repeat(at) => {
                if let Some(at) = place(&self.under_way, at) {
                    let message = self.under_way[at].clone();
                    self.deliver(message);
                }
            }
            Step::Lose(at) => {
                if let Some(at) = place(&self.under_way, at) {
                    self.under_way.swap_remove(at);
                }
            }
        }
    }

    /// What stood below a watermark stands there, with nothing in between.
    fn check(&mut self) -> Result<(), TestCaseError> {
        for (node, settled) in self.nodes.iter().zip(&mut self.settled) {
            for key in KEYS {
                let below = |mark| -> Vec<Offset> {
                    let held = node.held(key);
                    held.iter()
                        .map(|(offset, _)| offset)
                        .filter(|offset| *offset < mark)
                        .collect()
                };
                let mark = node.watermark(key);
                let (old, offsets) = settled.entry(key).or_default();
                prop_assert!(mark >= *old, "a watermark went back");
                prop_assert_eq!(below(*old), offsets.clone(), "inserted below a watermark");
                (*old, *offsets) = (mark, below(mark));
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_is_inserted_below_a_watermark((count, steps) in steps()) {
        let mut cluster = Cluster::new(count);
        for step in steps {
            cluster.apply(step);
            cluster.check()?;
        }
        // The network is whole again: all nodes come to the same logs, and all
        // of them can be polled.
        for _ in 0..20 {
            (0..count).for_each(|node| cluster.tick(node));
            while let Some(message) = cluster.under_way.pop() {
                cluster.deliver(message);
                cluster.check()?;
            }
        }
        cluster.poll(0);
        for key in KEYS {
            let held = cluster.nodes[0].held(key);
            for node in &cluster.nodes {
                prop_assert_eq!(node.held(key), held.clone());
                prop_assert!(node.watermark(key) >= held.end());
            }
            // The consumer has seen every message, in order, once.
            let offsets: Vec<_> = held.iter().map(|(offset, _)| offset).collect();
            let consumed = cluster.consumed.get(key).cloned().unwrap_or_default();
            prop_assert_eq!(consumed, offsets);
        }
        let total: usize = KEYS.map(|key| cluster.nodes[0].held(key).iter().count()).iter().sum();
        prop_assert_eq!(total as u64, cluster.sent);
        for node in &mut cluster.nodes {
            prop_assert_eq!(node.tick(Duration::from_secs(3600)), vec![]);
        }
    }
}
