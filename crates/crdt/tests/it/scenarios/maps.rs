//! Maps, with every kind of value that they nest.

use super::causal::Change;
use super::equal;
use crdt::testing::{At, Event, History, Scenario};
use crdt::{EwFlag, Join, LwwMap, MvRegister, OrMap, OrSet, PNCounter, Resettable};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// `LwwMap`: the last write to each key, by timestamp and replica; a removal is one.
pub(crate) struct LwwMaps;

#[derive(Clone, Debug)]
pub(crate) struct Put {
    key: u8,
    stamp: u64,
    /// Or a removal.
    value: bool,
}

impl Scenario for LwwMaps {
    type State = LwwMap<u8, u64, u8>;
    type Operation = Put;

    fn operations() -> BoxedStrategy<Put> {
        (0..3_u8, 0..4_u64, any::<bool>())
            .prop_map(|(key, stamp, value)| Put { key, stamp, value })
            .boxed()
    }

    fn apply(state: &mut Self::State, at: At, put: &Put) -> Self::State {
        if put.value {
            state.insert(put.stamp, &at.replica, put.key, at.tick)
        } else {
            state.remove(put.stamp, &at.replica, put.key)
        }
    }

    fn expect(state: &Self::State, history: &History<Put>) -> Result<(), String> {
        let mut last: BTreeMap<u8, ((u64, u8), Option<u64>)> = BTreeMap::new();
        for Event { at, operation, .. } in &history.events {
            let stamp = (operation.stamp, at.replica);
            if last
                .get(&operation.key)
                .is_none_or(|(known, _)| *known < stamp)
            {
                last.insert(operation.key, (stamp, operation.value.then_some(at.tick)));
            }
        }
        let live: BTreeMap<_, _> = last
            .iter()
            .filter_map(|(key, (_, value))| Some((*key, (*value)?)))
            .collect();
        equal(
            (live.len(), last.len() - live.len()),
            (state.len(), state.removed()),
        )?;
        equal(
            live,
            state.iter().map(|(key, value)| (*key, *value)).collect(),
        )
    }
}

/// What is done to a map of sets.
#[derive(Clone, Debug)]
pub(crate) enum MapChange {
    Update(u8, Change),
    Remove(Range<u8>),
    /// A set of one element under each key.
    Fill(Range<u8>),
}

fn map_changes(keys: u8, elements: Range<u8>, many: Range<u8>) -> BoxedStrategy<MapChange> {
    prop_oneof![
        8 => (0..keys, Change::strategy(elements, many)).prop_map(|(key, change)| MapChange::Update(key, change)),
        2 => (0..keys).prop_map(|key| MapChange::Remove(key..key + 1)),
        1 => Just(MapChange::Fill(0..keys)),
    ]
    .boxed()
}

type SetMap = OrMap<u8, OrSet<u8, u8>>;

fn apply(map: &mut SetMap, at: At, change: &MapChange) -> SetMap {
    let mut delta = SetMap::default();
    match change {
        MapChange::Update(key, change) => {
            delta = map.update(&at.replica, *key, |set, me| change.apply(set, *me));
        }
        MapChange::Remove(keys) => keys.clone().for_each(|key| {
            delta.join(&map.remove(&key));
        }),
        MapChange::Fill(keys) => keys.clone().for_each(|key| {
            delta.join(&map.update(&at.replica, key, |set, me| set.add(me, 0)));
        }),
    }
    delta
}

/// The elements by key with an addition that no later change saw: to the element, or a removal of the key.
fn check(map: &SetMap, history: &History<MapChange>) -> Result<(), String> {
    let mut live: BTreeMap<u8, BTreeSet<u8>> = BTreeMap::new();
    let covers = |later: &MapChange, key: u8, element: u8| match later {
        MapChange::Update(k, change) => *k == key && change.covers(element),
        MapChange::Remove(keys) => keys.contains(&key),
        MapChange::Fill(keys) => keys.contains(&key) && element == 0,
    };
    for (index, event) in history.events.iter().enumerate() {
        let added: Vec<(u8, u8)> = match &event.operation {
            MapChange::Update(key, change) => {
                change.adds().map(|element| (*key, element)).collect()
            }
            MapChange::Fill(keys) => keys.clone().map(|key| (key, 0)).collect(),
            MapChange::Remove(_) => Vec::new(),
        };
        for (key, element) in added {
            if !history.is_covered(index, |later| covers(&later.operation, key, element)) {
                live.entry(key).or_default().insert(element);
            }
        }
    }
    equal(true, map.context().is_contiguous())?;
    equal(
        live,
        map.iter()
            .map(|(key, set)| (*key, set.iter().copied().collect()))
            .collect(),
    )
}

/// `OrMap` of `OrSet`s: removals of a key reset what they saw.
pub(crate) struct SetMaps;

impl Scenario for SetMaps {
    type State = SetMap;
    type Operation = MapChange;

    fn operations() -> BoxedStrategy<MapChange> {
        map_changes(3, 0..3, 0..1)
    }

    fn apply(state: &mut SetMap, at: At, change: &MapChange) -> SetMap {
        apply(state, at, change)
    }

    fn expect(state: &SetMap, history: &History<MapChange>) -> Result<(), String> {
        check(state, history)
    }
}

/// The same with so many keys and elements that a delta is small beside either.
pub(crate) struct LargeSetMaps;

impl Scenario for LargeSetMaps {
    type State = SetMap;
    type Operation = MapChange;

    fn operations() -> BoxedStrategy<MapChange> {
        map_changes(40, 0..50, 0..4)
            .prop_map(|change| match change {
                // Some keys meet more often than others.
                MapChange::Update(key, change) => MapChange::Update(key / 14 * 14, change),
                MapChange::Remove(keys) => {
                    MapChange::Remove(keys.start / 7 * 7..keys.start / 7 * 7 + 1)
                }
                MapChange::Fill(keys) => MapChange::Fill(keys),
            })
            .boxed()
    }

    fn apply(state: &mut SetMap, at: At, change: &MapChange) -> SetMap {
        apply(state, at, change)
    }

    fn expect(state: &SetMap, history: &History<MapChange>) -> Result<(), String> {
        check(state, history)
    }
}

/// `OrMap` of registers: the uncovered writes of each key.
pub(crate) struct ValueMaps;

impl Scenario for ValueMaps {
    type State = OrMap<String, MvRegister<u64, u8>>;
    type Operation = (String, bool);

    fn operations() -> BoxedStrategy<Self::Operation> {
        ("[ab]", prop_oneof![3 => Just(true), 1 => Just(false)]).boxed()
    }

    fn apply(state: &mut Self::State, at: At, (key, write): &Self::Operation) -> Self::State {
        if *write {
            state.update(&at.replica, key.clone(), |register, me| {
                register.write(me, at.tick)
            })
        } else {
            state.remove(key)
        }
    }

    fn expect(state: &Self::State, history: &History<Self::Operation>) -> Result<(), String> {
        let mut live: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        for event in history.uncovered(|later, earlier| later.operation.0 == earlier.operation.0) {
            if event.operation.1 {
                live.entry(event.operation.0.clone())
                    .or_default()
                    .insert(event.at.tick);
            }
        }
        equal(
            live,
            state
                .iter()
                .map(|(key, values)| (key.clone(), values.values().copied().collect()))
                .collect(),
        )
    }
}

/// `OrMap` of counters by way of `Resettable`: an update carries its replica's share on, a removal takes what it saw.
pub(crate) struct CounterMaps;

impl Scenario for CounterMaps {
    type State = OrMap<u8, Resettable<PNCounter<u8>, u8>>;
    type Operation = (u8, Option<i64>);

    fn operations() -> BoxedStrategy<Self::Operation> {
        (
            0..2_u8,
            prop_oneof![3 => (-4..5_i64).prop_map(Some), 1 => Just(None)],
        )
            .boxed()
    }

    fn apply(state: &mut Self::State, at: At, (key, by): &Self::Operation) -> Self::State {
        match by {
            Some(by) => state.update(&at.replica, *key, |counter, me| {
                counter.update(me, |mine| mine.add(me, *by))
            }),
            None => state.remove(key),
        }
    }

    fn expect(state: &Self::State, history: &History<Self::Operation>) -> Result<(), String> {
        // The share that each update left, given what its replica had seen of removals.
        let mut shares: Vec<i128> = Vec::new();
        for event in &history.events {
            let (key, by) = event.operation;
            let mine = |index: &usize| {
                let before = &history.events[*index];
                before.at.replica == event.at.replica
                    && before.operation.0 == key
                    && before.operation.1.is_some()
            };
            let last = event.saw.iter().rev().find(|index| mine(index));
            let standing = last.filter(|last| {
                !event
                    .saw
                    .iter()
                    .any(|seen| takes(history, *seen, key, **last))
            });
            shares.push(i128::from(by.unwrap_or(0)) + standing.map_or(0, |index| shares[*index]));
        }
        let mut live: BTreeMap<u8, i128> = BTreeMap::new();
        for (index, event) in history.events.iter().enumerate() {
            let (key, by) = event.operation;
            let covers = |later: &Event<Self::Operation>| {
                let own = later.at.replica == event.at.replica || later.operation.1.is_none();
                later.operation.0 == key && own
            };
            if by.is_some() && !history.is_covered(index, covers) {
                *live.entry(key).or_default() += shares[index];
            }
        }
        let read = |key: &u8| state.value(key).map(|counter| counter.value().value());
        equal(
            live.clone(),
            state
                .keys()
                .filter_map(|key| Some((*key, read(key)?)))
                .collect(),
        )
    }
}

/// Whether a removal took what an update left: what an earlier removal took is not there for it to take, and
/// its delta, which may arrive without the other's, says nothing of it.
fn takes(history: &History<(u8, Option<i64>)>, removal: usize, key: u8, update: usize) -> bool {
    let event = &history.events[removal];
    event.operation == (key, None)
        && event.saw.contains(&update)
        && !event
            .saw
            .iter()
            .any(|seen| takes(history, *seen, key, update))
}

/// A map of maps of flags.
pub(crate) struct FlagMaps;

#[derive(Clone, Debug)]
pub(crate) enum Deep {
    Enable(u8, u8),
    Disable(u8, u8),
    RemoveInner(u8, u8),
    RemoveOuter(u8),
}

impl Scenario for FlagMaps {
    type State = OrMap<u8, OrMap<u8, EwFlag<u8>>>;
    type Operation = Deep;

    fn operations() -> BoxedStrategy<Deep> {
        let at = || (0..2_u8, 0..2_u8);
        prop_oneof![
            4 => at().prop_map(|(outer, inner)| Deep::Enable(outer, inner)),
            1 => at().prop_map(|(outer, inner)| Deep::Disable(outer, inner)),
            1 => at().prop_map(|(outer, inner)| Deep::RemoveInner(outer, inner)),
            1 => (0..2_u8).prop_map(Deep::RemoveOuter),
        ]
        .boxed()
    }

    fn apply(state: &mut Self::State, at: At, operation: &Deep) -> Self::State {
        let me = &at.replica;
        match *operation {
            Deep::Enable(outer, inner) => state.update(me, outer, |map, me| {
                map.update(me, inner, |flag, me| flag.enable(me))
            }),
            Deep::Disable(outer, inner) => state.update(me, outer, |map, me| {
                map.update(me, inner, |flag, _| flag.disable())
            }),
            Deep::RemoveInner(outer, inner) => state.update(me, outer, |map, _| map.remove(&inner)),
            Deep::RemoveOuter(outer) => state.remove(&outer),
        }
    }

    fn expect(state: &Self::State, history: &History<Deep>) -> Result<(), String> {
        let mut live = BTreeSet::new();
        for (index, event) in history.events.iter().enumerate() {
            if let Deep::Enable(outer, inner) = event.operation {
                let covers = |later: &Event<Deep>| match later.operation {
                    Deep::Enable(o, i) | Deep::Disable(o, i) | Deep::RemoveInner(o, i) => {
                        (o, i) == (outer, inner)
                    }
                    Deep::RemoveOuter(o) => o == outer,
                };
                if !history.is_covered(index, covers) {
                    live.insert((outer, inner));
                }
            }
        }
        let read = state
            .iter()
            .flat_map(|(outer, map)| map.keys().map(|inner| (*outer, *inner)));
        equal(live, read.collect())
    }
}
