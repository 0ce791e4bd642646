//! A register that keeps the last write.

use crate::Join;
use core::cmp::Ordering;

/// A last-writer-wins register: of two writes the one with the higher timestamp stays,
/// and at equal timestamps the one of the higher replica id.
///
/// **Use it** for values where the latest shall win and a lost concurrent write does no harm: a status, a position,
/// a cached reading. Where none may be lost, see [`MvRegister`](crate::MvRegister).
///
/// **Timestamps** come from the caller: any ordered type, `u64` if not said otherwise. A wall clock that runs
/// ahead wins until the others catch up; a logical clock (`max` of what was [seen](LwwRegister::stamp), plus one)
/// never overwrites with something older.
///
/// **Ties.** A (timestamp, replica) pair names one write. A register ignores a write that isn't above what it holds,
/// and so a replica that writes through one register can't use a pair twice.
///
/// **Cost.** The value, a timestamp and a replica id. A join is one comparison.
///
/// **Source.** Shapiro et al.: *A comprehensive study of Convergent and Commutative Replicated Data Types*,
/// INRIA RR-7506, 2011, section 3.2.1.
///
/// **JSON.** `null`, or `[timestamp, replica, value]`.
///
/// ```
/// use crdt::{Join, LwwRegister};
///
/// let mut a = LwwRegister::default();
/// let mut b = LwwRegister::default();
/// a.write(10, &"a", "first");
/// b.write(11, &"b", "second");
/// a.join(&b);
/// assert_eq!(a.get(), Some(&"second"));
///
/// assert!(a.write(9, &"a", "too late").is_bottom());
/// assert_eq!(a.stamp(), Some((&11, &"b")));
/// assert_eq!(LwwRegister::<&str, &str>::new().get(), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct LwwRegister<T, R, S = u64> {
    written: Option<(S, R, T)>,
}

impl<T, R, S> Default for LwwRegister<T, R, S> {
    fn default() -> Self {
        Self { written: None }
    }
}

impl<T, R, S> LwwRegister<T, R, S> {
    /// A register that was never written.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value, if one was written.
    pub fn get(&self) -> Option<&T> {
        self.written.as_ref().map(|(_, _, value)| value)
    }

    /// When and by whom the value was written.
    pub fn stamp(&self) -> Option<(&S, &R)> {
        self.written
            .as_ref()
            .map(|(stamp, replica, _)| (stamp, replica))
    }
}

impl<T: Clone, R: Ord + Clone, S: Ord + Clone> LwwRegister<T, R, S> {
    /// Writes the value if the timestamp, then the replica, is above what is there;
    /// returns the delta, which is the bottom if it isn't.
    pub fn write(&mut self, stamp: S, replica: &R, value: T) -> Self {
        let delta = Self {
            written: Some((stamp, replica.clone(), value)),
        };
        if self.join(&delta) {
            delta
        } else {
            Self::default()
        }
    }
}

impl<T: Clone, R: Ord + Clone, S: Ord + Clone> Join for LwwRegister<T, R, S> {
    fn join(&mut self, other: &Self) -> bool {
        let newer = self.stamp().cmp(&other.stamp()) == Ordering::Less;
        if newer {
            self.written.clone_from(&other.written);
        }
        newer
    }
}
