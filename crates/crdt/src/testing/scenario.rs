//! How a type is operated, and what it must come to.

use crate::Join;
use core::fmt::Debug;
use proptest::strategy::BoxedStrategy;
use std::collections::BTreeSet;
use std::string::String;
use std::vec::Vec;

/// Where and when an operation runs.
///
/// ```
/// use crdt::GCounter;
/// use crdt::testing::At;
///
/// fn increment(counter: &mut GCounter<u8>, at: At) -> GCounter<u8> {
///     counter.increment(&at.replica, 1)
/// }
/// assert_eq!(increment(&mut GCounter::new(), At { replica: 2, tick: 9 }).count_of(&2), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// The replica, from 0 on.
    pub replica: u8,
    /// A number that no other operation of the run has, higher for later ones.
    pub tick: u64,
}

/// A replicated type in use: its operations, and the sequential model that it is held to.
///
/// See the example in the [module](super).
pub trait Scenario {
    /// The type under test.
    type State: Join + Clone + PartialEq + Debug;
    /// One call of a mutator, as a value.
    type Operation: Clone + Debug;

    /// Operations, such as replicas might run in any order.
    ///
    /// Keep the choice small (a handful of elements, of keys), so that operations meet.
    fn operations() -> BoxedStrategy<Self::Operation>;

    /// Runs the operation on the replica's state and returns its delta.
    fn apply(state: &mut Self::State, at: At, operation: &Self::Operation) -> Self::State;

    /// What the state must be after a full exchange, going by the history alone.
    ///
    /// # Errors
    ///
    /// What was expected, if that isn't what the state says.
    fn expect(state: &Self::State, history: &History<Self::Operation>) -> Result<(), String> {
        let _ = (state, history);
        Ok(())
    }
}

/// An operation that was run, and what its replica had seen by then.
///
/// See the example of [`History`].
#[derive(Clone, Debug)]
pub struct Event<O> {
    /// Where and when.
    pub at: At,
    /// What.
    pub operation: O,
    /// The earlier events, by index, whose deltas or effects had reached the replica, its own among them.
    pub saw: BTreeSet<usize>,
}

/// All operations of a run, in the order in which they ran.
///
/// ```
/// use std::collections::BTreeSet;
/// use crdt::testing::{At, Event, History};
///
/// // Two writes at once, and a third that saw the first of them alone.
/// let event = |tick, operation, saw: &[usize]| Event {
///     at: At { replica: 0, tick },
///     operation,
///     saw: saw.iter().copied().collect::<BTreeSet<usize>>(),
/// };
/// let history = History {
///     events: vec![event(1, "red", &[]), event(2, "blue", &[]), event(3, "green", &[0])],
/// };
/// assert_eq!(history.operations().count(), 3);
/// assert!(history.is_covered(0, |_| true) && !history.is_covered(1, |_| true));
/// let left: Vec<_> = history.uncovered(|_, _| true).map(|event| event.operation).collect();
/// assert_eq!(left, ["blue", "green"]);
/// ```
#[derive(Clone, Debug)]
pub struct History<O> {
    /// The events.
    pub events: Vec<Event<O>>,
}

impl<O> History<O> {
    /// The operations.
    pub fn operations(&self) -> impl Iterator<Item = &O> {
        self.events.iter().map(|event| &event.operation)
    }

    /// Whether a later event that saw this one did away with it, going by `covers`.
    ///
    /// This is the model of everything that goes by observation: a removal covers the additions of its element that it
    /// saw, a write covers all writes that it saw.
    pub fn is_covered(&self, index: usize, covers: impl Fn(&Event<O>) -> bool) -> bool {
        self.events[index + 1..]
            .iter()
            .any(|later| later.saw.contains(&index) && covers(later))
    }

    /// The events that no later event both saw and, going by `covers(later, earlier)`, did away with.
    pub fn uncovered(
        &self,
        covers: impl Fn(&Event<O>, &Event<O>) -> bool,
    ) -> impl Iterator<Item = &Event<O>> {
        let events = self.events.iter().enumerate();
        events.filter_map(move |(index, event)| {
            (!self.is_covered(index, |later| covers(later, event))).then_some(event)
        })
    }
}
