//! Runs: operations at several replicas, and what reaches whom.

use super::scenario::{At, Event, History, Scenario};
use crate::Join;
use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::sample::Index;
use std::collections::BTreeSet;
use std::vec::Vec;

/// How many replicas take part in a run.
pub const REPLICAS: u8 = 3;

/// A run as a value: what happens, step by step.
///
/// Deltas that no step delivers are lost, and the same delta may be delivered often, late and out of order.
#[derive(Clone, Debug)]
pub(super) struct Script<O> {
    steps: Vec<Step<O>>,
}

#[derive(Clone, Debug)]
enum Step<O> {
    /// An operation at a replica.
    Run { replica: u8, operation: O },
    /// Some of the deltas so far, joined in that order into one group, reach a replica.
    Deliver { deltas: Vec<Index>, to: u8 },
    /// The full state of one replica reaches another.
    Exchange { from: u8, to: u8 },
}

impl<O: Clone + core::fmt::Debug + 'static> Script<O> {
    pub(super) fn strategy(operations: BoxedStrategy<O>) -> BoxedStrategy<Self> {
        let replica = || 0..REPLICAS;
        let some = prop_oneof![3 => Just(1_usize), 1 => 2_usize..4]
            .prop_flat_map(|n| vec(any::<Index>(), n));
        let step = prop_oneof![
            4 => (replica(), operations).prop_map(|(replica, operation)| Step::Run { replica, operation }),
            3 => (some, replica()).prop_map(|(deltas, to)| Step::Deliver { deltas, to }),
            1 => (replica(), replica()).prop_map(|(from, to)| Step::Exchange { from, to }),
        ];
        vec(step, 0..20).prop_map(|steps| Self { steps }).boxed()
    }
}

/// What a run came to.
pub(super) struct Outcome<S: Scenario> {
    pub(super) replicas: Vec<S::State>,
    /// Before, the delta, after: for each operation.
    pub(super) mutations: Vec<[S::State; 3]>,
    /// Delta groups that were delivered.
    pub(super) groups: Vec<S::State>,
    pub(super) history: History<S::Operation>,
}

impl<S: Scenario> Outcome<S> {
    pub(super) fn of(script: &Script<S::Operation>) -> Self {
        let mut replicas: Vec<S::State> = (0..REPLICAS).map(|_| S::State::default()).collect();
        let mut saw = std::vec![BTreeSet::new(); usize::from(REPLICAS)];
        let mut mutations: Vec<[S::State; 3]> = Vec::new();
        let mut groups = Vec::new();
        let mut history = History { events: Vec::new() };
        for step in &script.steps {
            match step {
                Step::Run { replica, operation } => {
                    let here = usize::from(*replica);
                    let at = At {
                        replica: *replica,
                        tick: history.events.len() as u64 + 1,
                    };
                    let before = replicas[here].clone();
                    let delta = S::apply(&mut replicas[here], at, operation);
                    mutations.push([before, delta, replicas[here].clone()]);
                    let event = history.events.len();
                    history.events.push(Event {
                        at,
                        operation: operation.clone(),
                        saw: saw[here].clone(),
                    });
                    saw[here].insert(event);
                }
                Step::Deliver { deltas, to } if !mutations.is_empty() => {
                    let mut group = S::State::default();
                    for delta in deltas {
                        let event = delta.index(mutations.len());
                        group.join(&mutations[event][1]);
                        saw[usize::from(*to)].insert(event);
                    }
                    replicas[usize::from(*to)].join(&group);
                    groups.push(group);
                }
                Step::Deliver { .. } => {}
                Step::Exchange { from, to } => {
                    let sent = replicas[usize::from(*from)].clone();
                    replicas[usize::from(*to)].join(&sent);
                    let seen = saw[usize::from(*from)].clone();
                    saw[usize::from(*to)].extend(seen);
                }
            }
        }
        Self {
            replicas,
            mutations,
            groups,
            history,
        }
    }

    /// Every state and delta that occurred, the bottom first.
    pub(super) fn reached(&self) -> Vec<S::State> {
        let mut reached = Vec::from([S::State::default()]);
        reached.extend(self.mutations.iter().flatten().cloned());
        reached.extend(self.groups.iter().cloned());
        reached.extend(self.replicas.iter().cloned());
        reached
    }
}

/// States, deltas and delta groups that occur in random runs of the scenario,
/// for properties of your own, such as a round trip through a wire format.
///
/// ```
/// use crdt::GSet;
/// use crdt::testing::{At, REPLICAS, Scenario, reachable};
/// use proptest::prelude::*;
///
/// struct Adding;
/// impl Scenario for Adding {
///     type State = GSet<u8>;
///     type Operation = u8;
///     fn operations() -> BoxedStrategy<u8> {
///         (0..4_u8).boxed()
///     }
///     fn apply(state: &mut GSet<u8>, at: At, element: &u8) -> GSet<u8> {
///         assert!(at.replica < REPLICAS);
///         state.insert(*element)
///     }
/// }
///
/// // Whatever is reached survives JSON.
/// proptest!(|(states in reachable::<Adding>())| {
///     for state in states {
///         let text = serde_json::to_string(&state).expect("a set is written as a list");
///         let read: GSet<u8> = serde_json::from_str(&text).expect("what was written is read");
///         prop_assert_eq!(read, state);
///     }
/// });
/// ```
pub fn reachable<S: Scenario>() -> BoxedStrategy<Vec<S::State>>
where
    S::State: 'static,
    S::Operation: 'static,
{
    Script::strategy(S::operations())
        .prop_map(|script| Outcome::<S>::of(&script).reached())
        .boxed()
}
