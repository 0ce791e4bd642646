//! The JSON form: what it looks like, that it comes back, and what is refused.

use crate::config;
use crate::scenarios::*;
use crdt::store::{Causal, Elements};
use crdt::testing::{Scenario, reachable};
use crdt::*;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{from_str, to_string};
use std::collections::BTreeMap;

/// Whatever is reached comes back equal, as itself and as something to join.
fn round_trip<S: Scenario>()
where
    S::State: Serialize + DeserializeOwned + 'static,
    S::Operation: 'static,
{
    proptest!(config(1000), |(reached in reachable::<S>())| {
        let (mut sum, mut sum_back) = (S::State::default(), S::State::default());
        for state in &reached {
            let text = to_string(state).unwrap();
            let back: S::State = from_str(&text).unwrap();
            prop_assert_eq!(&back, state, "{}", text);
            sum.join(state);
            sum_back.join(&back);
        }
        prop_assert_eq!(sum, sum_back);
    });
}

macro_rules! round_trips {
    ($($name:ident: $scenario:ty;)*) => {
        $(
            #[test]
            fn $name() {
                round_trip::<$scenario>();
            }
        )*
    };
}

round_trips! {
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
    or_map_of_registers: ValueMaps;
    or_map_of_counters: CounterMaps;
    or_map_of_maps: FlagMaps;
    version_vector: Vectors;
    dot_context: Contexts;
    ew_flag: Flags;
    max: Highest;
    min: Lowest;
}

/// What a value looks like, and that it comes back.
fn looks<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T, text: &str) {
    assert_eq!(to_string(value).unwrap(), text);
    assert_eq!(from_str::<T>(text).unwrap(), *value);
}

#[test]
fn forms() {
    let mut counter = GCounter::<u8>::default();
    counter.increment(&2, 7);
    counter.increment(&1, 1);
    looks(&counter, "[[1,1],[2,7]]");

    let mut both = PNCounter::<String>::default();
    both.decrement(&"a".into(), 3);
    looks(&both, r#"{"added":[],"taken":[["a",3]]}"#);

    let mut two = TwoPhaseSet::default();
    two.insert(1);
    two.remove(&1);
    looks(&two, r#"{"added":[1],"removed":[1]}"#);

    let mut register = LwwRegister::<u8, u8>::default();
    looks(&register, "null");
    register.write(9, &1, 5);
    looks(&register, "[9,1,5]");

    looks(&Max::<u8>::default(), "[]");
    looks(&Min::new(4), "[4]");

    let mut flag = EwFlag::default();
    flag.enable(&1);
    looks(
        &flag,
        r#"{"store":[[1,1]],"context":{"vector":[[1,1]],"cloud":[]}}"#,
    );

    let mut values = MvRegister::<String, u8>::default();
    values.write(&1, "x".into());
    looks(
        &values,
        r#"{"store":[[1,1,"x"]],"context":{"vector":[[1,1]],"cloud":[]}}"#,
    );
}

#[test]
fn sets_write_runs_of_dots_and_deltas_what_they_remove() {
    let mut set = OrSet::<(u8, u8), u8>::default();
    for element in [(3, 3), (1, 1), (2, 2), (4, 4)] {
        set.add(&7, element);
    }
    let removal = set.remove(&(1, 1));
    looks(
        &set,
        r#"{"store":{"live":[[7,[[1,[[3,3]]],[3,[[2,2],[4,4]]]]]],"gone":null},"context":{"vector":[[7,4]],"cloud":[]}}"#,
    );
    looks(
        &removal,
        r#"{"store":{"live":[],"gone":[[1,1]]},"context":{"vector":[],"cloud":[[7,2,2]]}}"#,
    );
}

#[test]
fn a_set_whose_replica_has_made_its_last_event_comes_back() {
    let last = DotContext::from_iter([1, 2].map(|replica| Dot::new(replica, u64::MAX - 2)));
    let mut set = OrSet::<u8, u8>::from_parts(Elements::default(), last);
    set.add(&1, 8);
    set.add(&1, 9);
    set.add(&2, 7);
    looks(
        &set,
        concat!(
            r#"{"store":{"live":[[1,[[18446744073709551614,[8,9]]]],[2,[[18446744073709551614,[7]]]]],"gone":null},"#,
            r#""context":{"vector":[],"cloud":[[1,18446744073709551613,18446744073709551615],[2,18446744073709551613,18446744073709551614]]}}"#
        ),
    );
}

#[test]
fn maps_keep_null_apart_from_removed() {
    let mut map = LwwMap::<u8, Option<u8>, u8>::default();
    map.insert(1, &0, 10, None);
    map.remove(2, &0, 11);
    looks(&map, r#"{"live":[[10,1,0,null]],"removed":[[11,2,0]]}"#);
    looks(&Max::new(None::<u8>), "[null]");
    let mut register = LwwRegister::<Option<u8>, u8>::default();
    register.write(1, &0, None);
    looks(&register, "[1,0,null]");
}

#[test]
fn keys_need_not_be_strings() {
    type Lists = OrSet<Vec<u8>, (u8, u8)>;
    let mut map: OrMap<(u8, bool), Lists> = OrMap::default();
    map.update(&(1, 2), (3, true), |set, me| set.add(me, vec![4, 5]));
    looks(
        &map,
        concat!(
            r#"{"store":{"live":[[[3,true],{"live":[[[1,2],[[1,[[4,5]]]]]],"gone":null}]],"gone":null},"#,
            r#""context":{"vector":[[[1,2],1]],"cloud":[]}}"#
        ),
    );
}

#[test]
fn numbers_above_2_to_the_53_survive() {
    let mut counter = GCounter::<u64>::default();
    counter.increment(&u64::MAX, u64::MAX - 1);
    looks(&counter, "[[18446744073709551615,18446744073709551614]]");
    let mut set = GSet::default();
    set.insert((1_u64 << 53) + 1);
    looks(&set, "[9007199254740993]");
    let mut register = LwwRegister::<i64, u64>::default();
    register.write((1 << 60) + 1, &1, i64::MIN);
    looks(&register, "[1152921504606846977,1,-9223372036854775808]");
}

#[test]
fn text_in_any_order_comes_in_sorted_and_sound() {
    assert_eq!(
        from_str::<GSet<u8>>("[3,1,3,2]").unwrap(),
        [1, 2, 3].into_iter().collect()
    );
    assert_eq!(
        from_str::<GCounter<u8>>("[[2,5],[1,0],[2,9]]").unwrap(),
        [(2, 9)].into_iter().collect()
    );
    let context: DotContext<u8> =
        from_str(r#"{"vector":[[1,2]],"cloud":[[1,5,6],[1,3,4],[2,9,1],[3,0,2]]}"#).unwrap();
    assert!(context.is_contiguous());
    assert_eq!(
        (
            context.vector().get(&1),
            context.vector().get(&2),
            context.vector().get(&3)
        ),
        (6, 0, 2)
    );
    let later: LwwMap<u8, u8, u8> =
        from_str(r#"{"live":[[1,5,0,7],[2,1,0,9]],"removed":[[1,4,0],[2,3,0]]}"#).unwrap();
    assert!(later.iter().eq([(&1, &7)]));
    // What is there has been seen.
    let flag: EwFlag<u8> =
        from_str(r#"{"store":[[1,4]],"context":{"vector":[],"cloud":[]}}"#).unwrap();
    assert!(flag.context().contains(&Dot::new(1, 4)));
    // What was removed had been added.
    let two: TwoPhaseSet<u8> = from_str(r#"{"added":[2],"removed":[1]}"#).unwrap();
    assert!(two.len() == 1 && two.removals() == 1 && two.iter().eq(&[2]));
    // To the end of the range and no further.
    let edge: DotContext<u8> =
        from_str(r#"{"vector":[],"cloud":[[1,2,18446744073709551615]]}"#).unwrap();
    assert!(edge.contains(&Dot::new(1, u64::MAX)) && !edge.contains(&Dot::new(1, 1)));
}

#[test]
fn nonsense_is_refused() {
    assert!(
        from_str::<EwFlag<u8>>(r#"{"store":[[1,0]],"context":{"vector":[],"cloud":[]}}"#).is_err()
    );
    let run = r#"{"store":{"live":[[1,[[18446744073709551615,[1,2]]]]],"gone":null},"context":{"vector":[],"cloud":[]}}"#;
    assert!(from_str::<OrSet<u8, u8>>(run).is_err());
    assert!(from_str::<Max<u8>>("[1,2]").is_err());
}

#[test]
fn plain_maps_and_messages_too() {
    let map: BTreeMap<String, GSet<u8>> = [("a".to_owned(), [1].into_iter().collect())].into();
    looks(&map, r#"{"a":[1]}"#);
    looks(
        &Message {
            epoch: 1,
            receiver: 9,
            from: 2,
            to: 3,
            payload: GSet::from_iter([4]),
        },
        r#"{"epoch":1,"receiver":9,"from":2,"to":3,"payload":[4]}"#,
    );
    looks(
        &Ack {
            epoch: 1,
            position: 2,
            gap: false,
            receiver: 4,
        },
        r#"{"epoch":1,"position":2,"gap":false,"receiver":4}"#,
    );
}
