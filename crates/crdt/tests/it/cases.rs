//! What each type does where replicas disagree, and at the ends of its range: one test a decision.

use crdt::store::{Causal, Elements};
use crdt::*;
use std::cmp::Ordering;
use std::hash::{BuildHasher, RandomState};

/// The elements of a set.
fn read<E: Clone, R>(set: &OrSet<E, R>) -> Vec<E> {
    set.iter().cloned().collect()
}

#[test]
fn a_value_joined_with_itself_stays() {
    let mut set = OrSet::default();
    set.add(&1, "x");
    set.remove(&"x");
    set.add(&1, "y");
    let copy = set.clone();
    assert!(!set.join(&copy));
    assert_eq!(set, copy);
}

#[test]
fn an_element_removed_and_added_again_survives_any_order_of_the_deltas() {
    let mut a = OrSet::default();
    let deltas = [a.add(&1, "x"), a.remove(&"x"), a.add(&1, "x")];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let mut b = OrSet::default();
        for at in order {
            b.join(&deltas[at]);
            b.join(&deltas[at]);
        }
        assert_eq!(b, a, "{order:?}");
        assert_eq!(read(&b), ["x"]);
    }
}

#[test]
fn a_removal_that_comes_before_its_addition_holds() {
    let mut a = OrSet::default();
    let addition = a.add(&1, "x");
    let removal = a.remove(&"x");
    let mut b = OrSet::<_, i32>::default();
    b.join(&removal);
    b.join(&addition);
    assert!(b.is_empty());
    assert_eq!(a, b);
}

#[test]
fn an_addition_wins_over_a_removal_that_did_not_see_it() {
    let mut a = OrSet::default();
    a.add(&1, "x");
    let mut b = a.clone();
    let removal = b.remove(&"x");
    let again = a.add(&1, "x");
    b.join(&again);
    a.join(&removal);
    assert_eq!(read(&a), ["x"]);
    assert_eq!(a, b);
}

#[test]
fn clearing_takes_what_was_seen() {
    let mut a = OrSet::default();
    a.add(&1, "x");
    let mut b = a.clone();
    let cleared = a.clear();
    let addition = b.add(&2, "y");
    a.join(&addition);
    b.join(&cleared);
    assert_eq!((read(&a), read(&b)), (vec!["y"], vec!["y"]));
    assert!(OrSet::<u8, u8>::default().clear().is_bottom());
}

#[test]
fn removing_what_is_not_there_is_nothing() {
    let mut set = OrSet::<u8, u8>::default();
    assert!(set.remove(&1).is_bottom());
    assert!(EwFlag::<u8>::default().disable().is_bottom());
    assert!(MvRegister::<u8, u8>::default().clear().is_bottom());
    assert!(OrMap::<u8, EwFlag<u8>>::default().remove(&1).is_bottom());
    assert!(GCounter::<u8>::default().increment(&1, 0).is_bottom());
}

#[test]
fn a_register_keeps_concurrent_writes_until_one_has_seen_them() {
    let mut a = MvRegister::default();
    a.write(&"a", 0);
    let (mut b, mut c) = (a.clone(), a.clone());
    let first = b.write(&"b", 1);
    let second = c.write(&"c", 2);
    a.join(&first);
    a.join(&second);
    assert_eq!(a.values().copied().collect::<Vec<_>>(), [1, 2]);
    let settled = a.write(&"a", 3);
    b.join(&settled);
    c.join(&settled);
    b.join(&second);
    assert_eq!(b.values().copied().collect::<Vec<_>>(), [3]);
    assert_eq!(c.values().copied().collect::<Vec<_>>(), [3]);
}

#[test]
fn equal_timestamps_go_to_the_higher_replica() {
    let mut a = LwwRegister::default();
    let mut b = LwwRegister::default();
    let first = a.write(5_u64, &"a", 1);
    let second = b.write(5, &"b", 2);
    a.join(&second);
    b.join(&first);
    assert_eq!((a.get(), b.get()), (Some(&2), Some(&2)));
    assert_eq!(a.stamp(), Some((&5, &"b")));
    // The same pair a second time is no other write.
    assert!(b.write(5, &"b", 3).is_bottom());
    assert_eq!(b.get(), Some(&2));
}

#[test]
fn a_removed_key_stays_removed_for_older_writes() {
    let mut a = LwwMap::default();
    let mut b = LwwMap::default();
    let write = a.insert(1_u64, &"a", "k", 1);
    let removal = b.remove(2, &"b", "k");
    b.join(&write);
    a.join(&removal);
    assert_eq!(a, b);
    assert_eq!((a.get(&"k"), a.len(), a.removed()), (None, 0, 1));
}

#[test]
fn a_counter_goes_below_zero_and_stops_at_its_ends() {
    let mut counter = PNCounter::default();
    counter.add(&"a", i64::MIN);
    assert_eq!(counter.value(), i128::from(i64::MIN));
    counter.decrement(&"a", u64::MAX);
    assert_eq!(counter.value(), -i128::from(u64::MAX));
    assert!(counter.decrement(&"a", 1).is_bottom());

    let mut up = GCounter::default();
    up.increment(&1, u64::MAX);
    up.increment(&2, u64::MAX);
    assert!(up.increment(&1, 1).is_bottom());
    assert_eq!(up.value(), 2 * u128::from(u64::MAX));
}

#[test]
#[should_panic(expected = "fewer than 2^64 events")]
fn a_replica_runs_out_of_names_with_a_panic_and_not_with_a_name_used_twice() {
    let mut seen: DotContext<u8> = DotContext::from(Dot::new(1, u64::MAX));
    seen.next_dot(&1);
}

#[test]
fn dot_zero_names_nothing() {
    let mut seen = DotContext::default();
    assert!(!seen.insert(&Dot::new('a', 0)));
    assert!(seen.is_empty());
    seen.insert_run(&'a', 1, 2);
    seen.insert_run(&'a', 4, 5);
    assert!(!seen.contains(&Dot::new('a', 0)));
    assert!(!seen.vector().contains(&Dot::new('a', 0)));
}

#[test]
fn a_removed_key_comes_back_with_the_concurrent_update_alone() {
    let mut a: OrMap<&str, OrSet<&str, u8>> = OrMap::default();
    a.update(&1, "k", |set, me| set.add(me, "old"));
    let mut b = a.clone();
    let removal = a.remove(&"k");
    let update = b.update(&2, "k", |set, me| set.add(me, "new"));
    a.join(&update);
    b.join(&removal);
    assert_eq!(a, b);
    assert!(a.get(&"k").is_some_and(|set| set.iter().eq(&["new"])));

    // And again from nothing.
    a.remove(&"k");
    a.update(&1, "k", |set, me| set.add(me, "fresh"));
    assert!(a.get(&"k").is_some_and(|set| set.iter().eq(&["fresh"])));
}

#[test]
fn a_reset_leaves_the_whole_share_of_a_concurrent_writer() {
    let mut a: Resettable<PNCounter<u8>, u8> = Resettable::default();
    a.update(&1, |mine| mine.increment(&1, 5));
    let mut b = a.clone();
    b.update(&2, |mine| mine.increment(&2, 3));
    let reset = b.reset();
    let more = a.update(&1, |mine| mine.increment(&1, 1));
    a.join(&reset);
    b.join(&more);
    assert_eq!(a, b);
    assert_eq!(a.value().value(), 6);
}

#[test]
fn a_removal_leaves_the_whole_share_of_a_concurrent_writer() {
    let mut a: OrMap<&str, Resettable<PNCounter<u8>, u8>> = OrMap::default();
    a.update(&1, "k", |counter, me| {
        counter.update(me, |mine| mine.increment(me, 5))
    });
    let mut b = a.clone();
    let removal = b.remove(&"k");
    let more = a.update(&1, "k", |counter, me| {
        counter.update(me, |mine| mine.increment(me, 1))
    });
    a.join(&removal);
    b.join(&more);
    assert_eq!(a, b);
    assert_eq!(
        a.value(&"k").map(|counter| counter.value().value()),
        Some(6)
    );
}

#[test]
fn while_a_clear_is_missing_a_register_has_two_values_of_one_replica() {
    let mut a = MvRegister::default();
    let (first, cleared, second) = (a.write(&1, 7), a.clear(), a.write(&1, 8));
    let mut b = MvRegister::default();
    b.join(&first);
    b.join(&second);
    assert_eq!(b.values().copied().collect::<Vec<_>>(), [7, 8]);
    b.join(&cleared);
    assert_eq!(b.values().copied().collect::<Vec<_>>(), [8]);
    assert_eq!(a, b);
}

#[test]
fn a_copy_of_a_maps_value_may_change_under_another_replica_id() {
    let mut map: OrMap<&str, OrSet<&str, u8>> = OrMap::default();
    map.update(&1, "k", |set, me| set.add(me, "x"));
    let mut copy = map.value(&"k").unwrap();
    copy.add(&2, "y");
    map.update(&1, "k", |set, me| set.add(me, "z"));
    copy.join(&map.value(&"k").unwrap());
    assert_eq!(read(&copy), ["x", "y", "z"]);
}

#[test]
fn a_key_without_anything_under_it_is_gone() {
    let mut map: OrMap<u8, OrSet<u8, u8>> = OrMap::default();
    map.update(&1, 7, |set, me| set.add(me, 1));
    let emptied = map.update(&1, 7, |set, _| set.remove(&1));
    assert!(!map.contains_key(&7) && !emptied.is_bottom());
}

#[test]
fn a_closure_that_panics_takes_nothing_with_it() {
    let mut map: OrMap<u8, OrSet<u8, u8>> = OrMap::default();
    map.update(&1, 7, |set, me| set.add(me, 1));
    let before = map.clone();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        map.update(&1, 7, |_, _| panic!("on purpose"))
    }));
    assert!(panicked.is_err());
    assert_eq!(map, before);
}

#[test]
fn several_mutators_in_one_update_join_their_deltas() {
    let mut map: OrMap<u8, OrSet<u8, u8>> = OrMap::default();
    let delta = map.update(&1, 7, |set, me| {
        let mut delta = set.add(me, 1);
        delta.join(&set.add(me, 2));
        delta.join(&set.remove(&1));
        delta
    });
    let mut other = OrMap::default();
    other.join(&delta);
    assert_eq!(other, map);
    assert_eq!(map.value(&7).map(|set| read(&set)), Some(vec![2]));
}

#[test]
fn a_final_removal_is_final() {
    let mut a = TwoPhaseSet::default();
    a.insert("x");
    let mut b = a.clone();
    a.remove(&"x");
    assert!(b.insert("x").is_bottom());
    b.join(&a);
    assert!(b.is_empty() && b.removals() == 1);
}

#[test]
fn version_vectors_are_ordered_by_what_they_know() {
    let low: VersionVector<_> = [("a", 1), ("b", 2)].into_iter().collect();
    let high: VersionVector<_> = [("a", 1), ("b", 3), ("c", 1)].into_iter().collect();
    let beside: VersionVector<_> = [("a", 2)].into_iter().collect();
    assert_eq!(low.partial_cmp(&high), Some(Ordering::Less));
    assert_eq!(high.partial_cmp(&low), Some(Ordering::Greater));
    assert_eq!(low.partial_cmp(&low.clone()), Some(Ordering::Equal));
    assert_eq!(low.partial_cmp(&beside), None);
}

#[test]
fn a_delta_that_skips_one_leaves_a_gap_until_that_comes() {
    let mut a = OrSet::default();
    let first = a.add(&'a', 1);
    let second = a.add(&'a', 2);
    let mut b = OrSet::default();
    b.join(&second);
    assert!(!b.context().is_contiguous());
    b.join(&first);
    assert!(b.context().is_contiguous());
    assert_eq!(b.store().len(), 2);
}

#[test]
fn joins_say_whether_anything_was_new() {
    let mut set = OrSet::default();
    let addition = set.add(&1, 'x');
    let removal = set.remove(&'x');
    let mut other = OrSet::default();
    assert!(other.join(&addition));
    assert!(!other.join(&addition));
    assert!(other.join(&removal));
    assert!(!other.join(&removal));
    assert!(!other.join(&addition));
    assert!(set.covers(&addition) && set.covers(&other));
}

#[test]
fn a_full_state_claims_no_more_than_it_knows_of_a_key_that_came_back() {
    let mut a: OrMap<u8, OrSet<u8, u8>> = OrMap::default();
    // So many keys and elements that deltas are joined key by key.
    for key in 0..40 {
        a.update(&1, key, |set, me| set.add(me, 0));
    }
    for element in 0..50 {
        a.update(&1, 7, |set, me| set.add(me, element));
    }
    let (mut b, mut c) = (a.clone(), a.clone());
    b.remove(&7);
    b.join(&c.update(&2, 7, |set, me| set.add(me, 99)));
    // b saw and removed all that a has there, and got one element back.
    a.join(&b);
    assert!(a.get(&7).is_some_and(|set| set.iter().eq(&[99])));
    assert_eq!(a, b);
}

#[test]
fn what_owns_its_text_is_looked_up_by_text() {
    let text = |text: &str| text.to_owned();
    let mut grown: GSet<String> = GSet::new();
    grown.insert(text("x"));
    assert!(grown.contains("x") && !grown.contains("y"));

    let mut two: TwoPhaseSet<String> = TwoPhaseSet::new();
    two.insert(text("x"));
    assert!(two.contains("x") && two.remove("y").is_bottom());
    let removal = two.remove("x");
    assert!(!two.contains("x") && removal.removals() == 1);
    assert!(two.remove("x").is_bottom());

    let mut set: OrSet<String, u8> = OrSet::new();
    set.add(&1, text("x"));
    assert!(set.contains("x") && set.store().contains("x"));
    assert!(!set.remove("x").is_bottom() && set.is_empty());

    let mut map: OrMap<String, EwFlag<u8>> = OrMap::new();
    map.update(&1, text("x"), |flag, me| flag.enable(me));
    assert!(map.contains_key("x") && map.store().contains_key("x"));
    assert_eq!(map.get("x"), map.store().get("x"));
    assert!(map.value("x").is_some_and(|flag| flag.is_enabled()));
    assert!(!map.remove("x").is_bottom() && map.is_empty());

    let mut writes: LwwMap<String, u8, u8> = LwwMap::new();
    writes.insert(1, &1, text("x"), 7);
    assert!(writes.contains_key("x") && writes.get("x") == Some(&7));
    assert_eq!(writes.stamp("x"), Some((&1, &1)));
}

#[test]
fn a_grow_only_set_is_a_collection() {
    let mut set: GSet<u16> = (0..300).collect();
    set.extend([300, 7, 299, 301]);
    assert_eq!(set.len(), 302);
    for (expected, element) in (0..302).zip(&set) {
        assert_eq!(*element, expected);
    }
    assert!(set.into_iter().eq(0..302));
}

#[test]
fn equal_sets_have_equal_hashes_however_they_came_about() {
    let hashes = RandomState::new();
    let mut grown = GSet::new();
    let mut whole: OrSet<u16, u8> = OrSet::new();
    let mut removed = OrSet::new();
    for number in 0..1000 {
        grown.insert(number * 7 % 1000);
        whole.add(&1, number);
    }
    removed.join(&whole.remove(&3));
    let collected: GSet<u16> = (0..1000).collect();
    assert_eq!(hashes.hash_one(&grown), hashes.hash_one(&collected));
    // A delta lists what it removes, and that takes no part in what it equals.
    let parts = OrSet::from_parts(Elements::default(), removed.context().clone());
    assert_eq!(removed, parts);
    assert_eq!(hashes.hash_one(&removed), hashes.hash_one(&parts));
    assert_ne!(hashes.hash_one(&removed), hashes.hash_one(&whole));
}
