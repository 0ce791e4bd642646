//! The highest value seen.

use crate::Join;
use core::cmp::Ordering;

/// The highest value seen, of any ordered type; at first none.
///
/// **Use it** for a high-water mark, the latest term, the highest offset read. For the other end, see [`Min`](crate::Min).
///
/// **Cost.** The value. A join is one comparison. The delta is the new value.
///
/// **Source.** A total order is a join-semilattice: Shapiro et al., INRIA RR-7506, 2011, section 2.3.
/// "None yet" stands below every value.
///
/// **JSON.** `[]`, or `[value]`.
///
/// ```
/// use crdt::{Join, Max};
///
/// let mut a = Max::new(3);
/// a.join(&Max::new(7));
/// assert_eq!(a.get(), Some(&7));
/// assert!(a.see(5).is_bottom()); // nothing new
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Max<T>(Option<T>);

impl<T> Default for Max<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Max<T> {
    /// One value, seen.
    pub const fn new(value: T) -> Self {
        Self(Some(value))
    }

    /// The highest value seen.
    pub const fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T: Ord + Clone> Max<T> {
    /// Sees a value; returns the delta, which is the bottom if it changes nothing.
    pub fn see(&mut self, value: T) -> Self {
        let delta = Self(Some(value));
        if self.join(&delta) { delta } else { Self(None) }
    }
}

impl<T: Ord + Clone> Join for Max<T> {
    fn join(&mut self, other: &Self) -> bool {
        let news = match (&self.0, &other.0) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(mine), Some(theirs)) => theirs.cmp(mine) == Ordering::Greater,
        };
        if news {
            self.0.clone_from(&other.0);
        }
        news
    }
}

#[cfg(feature = "serde")]
mod serial {
    use super::Max;
    use alloc::vec::Vec;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// A list of none or one, because a value can be `null` itself.
    impl<T: Serialize> Serialize for Max<T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(self.0.as_slice())
        }
    }

    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Max<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let mut values = Vec::<T>::deserialize(deserializer)?;
            if values.len() > 1 {
                return Err(D::Error::invalid_length(values.len(), &"none or one"));
            }
            Ok(Self(values.pop()))
        }
    }
}
