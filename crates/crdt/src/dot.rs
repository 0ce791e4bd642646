//! The name of one event.

/// The name of one event: the `counter`-th of its `replica`, counted from 1.
///
/// Causal types name each write by a dot. A dot in a [`DotContext`](crate::DotContext)
/// has been seen; a dot in a store is still there.
///
/// Source: P. S. Almeida, C. Baquero, R. Gonçalves, N. Preguiça, V. Fonte: *Scalable and Accurate
/// Causality Tracking for Eventually Consistent Stores*, DAIS 2014 (dotted version vectors).
///
/// ```
/// use crdt::{Dot, DotContext};
///
/// let mut seen = DotContext::default();
/// let dot = seen.next_dot(&"a");
/// assert_eq!(dot, Dot::new("a", 1));
/// assert!(seen.contains(&dot));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dot<R> {
    /// Who wrote.
    pub replica: R,
    /// Which of its writes, from 1 on.
    pub counter: u64,
}

impl<R> Dot<R> {
    /// The `counter`-th event of `replica`.
    pub const fn new(replica: R, counter: u64) -> Self {
        Self { replica, counter }
    }
}
