//! Anti-entropy over a network that loses, repeats and reorders, between replicas that crash.

use crate::config;
use crdt::{Ack, DeltaBuffer, GSet, Message, OrSet};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeSet;

const NODES: u8 = 3;

type Set = OrSet<u16, (u8, u64)>;

#[derive(Clone, Debug)]
enum Step {
    Add {
        at: u8,
        element: u16,
    },
    Remove {
        at: u8,
        element: u16,
    },
    /// A message sets off.
    Send {
        from: u8,
        to: u8,
    },
    /// Something under way arrives; it stays under way if it is to arrive again.
    Arrive {
        which: Index,
        again: bool,
    },
    Lose {
        which: Index,
    },
    /// A node comes back with its state, or with nothing and under a new name.
    Crash {
        at: u8,
        forget: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let node = || 0..NODES;
    prop_oneof![
        6 => (node(), 0..5_u16).prop_map(|(at, element)| Step::Add { at, element }),
        3 => (node(), 0..5_u16).prop_map(|(at, element)| Step::Remove { at, element }),
        8 => (node(), 1..NODES).prop_map(|(from, by)| Step::Send { from, to: (from + by) % NODES }),
        12 => (any::<Index>(), prop::bool::weighted(0.2)).prop_map(|(which, again)| Step::Arrive { which, again }),
        2 => any::<Index>().prop_map(|which| Step::Lose { which }),
        1 => (node(), any::<bool>()).prop_map(|(at, forget)| Step::Crash { at, forget }),
    ]
}

#[derive(Clone)]
enum Packet {
    Deltas {
        from: u8,
        to: u8,
        message: Message<Set>,
    },
    Ack {
        from: u8,
        to: u8,
        ack: Ack,
    },
}

struct Cluster {
    nodes: Vec<DeltaBuffer<Set, u8>>,
    /// How often each node has started, and under which life's name it writes.
    starts: Vec<u64>,
    lives: Vec<u64>,
    capacity: usize,
    network: Vec<Packet>,
}

impl Cluster {
    fn new(capacity: usize) -> Self {
        let mut cluster = Self {
            nodes: Vec::new(),
            starts: vec![1; NODES.into()],
            lives: vec![0; NODES.into()],
            capacity,
            network: Vec::new(),
        };
        cluster.nodes = (0..NODES)
            .map(|at| cluster.start(at, Set::default()))
            .collect();
        cluster
    }

    fn start(&self, at: u8, state: Set) -> DeltaBuffer<Set, u8> {
        let mut node =
            DeltaBuffer::with_capacity(state, self.starts[usize::from(at)], self.capacity);
        (0..NODES)
            .filter(|peer| *peer != at)
            .for_each(|peer| node.add_peer(peer));
        node
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Add { at, element } => {
                let name = (*at, self.lives[usize::from(*at)]);
                self.nodes[usize::from(*at)].update(|set| set.add(&name, *element));
            }
            Step::Remove { at, element } => {
                self.nodes[usize::from(*at)].update(|set| set.remove(element));
            }
            Step::Send { from, to } => {
                if let Some(message) = self.nodes[usize::from(*from)].message_for(to) {
                    self.network.push(Packet::Deltas {
                        from: *from,
                        to: *to,
                        message,
                    });
                }
            }
            Step::Arrive { .. } | Step::Lose { .. } if self.network.is_empty() => {}
            Step::Arrive { which, again } => {
                let at = which.index(self.network.len());
                let packet = if *again {
                    self.network[at].clone()
                } else {
                    self.network.remove(at)
                };
                self.arrive(packet);
            }
            Step::Lose { which } => {
                self.network.remove(which.index(self.network.len()));
            }
            Step::Crash { at, forget } => {
                let here = usize::from(*at);
                self.starts[here] += 1;
                self.lives[here] += u64::from(*forget);
                let state = if *forget {
                    Set::default()
                } else {
                    self.nodes[here].state().clone()
                };
                self.nodes[here] = self.start(*at, state);
            }
        }
    }

    fn arrive(&mut self, packet: Packet) {
        match packet {
            Packet::Deltas { from, to, message } => {
                let received = self.nodes[usize::from(to)].receive(&from, &message);
                self.network.push(Packet::Ack {
                    from: to,
                    to: from,
                    ack: received.ack,
                });
            }
            Packet::Ack { from, to, ack } => self.nodes[usize::from(to)].acknowledge(&from, ack),
        }
    }

    /// Sends until there is nothing left to send; returns how many rounds that took.
    fn settle(&mut self) -> usize {
        for round in 0..20 {
            let mut quiet = true;
            for from in 0..NODES {
                for to in (0..NODES).filter(|to| *to != from) {
                    if let Some(message) = self.nodes[usize::from(from)].message_for(&to) {
                        quiet = false;
                        self.arrive(Packet::Deltas { from, to, message });
                    }
                }
            }
            for packet in std::mem::take(&mut self.network) {
                self.arrive(packet);
            }
            if quiet && self.network.is_empty() {
                return round;
            }
        }
        usize::MAX
    }
}

proptest! {
    #![proptest_config(config(10_000))]

    #[test]
    fn nodes_converge_and_no_state_ever_has_a_gap(
        steps in proptest::collection::vec(step(), 0..80),
        capacity in prop_oneof![Just(0_usize), Just(2), Just(1000)],
    ) {
        let mut cluster = Cluster::new(capacity);
        for step in &steps {
            cluster.step(step);
            for node in &cluster.nodes {
                // Causal delivery: nothing is known without what came before it.
                prop_assert!(node.state().context().is_contiguous());
                prop_assert!(node.pending() <= capacity);
            }
        }
        prop_assert!(cluster.settle() < 20);
        let agreed = cluster.nodes[0].state().clone();
        for node in &cluster.nodes {
            prop_assert_eq!(node.state(), &agreed);
            prop_assert_eq!(node.pending(), 0);
        }
    }

    #[test]
    fn nothing_is_lost_without_crashes(steps in proptest::collection::vec(step(), 0..80)) {
        let mut cluster = Cluster::new(4);
        let mut added = BTreeSet::new();
        for step in &steps {
            match step {
                Step::Crash { .. } | Step::Remove { .. } => continue,
                Step::Add { element, .. } => { added.insert(*element); }
                _ => {}
            }
            cluster.step(step);
        }
        prop_assert!(cluster.settle() < 20);
        for node in &cluster.nodes {
            prop_assert!(node.state().iter().eq(&added));
        }
    }
}

fn pair() -> (DeltaBuffer<GSet<u32>, char>, DeltaBuffer<GSet<u32>, char>) {
    let (mut a, mut b) = (
        DeltaBuffer::new(GSet::default(), 1),
        DeltaBuffer::new(GSet::default(), 1),
    );
    a.add_peer('b');
    b.add_peer('a');
    (a, b)
}

/// One message from a to b and its ack back; what was in it.
fn pass(
    a: &mut DeltaBuffer<GSet<u32>, char>,
    b: &mut DeltaBuffer<GSet<u32>, char>,
) -> Option<GSet<u32>> {
    let message = a.message_for(&'b')?;
    let ack = b.receive(&'a', &message).ack;
    a.acknowledge(&'b', ack);
    Some(message.payload)
}

#[test]
fn only_what_is_new_travels() {
    let (mut a, mut b) = pair();
    a.update(|set| {
        (0..100)
            .map(|n| set.insert(n))
            .fold(GSet::default(), |mut all, one| {
                crdt::Join::join(&mut all, &one);
                all
            })
    });
    assert_eq!(pass(&mut a, &mut b).map(|sent| sent.len()), Some(100));
    assert_eq!(pass(&mut a, &mut b), None);
    a.update(|set| set.insert(100));
    a.update(|set| set.insert(101));
    assert_eq!(pass(&mut a, &mut b), Some([100, 101].into_iter().collect()));
    assert_eq!(a.pending(), 0);
}

#[test]
fn what_was_not_acknowledged_travels_again() {
    let (mut a, b) = pair();
    a.update(|set| set.insert(1));
    let first = a.message_for(&'b');
    assert_eq!(a.message_for(&'b'), first);
    drop(b);
}

#[test]
fn an_update_that_changes_nothing_is_not_kept() {
    let (mut a, _) = pair();
    a.update(|set| set.insert(1));
    a.update(|set| set.insert(1));
    assert_eq!(a.pending(), 1);
}

#[test]
fn a_delta_is_not_sent_back_where_it_came_from() {
    let (mut a, mut b) = pair();
    pass(&mut a, &mut b);
    let hello = b.message_for(&'a').unwrap();
    let ack = a.receive(&'b', &hello).ack;
    b.acknowledge(&'a', ack);
    a.update(|set| set.insert(1));
    pass(&mut a, &mut b);
    assert_eq!(b.message_for(&'a'), None);
    assert!(b.message_for(&'c').is_some());
}

#[test]
fn who_stays_away_gets_the_full_state() {
    let mut a = DeltaBuffer::with_capacity(GSet::default(), 1, 4);
    let mut b = DeltaBuffer::new(GSet::default(), 1);
    a.update(|set| set.insert(0));
    pass(&mut a, &mut b);
    for n in 1..10 {
        a.update(|set| set.insert(n));
    }
    let message = a.message_for(&'b').unwrap();
    assert!(message.is_full());
    assert_eq!(message.payload.len(), 10);
    assert!(b.receive(&'a', &message).changed);
    assert_eq!(b.state(), a.state());
}

#[test]
fn a_message_beyond_what_is_known_is_refused() {
    let (mut a, mut b) = pair();
    a.update(|set| set.insert(1));
    pass(&mut a, &mut b);
    a.update(|set| set.insert(2));
    let late = a.message_for(&'b').unwrap();
    // b comes back with nothing, without a word.
    let mut b = DeltaBuffer::new(GSet::default(), 1);
    let received = b.receive(&'a', &late);
    assert!(received.ack.gap && !received.changed && b.state().is_empty());
    a.acknowledge(&'b', received.ack);
    assert_eq!(pass(&mut a, &mut b).map(|sent| sent.len()), Some(2));
}

#[test]
fn acks_from_an_earlier_life_are_ignored() {
    let (mut a, mut b) = pair();
    for n in 0..5 {
        a.update(|set| set.insert(n));
    }
    let old = b.receive(&'a', &a.message_for(&'b').unwrap()).ack;
    let mut a = DeltaBuffer::new(GSet::default(), 2);
    a.add_peer('b');
    a.update(|set| set.insert(9));
    a.acknowledge(&'b', old);
    a.acknowledge(
        &'b',
        Ack {
            epoch: 2,
            position: 1000,
            gap: false,
            receiver: 1,
        },
    ); // never sent
    assert!(
        a.message_for(&'b')
            .is_some_and(|message| message.payload.contains(&9))
    );
    assert!(b.receive(&'a', &a.message_for(&'b').unwrap()).changed);
}

#[test]
fn a_peer_that_left_holds_nothing_back() {
    let (mut a, mut b) = pair();
    a.add_peer('c');
    a.update(|set| set.insert(1));
    pass(&mut a, &mut b);
    assert_eq!(a.pending(), 1);
    a.remove_peer(&'c');
    assert_eq!(a.pending(), 0);
    assert!(a.peers().eq(&['b']));
    assert_eq!(a.into_state().len(), 1);
}

#[test]
fn an_interval_made_for_an_earlier_life_is_refused() {
    let (mut a, mut b) = pair();
    let first = a.message_for(&'b').unwrap();
    let ack = b.receive(&'a', &first).ack;
    a.acknowledge(&'b', ack);
    b.update(|set| set.insert(1));
    a.receive(&'b', &b.message_for(&'a').unwrap());
    a.update(|set| set.insert(2));
    // It leaves out what b itself sent.
    let interval = a.message_for(&'b').unwrap();
    assert_eq!(interval.payload, [2].into_iter().collect());
    // b forgets everything, and gets the first message again.
    let mut b = DeltaBuffer::new(GSet::default(), 2);
    assert!(!b.receive(&'a', &first).ack.gap);
    let refused = b.receive(&'a', &interval).ack;
    assert!(refused.gap && b.state().is_empty());
    a.acknowledge(&'b', refused);
    assert_eq!(pass(&mut a, &mut b).map(|sent| sent.len()), Some(2));
}

#[test]
fn a_full_state_received_is_not_kept_as_a_delta() {
    // What a sends is full every time; c is away.
    let mut a = DeltaBuffer::with_capacity(GSet::default(), 1, 0);
    let (mut b, mut c) = (
        DeltaBuffer::new(GSet::default(), 1),
        DeltaBuffer::new(GSet::default(), 1),
    );
    for (name, peer) in [('a', &mut a), ('c', &mut c)] {
        let hello = b.message_for(&name).unwrap();
        b.acknowledge(&name, peer.receive(&'b', &hello).ack);
    }
    for n in 0..100 {
        a.update(|set| set.insert(n));
        b.receive(&'a', &a.message_for(&'b').unwrap());
        assert_eq!(b.pending(), 0);
        assert_eq!(b.message_for(&'a'), None); // it came from there
    }
    let message = b.message_for(&'c').unwrap();
    assert!(message.is_full());
    b.acknowledge(&'c', c.receive(&'b', &message).ack);
    assert_eq!(c.state().len(), 100);
    assert_eq!(b.message_for(&'c'), None);

    // And from there on with deltas.
    b.update(|set| set.insert(100));
    let message = b.message_for(&'c').unwrap();
    assert_eq!(message.payload, [100].into_iter().collect());
    assert!(c.receive(&'b', &message).changed);
}

#[test]
fn without_peers_no_delta_is_kept() {
    let (mut a, _) = pair();
    a.update(|set| set.insert(1));
    assert_eq!(a.pending(), 1);
    a.remove_peer(&'b');
    assert_eq!(a.pending(), 0);
    a.update(|set| set.insert(2));
    assert_eq!(a.pending(), 0);
}

#[test]
fn who_gets_a_full_state_goes_on_with_the_deltas_after_it() {
    let (mut a, mut b) = pair();
    a.update(|set| set.insert(1));
    let full = a.message_for(&'b').unwrap();
    // Written while that is under way.
    a.update(|set| set.insert(2));
    a.acknowledge(&'b', b.receive(&'a', &full).ack);
    assert_eq!(pass(&mut a, &mut b), Some([2].into_iter().collect()));
}
