//! When faults come, and what they cut: Jepsen's partitions.
//!
//! After `jepsen.nemesis` and `jepsen.nemesis.combined`: start and stop take
//! turns, the first start comes at once, and the gaps between are uniform from
//! nothing to twice the interval.

use std::collections::{BTreeMap, BTreeSet};

use maelstrom_check::Value;
use maelstrom_proto::NodeId;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

/// For each node, those that it does not hear.
pub(crate) type Grudge = BTreeMap<NodeId, BTreeSet<NodeId>>;

/// The ways in which a partition cuts the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// One node alone.
    One,
    /// Fewer than a third of the nodes against the rest. Of three nodes or
    /// fewer that is nobody.
    MinorityThird,
    /// Half of the nodes, rounded down, against the rest.
    Majority,
    /// Every node sees a majority, no two the same one.
    MajoritiesRing,
}

impl Cut {
    const ALL: [Self; 4] = [
        Self::One,
        Self::MinorityThird,
        Self::Majority,
        Self::MajoritiesRing,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::MinorityThird => "minority-third",
            Self::Majority => "majority",
            Self::MajoritiesRing => "majorities-ring",
        }
    }

    fn grudge(self, nodes: &[NodeId], rng: &mut ChaCha8Rng) -> Grudge {
        let mut shuffled = nodes.to_vec();
        shuffled.shuffle(rng);
        match self {
            Self::One => split(&shuffled, 1),
            Self::MinorityThird => split(&shuffled, nodes.len().saturating_sub(1) / 3),
            Self::Majority => split(&shuffled, nodes.len() / 2),
            Self::MajoritiesRing if nodes.len() <= 5 => ring(&shuffled),
            Self::MajoritiesRing => web(nodes, rng),
        }
    }
}

/// The smallest number of nodes that is more than half.
fn majority(nodes: usize) -> usize {
    nodes / 2 + 1
}

/// The first `count` nodes against the others.
fn split(nodes: &[NodeId], count: usize) -> Grudge {
    let (left, right) = nodes.split_at(count);
    let (all_left, all_right) = (left.iter().cloned(), right.iter().cloned());
    let (all_left, all_right): (BTreeSet<_>, BTreeSet<_>) =
        (all_left.collect(), all_right.collect());
    let left = left.iter().map(|node| (node.clone(), all_right.clone()));
    let right = right.iter().map(|node| (node.clone(), all_left.clone()));
    left.chain(right).collect()
}

/// Nodes in a ring; each keeps the window of a majority centred on it.
fn ring(nodes: &[NodeId]) -> Grudge {
    let (count, window) = (nodes.len(), majority(nodes.len()));
    let cut = |start: usize| {
        let seen = |i: usize| nodes[(start + i) % count].clone();
        let kept: BTreeSet<NodeId> = (0..window).map(seen).collect();
        let others = nodes.iter().filter(|node| !kept.contains(*node)).cloned();
        (seen(window / 2), others.collect())
    };
    (0..count).map(cut).collect()
}

/// Links the node that has the fewest links to another of few, until every
/// node sees a majority.
fn web(nodes: &[NodeId], rng: &mut ChaCha8Rng) -> Grudge {
    let mut links: BTreeMap<&NodeId, BTreeSet<&NodeId>> = nodes
        .iter()
        .map(|node| (node, BTreeSet::from([node])))
        .collect();
    loop {
        let mut order: Vec<&NodeId> = nodes.iter().collect();
        order.shuffle(rng);
        // A stable sort keeps nodes of the same degree shuffled.
        order.sort_by_key(|node| links[node].len());
        let least = order[0];
        if links[least].len() >= majority(nodes.len()) {
            break;
        }
        let Some(&other) = order.iter().find(|node| !links[least].contains(**node)) else {
            break;
        };
        for (from, to) in [(least, other), (other, least)] {
            links.entry(from).or_default().insert(to);
        }
    }
    let unseen = |seen: BTreeSet<&NodeId>| {
        nodes
            .iter()
            .filter(|node| !seen.contains(*node))
            .cloned()
            .collect()
    };
    links
        .into_iter()
        .map(|(node, seen)| (node.clone(), unseen(seen)))
        .collect()
}

/// What the nemesis does next.
#[derive(Debug)]
pub(crate) enum Action {
    /// Begins a partition.
    Start(Cut, Grudge),
    /// Ends it.
    Stop,
}

/// The nemesis of a run: it knows when to act next, and how.
#[derive(Debug)]
pub(crate) struct Nemesis {
    nodes: Vec<NodeId>,
    interval: f64,
    rng: ChaCha8Rng,
    /// Nanoseconds since the run began.
    pub(crate) next_at: u64,
    partitioned: bool,
}

impl Nemesis {
    /// A nemesis that acts for the first time at `start`, and about every
    /// `interval` nanoseconds after that.
    pub(crate) fn new(nodes: &[NodeId], interval: f64, start: u64, rng: ChaCha8Rng) -> Self {
        Self {
            nodes: nodes.to_vec(),
            interval,
            rng,
            next_at: start,
            partitioned: false,
        }
    }

    /// Draws the action that is due, and when the next one will be.
    pub(crate) fn act(&mut self, now: u64) -> Action {
        let gap: f64 = self.rng.random_range(0.0..2.0);
        self.next_at = now + (gap * self.interval) as u64;
        self.partitioned = !self.partitioned;
        if !self.partitioned {
            return Action::Stop;
        }
        let cut = Cut::ALL[self.rng.random_range(0..Cut::ALL.len())];
        let grudge = cut.grudge(&self.nodes, &mut self.rng);
        Action::Start(cut, grudge)
    }
}

impl Action {
    /// The operation's name and its values when it starts and when it is done,
    /// as Jepsen writes them into the history.
    pub(crate) fn entries(&self) -> (&'static str, Value, Value) {
        match self {
            Self::Start(cut, grudge) => {
                let cut_off = grudge.iter().map(|(node, from)| {
                    let names = Value::set(from.iter().map(NodeId::as_str));
                    (Value::from(node.as_str()), names)
                });
                let done = Value::vector([Value::keyword("isolated"), Value::map(cut_off)]);
                ("start-partition", Value::keyword(cut.name()), done)
            }
            Self::Stop => (
                "stop-partition",
                Value::Nil,
                Value::keyword("network-healed"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn nodes(count: usize) -> Vec<NodeId> {
        (0..count).map(|i| NodeId::new(format!("n{i}"))).collect()
    }

    #[test]
    fn every_cut_cuts_what_it_says() {
        for count in 1..=25 {
            for seed in 0..20 {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let nodes = nodes(count);
                for cut in Cut::ALL {
                    let grudge = cut.grudge(&nodes, &mut rng);
                    let mut unheard: Vec<usize> = grudge.values().map(BTreeSet::len).collect();
                    unheard.sort_unstable();
                    assert_eq!(grudge.len(), count, "{cut:?} of {count}");
                    // Cuts go both ways, but for the ring of three, in which
                    // each hears one neighbour and not the other, as upstream.
                    let both_ways = |(node, from): (&NodeId, &BTreeSet<NodeId>)| {
                        from.iter().all(|other| grudge[other].contains(node))
                    };
                    let one_way = cut == Cut::MajoritiesRing && count == 3;
                    assert_ne!(grudge.iter().all(both_ways), one_way, "{cut:?} of {count}");
                    let halves = |small: usize| {
                        let few = std::iter::repeat_n(small, count - small);
                        let many = std::iter::repeat_n(count - small, small);
                        let mut sizes: Vec<usize> = few.chain(many).collect();
                        sizes.sort_unstable();
                        sizes
                    };
                    match cut {
                        Cut::One => assert_eq!(unheard, halves(1)),
                        Cut::MinorityThird => assert_eq!(unheard, halves((count - 1) / 3)),
                        Cut::Majority => assert_eq!(unheard, halves(count / 2)),
                        Cut::MajoritiesRing => {
                            let most = count - majority(count);
                            assert!(
                                unheard.iter().all(|cut| *cut <= most),
                                "{count}: {unheard:?}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_ring_of_five_gives_each_a_majority_of_its_own() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let grudge = Cut::MajoritiesRing.grudge(&nodes(5), &mut rng);
        let distinct: BTreeSet<_> = grudge.values().collect();
        assert_eq!(distinct.len(), 5);
        assert!(grudge.values().all(|from| from.len() == 2));
    }

    #[test]
    fn starts_and_stops_take_turns_at_the_interval_asked_for() {
        let rng = ChaCha8Rng::seed_from_u64(1);
        let mut nemesis = Nemesis::new(&nodes(5), 1e10, 0, rng);
        assert_eq!(nemesis.next_at, 0);
        let mut now = 0;
        for turn in 0..2000 {
            let action = nemesis.act(now);
            assert_eq!(matches!(action, Action::Start(..)), turn % 2 == 0);
            assert!(nemesis.next_at - now < 20_000_000_000);
            now = nemesis.next_at;
        }
        let mean = now as f64 / 2000.0;
        assert!((9.5e9..10.5e9).contains(&mean), "{mean}");
    }
}
