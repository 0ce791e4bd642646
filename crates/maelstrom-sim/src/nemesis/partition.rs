//! What a partition cuts, after `jepsen.nemesis` and `jepsen.nemesis.combined`.

use std::collections::{BTreeMap, BTreeSet};

use maelstrom_proto::NodeId;
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
    pub(super) const ALL: [Self; 4] = [
        Self::One,
        Self::MinorityThird,
        Self::Majority,
        Self::MajoritiesRing,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::MinorityThird => "minority-third",
            Self::Majority => "majority",
            Self::MajoritiesRing => "majorities-ring",
        }
    }

    pub(super) fn grudge(self, nodes: &[NodeId], rng: &mut ChaCha8Rng) -> Grudge {
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
pub(super) fn majority(nodes: usize) -> usize {
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
}
