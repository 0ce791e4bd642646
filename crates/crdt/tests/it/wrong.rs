//! The harness itself: types that are wrong in one way each, and the law that must catch them.

use crdt::testing::{
    At, History, Law, Scenario, Settings, Violation, check_converges, check_semilattice,
};
use crdt::{Dot, DotContext, GCounter, GSet, Join};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

/// A counter by replica whose merge, or mutator, or delta, is wrong.
trait Wrong: Clone + std::fmt::Debug + Default + PartialEq + 'static {
    fn merge(mine: u64, theirs: u64) -> u64;

    /// What join says about whether it changed something, given the truth.
    fn says(changed: bool) -> bool {
        changed
    }

    fn increment(count: u64, by: u64) -> u64 {
        count + by
    }

    /// What the delta carries.
    fn delta(after: u64, _by: u64) -> u64 {
        after
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Counter<W> {
    counts: BTreeMap<u8, u64>,
    wrong: PhantomData<W>,
}

impl<W: Wrong> Join for Counter<W> {
    fn join(&mut self, other: &Self) -> bool {
        let before = self.counts.clone();
        for (replica, count) in &other.counts {
            let mine = self.counts.entry(*replica).or_default();
            *mine = W::merge(*mine, *count);
        }
        W::says(before != self.counts)
    }
}

struct Counting<W>(PhantomData<W>);

impl<W: Wrong> Scenario for Counting<W> {
    type State = Counter<W>;
    type Operation = u64;

    fn operations() -> BoxedStrategy<u64> {
        (1..4_u64).boxed()
    }

    fn apply(state: &mut Counter<W>, at: At, by: &u64) -> Counter<W> {
        let count = state.counts.entry(at.replica).or_default();
        *count = W::increment(*count, *by);
        Counter {
            counts: [(at.replica, W::delta(*count, *by))].into(),
            wrong: PhantomData,
        }
    }

    fn expect(state: &Counter<W>, history: &History<u64>) -> Result<(), String> {
        let expected: u64 = history.operations().sum();
        let value: u64 = state.counts.values().sum();
        (value == expected)
            .then_some(())
            .ok_or_else(|| format!("the sum is {expected}"))
    }
}

/// With a fixed seed: these tests are about the harness, and not about luck.
const SETTINGS: Settings = Settings {
    cases: 1000,
    seed: Some(7),
};

fn caught<W: Wrong>() -> Law {
    check_converges::<Counting<W>>(SETTINGS)
        .expect_err("it is wrong")
        .law
}

#[test]
fn the_right_counter_passes() {
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Right;
    impl Wrong for Right {
        fn merge(mine: u64, theirs: u64) -> u64 {
            mine.max(theirs)
        }
    }
    check_converges::<Counting<Right>>(SETTINGS).expect("it is right");
}

#[test]
fn a_sum_in_place_of_a_maximum_is_not_idempotent() {
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Sum;
    impl Wrong for Sum {
        fn merge(mine: u64, theirs: u64) -> u64 {
            mine + theirs
        }
    }
    assert_eq!(caught::<Sum>(), Law::Idempotent);
}

#[test]
fn taking_the_other_side_is_not_commutative() {
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Theirs;
    impl Wrong for Theirs {
        fn merge(_: u64, theirs: u64) -> u64 {
            theirs
        }
    }
    assert_eq!(caught::<Theirs>(), Law::Commutative);
}

#[test]
fn an_average_is_not_associative() {
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Average;
    impl Wrong for Average {
        fn merge(mine: u64, theirs: u64) -> u64 {
            if mine == 0 || theirs == 0 {
                mine + theirs
            } else {
                (mine + theirs).div_ceil(2)
            }
        }
    }
    assert_eq!(caught::<Average>(), Law::Associative);
}

#[test]
fn a_minimum_makes_no_bottom_of_nothing() {
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Minimum;
    impl Wrong for Minimum {
        fn merge(mine: u64, theirs: u64) -> u64 {
            mine.min(theirs)
        }
    }
    // Missing counts read as zero here, so the minimum is not even commutative.
    assert_eq!(caught::<Minimum>(), Law::Commutative);
}

#[test]
fn a_default_above_the_bottom_is_caught() {
    #[derive(Clone, Debug, PartialEq)]
    struct FromTen(u32);
    impl Default for FromTen {
        fn default() -> Self {
            Self(10)
        }
    }
    impl Join for FromTen {
        fn join(&mut self, other: &Self) -> bool {
            let grew = self.0 < other.0;
            self.0 = self.0.max(other.0);
            grew
        }
    }
    let violation =
        check_semilattice((0..20_u32).prop_map(FromTen), SETTINGS).expect_err("it is wrong");
    assert_eq!(violation.law, Law::Bottom);
}

#[test]
fn a_join_that_always_claims_news_is_caught() {
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Boast;
    impl Wrong for Boast {
        fn merge(mine: u64, theirs: u64) -> u64 {
            mine.max(theirs)
        }
        fn says(_: bool) -> bool {
            true
        }
    }
    assert_eq!(caught::<Boast>(), Law::Change);
}

#[test]
fn a_mutator_that_takes_back_does_not_inflate() {
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Back;
    impl Wrong for Back {
        fn merge(mine: u64, theirs: u64) -> u64 {
            mine.max(theirs)
        }
        fn increment(count: u64, by: u64) -> u64 {
            by.saturating_sub(count)
        }
    }
    assert_eq!(caught::<Back>(), Law::Inflation);
}

#[test]
fn a_delta_that_says_too_little_is_caught() {
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Little;
    impl Wrong for Little {
        fn merge(mine: u64, theirs: u64) -> u64 {
            mine.max(theirs)
        }
        fn delta(_: u64, by: u64) -> u64 {
            by
        }
    }
    assert_eq!(caught::<Little>(), Law::Delta);
}

#[test]
fn a_value_that_differs_from_the_model_is_caught() {
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Once;
    impl Wrong for Once {
        fn merge(mine: u64, theirs: u64) -> u64 {
            mine.max(theirs)
        }
        fn increment(count: u64, by: u64) -> u64 {
            count.max(by)
        }
    }
    let Violation {
        law, reason, seed, ..
    } = check_converges::<Counting<Once>>(SETTINGS).expect_err("it is wrong");
    assert_eq!(law, Law::Model);
    assert!(reason.contains("the sum is"), "{reason}");
    assert_eq!(seed, 7);
}

/// A set whose removals take the element away from both sides, seen or not: the classic mistake.
#[derive(Clone, Debug, Default, PartialEq)]
struct RemoveWins {
    added: GSet<u8>,
    removed: GSet<u8>,
}

impl Join for RemoveWins {
    fn join(&mut self, other: &Self) -> bool {
        self.added.join(&other.added) | self.removed.join(&other.removed)
    }
}

struct AddWins;

impl Scenario for AddWins {
    type State = RemoveWins;
    type Operation = (bool, u8);

    fn operations() -> BoxedStrategy<(bool, u8)> {
        (any::<bool>(), 0..3_u8).boxed()
    }

    fn apply(state: &mut RemoveWins, _: At, (add, element): &(bool, u8)) -> RemoveWins {
        let mut delta = RemoveWins::default();
        if *add {
            delta.added = state.added.insert(*element);
        } else {
            delta.removed = state.removed.insert(*element);
        }
        delta
    }

    fn expect(state: &RemoveWins, history: &History<(bool, u8)>) -> Result<(), String> {
        let live = history.uncovered(|later, earlier| later.operation.1 == earlier.operation.1);
        let live: BTreeSet<u8> = live
            .filter(|event| event.operation.0)
            .map(|event| event.operation.1)
            .collect();
        let seen = state
            .added
            .iter()
            .filter(|element| !state.removed.contains(element))
            .copied()
            .collect();
        if live == seen {
            Ok(())
        } else {
            Err(format!("expected {live:?}"))
        }
    }
}

#[test]
fn a_set_that_never_takes_an_element_back_is_not_add_wins() {
    assert_eq!(
        check_converges::<AddWins>(SETTINGS)
            .expect_err("it is wrong")
            .law,
        Law::Model
    );
}

/// A set with dots that joins its dots and forgets to ask the contexts: removed elements come back.
#[derive(Clone, Debug, Default, PartialEq)]
struct Resurrecting {
    live: BTreeSet<(u8, Dot<u8>)>,
    seen: DotContext<u8>,
}

impl Join for Resurrecting {
    fn join(&mut self, other: &Self) -> bool {
        let before = self.live.len();
        self.live.extend(other.live.iter().copied());
        (self.live.len() != before) | self.seen.join(&other.seen)
    }
}

struct Resurrections;

impl Scenario for Resurrections {
    type State = Resurrecting;
    type Operation = (bool, u8);

    fn operations() -> BoxedStrategy<(bool, u8)> {
        AddWins::operations()
    }

    fn apply(state: &mut Resurrecting, at: At, (add, element): &(bool, u8)) -> Resurrecting {
        let mut delta = Resurrecting::default();
        if *add {
            let dot = state.seen.next_dot(&at.replica);
            delta.live.insert((*element, dot));
            delta.seen.insert(&dot);
            state.live.insert((*element, dot));
        } else {
            let gone = state.live.iter().filter(|(known, _)| known == element);
            delta.seen.extend_with(gone.map(|(_, dot)| *dot));
            state.live.retain(|(known, _)| known != element);
        }
        delta
    }
}

trait ExtendWith {
    fn extend_with(&mut self, dots: impl Iterator<Item = Dot<u8>>);
}

impl ExtendWith for DotContext<u8> {
    fn extend_with(&mut self, dots: impl Iterator<Item = Dot<u8>>) {
        dots.for_each(|dot| {
            self.insert(&dot);
        });
    }
}

#[test]
fn a_join_without_the_contexts_is_caught() {
    // The removal is undone by any older state: it doesn't inflate.
    assert_eq!(
        check_converges::<Resurrections>(SETTINGS)
            .expect_err("it is wrong")
            .law,
        Law::Inflation
    );
}

#[test]
fn replicas_under_one_name_are_caught() {
    /// All replicas count under the same id.
    struct OneName;
    impl Scenario for OneName {
        type State = GCounter<u8>;
        type Operation = u64;
        fn operations() -> BoxedStrategy<u64> {
            (1..4_u64).boxed()
        }
        fn apply(state: &mut GCounter<u8>, _: At, by: &u64) -> GCounter<u8> {
            state.increment(&0, *by)
        }
        fn expect(state: &GCounter<u8>, history: &History<u64>) -> Result<(), String> {
            let expected = history.operations().copied().map(u128::from).sum::<u128>();
            (state.value() == expected)
                .then_some(())
                .ok_or_else(|| format!("the sum is {expected}"))
        }
    }
    assert_eq!(
        check_converges::<OneName>(SETTINGS)
            .expect_err("it is wrong")
            .law,
        Law::Model
    );
}
