//! The promise of lanes, under any interleaving, loss, duplication and
//! reordering: nothing is ever inserted below a watermark. Nor when nodes die,
//! several at once, and start again with empty memories.

use std::collections::{BTreeMap, BTreeSet};
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
    /// Some nodes lose their memories at once: those whose bit is set.
    Kill(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 0..200)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..16_usize, 0..16_usize).prop_map(|(node, key)| Step::Send(node, key)),
        3 => (0..16_usize).prop_map(Step::Tick),
        6 => (0..16_usize).prop_map(Step::Deliver),
        1 => (0..16_usize).prop_map(Step::Repeat),
        2 => (0..16_usize).prop_map(Step::Lose),
        2 => (0..16_usize).prop_map(Step::Poll),
    ]
}

fn steps_and_kills() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        30 => step(),
        1 => (0..16_usize).prop_map(Step::Kill),
    ];
    prop::collection::vec(step, 0..200)
}

struct Cluster {
    names: Vec<NodeId>,
    nodes: Vec<Lanes>,
    under_way: Vec<(usize, usize, Batch)>,
    time: Duration,
    /// When the life of each node began.
    born: Vec<Duration>,
    lives: u64,
    sent: u64,
    /// The messages that somebody who lives knows of.
    alive: BTreeSet<Entry>,
    /// What each node has shown to stand below its watermark.
    settled: Vec<BTreeMap<&'static str, (Offset, Vec<Offset>)>>,
    /// What a consumer that goes from node to node has polled.
    consumed: BTreeMap<&'static str, Vec<Entry>>,
}

/// A log, an offset, and the number of the message that stands there.
type Entry = (&'static str, Offset, Option<u64>);

impl Cluster {
    fn new(count: usize) -> Self {
        let names: Vec<_> = (0..count).map(|i| NodeId::new(format!("n{i}"))).collect();
        let node = |(life, me)| Lanes::new(&names, me, life as u64);
        Self {
            nodes: names.iter().enumerate().map(node).collect(),
            under_way: Vec::new(),
            time: Duration::ZERO,
            born: vec![Duration::ZERO; count],
            lives: count as u64,
            sent: 0,
            alive: BTreeSet::new(),
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

    /// How long a node has been alive.
    fn uptime(&self, node: usize) -> Duration {
        self.time - self.born[node]
    }

    fn tick(&mut self, node: usize) {
        let uptime = self.uptime(node);
        let outgoing = self.nodes[node].tick(uptime);
        self.post(node, outgoing);
    }

    /// A node ticks, and one alone hears of it.
    fn tick_towards(&mut self, node: usize, hears: usize) {
        self.time += Duration::from_millis(100);
        self.tick(node);
        for message in std::mem::take(&mut self.under_way) {
            if message.1 == hears {
                self.deliver(message);
            }
        }
        self.under_way.clear();
    }

    fn deliver(&mut self, (from, to, batch): (usize, usize, Batch)) {
        let (name, uptime) = (&self.names[from], self.uptime(to));
        let outgoing = self.nodes[to].receive(name, batch, uptime);
        self.post(to, outgoing);
    }

    fn send(&mut self, node: usize, key: &'static str) {
        self.sent += 1;
        let offset = self.nodes[node].append(&key.into(), self.sent.into());
        self.alive.insert((key, offset, Some(self.sent)));
    }

    /// All that a node holds.
    fn held(&self, node: usize) -> BTreeSet<Entry> {
        let held = KEYS.map(|key| (key, self.nodes[node].held(key)));
        let entries = held.iter().flat_map(|(key, log)| {
            log.iter()
                .map(|(offset, message)| (*key, offset, message.as_u64()))
        });
        entries.collect()
    }

    /// Nodes die and start again. Not all that have memories worth the name at
    /// the same time: nobody would be left to tell.
    fn kill(&mut self, dies: impl Fn(usize) -> bool) {
        let all = 0..self.nodes.len();
        let survivors: Vec<usize> = all.clone().filter(|node| !dies(*node)).collect();
        let whole = |node: &usize| self.nodes[*node].ready(self.uptime(*node));
        if !survivors.iter().any(whole) {
            return;
        }
        let known: BTreeSet<_> = survivors.iter().flat_map(|node| self.held(*node)).collect();
        self.alive.retain(|message| known.contains(message));
        for node in all.filter(|node| dies(*node)) {
            self.nodes[node] = Lanes::new(&self.names, &self.names[node], self.lives);
            self.lives += 1;
            self.born[node] = self.time;
            self.settled[node].clear();
        }
    }

    fn poll(&mut self, node: usize) {
        for key in KEYS {
            let consumed = self.consumed.entry(key).or_default();
            let from = consumed.last().map_or(0, |(_, last, _)| last + 1);
            let polled = self.nodes[node].poll(&Offsets::from([(key.into(), from)]));
            let polled = polled.into_values().flatten();
            consumed.extend(polled.map(|(offset, message)| (key, offset, message.as_u64())));
        }
    }

    /// `step` is the time that passes until a node ticks.
    fn apply(&mut self, action: Step, step: Duration) {
        let count = self.nodes.len();
        let place =
            |under_way: &Vec<_>, at: usize| (!under_way.is_empty()).then(|| at % under_way.len());
        match action {
            Step::Send(node, key) => {
                // As the shell has it, which lets a send wait.
                if self.nodes[node % count].ready(self.uptime(node % count)) {
                    self.send(node % count, KEYS[key % KEYS.len()]);
                }
            }
            Step::Tick(node) => {
                self.time += step;
                self.tick(node % count);
            }
            Step::Kill(bits) => self.kill(|node| bits >> node & 1 == 1),
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

    /// The network is whole again: whatever is sent arrives.
    fn heal(&mut self) -> Result<(), TestCaseError> {
        for _ in 0..20 {
            self.time += Duration::from_millis(100);
            (0..self.nodes.len()).for_each(|node| self.tick(node));
            while let Some(message) = self.under_way.pop() {
                self.deliver(message);
                self.check()?;
            }
        }
        Ok(())
    }

    /// All nodes have come to the same logs, all of them can be polled, and
    /// there is nothing more to say.
    fn check_healed(&mut self) -> Result<(), TestCaseError> {
        for key in KEYS {
            let held = self.nodes[0].held(key);
            for node in &self.nodes {
                prop_assert_eq!(node.held(key), held.clone());
                prop_assert!(node.watermark(key) >= held.end(), "{node:#?}");
            }
        }
        for node in &mut self.nodes {
            prop_assert_eq!(node.tick(Duration::from_secs(3600)), vec![]);
        }
        Ok(())
    }
}

/// n1 promises what it has of n0, and both die before n2, to which it promised,
/// has it too.
#[test]
fn a_node_goes_on_above_what_it_promised_before_it_died() {
    let mut cluster = Cluster::new(3);
    cluster.heal().unwrap();
    let send_three = |cluster: &mut Cluster, to: usize| {
        (0..3).for_each(|_| cluster.send(0, "a"));
        cluster.tick_towards(0, to);
    };
    send_three(&mut cluster, 1);
    cluster.tick_towards(1, 2);
    cluster.kill(|node| node < 2);
    cluster.heal().unwrap();
    send_three(&mut cluster, 2);
    cluster.poll(2);
    cluster.send(1, "a");
    cluster.heal().unwrap();
    cluster.poll(2);
    let consumed: Vec<_> = cluster.consumed.remove("a").unwrap();
    let held: Vec<_> = cluster.held(2).into_iter().collect();
    assert_eq!((consumed.len(), &consumed), (4, &held));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn nothing_is_inserted_below_a_watermark(count in 1_usize..5, steps in steps()) {
        let mut cluster = Cluster::new(count);
        // A node that has waited for its peers for a second need not wait more.
        cluster.time = Duration::from_secs(1);
        for step in steps {
            cluster.apply(step, Duration::from_millis(100));
            cluster.check()?;
        }
        cluster.heal()?;
        cluster.check_healed()?;
        cluster.poll(0);
        // The consumer has seen every message, in order, once.
        let held: Vec<_> = cluster.held(0).into_iter().collect();
        let consumed: Vec<_> = cluster.consumed.into_values().flatten().collect();
        prop_assert_eq!(&consumed, &held);
        prop_assert_eq!(held.len() as u64, cluster.sent);
    }

    #[test]
    fn nor_when_nodes_die_at_once(count in 2_usize..5, steps in steps_and_kills()) {
        let mut cluster = Cluster::new(count);
        for step in steps {
            // So little that nobody gives up waiting for its peers.
            cluster.apply(step, Duration::from_millis(4));
            cluster.check()?;
        }
        cluster.heal()?;
        cluster.check_healed()?;
        cluster.poll(0);
        let held = cluster.held(0);
        // What somebody knew all the time is there.
        prop_assert!(cluster.alive.is_subset(&held), "{:?}", cluster.alive.difference(&held));
        // No message came in before another that the consumer had seen, or in
        // the place of one.
        let consumed: Vec<_> = cluster.consumed.into_values().flatten().collect();
        prop_assert!(consumed.is_sorted_by(|one, next| (one.0, one.1) < (next.0, next.1)));
        let consumed: BTreeSet<_> = consumed.into_iter().collect();
        let missed: Vec<_> = held.difference(&consumed).collect();
        prop_assert!(missed.is_empty(), "{missed:?} were never polled");
    }
}
