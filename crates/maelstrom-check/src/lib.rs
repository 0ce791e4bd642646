//! Histories in, verdicts out.
//!
//! A *history* is what clients asked of a distributed system and what came back, as
//! [Jepsen](https://jepsen.io) and its workbench [Maelstrom](https://github.com/jepsen-io/maelstrom)
//! record it. The checkers of this crate say whether a history keeps a promise, and
//! show what breaks it. They are pure functions: no clock, no sockets, no async.
//!
//! One call runs everything that Maelstrom would run for a workload, and the stricter checks
//! of this crate beside it:
//!
//! ```
//! use maelstrom_check::{History, Options, Verdict, Workload, check};
//!
//! let history = History::parse(r#"
//!     {:process 0, :type :invoke, :f :generate, :value nil}
//!     {:process 0, :type :ok,     :f :generate, :value "n1-1"}
//! "#)?;
//! let results = check(Workload::UniqueIds, &history, &Options::default());
//! assert_eq!(results.verdict(), Verdict::Valid);
//! println!("{}", results.story());
//! # Ok::<(), maelstrom_check::Error>(())
//! ```
//!
//! A verdict has two parts: `maelstrom`, which is what upstream would say, with its results
//! under its own keys; and `strict`, which sees what upstream is blind to ([`strict()`] lists
//! it). A run is valid when both are.
//!
//! Each checker is also there by itself, with its rule and source:
//!
//! - for every workload: [`stats`], [`availability`], [`exceptions`], [`net()`];
//! - [`echo`], [`unique_ids`], [`set_full`] (broadcast and g-set), [`counter`];
//! - linearizability: [`linearize`] and [`linearize_each`] under a [`Model`], [`lin_kv`] for registers by key;
//! - [`transactions`] against [`ConsistencyModel`]s;
//! - [`kafka()`] for logs;
//! - [`set`], [`growing_counter`], [`bank`], [`long_fork`]: older checks of Jepsen's.
//!
//! All are pure functions of their arguments, but for one: the search for cycles among
//! transactions, which has a limit in time (see [`TxnOptions::timeout`]).

#![deny(missing_docs)]

mod anomalies;
mod check;
mod counter;
mod echo;
mod error;
mod growing;
mod history;
mod invariants;
mod kafka;
mod linear;
mod net;
mod set_full;
mod stats;
mod story;
mod strict;
mod txn;
mod unique_ids;
mod verdict;

pub use check::{Options, Results, Workload, WorkloadResults, check, check_file};
pub use counter::{CounterResults, counter};
pub use echo::{EchoError, EchoResults, echo};
pub use error::Error;
pub use growing::{GrowingCounterResults, SetResults, growing_counter, set};
pub use history::{EdnReader, History, Op, OpType, Process, Text, Value};
pub use invariants::{BankError, BankResults, LongForkResults, bank, long_fork};
pub use kafka::{KafkaError, KafkaErrors, KafkaOptions, KafkaResults, Lag, kafka};
pub use linear::{
    AppendLog, Call, CasRegister, KeyEvidence, KeyResults, LastGood, LinConfig, LinKvResults,
    Linearity, LogOp, Model, Mutex, MutexOp, Queue, QueueOp, RegisterOp, RegisterRules, Violation,
    lin_kv, linearize, linearize_each,
};
pub use net::{NetCounts, NetEvent, NetEventKind, NetResults, net};
pub use set_full::{
    LostElement, Quantiles, SetFullResults, SetOutcome, StaleElement, set_full,
    set_full_linearizable, stable_latencies,
};
pub use stats::{
    Availability, AvailabilityResults, Counts, ExceptionClass, ExceptionsResults, StatsResults,
    availability, exceptions, stats,
};
pub use strict::{Finding, StrictResults, strict};
pub use txn::{
    ConsistencyModel, CycleStep, TxnAnomaly, TxnObjects, TxnOptions, TxnResults, transactions,
};
pub use unique_ids::{UniqueIdsResults, unique_ids};
pub use verdict::Verdict;

/// The README's example is compiled and run with the other examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
