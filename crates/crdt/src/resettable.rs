//! Any lattice, with a reset.

use crate::store::{Causal, DotFun, DotStore, Pair, causal};
use crate::{DotContext, Join};

/// Any [`Join`] type made causal: it can be reset, and it nests in an [`OrMap`](crate::OrMap).
///
/// Each replica keeps its own share of the value under the dot of its latest write;
/// the value is the join of the shares. A reset takes away the shares as its replica saw them.
///
/// **Use it** for a counter in a map ([`PNCounter`](crate::PNCounter) within), or for any grow-only type
/// that has to start over.
///
/// **What a reset undoes.** What it has seen. A replica that writes at the same time as a reset elsewhere carries its
/// whole share over to the new dot, with what it wrote before: so a reset and a concurrent increment leave the writer's
/// own count standing. This is the observed reset of the causal counter in the literature;
/// a reset that undoes exactly what it saw takes a map with a fresh key instead.
///
/// **Cost.** A dot and a share for each replica that wrote since the last reset; a delta holds the
/// writer's share, whole. A join takes the walk over the contexts. While the delta of a reset is missing, the shares of
/// one replica from before and after it lie side by side, and the value is the join of both.
///
/// **Source.** The causal counter of Almeida, Shoker, Baquero, JPDC 111, 2018, with any lattice in place of the number.
///
/// ```
/// use crdt::{Join, PNCounter, Resettable};
///
/// let mut a: Resettable<PNCounter<&str>, &str> = Resettable::default();
/// a.update(&"a", |mine| mine.increment(&"a", 5));
/// let mut b = a.clone();
/// b.update(&"b", |mine| mine.decrement(&"b", 2));
/// assert_eq!(b.value().value(), 3);
///
/// let reset = b.reset();
/// a.join(&reset);
/// assert_eq!(a.value().value(), 0);
/// assert!(a.context().includes(reset.context())); // What the reset has seen is gone.
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "V: serde::Serialize, R: serde::Serialize",
        deserialize = "V: serde::Deserialize<'de> + Clone + PartialEq, R: serde::Deserialize<'de> + Ord + Clone"
    ))
)]
pub struct Resettable<V, R> {
    pair: Pair<DotFun<R, V>, R>,
}

causal!(Resettable, (V, R), DotFun<R, V>);

impl<V: Join, R> Resettable<V, R> {
    /// The join of all shares.
    pub fn value(&self) -> V {
        let mut value = V::default();
        for share in self.pair.store.values() {
            value.join(share);
        }
        value
    }
}

impl<V, R> Resettable<V, R> {
    /// Which writes have been seen.
    pub fn context(&self) -> &DotContext<R> {
        &self.pair.context
    }
}

impl<V: Join + Clone + PartialEq, R: Ord + Clone> Resettable<V, R> {
    /// Changes the replica's own share, which starts at the bottom; returns the delta.
    ///
    /// The closure gets the share of this replica and not the joined value. What it returns
    /// is ignored: mutators that return their delta can stand there as they are.
    ///
    /// # Panics
    ///
    /// After 2^64 - 1 writes by one replica; see [`DotContext::next_dot`].
    pub fn update<T>(&mut self, replica: &R, change: impl FnOnce(&mut V) -> T) -> Self {
        let mut context = DotContext::default();
        let mut share = V::default();
        if let Some((dot, mine)) = self.pair.store.take(replica) {
            context.insert(&dot);
            share = mine;
        }
        change(&mut share);
        let dot = self.pair.context.next_dot(replica);
        context.insert(&dot);
        self.pair.store.insert(dot.clone(), share.clone());
        Self::from_parts(DotFun::single(dot, share), context)
    }

    /// Takes away every share seen; returns the delta, the bottom if there was none.
    pub fn reset(&mut self) -> Self {
        let context = self.pair.store.dots();
        self.pair.store = DotFun::default();
        Self::from_parts(DotFun::default(), context)
    }
}
