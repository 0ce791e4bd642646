//! Every type against every law, 1,000 random runs each.

use crate::scenarios::*;
use crdt::testing::{assert_converges, assert_semilattice};
use crdt::{GCounter, GSet, Max};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

/// A test for each scenario.
macro_rules! converge {
    ($($name:ident: $scenario:ty;)*) => {
        $(
            #[test]
            fn $name() {
                assert_converges::<$scenario>();
            }
        )*
    };
}

converge! {
    g_counter: Counters;
    pn_counter: UpDown;
    g_set: Grow;
    two_phase_set: TwoPhase;
    lww_register: Registers;
    mv_register: MultiValues;
    or_set: Sets;
    or_set_large: LargeSets;
    lww_map: LwwMaps;
    or_map_of_sets: SetMaps;
    or_map_of_sets_large: LargeSetMaps;
    or_map_of_registers: ValueMaps;
    or_map_of_counters: CounterMaps;
    or_map_of_maps: FlagMaps;
    version_vector: Vectors;
    dot_context: Contexts;
    ew_flag: Flags;
    max: Highest;
    min: Lowest;
}

fn sets() -> impl Strategy<Value = GSet<u8>> {
    vec(0..6_u8, 0..4).prop_map(|elements| elements.into_iter().collect())
}

fn counters() -> impl Strategy<Value = GCounter<u8>> {
    vec((0..4_u8, 0..4_u64), 0..4).prop_map(|counts| counts.into_iter().collect())
}

#[test]
fn pairs_and_triples() {
    let max = || prop_oneof![Just(Max::default()), (0..4_u8).prop_map(Max::new)];
    assert_semilattice((sets(), counters()));
    assert_semilattice((sets(), counters(), max()));
}

#[test]
fn options() {
    assert_semilattice(proptest::option::of(sets()));
}

#[test]
fn plain_maps() {
    assert_semilattice(btree_map(0..3_u8, counters(), 0..3));
}

#[test]
fn booleans_and_nothing() {
    assert_semilattice(any::<bool>());
    assert_semilattice(Just(()));
}
