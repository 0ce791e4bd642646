//! How a type is operated, and what it must come to.

use crate::Join;
use core::fmt::Debug;
use proptest::strategy::BoxedStrategy;
use std::collections::BTreeSet;
use std::string::String;
use std::vec::Vec;

/// Where and when an operation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// The replica, from 0 on.
    pub replica: u8,
    /// A number that no other operation of the run has, higher for later ones.
    pub tick: u64,
}

/// A replicated type in use: its operations, and the sequential model that it is held to.
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
