//! Counters, grow-only sets and registers.

use super::equal;
use crdt::testing::{At, History, Scenario};
use crdt::{GCounter, GSet, LwwRegister, Max, Min, PNCounter, TwoPhaseSet};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A replica id that is no integer.
fn name(at: At) -> String {
    format!("n{}", at.replica)
}

/// `GCounter`: the sum.
pub(crate) struct Counters;

impl Scenario for Counters {
    type State = GCounter<String>;
    type Operation = u64;

    fn operations() -> BoxedStrategy<u64> {
        (0..5_u64).boxed()
    }

    fn apply(state: &mut Self::State, at: At, by: &u64) -> Self::State {
        state.increment(&name(at), *by)
    }

    fn expect(state: &Self::State, history: &History<u64>) -> Result<(), String> {
        equal(
            history.operations().copied().map(u128::from).sum(),
            state.value(),
        )
    }
}

/// `PNCounter`: the sum, also below zero.
pub(crate) struct UpDown;

impl Scenario for UpDown {
    type State = PNCounter<String>;
    type Operation = i64;

    fn operations() -> BoxedStrategy<i64> {
        (-5..5_i64).boxed()
    }

    fn apply(state: &mut Self::State, at: At, by: &i64) -> Self::State {
        state.add(&name(at), *by)
    }

    fn expect(state: &Self::State, history: &History<i64>) -> Result<(), String> {
        equal(
            history.operations().copied().map(i128::from).sum(),
            state.value(),
        )
    }
}

/// `GSet`: the union.
pub(crate) struct Grow;

impl Scenario for Grow {
    type State = GSet<(u8, String)>;
    type Operation = (u8, String);

    fn operations() -> BoxedStrategy<Self::Operation> {
        (0..3_u8, "[ab]").boxed()
    }

    fn apply(state: &mut Self::State, _: At, element: &Self::Operation) -> Self::State {
        state.insert(element.clone())
    }

    fn expect(state: &Self::State, history: &History<Self::Operation>) -> Result<(), String> {
        equal(
            history.operations().collect::<BTreeSet<_>>(),
            state.iter().collect(),
        )
    }
}

/// `TwoPhaseSet`: added, and not removed by anyone who had seen it.
pub(crate) struct TwoPhase;

#[derive(Clone, Debug)]
pub(crate) enum Phase {
    Insert(u8),
    Remove(u8),
}

impl Scenario for TwoPhase {
    type State = TwoPhaseSet<u8>;
    type Operation = Phase;

    fn operations() -> BoxedStrategy<Phase> {
        prop_oneof![
            (0..4_u8).prop_map(Phase::Insert),
            (0..4_u8).prop_map(Phase::Remove)
        ]
        .boxed()
    }

    fn apply(state: &mut Self::State, _: At, operation: &Phase) -> Self::State {
        match operation {
            Phase::Insert(element) => state.insert(*element),
            Phase::Remove(element) => state.remove(element),
        }
    }

    fn expect(state: &Self::State, history: &History<Phase>) -> Result<(), String> {
        // A change that found nothing to do left no delta for others to see.
        let mut did = Vec::new();
        for event in &history.events {
            let saw = |wanted: &dyn Fn(&Phase) -> bool| {
                event
                    .saw
                    .iter()
                    .any(|seen| did[*seen] && wanted(&history.events[*seen].operation))
            };
            did.push(match event.operation {
                Phase::Insert(e) => {
                    !saw(&|seen| matches!(seen, Phase::Insert(x) | Phase::Remove(x) if *x == e))
                }
                Phase::Remove(e) => {
                    saw(&|seen| matches!(seen, Phase::Insert(x) if *x == e))
                        && !saw(&|seen| matches!(seen, Phase::Remove(x) if *x == e))
                }
            });
        }
        let mut expected = BTreeSet::new();
        let done = || history.operations().zip(&did).filter(|(_, did)| **did);
        for (operation, _) in done() {
            if let Phase::Insert(element) = operation {
                expected.insert(*element);
            }
        }
        for (operation, _) in done() {
            if let Phase::Remove(element) = operation {
                expected.remove(element);
            }
        }
        equal(expected.len(), state.len())?;
        equal(expected, state.iter().copied().collect())
    }
}

/// `LwwRegister`: the highest timestamp, then the highest replica; a pair that was used already is ignored.
pub(crate) struct Registers;

impl Scenario for Registers {
    type State = LwwRegister<u64, u8, u16>;
    type Operation = u16;

    fn operations() -> BoxedStrategy<u16> {
        (0..4_u16).boxed()
    }

    fn apply(state: &mut Self::State, at: At, stamp: &u16) -> Self::State {
        state.write(*stamp, &at.replica, at.tick)
    }

    fn expect(state: &Self::State, history: &History<u16>) -> Result<(), String> {
        let mut last: Option<(u16, u8, u64)> = None;
        for event in &history.events {
            let (stamp, replica) = (event.operation, event.at.replica);
            if last.is_none_or(|(known, by, _)| (known, by) < (stamp, replica)) {
                last = Some((stamp, replica, event.at.tick));
            }
        }
        equal(last.map(|(_, _, value)| value), state.get().copied())
    }
}

/// `Max`.
pub(crate) struct Highest;

impl Scenario for Highest {
    type State = Max<i32>;
    type Operation = i32;

    fn operations() -> BoxedStrategy<i32> {
        (-5..5).boxed()
    }

    fn apply(state: &mut Self::State, _: At, value: &i32) -> Self::State {
        state.see(*value)
    }

    fn expect(state: &Self::State, history: &History<i32>) -> Result<(), String> {
        equal(history.operations().max(), state.get())
    }
}

/// `Min`.
pub(crate) struct Lowest;

impl Scenario for Lowest {
    type State = Min<i32>;
    type Operation = i32;

    fn operations() -> BoxedStrategy<i32> {
        (-5..5).boxed()
    }

    fn apply(state: &mut Self::State, _: At, value: &i32) -> Self::State {
        state.see(*value)
    }

    fn expect(state: &Self::State, history: &History<i32>) -> Result<(), String> {
        equal(history.operations().min(), state.get())
    }
}
