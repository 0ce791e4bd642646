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

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The name of a lane: a node, by its place among all nodes, and one of its
/// lives. Written `"3/9f0a"`, since the keys of a JSON object are text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    node: usize,
    life: u32,
}

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
    /// How long each of the lanes is.
    digest: Digest,
    /// In order of arrival, as they are read, each once.
    values: Vec<u64>,
    /// Asked only whether it holds a value.
    known: HashSet<u64>,
}

impl Lane {
    /// The lane of the node at place `node`, in the life `life` of it.
    pub fn new(node: usize, life: u32) -> Self {
        Self { node, life }
    }

    fn parse(text: &str) -> Option<Self> {
        let (node, life) = text.split_once('/')?;
        let (node, life) = (node.parse().ok()?, u32::from_str_radix(life, 16).ok()?);
        Some(Self { node, life })
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:x}", self.node, self.life)
    }
}

impl Serialize for Lane {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Lane {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(transparent)]
        struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
        let Text(text) = Text::deserialize(deserializer)?;
        let complaint = || de::Error::custom(format!("`{text}` is no lane, as `3/9f0a` is"));
        Self::parse(&text).ok_or_else(complaint)
    }
}

impl Digest {
    fn count(&self, lane: Lane) -> usize {
        self.0.get(&lane).copied().unwrap_or_default()
    }

    /// Takes in what else is known to be known.
    pub fn merge(&mut self, other: &Self) {
        for (lane, count) in &other.0 {
            let mine = self.0.entry(*lane).or_default();
            *mine = (*mine).max(*count);
        }
    }

    /// Whether `other` knows something that this digest does not.
    pub fn lacks_from(&self, other: &Self) -> bool {
        let newer = |(lane, count): (&Lane, &usize)| *count > self.count(*lane);
        other.0.iter().any(newer)
    }
}

impl Knowledge {
    /// Nothing yet, of a node whose clients' values make up the lane `own`.
    pub fn new(own: Lane) -> Self {
        Self {
            own,
            lanes: BTreeMap::new(),
            digest: Digest::default(),
            values: Vec::new(),
            known: HashSet::new(),
        }
    }

    /// Takes in a value from a client; `false` when it is known already.
    pub fn tell(&mut self, value: u64) -> bool {
        let new = !self.known.contains(&value);
        if new {
            self.learn(self.own, &[value]);
        }
        new
    }

    /// Takes in what follows on what is known; a piece that would leave a gap
    /// is left out, for the digest to ask for. `true` when all of it fitted.
    pub fn absorb(&mut self, news: &News) -> bool {
        let mut whole = true;
        for (lane, (first, values)) in news {
            match self.digest.count(*lane).checked_sub(*first) {
                Some(old) if old < values.len() => self.learn(*lane, &values[old..]),
                Some(_) => {}
                None => whole = false,
            }
        }
        whole
    }

    /// Takes in what follows in a lane.
    fn learn(&mut self, lane: Lane, values: &[u64]) {
        self.lanes.entry(lane).or_default().extend(values);
        *self.digest.0.entry(lane).or_default() += values.len();
        let new = values.iter().filter(|value| self.known.insert(**value));
        self.values.extend(new);
    }

    /// Everything known, as counts.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// What somebody who knows `digest` lacks.
    pub fn missing_from(&self, digest: &Digest) -> News {
        self.missing_up_to(&self.digest, digest)
    }

    /// What somebody who knows `digest` lacks of what was known at `limit`.
    pub fn missing_up_to(&self, limit: &Digest, digest: &Digest) -> News {
        let mut news = News::new();
        for (lane, values) in &self.lanes {
            let (first, end) = (digest.count(*lane), limit.count(*lane).min(values.len()));
            if first < end {
                news.insert(*lane, (first, values[first..end].to_vec()));
            }
        }
        news
    }

    /// How much is known in all: it grows with everything learned.
    pub fn extent(&self) -> usize {
        self.digest.0.values().sum()
    }

    /// The last `count` values of the own lane.
    pub fn latest(&self, count: usize) -> News {
        let own = self.lanes.get(&self.own).map_or(&[][..], Vec::as_slice);
        let first = own.len().saturating_sub(count);
        News::from([(self.own, (first, own[first..].to_vec()))])
    }

    /// Whether somebody who knows `digest` lacks something.
    pub fn exceeds(&self, digest: &Digest) -> bool {
        digest.lacks_from(&self.digest)
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

    fn of_node(node: usize, life: u32) -> Knowledge {
        Knowledge::new(Lane::new(node, life))
    }

    #[test]
    fn a_lane_is_read_as_it_is_written() {
        let digest = Digest(BTreeMap::from([
            (Lane::new(3, 0x9f0a), 7),
            (Lane::new(12, 0), 1),
        ]));
        let text = serde_json::to_string(&digest).unwrap();
        assert_eq!(text, r#"{"3/9f0a":7,"12/0":1}"#);
        assert_eq!(serde_json::from_str::<Digest>(&text).unwrap(), digest);
        let error = serde_json::from_str::<Digest>(r#"{"n3":7}"#).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`n3` is no lane, as `3/9f0a` is")
        );
    }

    #[test]
    fn the_difference_of_two_digests_is_what_has_to_be_sent() {
        let (mut a, mut b) = (of_node(0, 1), of_node(1, 2));
        a.tell(10);
        b.absorb(&a.missing_from(b.digest()));
        a.tell(11);
        let news = a.missing_from(b.digest());
        assert_eq!(news, News::from([(Lane::new(0, 1), (1, vec![11]))]));
        assert!(b.absorb(&news) && b.absorb(&news));
        assert_eq!(b.values(), [10, 11]);
        assert!(!a.exceeds(b.digest()));
    }

    #[test]
    fn a_piece_that_leaves_a_gap_waits() {
        let mut b = of_node(1, 2);
        assert!(!b.absorb(&News::from([(Lane::new(0, 1), (1, vec![11]))])));
        assert!(b.values().is_empty());
    }

    #[test]
    fn a_second_life_learns_its_first_one_and_adds_to_neither() {
        let (mut first, mut peer) = (of_node(0, 1), of_node(1, 9));
        first.tell(10);
        peer.absorb(&first.missing_from(peer.digest()));
        let mut second = of_node(0, 2);
        second.tell(11);
        peer.absorb(&second.missing_from(peer.digest()));
        second.absorb(&peer.missing_from(second.digest()));
        assert_eq!(second.values(), [11, 10]);
        assert_eq!(peer.values(), [10, 11]);
    }

    proptest! {
        #[test]
        fn any_exchange_in_any_order_ends_in_the_same_set(
            told in prop::collection::vec((0_usize..3, 0_u64..50), 0..40),
            passed in prop::collection::vec((0_usize..3, 0_usize..3), 0..40),
        ) {
            let mut nodes: Vec<_> = (0..3).map(|node| of_node(node, 7)).collect();
            let mut passed = passed.into_iter();
            for (node, value) in &told {
                nodes[*node].tell(*value);
                if let Some((from, to)) = passed.next() {
                    let news = nodes[from].missing_from(nodes[to].digest());
                    prop_assert!(nodes[to].absorb(&news));
                }
            }
            for (from, to) in [(0, 1), (1, 2), (2, 1), (1, 0), (2, 0)] {
                let news = nodes[from].missing_from(nodes[to].digest());
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
