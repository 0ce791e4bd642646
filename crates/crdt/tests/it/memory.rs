//! What a set keeps, after a long life.

use crdt::store::{Causal, DotSet};
use crdt::testing::{Scenario, reachable};
use crdt::{DeltaBuffer, Join, OrSet};
use proptest::prelude::*;

use crate::config;
use crate::scenarios::{LargeSets, Sets};

/// Dots that keep elements, and entries of the context.
fn kept<E, R: Ord + Clone>(set: &OrSet<E, R>) -> (usize, usize)
where
    E: Ord + Clone,
{
    let dots = set.store().with_dots().map(|(_, dots)| dots.len()).sum();
    (
        dots,
        set.context().vector().len() + set.context().cloud().len(),
    )
}

#[test]
fn an_or_set_forgets_what_was_removed() {
    let names = ["a", "b", "c"];
    let mut sets = vec![OrSet::<u32, &str>::default(); names.len()];
    for round in 0..20_000_u32 {
        let at = round as usize % names.len();
        let added = sets[at].add(&names[at], round);
        let removed = sets[at].remove(&round.saturating_sub(30));
        for set in &mut sets {
            set.join(&added);
            set.join(&removed);
        }
    }
    for set in &sets {
        assert_eq!(set.len(), 30);
        assert_eq!(kept(set), (30, names.len()));
        let text = serde_json::to_string(set).unwrap();
        assert!(text.len() < 1000, "{} bytes for 30 elements", text.len());
    }
}

#[test]
fn a_reader_of_deltas_forgets_as_well() {
    let mut writer = OrSet::default();
    let mut reader = OrSet::default();
    let mut longest = 0;
    for round in 0..5_000_u32 {
        reader.join(&writer.add(&'w', round));
        reader.join(&writer.remove(&round));
        longest = longest.max(serde_json::to_string(&reader).unwrap().len());
    }
    assert!(reader.is_empty());
    assert!(longest < 1000, "{longest} bytes for an empty set");
}

#[test]
fn a_buffer_forgets_what_was_acknowledged() {
    let mut a: DeltaBuffer<OrSet<u32, &str>, &str> = DeltaBuffer::new(OrSet::default(), 1);
    let mut b: DeltaBuffer<OrSet<u32, &str>, &str> =
        DeltaBuffer::with_capacity(OrSet::default(), 1, 16);
    a.add_peer("b");
    b.add_peer("a");
    for round in 0..1000 {
        a.update(|set| set.add(&"a", round));
        a.update(|set| set.remove(&round));
        b.update(|set| set.add(&"b", round + 5000));
        let message = a.message_for(&"b").unwrap();
        let ack = b.receive(&"a", &message).ack;
        a.acknowledge(&"b", ack);
        assert_eq!(a.pending(), 0);
        assert!(b.pending() <= 16); // a never acknowledges
    }
}

/// Each element is kept by at most one dot of each replica, and the context has no gap once all is known.
fn bounded<S: Scenario<State = OrSet<u8, u8>>>()
where
    S::Operation: 'static,
{
    proptest!(config(1000), |(reached in reachable::<S>())| {
        let mut all = OrSet::default();
        for set in &reached {
            all.join(set);
        }
        for (_, dots) in all.store().with_dots() {
            let mut replicas: Vec<_> = dots.iter().map(|dot| dot.replica).collect();
            replicas.dedup();
            prop_assert_eq!(replicas.len(), dots.len());
        }
        let (dots, context) = kept(&all);
        prop_assert!(context <= 3);
        prop_assert!(dots <= 3 * all.len());
        // The next writer to touch an element leaves one dot.
        let elements: Vec<u8> = all.iter().copied().collect();
        for element in &elements {
            all.add(&0, *element);
        }
        prop_assert_eq!(kept(&all).0, elements.len());
    });
}

#[test]
fn any_run_stays_bounded() {
    bounded::<Sets>();
    bounded::<LargeSets>();
}

#[test]
fn the_usual_dot_lies_inline() {
    assert_eq!(size_of::<DotSet<u64>>(), 24);
}
