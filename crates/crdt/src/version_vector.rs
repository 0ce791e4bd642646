//! How far each replica is known.

use crate::counts::Counts;
use crate::{Dot, Join};
use core::cmp::Ordering;

/// How many events of each replica are known: a version vector.
///
/// **Use it** to tell whether one version came after another or beside it,
/// and to say compactly what has been received when each replica's events arrive without gaps.
/// With gaps, use [`DotContext`](crate::DotContext).
///
/// **Ordering.** `partial_cmp` is the causal order: `a < b` when `b` knows all that `a` knows and more,
/// `None` when each knows something that the other does not (they are concurrent).
///
/// **Cost.** A sorted vector: `size_of::<(R, u64)>()` bytes a replica, 16 for an integer id.
/// A join is one walk over both; joining a few entries into many costs a binary search each.
///
/// **Source.** D. S. Parker et al.: *Detection of Mutual Inconsistency in Distributed Systems*,
/// IEEE Transactions on Software Engineering SE-9(3), 1983.
///
/// ```
/// use crdt::{Dot, Join, VersionVector};
///
/// let mut a = VersionVector::default();
/// a.increment(&"a");
/// let mut b = a.clone();
/// a.increment(&"a");
/// assert!(a > b);
///
/// b.increment(&"b");
/// assert_eq!(a.partial_cmp(&b), None); // concurrent
///
/// a.join(&b);
/// assert_eq!((a.get(&"a"), a.get(&"b")), (2, 1));
/// assert!(a.len() == 2 && a.iter().eq([(&"a", 2), (&"b", 1)]));
/// assert!(a.contains(&Dot::new("a", 2)));
///
/// let mut known = VersionVector::new();
/// assert!(known.is_empty() && known.raise(&"a", 7));
/// assert!(!known.raise(&"a", 5)); // known
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(
    feature = "serde",
    serde(bound(deserialize = "R: serde::Deserialize<'de> + Ord"))
)]
pub struct VersionVector<R> {
    counts: Counts<R>,
}

impl<R> Default for VersionVector<R> {
    fn default() -> Self {
        Self {
            counts: Counts::default(),
        }
    }
}

impl<R> VersionVector<R> {
    /// A vector that knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many replicas are known.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each known replica with its count, by replica.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&R, u64)> + Clone {
        self.counts.iter()
    }
}

impl<R: Ord> VersionVector<R> {
    /// How many events of the replica are known.
    pub fn get(&self, replica: &R) -> u64 {
        self.counts.get(replica)
    }

    /// Whether the event is known. Counter 0 names no event.
    pub fn contains(&self, dot: &Dot<R>) -> bool {
        (1..=self.get(&dot.replica)).contains(&dot.counter)
    }
}

impl<R: Ord + Clone> VersionVector<R> {
    /// Counts one more event of the replica; returns the delta.
    ///
    /// # Panics
    ///
    /// After 2^64 - 1 events of one replica, because the next would bear the name of the last.
    pub fn increment(&mut self, replica: &R) -> Self {
        let next = self
            .get(replica)
            .checked_add(1)
            .expect("a replica has fewer than 2^64 events");
        self.raise(replica, next);
        Self {
            counts: Counts::single(replica, next),
        }
    }

    /// Knows the replica's events up to `count`; returns whether that is news.
    pub fn raise(&mut self, replica: &R, count: u64) -> bool {
        self.counts.raise(replica, count)
    }
}

impl<R: Ord + Clone> Join for VersionVector<R> {
    fn join(&mut self, other: &Self) -> bool {
        self.counts.join(&other.counts)
    }
}

impl<R: Ord> PartialOrd for VersionVector<R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (
            self.counts.covers(&other.counts),
            other.counts.covers(&self.counts),
        ) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Greater),
            (false, true) => Some(Ordering::Less),
            (false, false) => None,
        }
    }
}

/// From pairs in any order; a replica named twice gets its higher count.
impl<R: Ord> FromIterator<(R, u64)> for VersionVector<R> {
    fn from_iter<I: IntoIterator<Item = (R, u64)>>(pairs: I) -> Self {
        Self {
            counts: pairs.into_iter().collect(),
        }
    }
}
