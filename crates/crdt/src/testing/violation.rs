//! What was broken, and how to see it again.

use core::fmt;
use std::string::String;

/// A law that a type can break.
///
/// ```
/// assert_eq!(crdt::testing::Law::Convergence.to_string(), "replicas converge");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Law {
    /// `a ⊔ b == b ⊔ a`
    Commutative,
    /// `(a ⊔ b) ⊔ c == a ⊔ (b ⊔ c)`
    Associative,
    /// `a ⊔ a == a`, and `(a ⊔ b) ⊔ b == a ⊔ b`
    Idempotent,
    /// `⊥ ⊔ a == a ⊔ ⊥ == a`
    Bottom,
    /// `join` returns `true` exactly when it altered the value.
    Change,
    /// A mutator only adds: `m(a) ⊔ a == m(a)`.
    Inflation,
    /// A delta does its mutator's work: `a ⊔ mδ(a) == m(a)`;
    /// and all deltas, joined in any order, make the full state.
    Delta,
    /// Whatever was lost, repeated and reordered, after one full exchange all replicas are equal.
    Convergence,
    /// What they are equal to is what the model says.
    Model,
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Commutative => "join is commutative",
            Self::Associative => "join is associative",
            Self::Idempotent => "join is idempotent",
            Self::Bottom => "the default is the bottom",
            Self::Change => "join says truly whether it changed the value",
            Self::Inflation => "mutators only inflate",
            Self::Delta => "joining deltas does what the mutators did",
            Self::Convergence => "replicas converge",
            Self::Model => "replicas converge to what the model says",
        })
    }
}

/// A law that was broken, with the smallest example found.
///
/// The example of [`check_semilattice`](super::check_semilattice) meets one.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Which law.
    pub law: Law,
    /// What was seen, and what would have been right.
    pub reason: String,
    /// The input that shows it, as small as it could be made.
    pub input: String,
    /// Set `PROPTEST_RNG_SEED` to this to see it again.
    pub seed: u64,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            law,
            reason,
            input,
            seed,
        } = self;
        write!(
            f,
            "broken law: {law}\n{reason}\nsmallest input: {input}\nto repeat: PROPTEST_RNG_SEED={seed}"
        )
    }
}

impl core::error::Error for Violation {}
