//! A counter that goes up.

use crate::Join;
use crate::counts::Counts;

/// A grow-only counter: each replica counts for itself, and the value is the sum.
///
/// **Use it** for what is only ever added to: requests served, bytes sent, likes.
/// To count down as well, see [`PNCounter`](crate::PNCounter).
///
/// **Cost.** A sorted vector: `size_of::<(R, u64)>()` bytes a replica, 16 for an integer id.
/// A join of two states is one walk over both, about 2 ns a replica; a join of a delta is a binary search.
/// A delta has one entry.
///
/// **Overflow.** A replica's own count stops at `u64::MAX` and stays there; [`value`](GCounter::value), a `u128`,
/// cannot overflow.
///
/// **Source.** Shapiro et al.: *A comprehensive study of Convergent and Commutative Replicated Data Types*,
/// INRIA RR-7506, 2011, section 3.1.2.
///
/// **JSON.** `[[replica, count], …]`.
///
/// ```
/// use crdt::{GCounter, Join};
///
/// let mut a = GCounter::default();
/// let mut b = GCounter::default();
/// a.increment(&"a", 2);
/// let delta = b.increment(&"b", 3);
///
/// a.join(&delta);
/// a.join(&delta); // a second time changes nothing
/// assert_eq!(a.value(), 5);
/// assert!(a.count_of(&"b") == 3 && a.iter().eq([(&"a", 2), (&"b", 3)]));
/// assert_eq!(GCounter::<&str>::new().value(), 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(
    feature = "serde",
    serde(bound(deserialize = "R: serde::Deserialize<'de> + Ord"))
)]
pub struct GCounter<R> {
    counts: Counts<R>,
}

impl<R> Default for GCounter<R> {
    fn default() -> Self {
        Self {
            counts: Counts::default(),
        }
    }
}

impl<R> GCounter<R> {
    /// A counter at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// The sum of all replicas' counts.
    pub fn value(&self) -> u128 {
        self.counts.sum()
    }

    /// Each replica that has counted, with its count, by replica.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&R, u64)> + Clone {
        self.counts.iter()
    }
}

impl<R: Ord> GCounter<R> {
    /// What one replica has counted.
    pub fn count_of(&self, replica: &R) -> u64 {
        self.counts.get(replica)
    }
}

impl<R: Ord + Clone> GCounter<R> {
    /// Adds to the replica's count, which stops at `u64::MAX`; returns the delta.
    pub fn increment(&mut self, replica: &R, by: u64) -> Self {
        let count = self.counts.get(replica).saturating_add(by);
        if !self.counts.raise(replica, count) {
            return Self::default();
        }
        Self {
            counts: Counts::single(replica, count),
        }
    }
}

impl<R: Ord + Clone> Join for GCounter<R> {
    fn join(&mut self, other: &Self) -> bool {
        self.counts.join(&other.counts)
    }
}

/// From each replica's count, in any order; of two for one replica, the higher counts.
impl<R: Ord> FromIterator<(R, u64)> for GCounter<R> {
    fn from_iter<I: IntoIterator<Item = (R, u64)>>(counts: I) -> Self {
        Self {
            counts: counts.into_iter().collect(),
        }
    }
}
