//! Contexts, and the causal types on their own.

use super::equal;
use crdt::testing::{At, History, REPLICAS, Scenario};
use crdt::{Dot, DotContext, EwFlag, Join, MvRegister, OrSet, VersionVector};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::ops::Range;

/// `VersionVector`: a count a replica.
pub(crate) struct Vectors;

impl Scenario for Vectors {
    type State = VersionVector<u8>;
    type Operation = ();

    fn operations() -> BoxedStrategy<()> {
        Just(()).boxed()
    }

    fn apply(state: &mut Self::State, at: At, (): &()) -> Self::State {
        state.increment(&at.replica)
    }

    fn expect(state: &Self::State, history: &History<()>) -> Result<(), String> {
        equal(
            counts(history),
            (0..REPLICAS).map(|replica| state.get(&replica)).collect(),
        )
    }
}

/// How many events each replica ran.
fn counts<O>(history: &History<O>) -> Vec<u64> {
    let by = |replica| {
        history
            .events
            .iter()
            .filter(|event| event.at.replica == replica)
            .count() as u64
    };
    (0..REPLICAS).map(by).collect()
}

/// `DotContext`: every event, and no gap once all are there.
pub(crate) struct Contexts;

impl Scenario for Contexts {
    type State = DotContext<u8>;
    type Operation = ();

    fn operations() -> BoxedStrategy<()> {
        Just(()).boxed()
    }

    fn apply(state: &mut Self::State, at: At, (): &()) -> Self::State {
        DotContext::from(state.next_dot(&at.replica))
    }

    fn expect(state: &Self::State, history: &History<()>) -> Result<(), String> {
        equal(true, state.is_contiguous())?;
        let counts = counts(history);
        equal(
            counts.clone(),
            (0..REPLICAS)
                .map(|replica| state.vector().get(&replica))
                .collect(),
        )?;
        for (replica, count) in (0..REPLICAS).zip(counts) {
            let contains = |counter| state.contains(&Dot::new(replica, counter));
            equal(
                (true, false),
                ((1..=count).all(contains), contains(count + 1)),
            )?;
        }
        Ok(())
    }
}

/// `EwFlag`: up if any raising was not seen by a later write.
pub(crate) struct Flags;

impl Scenario for Flags {
    type State = EwFlag<u8>;
    type Operation = bool;

    fn operations() -> BoxedStrategy<bool> {
        any::<bool>().boxed()
    }

    fn apply(state: &mut Self::State, at: At, up: &bool) -> Self::State {
        if *up {
            state.enable(&at.replica)
        } else {
            state.disable()
        }
    }

    fn expect(state: &Self::State, history: &History<bool>) -> Result<(), String> {
        equal(
            history.uncovered(|_, _| true).any(|event| event.operation),
            state.is_enabled(),
        )
    }
}

/// `MvRegister`: the writes that no later write saw.
pub(crate) struct MultiValues;

impl Scenario for MultiValues {
    type State = MvRegister<u64, String>;
    type Operation = bool;

    fn operations() -> BoxedStrategy<bool> {
        prop_oneof![4 => Just(true), 1 => Just(false)].boxed()
    }

    fn apply(state: &mut Self::State, at: At, write: &bool) -> Self::State {
        if *write {
            state.write(&at.replica.to_string(), at.tick)
        } else {
            state.clear()
        }
    }

    fn expect(state: &Self::State, history: &History<bool>) -> Result<(), String> {
        let written = history
            .uncovered(|_, _| true)
            .filter(|event| event.operation);
        equal(
            written.map(|event| event.at.tick).collect::<BTreeSet<_>>(),
            state.values().copied().collect(),
        )
    }
}

/// What is done to a set.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Add(Range<u8>),
    Remove(Range<u8>),
    Clear,
}

impl Change {
    pub(super) fn strategy(elements: Range<u8>, many: Range<u8>) -> BoxedStrategy<Self> {
        let run = prop_oneof![
            8 => elements.clone().prop_map(|first| first..first + 1),
            1 => (Just(elements), many).prop_map(|(all, few)| all.start + few..all.end - few),
        ];
        prop_oneof![
            6 => run.clone().prop_map(Self::Add),
            5 => run.prop_map(Self::Remove),
            1 => Just(Self::Clear),
        ]
        .boxed()
    }

    pub(super) fn adds(&self) -> Range<u8> {
        if let Self::Add(run) = self {
            run.clone()
        } else {
            0..0
        }
    }

    pub(super) fn covers(&self, element: u8) -> bool {
        match self {
            Self::Add(run) | Self::Remove(run) => run.contains(&element),
            Self::Clear => true,
        }
    }

    pub(super) fn apply(&self, set: &mut OrSet<u8, u8>, replica: u8) -> OrSet<u8, u8> {
        let mut delta = OrSet::default();
        match self {
            Self::Add(run) => run.clone().for_each(|element| {
                delta.join(&set.add(&replica, element));
            }),
            Self::Remove(run) => run.clone().for_each(|element| {
                delta.join(&set.remove(&element));
            }),
            Self::Clear => delta = set.clear(),
        }
        delta
    }
}

/// The elements with an addition that no later change to them saw.
fn elements(history: &History<Change>) -> BTreeSet<u8> {
    let mut live = BTreeSet::new();
    for (index, event) in history.events.iter().enumerate() {
        let adds = event.operation.adds();
        live.extend(
            adds.filter(|e| !history.is_covered(index, |later| later.operation.covers(*e))),
        );
    }
    live
}

/// `OrSet` of a few elements.
pub(crate) struct Sets;

impl Scenario for Sets {
    type State = OrSet<u8, u8>;
    type Operation = Change;

    fn operations() -> BoxedStrategy<Change> {
        Change::strategy(0..4, 0..2)
    }

    fn apply(state: &mut Self::State, at: At, change: &Change) -> Self::State {
        change.apply(state, at.replica)
    }

    fn expect(state: &Self::State, history: &History<Change>) -> Result<(), String> {
        equal(true, state.context().is_contiguous())?;
        equal(elements(history), state.iter().copied().collect())
    }
}

/// `OrSet` of so many elements that a delta is small beside it.
pub(crate) struct LargeSets;

impl Scenario for LargeSets {
    type State = OrSet<u8, u8>;
    type Operation = Change;

    fn operations() -> BoxedStrategy<Change> {
        Change::strategy(0..100, 0..30)
    }

    fn apply(state: &mut Self::State, at: At, change: &Change) -> Self::State {
        change.apply(state, at.replica)
    }

    fn expect(state: &Self::State, history: &History<Change>) -> Result<(), String> {
        Sets::expect(state, history)
    }
}
