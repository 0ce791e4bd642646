//! A set whose elements can be removed and added again.

use crate::store::{DotStore, Elements, Pair, causal};
use crate::{Dot, DotContext};
use core::borrow::Borrow;

/// An observed-remove set: elements come and go and come back, and on a conflict the addition wins.
///
/// A removal takes away the additions that its replica has *observed*. An addition made elsewhere at the same time
/// is not among them, so the element stays.
///
/// **Use it** for any set whose elements can leave: members, shopping carts, tags, open orders.
/// Where nothing ever leaves, a [`GSet`](crate::GSet) is smaller.
///
/// **Cost.** No tombstones. Each element takes its own size and 24 bytes for the dot that keeps it (with an integer id);
/// if several replicas added it concurrently, a vector of their dots besides.
/// The causal context takes one entry of `size_of::<(R, u64)>()` a replica, and a run for each gap while deltas are missing.
/// Removed elements take nothing, but what is left may lie less close. Of 100,000 `u64` with a `u64` for an id each took
/// 34 bytes; after six in seven were removed, each of the others 40.
/// A join of two states is one walk over both; a join of a delta costs O(log n) for each element that it is about,
/// whatever the size of the state.
///
/// **Deltas** apply in any order, any number of times. One that comes ahead of another leaves a gap in the context,
/// which closes when the other comes; a [`DeltaBuffer`](crate::DeltaBuffer) delivers without gaps.
///
/// **Source.** A. Bieniusa et al.: *An Optimized Conflict-free Replicated Set*, INRIA RR-8083, 2012
/// (additions win, no tombstones); the OR-Set of Shapiro et al., INRIA RR-7506, 2011, section 3.3.5;
/// as a causal δ-CRDT in Almeida, Shoker, Baquero, JPDC 111, 2018 (the add-wins set).
///
/// **JSON.** See [`Elements`] and [`DotContext`]: `{"store": elements, "context": context}`.
///
/// ```
/// use crdt::{Join, OrSet};
///
/// let mut a = OrSet::default();
/// a.add(&"a", "milk");
/// let mut b = a.clone();
///
/// // a removes it while b adds it again.
/// let removal = a.remove(&"milk");
/// let addition = b.add(&"b", "milk");
/// assert!(!a.contains(&"milk"));
///
/// a.join(&addition);
/// b.join(&removal);
/// assert!(a.contains(&"milk") && b.contains(&"milk"));
/// assert_eq!(a, b);
/// assert_eq!(a.context(), b.context()); // Both have seen the same events.
/// assert!(a.len() == 1 && a.iter().eq(&["milk"]));
///
/// a.clear();
/// assert!(a.is_empty() && OrSet::<&str, &str>::new().is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "E: serde::Serialize + Ord + Clone, R: serde::Serialize + Ord + Clone",
        deserialize = "E: serde::Deserialize<'de> + Ord + Clone, R: serde::Deserialize<'de> + Ord + Clone"
    ))
)]
pub struct OrSet<E, R> {
    pair: Pair<Elements<E, R>, R>,
}

causal!(OrSet, (E, R), Elements<E, R>);

impl<E, R> OrSet<E, R> {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.pair.store.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pair.store.is_empty()
    }

    /// The elements in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &E> + Clone {
        self.pair.store.iter()
    }

    /// Which additions have been seen.
    pub fn context(&self) -> &DotContext<R> {
        &self.pair.context
    }
}

impl<E: Ord, R> OrSet<E, R> {
    /// Whether the element is there.
    pub fn contains<Q>(&self, element: &Q) -> bool
    where
        E: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.pair.store.contains(element)
    }
}

impl<E: Ord + Clone, R: Ord + Clone> OrSet<E, R> {
    /// Adds the element in the name of the replica; returns the delta.
    ///
    /// An addition of what is there already is one all the same: it outlives a removal that has not seen it.
    ///
    /// # Panics
    ///
    /// After 2^64 - 1 additions by one replica; see [`DotContext::next_dot`].
    pub fn add(&mut self, replica: &R, element: E) -> Self {
        let dot = self.pair.context.next_dot(replica);
        let mut context = DotContext::from(dot.clone());
        if let Some(replaced) = self.pair.store.put(element.clone(), dot.clone().into()) {
            see(&mut context, replaced.as_slice());
        }
        Self::delta(Elements::about(element, dot.into()), context)
    }

    /// Removes the element; returns the delta, which is the bottom if the element isn't there.
    pub fn remove<Q>(&mut self, element: &Q) -> Self
    where
        E: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let Some((element, dots)) = self.pair.store.take(element) else {
            return Self::default();
        };
        let mut context = DotContext::default();
        see(&mut context, dots.as_slice());
        let mut store = Elements::default();
        store.note_gone(element);
        Self::delta(store, context)
    }

    /// Removes every element that is there; returns the delta. Additions not yet seen will stay.
    pub fn clear(&mut self) -> Self {
        let context = self.pair.store.dots();
        let mut store = Elements::default();
        for element in self.pair.store.iter() {
            store.note_gone(element.clone());
        }
        self.pair.store = Elements::default();
        self.pair.store.generalise();
        Self::delta(store, context)
    }

    /// What was done, with a store that lists every element that the context is about.
    fn delta(store: Elements<E, R>, context: DotContext<R>) -> Self {
        Self {
            pair: Pair { store, context },
        }
    }
}

fn see<R: Ord + Clone>(context: &mut DotContext<R>, dots: &[Dot<R>]) {
    for dot in dots {
        context.insert(dot);
    }
}
