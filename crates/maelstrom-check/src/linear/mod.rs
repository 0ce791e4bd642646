//! Linearizability: every operation seems to happen at one instant between its
//! invocation and its completion.
//!
//! [`linearize`] searches for such an order of the [`Call`]s of a history under a
//! [`Model`]. A call without a completion may take effect at any time after its
//! invocation, or never. The search is that of Wing and Gong (*Testing and verifying
//! concurrent objects*, 1993) with Lowe's memory of configurations already tried
//! (*Testing for linearizability*, 2017).

mod lin_kv;
mod models;
mod search;

pub use lin_kv::{Config as LinConfig, KeyEvidence, KeyResults, LinKvResults, lin_kv};
pub use models::{
    AppendLog, CasRegister, LogOp, Mutex, MutexOp, Queue, QueueOp, RegisterOp, RegisterRules,
};
pub use search::{linearize, linearize_each};

use std::fmt;
use std::hash::Hash;

use crate::history::{History, Op, OpType, Process};
use crate::verdict::Verdict;

/// What an object does when one operation at a time is done on it.
///
/// ```
/// use maelstrom_check::{Call, History, Linearity, Model, Op, Verdict, linearize};
///
/// /// A counter that hands out numbers.
/// struct Tickets;
///
/// impl Model for Tickets {
///     type State = i64;
///     type Op = Option<i64>; // the number given, if it is known
///     fn initial(&self) -> i64 { 0 }
///     fn step(&self, state: &i64, op: &Option<i64>) -> Option<i64> {
///         op.is_none_or(|given| given == *state).then_some(state + 1)
///     }
/// }
///
/// let history = History::from_ops([
///     Op::invoke(0, "take", ()), Op::invoke(1, "take", ()),
///     Op::ok(0, "take", 1), Op::ok(1, "take", 0),
/// ]).unwrap();
/// let calls = Call::of(&history, |_, completion| {
///     Some(completion.filter(|c| c.is_ok()).and_then(|c| c.value.as_int()))
/// });
/// assert_eq!(linearize(&Tickets, &calls, 1000).verdict(), Verdict::Valid);
/// ```
pub trait Model {
    /// What the object holds.
    type State: Clone + Eq + Hash + fmt::Debug;
    /// An operation with what it returned, as far as that is known.
    type Op: Clone + PartialEq + fmt::Debug;

    /// What the object holds at first.
    fn initial(&self) -> Self::State;

    /// What it holds after `op`, or `None` if `op` cannot happen in `state`.
    fn step(&self, state: &Self::State, op: &Self::Op) -> Option<Self::State>;

    /// Whether `op` leaves every state that it can happen in as it was.
    ///
    /// The search orders such operations as soon as they can be, without looking back.
    /// Saying `false` is always right; saying `true` of an operation that changes some
    /// state makes verdicts wrong.
    fn is_read(&self, _op: &Self::Op) -> bool {
        false
    }
}

/// An operation of a history, as a search sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Call<O> {
    /// What was done, with what it returned.
    pub op: O,
    /// Who did it.
    pub process: Process,
    /// The index of its invocation.
    pub invoke: usize,
    /// The index of its completion; none if it may have happened at any later time, or never.
    pub complete: Option<usize>,
    /// When it was invoked, nanoseconds since the start of the run.
    pub time: i64,
}

impl<O> Call<O> {
    /// The calls of a history's clients, in order of invocation.
    ///
    /// `op` gets the invocation and its completion, if there is one, and says what the
    /// model shall see; `None` leaves the operation out. A completion that is `info` makes
    /// a call that never completes.
    pub fn of(history: &History, mut op: impl FnMut(&Op, Option<&Op>) -> Option<O>) -> Vec<Self> {
        history
            .client_ops()
            .filter(|(_, invocation)| invocation.is_invoke())
            .filter_map(|(position, invocation)| {
                let completion = history.completion(position);
                Some(Self {
                    op: op(invocation, completion)?,
                    process: invocation.process.clone(),
                    invoke: invocation.index,
                    complete: completion
                        .filter(|c| c.kind != OpType::Info)
                        .map(|c| c.index),
                    time: invocation.time,
                })
            })
            .collect()
    }
}

/// What a search for an order found.
#[derive(Debug, Clone, PartialEq)]
pub enum Linearity<M: Model> {
    /// There is one.
    Linearizable {
        /// The calls in that order, as positions in what was given. Those that never
        /// took effect are left out.
        order: Vec<usize>,
        /// What the object holds after them.
        state: M::State,
    },
    /// There is none.
    NotLinearizable(Violation<M>),
    /// The bound on configurations was reached first.
    Unknown {
        /// How many were tried.
        configurations: usize,
    },
}

impl<M: Model> Linearity<M> {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Linearizable { .. } => Verdict::Valid,
            Self::NotLinearizable(_) => Verdict::Invalid,
            Self::Unknown { .. } => Verdict::Unknown,
        }
    }
}

/// Where a history stops being linearizable.
///
/// The shortest prefix of the history that no order explains ends with the completion of
/// one call. Up to just before it there are orders; the states that they end in are the
/// last good ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation<M: Model> {
    /// The call, by position in what was given, whose completion ends the shortest such prefix.
    pub call: usize,
    /// The calls under way at that point, by position; the call itself is one of them.
    pub concurrent: Vec<usize>,
    /// The last good states, at most ten, without repeats.
    pub last_good: Vec<LastGood<M>>,
}

/// A state in which the search could go no further.
#[derive(Debug, Clone, PartialEq)]
pub struct LastGood<M: Model> {
    /// What the object holds.
    pub state: M::State,
    /// The call ordered last, by position.
    pub last: Option<usize>,
    /// The calls ordered last, by position and in their order, at most eight of them.
    pub order: Vec<usize>,
    /// The calls under way that are not ordered yet, by position.
    pub pending: Vec<usize>,
}
