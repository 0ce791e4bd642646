//! A register that keeps what was written at the same time.

use crate::DotContext;
use crate::store::{Causal, DotFun, DotStore, Pair, causal};

/// A multi-value register: a write replaces the values that its replica has seen,
/// and writes made at the same time are all kept, for the reader to settle.
///
/// **Use it** where losing one of two concurrent writes is worse than showing both: a document's title,
/// an address. Where one may be lost, an [`LwwRegister`](crate::LwwRegister) is simpler.
///
/// **Cost.** A dot and a value for each concurrent write, usually one in all,
/// and the causal context, an entry a replica. A join takes the walk over the contexts.
/// Once all deltas are in that is at most one value a replica; while one is missing it can be more: a register that got
/// a replica's first write, and its second, but not the `clear` between them, has both values until that arrives.
///
/// **Source.** Shapiro et al., INRIA RR-7506, 2011, section 3.2.2; with dots and a causal context
/// (a `DotFun`) in Almeida, Shoker, Baquero, JPDC 111, 2018.
///
/// **JSON.** `{"store": [[replica, counter, value], …], "context": …}`.
///
/// ```
/// use crdt::{Join, MvRegister};
///
/// let mut a = MvRegister::default();
/// let mut b = MvRegister::default();
/// a.write(&"a", "red");
/// b.write(&"b", "blue");
/// a.join(&b);
/// assert_eq!(a.values().copied().collect::<Vec<_>>(), ["red", "blue"]);
///
/// a.write(&"a", "violet"); // settles it
/// b.join(&a);
/// assert_eq!(b.values().copied().collect::<Vec<_>>(), ["violet"]);
/// assert_eq!(a.context(), b.context()); // Both have seen the same writes.
///
/// b.clear();
/// assert_eq!(b.values().len(), 0);
/// assert_eq!(MvRegister::<&str, &str>::new().values().len(), 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "T: serde::Serialize, R: serde::Serialize",
        deserialize = "T: serde::Deserialize<'de> + Clone + PartialEq, R: serde::Deserialize<'de> + Ord + Clone"
    ))
)]
pub struct MvRegister<T, R> {
    pair: Pair<DotFun<R, T>, R>,
}

causal!(MvRegister, (T, R), DotFun<R, T>);

impl<T, R> MvRegister<T, R> {
    /// A register that was never written.
    pub fn new() -> Self {
        Self::default()
    }

    /// The values that no write has replaced, in the order of their writers:
    /// none if nothing was written, more than one if writes were concurrent.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &T> {
        self.pair.store.values()
    }

    /// Which writes have been seen.
    pub fn context(&self) -> &DotContext<R> {
        &self.pair.context
    }
}

impl<T: Clone + PartialEq, R: Ord + Clone> MvRegister<T, R> {
    /// Replaces every value seen, in the name of the replica; returns the delta.
    ///
    /// # Panics
    ///
    /// After 2^64 - 1 writes by one replica; see [`DotContext::next_dot`].
    pub fn write(&mut self, replica: &R, value: T) -> Self {
        let mut context = self.pair.store.dots();
        let dot = self.pair.context.next_dot(replica);
        context.insert(&dot);
        let store = DotFun::single(dot, value);
        self.pair.store = store.clone();
        Self::from_parts(store, context)
    }

    /// Takes away every value seen; returns the delta, the bottom if there was none.
    pub fn clear(&mut self) -> Self {
        let context = self.pair.store.dots();
        self.pair.store = DotFun::default();
        Self::from_parts(DotFun::default(), context)
    }
}
