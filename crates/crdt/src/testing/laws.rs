//! The laws, one function each, and the calls that hold a type to all of them.

use super::scenario::Scenario;
use super::script::{Outcome, Script};
use super::violation::{Law, Violation};
use crate::Join;
use core::fmt::Debug;
use core::hash::{BuildHasher, Hasher};
use proptest::prelude::{Strategy, any};
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use std::collections::hash_map::RandomState;
use std::format;
use std::string::{String, ToString};

/// How hard to try.
///
/// ```
/// let thorough = crdt::testing::Settings { cases: 10_000, seed: Some(7) };
/// assert!(thorough.cases > crdt::testing::Settings::default().cases);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many random inputs each law is tried on.
    pub cases: u32,
    /// Where the random numbers start. `None`: `PROPTEST_RNG_SEED`, or anywhere.
    pub seed: Option<u64>,
}

impl Default for Settings {
    /// 1,000 cases a law, from `PROPTEST_RNG_SEED` or anywhere.
    fn default() -> Self {
        Self {
            cases: 1000,
            seed: None,
        }
    }
}

impl Settings {
    fn seed(self) -> u64 {
        match (self.seed, Config::default().rng_seed) {
            (Some(seed), _) | (None, RngSeed::Fixed(seed)) => seed,
            // A hasher's keys are the randomness that the standard library has to offer.
            (None, RngSeed::Random) => RandomState::new().build_hasher().finish(),
        }
    }
}

/// Holds values of any strategy to the algebra of [`Join`].
///
/// ```
/// use crdt::{Max, testing::assert_semilattice};
/// use proptest::prelude::*;
///
/// assert_semilattice(any::<u8>().prop_map(Max::new));
/// ```
///
/// # Panics
///
/// With the [`Violation`], if there is one.
pub fn assert_semilattice<T: Join + Clone + PartialEq + Debug>(values: impl Strategy<Value = T>) {
    if let Err(violation) = check_semilattice(values, Settings::default()) {
        panic!("{violation}");
    }
}

/// Holds a type in use to all laws: see [`Law`].
///
/// The [module](super) has an example.
///
/// # Panics
///
/// With the first [`Violation`], if there is one.
pub fn assert_converges<S: Scenario>()
where
    S::Operation: 'static,
{
    if let Err(violation) = check_converges::<S>(Settings::default()) {
        panic!("{violation}");
    }
}

/// As [`assert_semilattice`], without the panic.
///
/// ```
/// use crdt::Join;
/// use crdt::testing::{Law, Settings, check_semilattice};
/// use proptest::prelude::*;
///
/// /// Adding is no join: the same twice is not the same.
/// #[derive(Clone, Debug, Default, PartialEq)]
/// struct Sum(u32);
///
/// impl Join for Sum {
///     fn join(&mut self, other: &Self) -> bool {
///         self.0 += other.0;
///         other.0 != 0
///     }
/// }
///
/// let sums = (0_u32..100).prop_map(Sum);
/// let violation = check_semilattice(sums, Settings::default()).unwrap_err();
/// assert_eq!(violation.law, Law::Idempotent);
/// ```
///
/// # Errors
///
/// The first law found broken.
pub fn check_semilattice<T: Join + Clone + PartialEq + Debug>(
    values: impl Strategy<Value = T>,
    settings: Settings,
) -> Result<(), Violation> {
    let values = [values];
    let three = || (&values[0], &values[0], &values[0]);
    algebra(settings, three, |(a, b, c)| {
        [a.clone(), b.clone(), c.clone()]
    })
}

/// As [`assert_converges`], without the panic.
///
/// See the example in the [module](super).
///
/// # Errors
///
/// The first law found broken.
pub fn check_converges<S: Scenario>(settings: Settings) -> Result<(), Violation>
where
    S::Operation: 'static,
{
    let script = || Script::strategy(S::operations());
    let picked = || (script(), any::<[Index; 3]>());
    algebra(settings, picked, |(script, picks)| {
        let reached = Outcome::<S>::of(script).reached();
        picks.map(|pick| pick.get(&reached).clone())
    })?;
    hold(settings, Law::Inflation, script(), |script| {
        Outcome::<S>::of(script)
            .mutations
            .iter()
            .try_for_each(|[before, _, after]| inflates(before, after))
    })?;
    hold(settings, Law::Delta, script(), |script| {
        deltas_suffice(&Outcome::<S>::of(script))
    })?;
    hold(settings, Law::Convergence, script(), |script| {
        exchange::<S>(&Outcome::of(script)).map(drop)
    })?;
    hold(settings, Law::Model, script(), |script| {
        let outcome = Outcome::of(script);
        let state = exchange::<S>(&outcome)?;
        S::expect(&state, &outcome.history)
            .map_err(|expected| format!("{expected}\nbut the state is {state:?}"))
    })
}

/// Runs one law on random inputs.
fn hold<I: Strategy>(
    settings: Settings,
    law: Law,
    inputs: I,
    test: impl Fn(&I::Value) -> Result<(), String>,
) -> Result<(), Violation> {
    let seed = settings.seed();
    let config = Config {
        cases: settings.cases,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..Config::default()
    };
    let outcome =
        TestRunner::new(config).run(&inputs, |input| test(&input).map_err(TestCaseError::fail));
    outcome.map_err(|error| match error {
        TestError::Fail(reason, input) => Violation {
            law,
            reason: reason.to_string(),
            input: format!("{input:?}"),
            seed,
        },
        TestError::Abort(reason) => Violation {
            law,
            reason: reason.to_string(),
            input: String::new(),
            seed,
        },
    })
}

/// The laws of [`Join`] on three values made from each input.
fn algebra<I: Strategy, T: Join + Clone + PartialEq + Debug>(
    settings: Settings,
    inputs: impl Fn() -> I,
    values: impl Fn(&I::Value) -> [T; 3],
) -> Result<(), Violation> {
    let law = |law, test: fn(&T, &T, &T) -> Result<(), String>| {
        hold(settings, law, inputs(), |input| {
            let [a, b, c] = values(input);
            test(&a, &b, &c)
        })
    };
    law(Law::Commutative, |a, b, _| {
        same("a ⊔ b", &joined(a, b), "b ⊔ a", &joined(b, a))
            .map_err(|seen| format!("a = {a:?}\nb = {b:?}\n{seen}"))
    })?;
    law(Law::Associative, |a, b, c| {
        same(
            "(a ⊔ b) ⊔ c",
            &joined(&joined(a, b), c),
            "a ⊔ (b ⊔ c)",
            &joined(a, &joined(b, c)),
        )
        .map_err(|seen| format!("a = {a:?}\nb = {b:?}\nc = {c:?}\n{seen}"))
    })?;
    law(Law::Idempotent, |a, b, _| {
        same("a ⊔ a", &joined(a, a), "a", a)?;
        let both = joined(a, b);
        same("(a ⊔ b) ⊔ b", &joined(&both, b), "a ⊔ b", &both)
    })?;
    law(Law::Bottom, |a, _, _| {
        same("a ⊔ ⊥", &joined(a, &T::default()), "a", a)?;
        same("⊥ ⊔ a", &joined(&T::default(), a), "a", a)
    })?;
    law(Law::Change, |a, b, _| {
        let mut both = a.clone();
        let said = both.join(b);
        let is = both != *a;
        if said == is {
            Ok(())
        } else {
            Err(format!(
                "join returned {said}\na = {a:?}\nb = {b:?}\na ⊔ b = {both:?}"
            ))
        }
    })
}

fn joined<T: Join + Clone>(a: &T, b: &T) -> T {
    let mut both = a.clone();
    both.join(b);
    both
}

fn same<T: PartialEq + Debug>(left: &str, a: &T, right: &str, b: &T) -> Result<(), String> {
    if a == b {
        Ok(())
    } else {
        Err(format!("{left} = {a:?}\n{right} = {b:?}"))
    }
}

fn inflates<T: Join + Clone + PartialEq + Debug>(before: &T, after: &T) -> Result<(), String> {
    same("m(a) ⊔ a", &joined(after, before), "m(a)", after)
}

fn deltas_suffice<S: Scenario>(outcome: &Outcome<S>) -> Result<(), String> {
    for [before, delta, after] in &outcome.mutations {
        same("a ⊔ mδ(a)", &joined(before, delta), "m(a)", after)?;
    }
    let full = all(outcome.replicas.iter());
    let deltas = || outcome.mutations.iter().map(|[_, delta, _]| delta);
    same("all deltas", &all(deltas()), "all states", &full)?;
    same(
        "all deltas, last first",
        &all(deltas().rev()),
        "all states",
        &full,
    )?;
    // Deltas on top of a state that has some of them already.
    let mut first = outcome.replicas[0].clone();
    for delta in deltas().rev() {
        first.join(delta);
    }
    same("a replica with all deltas", &first, "all states", &full)
}

fn all<'a, T: Join + 'a>(values: impl Iterator<Item = &'a T>) -> T {
    let mut all = T::default();
    for value in values {
        all.join(value);
    }
    all
}

/// Gives every replica the state of every other, each in another order; returns what they agree on.
fn exchange<S: Scenario>(outcome: &Outcome<S>) -> Result<S::State, String> {
    let states = &outcome.replicas;
    let mut agreed: Option<S::State> = None;
    for (at, state) in states.iter().enumerate() {
        let mut state = state.clone();
        for other in 1..states.len() {
            state.join(&states[(at + other) % states.len()]);
        }
        match &agreed {
            Some(first) => same("replica 0", first, &format!("replica {at}"), &state)?,
            None => agreed = Some(state),
        }
    }
    agreed.ok_or_else(|| String::from("a run has replicas"))
}
