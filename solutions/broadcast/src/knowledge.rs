//! What a node knows, and what another one lacks of it.
//!
//! Each node numbers the values that its own clients told it: they form its
//! *lane*, which only grows. Knowledge is a prefix of every lane, so a count
//! for each lane, the [`Digest`], says all of it, and the difference between
//! two digests is exactly what has to be sent. A digest is therefore request,
//! acknowledgement and proof of health in one, and it costs a few bytes for
//! each node however many values there are.
//!
//! A lane belongs to one life of a node: one that restarts with empty memory
//! begins a new lane, and learns its old one from the others.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of a lane: a node and one of its lives.
pub type Lane = Arc<str>;

/// How much of each lane somebody knows. A lane that is missing counts as 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(BTreeMap<Lane, usize>);

/// Pieces of lanes: for each its first number, and the values from there on.
pub type News = BTreeMap<Lane, (usize, Vec<u64>)>;

/// What a node knows.
#[derive(Clone, Debug)]
pub struct Knowledge {
    own: Lane,
    lanes: BTreeMap<Lane, Vec<u64>>,
    /// In order of arrival, as they are read, each once.
    values: Vec<u64>,
    /// Asked only whether it holds a value.
    known: HashSet<u64>,
}

impl Digest {
    fn count(&self, lane: &str) -> usize {
        self.0.get(lane).copied().unwrap_or_default()
    }

    /// Takes in what else is known to be known.
    pub fn merge(&mut self, other: &Self) {
        for (lane, count) in &other.0 {
            let mine = self.0.entry(lane.clone()).or_default();
            *mine = (*mine).max(*count);
        }
    }

    /// Whether `other` knows something that this digest does not.
    pub fn lacks_from(&self, other: &Self) -> bool {
        let newer = |(lane, count): (&Lane, &usize)| *count > self.count(lane);
        other.0.iter().any(newer)
    }
}

impl Knowledge {
    /// Nothing, in the life `life` of the node `id`.
    pub fn new(id: &str, life: u32) -> Self {
        Self {
            own: format!("{id}/{life:x}").into(),
            lanes: BTreeMap::new(),
            values: Vec::new(),
            known: HashSet::new(),
        }
    }

    /// Takes in a value from a client; `false` when it is known already.
    pub fn tell(&mut self, value: u64) -> bool {
        let new = self.known.insert(value);
        if new {
            self.values.push(value);
            self.lanes.entry(self.own.clone()).or_default().push(value);
        }
        new
    }

    /// Takes in what follows on what is known; a piece that would leave a gap
    /// is left out, for the digest to ask for. `true` when all of it fitted.
    pub fn absorb(&mut self, news: &News) -> bool {
        let mut whole = true;
        for (name, (first, values)) in news {
            let known = self.lanes.get(name).map_or(0, Vec::len);
            let Some(fresh) = known.checked_sub(*first) else {
                whole = false;
                continue;
            };
            for value in values.iter().skip(fresh) {
                self.lanes.entry(name.clone()).or_default().push(*value);
                if self.known.insert(*value) {
                    self.values.push(*value);
                }
            }
        }
        whole
    }

    /// Everything known, as counts.
    pub fn digest(&self) -> Digest {
        let count = |(lane, values): (&Lane, &Vec<u64>)| (lane.clone(), values.len());
        Digest(self.lanes.iter().map(count).collect())
    }

    /// What somebody who knows `digest` lacks.
    pub fn missing_from(&self, digest: &Digest) -> News {
        self.missing_up_to(&self.digest(), digest)
    }

    /// What somebody who knows `digest` lacks of what was known at `limit`.
    pub fn missing_up_to(&self, limit: &Digest, digest: &Digest) -> News {
        let mut news = News::new();
        for (lane, values) in &self.lanes {
            let (first, end) = (digest.count(lane), limit.count(lane).min(values.len()));
            if first < end {
                news.insert(lane.clone(), (first, values[first..end].to_vec()));
            }
        }
        news
    }

    /// How much is known in all: it grows with everything learned.
    pub fn extent(&self) -> usize {
        self.lanes.values().map(Vec::len).sum()
    }

    /// The last `count` values of the own lane.
    pub fn latest(&self, count: usize) -> News {
        let own = self.lanes.get(&self.own).map_or(&[][..], Vec::as_slice);
        let first = own.len().saturating_sub(count);
        News::from([(self.own.clone(), (first, own[first..].to_vec()))])
    }

    /// Whether somebody who knows `digest` lacks something.
    pub fn exceeds(&self, digest: &Digest) -> bool {
        let more = |(lane, values): (&Lane, &Vec<u64>)| values.len() > digest.count(lane);
        self.lanes.iter().any(more)
    }

    /// The values, in the order in which they came to be known.
    pub fn values(&self) -> &[u64] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_difference_of_two_digests_is_what_has_to_be_sent() {
        let (mut a, mut b) = (Knowledge::new("n0", 1), Knowledge::new("n1", 2));
        a.tell(10);
        b.absorb(&a.missing_from(&b.digest()));
        a.tell(11);
        let news = a.missing_from(&b.digest());
        assert_eq!(news, News::from([("n0/1".into(), (1, vec![11]))]));
        assert!(b.absorb(&news) && b.absorb(&news));
        assert_eq!(b.values(), [10, 11]);
        assert!(!a.exceeds(&b.digest()));
    }

    #[test]
    fn a_piece_that_leaves_a_gap_waits() {
        let mut b = Knowledge::new("n1", 2);
        assert!(!b.absorb(&News::from([("n0/1".into(), (1, vec![11]))])));
        assert!(b.values().is_empty());
    }

    #[test]
    fn a_second_life_learns_its_first_one_and_adds_to_neither() {
        let (mut first, mut peer) = (Knowledge::new("n0", 1), Knowledge::new("n1", 9));
        first.tell(10);
        peer.absorb(&first.missing_from(&peer.digest()));
        let mut second = Knowledge::new("n0", 2);
        second.tell(11);
        peer.absorb(&second.missing_from(&peer.digest()));
        second.absorb(&peer.missing_from(&second.digest()));
        assert_eq!(second.values(), [11, 10]);
        assert_eq!(peer.values(), [10, 11]);
    }

    proptest! {
        #[test]
        fn any_exchange_in_any_order_ends_in_the_same_set(
            told in prop::collection::vec((0_usize..3, 0_u64..50), 0..40),
            passed in prop::collection::vec((0_usize..3, 0_usize..3), 0..40),
        ) {
            let mut nodes: Vec<_> = (0..3).map(|i| Knowledge::new("n", i)).collect();
            let mut passed = passed.into_iter();
            for (node, value) in &told {
                nodes[*node].tell(*value);
                if let Some((from, to)) = passed.next() {
                    let news = nodes[from].missing_from(&nodes[to].digest());
                    prop_assert!(nodes[to].absorb(&news));
                }
            }
            for (from, to) in [(0, 1), (1, 2), (2, 1), (1, 0), (2, 0)] {
                let news = nodes[from].missing_from(&nodes[to].digest());
                nodes[to].absorb(&news);
            }
            let mut expected: Vec<u64> = told.iter().map(|(_, value)| *value).collect();
            expected.sort_unstable();
            expected.dedup();
            for node in &nodes {
                let mut values = node.values().to_vec();
                values.sort_unstable();
                prop_assert_eq!(&values, &expected);
            }
        }
    }
}
