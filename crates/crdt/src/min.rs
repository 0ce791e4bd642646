//! The lowest value seen.

use crate::Join;
use core::cmp::Ordering;

/// The lowest value seen, of any ordered type; at first none.
///
/// **Use it** for a low-water mark, the earliest deadline, the best price asked. For the other end, see [`Max`](crate::Max).
///
/// **Cost.** The value. A join is one comparison. The delta is the new value.
///
/// **Source.** A total order is a join-semilattice: Shapiro et al., INRIA RR-7506, 2011, section 2.3.
/// "None yet" stands above every value, which is the bottom of this lattice.
///
/// **JSON.** `[]`, or `[value]`.
///
/// ```
/// use crdt::{Join, Min};
///
/// let mut a = Min::new(3);
/// a.join(&Min::new(7));
/// assert_eq!(a.get(), Some(&3));
/// assert!(a.see(5).is_bottom()); // nothing new
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Min<T>(Option<T>);

impl<T> Default for Min<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Min<T> {
    /// One value, seen.
    pub const fn new(value: T) -> Self {
        Self(Some(value))
    }

    /// The lowest value seen.
    pub const fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T: Ord + Clone> Min<T> {
    /// Sees a value; returns the delta, which is the bottom if it changes nothing.
    pub fn see(&mut self, value: T) -> Self {
        let delta = Self(Some(value));
        if self.join(&delta) { delta } else { Self(None) }
    }
}

impl<T: Ord + Clone> Join for Min<T> {
    fn join(&mut self, other: &Self) -> bool {
        let news = match (&self.0, &other.0) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(mine), Some(theirs)) => theirs.cmp(mine) == Ordering::Less,
        };
        if news {
            self.0.clone_from(&other.0);
        }
        news
    }
}

#[cfg(feature = "serde")]
mod serial {
    use super::Min;
    use alloc::vec::Vec;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// A list of none or one, because a value can be `null` itself.
    impl<T: Serialize> Serialize for Min<T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.0.as_slice())
        }
    }

    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Min<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let mut values = Vec::<T>::deserialize(deserializer)?;
            if values.len() > 1 {
                return Err(D::Error::invalid_length(values.len(), &"none or one"));
            }
            Ok(Self(values.pop()))
        }
    }
}
