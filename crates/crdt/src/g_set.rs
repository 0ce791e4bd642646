//! A set that grows.

use crate::Join;
use crate::sorted_map::{Merge, SortedMap};
use alloc::vec::{self, Vec};
use core::borrow::Borrow;
use core::iter::Flatten;
use core::{fmt, slice};

/// A grow-only set: elements come and stay, and a join is the union.
///
/// **Use it** for what is never taken back: messages seen, ids used, events recorded.
/// For elements that leave, see [`OrSet`](crate::OrSet).
///
/// **Cost.** The elements in sorted chunks of up to 128: their own size, and about a tenth more, most of it room to grow.
/// Of 100,000 `u64` each took 8.2 bytes when they came in order, 8.8 when they didn't.
/// A join of two states is one walk over both; a join of a delta costs O(log n) an element, whatever the size of the state.
///
/// **Source.** Shapiro et al.: *A comprehensive study of Convergent and Commutative Replicated Data Types*,
/// INRIA RR-7506, 2011, section 3.3.1.
///
/// **JSON.** `[element, …]`, sorted.
///
/// ```
/// use crdt::{GSet, Join};
///
/// let mut a: GSet<_> = ["x", "y"].into_iter().collect();
/// let mut b = GSet::default();
/// let delta = b.insert("z");
/// assert!(a.join(&delta));
/// assert!(!a.join(&delta)); // known
/// assert!(a.iter().eq(&["x", "y", "z"]));
/// assert!(a.contains(&"z") && a.len() == 3);
/// assert!(GSet::<&str>::new().is_empty());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GSet<E> {
    elements: SortedMap<E, ()>,
}

impl<E> Default for GSet<E> {
    fn default() -> Self {
        Self {
            elements: SortedMap::default(),
        }
    }
}

impl<E> GSet<E> {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// The elements in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &E> + Clone {
        self.elements.iter().map(|(element, ())| element)
    }
}

impl<E: Ord> GSet<E> {
    /// Whether the element is there.
    pub fn contains<Q>(&self, element: &Q) -> bool
    where
        E: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.elements.contains_key(element)
    }

    /// The element as it lies here.
    pub(crate) fn get<Q>(&self, element: &Q) -> Option<&E>
    where
        E: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.elements.get_key(element)
    }
}

impl<E: Ord + Clone> GSet<E> {
    /// Adds the element; returns the delta, which is the bottom if it was there.
    pub fn insert(&mut self, element: E) -> Self {
        let mut delta = Self::default();
        if !self.contains(&element) {
            self.elements.insert(element.clone(), ());
            delta.elements.insert(element, ());
        }
        delta
    }
}

/// The union.
struct Union;

impl<E> Merge<E, (), ()> for Union {
    fn both(&mut self, _: &E, (): &mut (), (): &()) -> bool {
        false
    }

    fn mine(&mut self, _: &E, (): &mut ()) -> bool {
        false
    }

    fn theirs(&mut self, _: &E, (): &()) -> Option<()> {
        Some(())
    }

    fn dead(&self, (): &()) -> bool {
        false
    }
}

impl<E: Ord + Clone> Join for GSet<E> {
    fn join(&mut self, other: &Self) -> bool {
        if !self.elements.is_few(other.len()) {
            return self.elements.merge(&other.elements, &mut Union);
        }
        let before = self.len();
        for element in other.iter() {
            if !self.contains(element) {
                self.elements.insert(element.clone(), ());
            }
        }
        self.len() != before
    }
}

impl<E: Ord> FromIterator<E> for GSet<E> {
    fn from_iter<I: IntoIterator<Item = E>>(elements: I) -> Self {
        Self {
            elements: elements.into_iter().map(|element| (element, ())).collect(),
        }
    }
}

/// Adds what is new, without a delta: for a set that is being made and not yet shared.
impl<E: Ord> Extend<E> for GSet<E> {
    fn extend<I: IntoIterator<Item = E>>(&mut self, elements: I) {
        for element in elements {
            self.elements.insert(element, ());
        }
    }
}

/// The elements of a [`GSet`] in order.
#[derive(Clone, Debug)]
pub struct Iter<'a, E>(Flatten<slice::Iter<'a, Vec<(E, ())>>>);

impl<'a, E> Iterator for Iter<'a, E> {
    type Item = &'a E;

    fn next(&mut self) -> Option<&'a E> {
        self.0.next().map(|(element, ())| element)
    }
}

impl<'a, E> IntoIterator for &'a GSet<E> {
    type Item = &'a E;
    type IntoIter = Iter<'a, E>;

    fn into_iter(self) -> Iter<'a, E> {
        Iter(self.elements.entries())
    }
}

/// The elements that were a [`GSet`]'s, in order.
#[derive(Clone, Debug)]
pub struct IntoIter<E>(Flatten<vec::IntoIter<Vec<(E, ())>>>);

impl<E> Iterator for IntoIter<E> {
    type Item = E;

    fn next(&mut self) -> Option<E> {
        self.0.next().map(|(element, ())| element)
    }
}

impl<E> IntoIterator for GSet<E> {
    type Item = E;
    type IntoIter = IntoIter<E>;

    fn into_iter(self) -> IntoIter<E> {
        IntoIter(self.elements.into_entries())
    }
}

impl<E: fmt::Debug> fmt::Debug for GSet<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(feature = "serde")]
mod serial {
    use super::{GSet, Vec};
    use serde::ser::SerializeSeq;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    impl<E: Serialize> Serialize for GSet<E> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            // Binary formats write the length first, and the iterator doesn't know it.
            let mut elements = serializer.serialize_seq(Some(self.len()))?;
            for element in self.iter() {
                elements.serialize_element(element)?;
            }
            elements.end()
        }
    }

    impl<'de, E: Deserialize<'de> + Ord> Deserialize<'de> for GSet<E> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Ok(Vec::<E>::deserialize(deserializer)?.into_iter().collect())
        }
    }
}
