//! A set whose elements can leave once.

use crate::{GSet, Join};
use core::borrow::Borrow;

/// A two-phase set: an element can be added and then removed, and never comes back.
///
/// **Use it** where a removal is final by nature: revoked keys, closed tickets, deleted users.
/// Where elements come back, use [`OrSet`](crate::OrSet).
///
/// **Cost.** Two [`GSet`]s: an element that was removed is kept twice and for ever, because its return has to be refused.
/// A join is two joins of sets.
///
/// **Source.** Shapiro et al.: *A comprehensive study of Convergent and Commutative Replicated Data Types*,
/// INRIA RR-7506, 2011, section 3.3.2.
///
/// **JSON.** `{"added": [element, …], "removed": [element, …]}`. What was removed has been added, whatever is read.
///
/// ```
/// use crdt::{Join, TwoPhaseSet};
///
/// let mut a = TwoPhaseSet::default();
/// a.insert(7);
/// let mut b = a.clone();
/// let removal = a.remove(&7);
/// b.join(&removal);
/// assert!(b.insert(7).is_bottom()); // too late
/// assert!(!b.contains(&7));
/// b.insert(8);
/// assert!(b.len() == 1 && b.removals() == 1 && b.iter().eq(&[8]));
/// assert!(TwoPhaseSet::<u8>::new().is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TwoPhaseSet<E> {
    added: GSet<E>,
    removed: GSet<E>,
}

impl<E> Default for TwoPhaseSet<E> {
    fn default() -> Self {
        Self {
            added: GSet::default(),
            removed: GSet::default(),
        }
    }
}

impl<E> TwoPhaseSet<E> {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many elements were ever removed.
    pub fn removals(&self) -> usize {
        self.removed.len()
    }
}

impl<E: Ord> TwoPhaseSet<E> {
    /// How many elements there are. (A removal implies an addition.)
    pub fn len(&self) -> usize {
        self.added.len() - self.removed.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the element was added and not removed.
    pub fn contains<Q>(&self, element: &Q) -> bool
    where
        E: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.added.contains(element) && !self.removed.contains(element)
    }

    /// The elements in order.
    pub fn iter(&self) -> impl Iterator<Item = &E> {
        self.added
            .iter()
            .filter(|element| !self.removed.contains(element))
    }
}

impl<E: Ord + Clone> TwoPhaseSet<E> {
    /// Adds the element; returns the delta, which is the bottom if it is there or was removed.
    pub fn insert(&mut self, element: E) -> Self {
        Self {
            added: self.added.insert(element),
            removed: GSet::default(),
        }
    }

    /// Removes the element for ever; returns the delta, which is the bottom if it isn't there.
    pub fn remove<Q>(&mut self, element: &Q) -> Self
    where
        E: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let Some(element) = self.added.get(element) else {
            return Self::default();
        };
        // The delta adds as well, so that a removal never travels without its addition.
        // Of what was removed before, both are empty.
        let removed = self.removed.insert(element.clone());
        Self {
            added: removed.clone(),
            removed,
        }
    }
}

impl<E: Ord + Clone> Join for TwoPhaseSet<E> {
    fn join(&mut self, other: &Self) -> bool {
        self.added.join(&other.added) | self.removed.join(&other.removed)
    }
}

#[cfg(feature = "serde")]
mod serial {
    use super::{GSet, Join, TwoPhaseSet};
    use serde::{Deserialize, Deserializer};

    #[derive(Deserialize)]
    #[serde(rename = "TwoPhaseSet")]
    #[serde(bound = "E: Deserialize<'de> + Ord")]
    struct Form<E> {
        added: GSet<E>,
        removed: GSet<E>,
    }

    impl<'de, E: Deserialize<'de> + Ord + Clone> Deserialize<'de> for TwoPhaseSet<E> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let Form { mut added, removed } = Form::deserialize(deserializer)?;
            added.join(&removed);
            Ok(Self { added, removed })
        }
    }
}
