//! [`check`]: everything that a workload asks for, in one call.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::counter::{CounterResults, counter};
use crate::echo::{EchoResults, echo};
use crate::error::Error;
use crate::history::History;
use crate::kafka::{KafkaOptions, KafkaResults, kafka};
use crate::linear::{LinKvResults, RegisterRules, lin_kv};
use crate::net::NetResults;
use crate::set_full::{SetFullResults, set_full};
use crate::stats::{
    Availability, AvailabilityResults, ExceptionsResults, StatsResults, availability, exceptions,
    stats,
};
use crate::strict::{StrictResults, strict};
use crate::txn::{ConsistencyModel, TxnObjects, TxnOptions, TxnResults, transactions};
use crate::unique_ids::{UniqueIdsResults, unique_ids};
use crate::verdict::Verdict;

/// What the clients did, and so what the system promised them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Workload {
    /// A value is sent to one node and must reach all.
    Broadcast,
    /// A node repeats what it is told.
    Echo,
    /// A counter that only grows.
    GCounter,
    /// A set that only grows.
    GSet,
    /// Append-only logs with offsets.
    Kafka,
    /// Linearizable registers.
    LinKv,
    /// A counter that grows and shrinks.
    PnCounter,
    /// Transactions over lists that are read and appended to.
    TxnListAppend,
    /// Transactions over registers that are read and written.
    TxnRwRegister,
    /// Ids that differ.
    UniqueIds,
}

impl Workload {
    /// Every workload, sorted by name.
    pub const ALL: [Self; 10] = [
        Self::Broadcast,
        Self::Echo,
        Self::GCounter,
        Self::GSet,
        Self::Kafka,
        Self::LinKv,
        Self::PnCounter,
        Self::TxnListAppend,
        Self::TxnRwRegister,
        Self::UniqueIds,
    ];

    /// The workload's name, as Maelstrom's `--workload` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Broadcast => "broadcast",
            Self::Echo => "echo",
            Self::GCounter => "g-counter",
            Self::GSet => "g-set",
            Self::Kafka => "kafka",
            Self::LinKv => "lin-kv",
            Self::PnCounter => "pn-counter",
            Self::TxnListAppend => "txn-list-append",
            Self::TxnRwRegister => "txn-rw-register",
            Self::UniqueIds => "unique-ids",
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Workload {
    type Err = Error;

    /// The workload of that name.
    ///
    /// # Errors
    /// [`Error::UnknownName`], which lists the names there are and the nearest.
    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|w| w.name() == name)
            .ok_or_else(|| Error::unknown_name("workload", name, &Self::ALL.map(Workload::name)))
    }
}

/// What is asked of a history beyond its workload.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How available the system had to be. By default it does not matter.
    pub availability: Availability,
    /// Whether the stricter checks count. By default they do.
    pub strict: bool,
    /// How many configurations a search for a linear order may try per key before its
    /// verdict is unknown; each takes one to two hundred bytes. By default ten million.
    pub bound: usize,
    /// The models that transactions must keep; strict serializability by default.
    pub consistency_models: Vec<ConsistencyModel>,
}

impl Options {
    fn txn(&self, register_wrapper: bool) -> TxnOptions {
        let models = self.consistency_models.clone();
        TxnOptions {
            models,
            register_wrapper,
            ..TxnOptions::default()
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            availability: Availability::Any,
            strict: true,
            bound: 10_000_000,
            consistency_models: vec![ConsistencyModel::STRICT_SERIALIZABLE],
        }
    }
}

/// What the check of the workload itself found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum WorkloadResults {
    /// Of an echo history.
    Echo(EchoResults),
    /// Of generated ids.
    UniqueIds(UniqueIdsResults),
    /// Of a growing set, broadcast included.
    Set(Box<SetFullResults>),
    /// Of a counter.
    Counter(CounterResults),
    /// Of linearizable registers.
    LinKv(LinKvResults),
    /// Of transactions.
    Txn(TxnResults),
    /// Of logs.
    Kafka(Box<KafkaResults>),
}

impl WorkloadResults {
    /// The verdict of the workload's own check.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Echo(r) => r.valid,
            Self::UniqueIds(r) => r.valid,
            Self::Set(r) => r.valid,
            Self::Counter(r) => r.valid,
            Self::LinKv(r) => r.valid,
            Self::Txn(r) => r.valid,
            Self::Kafka(r) => r.valid,
        }
    }
}

/// Everything that was found, with upstream's own keys when serialised.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Results {
    /// How operations ended.
    pub stats: StatsResults,
    /// How many of them ended well.
    pub availability: AvailabilityResults,
    /// The exceptions that clients met.
    pub exceptions: ExceptionsResults,
    /// Messages, where somebody counted them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net: Option<NetResults>,
    /// The workload's own check.
    pub workload: WorkloadResults,
    /// What upstream would say of the whole.
    pub maelstrom: Verdict,
    /// The stricter checks; absent if they were not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<StrictResults>,
    /// The verdict over all of it.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
}

impl Results {
    /// The verdict over all of it: valid only if both parts are.
    pub fn verdict(&self) -> Verdict {
        self.valid
    }

    /// The same with network statistics.
    #[must_use]
    pub fn with_net(mut self, net: NetResults) -> Self {
        self.net = Some(net);
        self
    }

    /// The results in JSON, with upstream's own keys.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("results have string keys and plain values")
    }
}

/// Reads a history from a file, EDN or JSON, and [`check`]s it.
///
/// # Errors
/// As [`History::read`]: the file cannot be read, or is no history; the message names the line.
pub fn check_file(
    workload: Workload,
    file: impl AsRef<std::path::Path>,
    options: &Options,
) -> Result<Results, Error> {
    Ok(check(workload, &History::read(file)?, options))
}

/// Checks a history of a workload: how operations ended, availability, exceptions, the
/// workload's own promise, and the stricter checks.
///
/// Never fails: a history that does not fit its workload is unknown, and says why.
pub fn check(workload: Workload, history: &History, options: &Options) -> Results {
    let stats = stats(history);
    let availability = availability(history, options.availability);
    let exceptions = exceptions(history);
    let found = match workload {
        Workload::Echo => WorkloadResults::Echo(echo(history)),
        Workload::UniqueIds => WorkloadResults::UniqueIds(unique_ids(history)),
        Workload::Broadcast | Workload::GSet => WorkloadResults::Set(Box::new(set_full(history))),
        Workload::GCounter | Workload::PnCounter => WorkloadResults::Counter(counter(history)),
        Workload::LinKv => {
            WorkloadResults::LinKv(lin_kv(history, RegisterRules::Knossos, options.bound))
        }
        Workload::TxnListAppend => WorkloadResults::Txn(transactions(
            history,
            TxnObjects::Lists,
            &options.txn(false),
        )),
        Workload::TxnRwRegister => WorkloadResults::Txn(transactions(
            history,
            TxnObjects::Registers,
            &options.txn(true),
        )),
        Workload::Kafka => {
            WorkloadResults::Kafka(Box::new(kafka(history, KafkaOptions::default())))
        }
    };
    let maelstrom = stats
        .all
        .valid
        .merge(availability.valid)
        .merge(found.verdict());
    let strict = options.strict.then(|| strict(workload, history, options));
    let valid = strict
        .as_ref()
        .map_or(maelstrom, |s| maelstrom.merge(s.valid));
    Results {
        stats,
        availability,
        exceptions,
        net: None,
        workload: found,
        maelstrom,
        strict,
        valid,
    }
}
