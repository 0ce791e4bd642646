//! Sizes at which the ways to join part: key by key, or a walk over both sides.

use crate::config;
use crate::scenarios::{LargeSetMaps, LargeSets};
use crdt::testing::{Scenario, reachable};
use crdt::{Dot, DotContext, GCounter, GSet, Join, LwwMap, OrSet, VersionVector};
use proptest::prelude::*;
use proptest::sample::Index;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Sets of any size from none to several chunks.
fn numbers() -> impl Strategy<Value = BTreeSet<u16>> {
    prop_oneof![0..4_usize, 0..2000_usize]
        .prop_flat_map(|size| (Just(size), 1..40_u16, 0..5000_u16))
        .prop_flat_map(|(size, step, start)| {
            proptest::collection::vec(0..step, size).prop_map(move |steps| {
                let mut at = start;
                steps
                    .into_iter()
                    .map(|by| {
                        at = at.wrapping_add(by);
                        at
                    })
                    .collect()
            })
        })
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn a_g_set_is_a_set(a in numbers(), b in numbers(), probes in proptest::collection::vec(any::<u16>(), 20)) {
        let mut set: GSet<u16> = a.iter().copied().collect();
        let other: GSet<u16> = b.iter().copied().collect();
        let mut union: BTreeSet<u16> = a.union(&b).copied().collect();
        prop_assert_eq!(set.join(&other), union != a);
        prop_assert!(set.iter().eq(&union));
        prop_assert_eq!(set.len(), union.len());
        for probe in probes {
            prop_assert_eq!(set.contains(&probe), union.contains(&probe));
            prop_assert_eq!(set.insert(probe).is_bottom(), !union.insert(probe));
        }
    }

    #[test]
    fn an_or_set_with_one_writer_is_a_set(changes in proptest::collection::vec((any::<bool>(), 0..600_u16), 0..1500)) {
        let mut set = OrSet::default();
        let mut reader = OrSet::default();
        let mut plain = BTreeSet::new();
        for (add, element) in changes {
            let delta = if add { set.add(&'a', element) } else { set.remove(&element) };
            prop_assert_eq!(if add { plain.insert(element); true } else { plain.remove(&element) }, !delta.is_bottom());
            reader.join(&delta);
        }
        prop_assert!(set.iter().eq(&plain));
        prop_assert_eq!(set.len(), plain.len());
        prop_assert_eq!(reader, set);
    }

    #[test]
    fn counts_are_maxima(
        a in proptest::collection::btree_map(0..300_u16, 1..4_u64, 0..250),
        b in proptest::collection::btree_map(0..300_u16, 1..4_u64, 0..250),
    ) {
        let mut expected: BTreeMap<u16, u64> = a.clone();
        for (replica, count) in &b {
            let mine = expected.entry(*replica).or_default();
            *mine = (*mine).max(*count);
        }
        let mut counter: GCounter<u16> = a.clone().into_iter().collect();
        let other: GCounter<u16> = b.clone().into_iter().collect();
        prop_assert_eq!(counter.join(&other), expected != a);
        prop_assert!(counter.iter().eq(expected.iter().map(|(replica, count)| (replica, *count))));

        let (a, b): (VersionVector<_>, VersionVector<_>) = (a.into_iter().collect(), b.into_iter().collect());
        prop_assert_eq!(a >= b, a.covers(&b));
        prop_assert_eq!(b >= a, b.covers(&a));
        let both: VersionVector<_> = expected.into_iter().collect();
        prop_assert!(both >= a && both >= b);
    }

    #[test]
    fn a_context_is_a_set_of_dots(
        a in proptest::collection::btree_set((0..3_u8, 1..90_u64), 0..150),
        b in proptest::collection::btree_set((0..3_u8, 1..90_u64), 0..150),
    ) {
        let context = |dots: &BTreeSet<(u8, u64)>| -> DotContext<u8> {
            dots.iter().rev().map(|(replica, counter)| Dot::new(*replica, *counter)).collect()
        };
        let union: BTreeSet<_> = a.union(&b).copied().collect();
        let mut joined = context(&a);
        prop_assert_eq!(joined.join(&context(&b)), union != a);
        prop_assert_eq!(&joined, &context(&union));
        for replica in 0..3 {
            for counter in 1..95 {
                prop_assert_eq!(joined.contains(&Dot::new(replica, counter)), union.contains(&(replica, counter)));
            }
        }
        prop_assert_eq!(context(&a).includes(&context(&b)), b.is_subset(&a));
        let next = joined.next_dot(&0).counter;
        prop_assert_eq!(next, 1 + union.iter().filter(|(replica, _)| *replica == 0).map(|(_, n)| *n).max().unwrap_or(0));
    }

    #[test]
    fn an_lww_map_is_a_map(writes in proptest::collection::vec((0..400_u16, any::<bool>()), 0..1200), cut in any::<Index>()) {
        let mut map = LwwMap::default();
        let mut plain = BTreeMap::new();
        let mut reader = LwwMap::default();
        let cut = cut.index(writes.len() + 1);
        for (stamp, (key, put)) in writes.into_iter().enumerate() {
            if stamp == cut {
                reader.join(&map);
            }
            let delta = if put {
                plain.insert(key, stamp);
                map.insert(stamp, &0_u8, key, stamp)
            } else {
                plain.remove(&key);
                map.remove(stamp, &0_u8, key)
            };
            if stamp >= cut {
                reader.join(&delta);
            }
        }
        if cut >= reader.len() + reader.removed() {
            reader.join(&map);
        }
        prop_assert!(map.iter().eq(&plain));
        prop_assert_eq!(map.len(), plain.len());
        prop_assert_eq!(reader, map);
    }
}

/// Takes every list of what a delta is about out of its text, so that a join has to look at everything.
fn without_lists<T: Serialize + DeserializeOwned>(delta: &T) -> T {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                if let Some(gone) = fields.get_mut("gone") {
                    *gone = Value::Null;
                }
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut text = serde_json::to_value(delta).unwrap();
    strip(&mut text);
    serde_json::from_value(text).unwrap()
}

/// What a delta lists decides how it is joined, and not what comes out.
fn lists_change_nothing<S: Scenario>()
where
    S::State: Serialize + DeserializeOwned + 'static,
    S::Operation: 'static,
{
    let picked = (reachable::<S>(), any::<[Index; 3]>());
    proptest!(config(1000), |((reached, picks) in picked)| {
        let [a, b, c] = picks.map(|pick| pick.get(&reached).clone());
        let (plain_b, plain_c) = (without_lists(&b), without_lists(&c));
        prop_assert_eq!(&plain_b, &b);
        let (mut with, mut without) = (a.clone(), a);
        prop_assert_eq!(with.join(&b), without.join(&plain_b));
        prop_assert_eq!(&with, &without);
        // Groups of deltas keep true lists.
        let mut group = b;
        group.join(&c);
        with.join(&group);
        without.join(&plain_c);
        prop_assert_eq!(with, without);
    });
}

#[test]
fn lists_of_sets_change_nothing() {
    lists_change_nothing::<LargeSets>();
}

#[test]
fn lists_of_nested_maps_change_nothing() {
    lists_change_nothing::<LargeSetMaps>();
}
