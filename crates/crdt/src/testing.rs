//! The laws as property tests, for this crate's types and for yours. (Feature `testing`.)
//!
//! Two ways in, one call each:
//!
//! - [`assert_semilattice`] takes a strategy for values and holds [`Join`](crate::Join) to its algebra: commutative,
//!   associative, idempotent, a bottom, and a truthful return value;
//! - [`assert_converges`] takes a [`Scenario`], which says how your type is operated and what a plain sequential
//!   model expects, and holds it to the algebra *on states that replicas can reach* and to the rest besides:
//!   mutators inflate, a delta does its mutator's work, deltas joined in any order make the full state, and
//!   any interleaving of operations, losses, repetitions and reorderings followed by one full exchange converges
//!   to what the model says.
//!
//! A failure names the law, the smallest script that breaks it and the seed;
//! set `PROPTEST_RNG_SEED` to that seed to see it again. [`check_semilattice`] and [`check_converges`] return the
//! [`Violation`] instead of panicking.
//!
//! ```
//! use crdt::testing::{At, History, Scenario, assert_converges};
//! use crdt::Join;
//! use proptest::prelude::*;
//!
//! /// Your type: the longest name seen, of equally long ones the last in the alphabet.
//! #[derive(Clone, Debug, Default, PartialEq)]
//! struct Longest(String);
//!
//! impl Join for Longest {
//!     fn join(&mut self, other: &Self) -> bool {
//!         let longer = (self.0.len(), &self.0) < (other.0.len(), &other.0);
//!         if longer {
//!             self.0.clone_from(&other.0);
//!         }
//!         longer
//!     }
//! }
//!
//! /// How it is operated, and what it must come to.
//! struct Names;
//!
//! impl Scenario for Names {
//!     type State = Longest;
//!     type Operation = String;
//!
//!     fn operations() -> BoxedStrategy<String> {
//!         "[a-c]{0,3}".boxed()
//!     }
//!
//!     fn apply(state: &mut Longest, _: At, name: &String) -> Longest {
//!         let delta = Longest(name.clone());
//!         state.join(&delta);
//!         delta
//!     }
//!
//!     fn expect(state: &Longest, history: &History<String>) -> Result<(), String> {
//!         let expected = history.operations().max_by_key(|name| (name.len(), *name));
//!         let expected = expected.map_or("", String::as_str);
//!         (state.0 == expected).then_some(()).ok_or_else(|| format!("expected {expected:?}"))
//!     }
//! }
//!
//! assert_converges::<Names>();
//! ```

mod laws;
mod scenario;
mod script;
mod violation;

pub use laws::{
    Settings, assert_converges, assert_semilattice, check_converges, check_semilattice,
};
pub use scenario::{At, Event, History, Scenario};
pub use script::{REPLICAS, reachable};
pub use violation::{Law, Violation};
