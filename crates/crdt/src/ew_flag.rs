//! A flag that goes up and down.

use crate::DotContext;
use crate::store::{Causal, DotSet, DotStore, Pair, causal};

/// An enable-wins flag: a boolean that can be raised and lowered, and raised wins on a conflict.
///
/// **Use it** for a switch that several replicas turn: a feature, a maintenance mode, "still typing".
/// For a flag that never goes down, a plain `bool` is a lattice already.
///
/// **Cost.** One dot for each concurrent raising, usually one, and the causal context,
/// an entry a replica. A join takes the walk over the contexts. Once all deltas are in that is at most one dot a replica.
///
/// **Source.** Almeida, Shoker, Baquero: *Delta state replicated data types*, JPDC 111, 2018 (flags as causal δ-CRDTs:
/// a `DotSet` under a context).
///
/// ```
/// use crdt::{EwFlag, Join};
///
/// let mut a = EwFlag::default();
/// a.enable(&"a");
/// let mut b = a.clone();
///
/// let off = a.disable();
/// let on = b.enable(&"b"); // at the same time
/// a.join(&on);
/// b.join(&off);
/// assert!(a.is_enabled() && b.is_enabled());
/// assert_eq!(a.context(), b.context()); // Both have seen the same events.
/// assert!(!EwFlag::<&str>::new().is_enabled());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "R: serde::Serialize",
        deserialize = "R: serde::Deserialize<'de> + Ord + Clone"
    ))
)]
pub struct EwFlag<R> {
    pair: Pair<DotSet<R>, R>,
}

causal!(EwFlag, (R), DotSet<R>);

impl<R> EwFlag<R> {
    /// A flag that is down.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the flag is up.
    pub fn is_enabled(&self) -> bool {
        !self.pair.store.is_empty()
    }

    /// Which writes have been seen.
    pub fn context(&self) -> &DotContext<R> {
        &self.pair.context
    }
}

impl<R: Ord + Clone> EwFlag<R> {
    /// Raises the flag in the name of the replica; returns the delta.
    ///
    /// # Panics
    ///
    /// After 2^64 - 1 times by one replica; see [`DotContext::next_dot`].
    pub fn enable(&mut self, replica: &R) -> Self {
        let mut context = self.pair.store.dots();
        let dot = self.pair.context.next_dot(replica);
        context.insert(&dot);
        let store = DotSet::from(dot);
        self.pair.store = store.clone();
        Self::from_parts(store, context)
    }

    /// Lowers the flag as far as it was seen raised; returns the delta, the bottom if it was down.
    pub fn disable(&mut self) -> Self {
        let context = self.pair.store.dots();
        self.pair.store = DotSet::default();
        Self::from_parts(DotSet::default(), context)
    }
}
