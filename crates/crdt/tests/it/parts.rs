//! Values put together from a store and a context, and a causal type from outside.

use crate::scenarios::{LargeSetMaps, LargeSets};
use crdt::store::{Causal, DotFun, DotMap, DotSet, DotStore, Elements};
use crdt::testing::{At, History, Scenario, assert_converges, reachable};
use crdt::{Dot, DotContext, Join, MvRegister, OrMap, OrSet};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeMap;

use crate::config;

#[test]
fn what_the_context_has_seen_and_an_empty_store_has_not_is_gone() {
    let mut set = OrSet::<&str, &str>::new();
    set.add(&"a", "x");
    let emptied = OrSet::from_parts(Elements::default(), set.context().clone());
    let mut other_way = emptied.clone();
    other_way.join(&set);
    set.join(&emptied);
    assert_eq!(set, other_way);
    assert!(set.is_empty());

    let mut map = OrMap::<&str, MvRegister<u8, u8>>::new();
    map.update(&1, "k", |value, me| value.write(me, 7));
    let emptied = OrMap::from_parts(DotMap::default(), map.context().clone());
    map.join(&emptied);
    assert!(map.is_empty());
}

/// Taken apart and put together a value joins as before, and so does one whose store is collected anew.
fn parts_change_nothing<S: Scenario<State: Causal>>(
    anew: fn(&<S::State as Causal>::Store) -> <S::State as Causal>::Store,
) where
    S::State: 'static,
    S::Operation: 'static,
{
    let picked = (reachable::<S>(), any::<[Index; 2]>());
    proptest!(config(1000), |((reached, picks) in picked)| {
        let [a, b] = picks.map(|pick| pick.get(&reached).clone());
        let (store, context) = b.clone().into_parts();
        let collected = S::State::from_parts(anew(&store), context.clone());
        let put_back = S::State::from_parts(store, context);
        let mut expected = a.clone();
        let changed = expected.join(&b);
        for other in [collected, put_back] {
            prop_assert_eq!(&other, &b);
            let mut joined = a.clone();
            prop_assert_eq!(joined.join(&other), changed);
            prop_assert_eq!(&joined, &expected);
            let mut joined = other;
            joined.join(&a);
            prop_assert_eq!(&joined, &expected);
        }
    });
}

fn elements(store: &Elements<u8, u8>) -> Elements<u8, u8> {
    let collected = store.with_dots();
    collected
        .map(|(element, dots)| (*element, dots.iter().copied().collect()))
        .collect()
}

#[test]
fn parts_of_sets_change_nothing() {
    parts_change_nothing::<LargeSets>(elements);
}

#[test]
fn parts_of_nested_maps_change_nothing() {
    parts_change_nothing::<LargeSetMaps>(|store| {
        store
            .iter()
            .map(|(key, store)| (*key, elements(store)))
            .collect()
    });
}

#[test]
fn a_dot_collected_twice_has_its_first_value() {
    let dot = |counter| Dot::new('a', counter);
    let values: DotFun<char, u8> = [(dot(2), 8), (dot(1), 7), (dot(2), 9)]
        .into_iter()
        .collect();
    assert!(values.iter().eq([(&dot(1), &7), (&dot(2), &8)]));
}

/// What each replica votes for; a vote replaces its earlier ones.
#[derive(Clone, Debug, Default, PartialEq)]
struct Ballot {
    votes: DotMap<u8, DotSet<u8>>,
    seen: DotContext<u8>,
}

impl Ballot {
    fn vote(&mut self, voter: u8, choice: u8) -> Self {
        let dot = self.seen.clone().next_dot(&voter);
        let mut seen = DotContext::from(dot);
        self.votes.for_each_dot(&mut |dot| {
            if dot.replica == voter {
                seen.insert(dot);
            }
        });
        let votes = [(choice, DotSet::from(dot))].into_iter().collect();
        let delta = Self { votes, seen };
        self.join(&delta);
        delta
    }
}

impl Join for Ballot {
    fn join(&mut self, other: &Self) -> bool {
        self.votes.join(&self.seen, &other.votes, &other.seen) | self.seen.join(&other.seen)
    }
}

impl Causal for Ballot {
    type Store = DotMap<u8, DotSet<u8>>;

    fn from_parts(mut votes: Self::Store, seen: DotContext<u8>) -> Self {
        votes.generalise();
        Self { votes, seen }
    }

    fn into_parts(self) -> (Self::Store, DotContext<u8>) {
        (self.votes, self.seen)
    }

    fn store(&self) -> &Self::Store {
        &self.votes
    }

    fn context(&self) -> &DotContext<u8> {
        &self.seen
    }
}

/// Ballots under keys: the key and the choice.
struct Ballots;

impl Scenario for Ballots {
    type State = OrMap<u8, Ballot>;
    type Operation = (u8, u8);

    fn operations() -> BoxedStrategy<(u8, u8)> {
        (0..2_u8, 0..3_u8).boxed()
    }

    fn apply(state: &mut Self::State, at: At, (key, choice): &(u8, u8)) -> Self::State {
        state.update(&at.replica, *key, |ballot, me| ballot.vote(*me, *choice))
    }

    fn expect(state: &Self::State, history: &History<(u8, u8)>) -> Result<(), String> {
        let last = history.uncovered(|later, earlier| {
            later.at.replica == earlier.at.replica && later.operation.0 == earlier.operation.0
        });
        let mut expected = BTreeMap::<(u8, u8), usize>::new();
        for vote in last {
            *expected.entry(vote.operation).or_default() += 1;
        }
        let counted = state.iter().flat_map(|(key, votes)| {
            let votes = votes.iter();
            votes.map(|(choice, dots)| ((*key, *choice), dots.as_slice().len()))
        });
        let counted: BTreeMap<_, _> = counted.collect();
        if counted == expected {
            Ok(())
        } else {
            Err(format!("expected {expected:?}, counted {counted:?}"))
        }
    }
}

#[test]
fn a_causal_type_from_outside_nests_and_converges() {
    assert_converges::<Ballots>();
}
