//! A counter that goes up and down.

use crate::{GCounter, Join};

/// A positive-negative counter: two grow-only counters, one for what was added and one for what was taken away.
///
/// **Use it** for what goes up and down: stock, connections, balances. Its value can go below zero: no replica can tell
/// what the others are taking away at the same time.
///
/// **Cost.** Twice a [`GCounter`]: `2 * size_of::<(R, u64)>()` bytes for a replica that did both, and two walks a join.
/// A delta has one entry.
///
/// **Overflow.** What one replica added, and what it took away, each stop at `u64::MAX` and stay there;
/// [`value`](PNCounter::value), an `i128`, could overflow with 2^63 replicas only.
///
/// **Source.** Shapiro et al.: *A comprehensive study of Convergent and Commutative Replicated Data Types*,
/// INRIA RR-7506, 2011, section 3.1.3.
///
/// **JSON.** `{"added": [[replica, count], …], "taken": [[replica, count], …]}`.
///
/// ```
/// use crdt::{Join, PNCounter};
///
/// let mut a = PNCounter::default();
/// let mut b = PNCounter::default();
/// a.increment(&"a", 2);
/// b.decrement(&"b", 5);
/// a.join(&b);
/// assert_eq!(a.value(), -3);
/// assert_eq!((a.added().value(), a.taken().value()), (2, 5));
/// a.add(&"a", -4); // whichever way
/// assert_eq!(a.value(), -7);
/// assert_eq!(PNCounter::<&str>::new().value(), 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(deserialize = "R: serde::Deserialize<'de> + Ord"))
)]
pub struct PNCounter<R> {
    added: GCounter<R>,
    taken: GCounter<R>,
}

impl<R> Default for PNCounter<R> {
    fn default() -> Self {
        Self {
            added: GCounter::default(),
            taken: GCounter::default(),
        }
    }
}

impl<R> PNCounter<R> {
    /// A counter at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// All that was added less all that was taken away.
    pub fn value(&self) -> i128 {
        // Each sum is below 2^127 for fewer than 2^63 replicas, and so the casts and the difference are exact.
        self.added.value() as i128 - self.taken.value() as i128
    }

    /// What was added.
    pub fn added(&self) -> &GCounter<R> {
        &self.added
    }

    /// What was taken away.
    pub fn taken(&self) -> &GCounter<R> {
        &self.taken
    }
}

impl<R: Ord + Clone> PNCounter<R> {
    /// Adds in the name of the replica, whose additions stop at `u64::MAX` in all; returns the delta.
    pub fn increment(&mut self, replica: &R, by: u64) -> Self {
        Self {
            added: self.added.increment(replica, by),
            taken: GCounter::default(),
        }
    }

    /// Takes away in the name of the replica, which stops at `u64::MAX` in all; returns the delta.
    pub fn decrement(&mut self, replica: &R, by: u64) -> Self {
        Self {
            added: GCounter::default(),
            taken: self.taken.increment(replica, by),
        }
    }

    /// Adds `by`, or takes away if it is below zero; returns the delta.
    pub fn add(&mut self, replica: &R, by: i64) -> Self {
        if by < 0 {
            self.decrement(replica, by.unsigned_abs())
        } else {
            self.increment(replica, by.unsigned_abs())
        }
    }
}

impl<R: Ord + Clone> Join for PNCounter<R> {
    fn join(&mut self, other: &Self) -> bool {
        self.added.join(&other.added) | self.taken.join(&other.taken)
    }
}
