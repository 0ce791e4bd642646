//! What a run is asked to do: Maelstrom's settings, with Maelstrom's defaults.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use maelstrom_check::{Availability, ConsistencyModel, Workload};
use maelstrom_proto::{NodeId, NodeKind};

use crate::selection::Selection;

/// The settings of a run. [`Settings::new`] gives Maelstrom's own defaults.
///
/// ```
/// use maelstrom_sim::{Settings, Workload};
///
/// let settings = Settings::new(Workload::Broadcast).node_count(25).rate(100.0).latency_ms(100);
/// assert_eq!(settings.nodes.len(), 25);
/// assert_eq!(settings.concurrency.threads(25), 25);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// What clients do and what is checked.
    pub workload: Workload,
    /// The nodes, in the order that `init` gives them.
    pub nodes: Vec<NodeId>,
    /// How many clients work at once.
    pub concurrency: Concurrency,
    /// Operations a second over all clients, on average. Zero means none.
    pub rate: f64,
    /// How long operations are started. Recovery and final reads come after.
    pub time_limit: Duration,
    /// How long a message between servers travels.
    pub latency: Latency,
    /// The neighbours suggested to nodes, where a workload suggests any.
    pub topology: TopologyKind,
    /// The faults injected.
    pub nemesis: BTreeSet<Fault>,
    /// The mean time between two actions of the nemesis.
    pub nemesis_interval: Duration,
    /// The share of operations that must succeed.
    pub availability: Availability,
    /// Whether services behave as Maelstrom's do, or as its documents say.
    pub services: ServiceMode,
    /// How many keys are in use at a time, in transactions and kafka.
    pub key_count: usize,
    /// The most steps that a transaction has. The fewest is one.
    pub max_txn_length: usize,
    /// How often a key is written before another takes its place.
    pub max_writes_per_key: u64,
    /// The models that transactions must keep.
    pub consistency_models: Vec<ConsistencyModel>,
    /// How much memory the messages of a run may take, in bytes, about: a run
    /// whose nodes say more is ended.
    pub memory_limit: u64,
    /// Which of the operations drawn before the final ones take place.
    pub only_operations: Selection,
    /// Which of the nemesis's actions take place. In the end everything is
    /// healed all the same.
    pub only_faults: Selection,
}

impl Settings {
    /// Maelstrom's defaults: five nodes `n1` to `n5`, one client each, 5
    /// operations a second for 60 seconds, no latency, no faults.
    pub fn new(workload: Workload) -> Self {
        Self {
            workload,
            nodes: (1..=5).map(|i| NodeId::new(format!("n{i}"))).collect(),
            concurrency: Concurrency::PerNode(1),
            rate: 5.0,
            time_limit: Duration::from_secs(60),
            latency: Latency::default(),
            topology: TopologyKind::Grid,
            nemesis: BTreeSet::new(),
            nemesis_interval: Duration::from_secs(10),
            availability: Availability::Any,
            services: ServiceMode::default(),
            key_count: 10,
            max_txn_length: 4,
            max_writes_per_key: 16,
            consistency_models: vec![ConsistencyModel::STRICT_SERIALIZABLE],
            memory_limit: 3 << 30,
            only_operations: Selection::All,
            only_faults: Selection::All,
        }
    }

    /// Nodes `n0` to `n(count - 1)`.
    #[must_use]
    pub fn node_count(mut self, count: usize) -> Self {
        self.nodes = (0..count).map(|i| NodeId::new(format!("n{i}"))).collect();
        self
    }

    /// Operations a second over all clients.
    #[must_use]
    pub fn rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// How many seconds operations are started.
    #[must_use]
    pub fn time_limit(mut self, seconds: u64) -> Self {
        self.time_limit = Duration::from_secs(seconds);
        self
    }

    /// The mean latency between servers, in milliseconds.
    #[must_use]
    pub fn latency_ms(mut self, mean: u64) -> Self {
        self.latency.mean_ms = mean;
        self
    }

    /// How latencies are distributed around their mean.
    #[must_use]
    pub fn latency_dist(mut self, distribution: LatencyDist) -> Self {
        self.latency.distribution = distribution;
        self
    }

    /// How many clients work at once.
    #[must_use]
    pub fn concurrency(mut self, concurrency: Concurrency) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// The neighbours suggested to nodes.
    #[must_use]
    pub fn topology(mut self, topology: TopologyKind) -> Self {
        self.topology = topology;
        self
    }

    /// Injects a fault.
    #[must_use]
    pub fn nemesis(mut self, fault: Fault) -> Self {
        self.nemesis.insert(fault);
        self
    }

    /// The mean time between two actions of the nemesis, in seconds.
    #[must_use]
    pub fn nemesis_interval(mut self, seconds: f64) -> Self {
        self.nemesis_interval = Duration::from_secs_f64(seconds);
        self
    }

    /// The share of operations that must succeed.
    #[must_use]
    pub fn availability(mut self, availability: Availability) -> Self {
        self.availability = availability;
        self
    }

    /// How the services behave.
    #[must_use]
    pub fn services(mut self, mode: ServiceMode) -> Self {
        self.services = mode;
        self
    }

    /// How many keys are in use at a time, in transactions and kafka.
    #[must_use]
    pub fn key_count(mut self, keys: usize) -> Self {
        self.key_count = keys;
        self
    }

    /// The most steps that a transaction has.
    #[must_use]
    pub fn max_txn_length(mut self, steps: usize) -> Self {
        self.max_txn_length = steps;
        self
    }

    /// How often a key is written before another takes its place.
    #[must_use]
    pub fn max_writes_per_key(mut self, writes: u64) -> Self {
        self.max_writes_per_key = writes;
        self
    }

    /// The models that transactions must keep.
    #[must_use]
    pub fn consistency_models(mut self, models: Vec<ConsistencyModel>) -> Self {
        self.consistency_models = models;
        self
    }

    /// How much memory the messages of a run may take, in bytes.
    #[must_use]
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.memory_limit = bytes;
        self
    }

    /// Leaves out all other operations.
    #[must_use]
    pub fn only_operations(mut self, operations: Selection) -> Self {
        self.only_operations = operations;
        self
    }

    /// Leaves out all other actions of the nemesis.
    #[must_use]
    pub fn only_faults(mut self, faults: Selection) -> Self {
        self.only_faults = faults;
        self
    }

    /// Says what makes these settings impossible, if anything does.
    ///
    /// # Errors
    /// A sentence naming the setting, its value, and what is allowed.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let wrong = |setting: &'static str, value: String, allowed: &'static str| {
            Err(SettingsError {
                setting,
                value,
                allowed,
            })
        };
        if self.nodes.is_empty() {
            return wrong("node-count", "0".into(), "at least 1");
        }
        let foreign = |id: &&NodeId| {
            let name = id.as_str();
            id.kind() != NodeKind::Node || name.is_empty() || name.contains(['/', ','])
        };
        if let Some(foreign) = self.nodes.iter().find(foreign) {
            let allowed = "names that do not begin with `c`, as those of clients do, are no service's, \
                and have no `,` or `/` in them";
            return wrong("nodes", format!("`{foreign}`"), allowed);
        }
        if self.nodes.iter().collect::<BTreeSet<_>>().len() < self.nodes.len() {
            return wrong("nodes", format!("{:?}", self.nodes), "names that differ");
        }
        if !(self.rate.is_finite() && self.rate >= 0.0) {
            return wrong("rate", self.rate.to_string(), "a number from 0 up");
        }
        if !(1..=MOST).contains(&self.concurrency.threads(self.nodes.len())) {
            let allowed = "from one client to a million";
            return wrong("concurrency", self.concurrency.to_string(), allowed);
        }
        for (setting, value) in [
            ("key-count", self.key_count),
            ("max-txn-length", self.max_txn_length),
        ] {
            if !(1..=MOST).contains(&value) {
                return wrong(setting, value.to_string(), "a number from 1 to a million");
            }
        }
        if self.max_writes_per_key == 0 {
            return wrong("max-writes-per-key", "0".into(), "at least 1");
        }
        if self.workload == Workload::LinKv {
            let nodes = self.nodes.len();
            let threads = self.concurrency.threads(nodes);
            if nodes > 10 {
                let allowed =
                    "at most 10 nodes in lin-kv, whose keys are touched by 20 clients at most";
                return wrong("node-count", nodes.to_string(), allowed);
            }
            if !threads.is_multiple_of(2 * nodes) {
                let allowed = "2n, or another multiple of twice the number of nodes, in lin-kv";
                return wrong("concurrency", self.concurrency.to_string(), allowed);
            }
        }
        if self.nemesis_interval.is_zero() {
            return wrong("nemesis-interval", "0".into(), "more than 0 seconds");
        }
        Ok(())
    }
}

/// The most clients, keys or steps of a transaction: each takes memory.
const MOST: usize = 1_000_000;

/// A setting that can't be run with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--{setting} can't be {value}: expected {allowed}")]
pub struct SettingsError {
    /// The setting, by the name of its flag.
    pub setting: &'static str,
    /// What it was set to.
    pub value: String,
    /// What it may be set to.
    pub allowed: &'static str,
}

/// How many clients work at once: a number, or a number for each node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concurrency {
    /// This many, however many nodes there are. Written `10`.
    Total(usize),
    /// This many for each node. Written `2n`.
    PerNode(usize),
}

impl Concurrency {
    /// The number of clients for this many nodes.
    pub fn threads(self, nodes: usize) -> usize {
        match self {
            Self::Total(count) => count,
            Self::PerNode(each) => each.saturating_mul(nodes),
        }
    }
}

impl fmt::Display for Concurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Total(count) => write!(f, "{count}"),
            Self::PerNode(each) => write!(f, "{each}n"),
        }
    }
}

impl FromStr for Concurrency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (digits, make): (_, fn(usize) -> Self) = match text.strip_suffix('n') {
            Some(digits) => (digits, Self::PerNode),
            None => (text, Self::Total),
        };
        match digits.parse() {
            Ok(count) if count > 0 => Ok(make(count)),
            _ => Err("expected a number of clients (10), or a number for each node (2n)".into()),
        }
    }
}

/// How long messages between servers travel. Those of clients arrive at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Latency {
    /// The mean, in whole milliseconds.
    pub mean_ms: u64,
    /// The distribution around it.
    pub distribution: LatencyDist,
}

/// Defines an enum whose values are named on the command line, with the list
/// of them all, `Display` and `FromStr`.
macro_rules! named {
    ($(#[$outer:meta])* $name:ident, $what:literal { $($(#[$inner:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$inner])* $variant,)* }

        impl $name {
            /// Every value, in the order in which help lists them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|value| value.name() == text).ok_or_else(|| {
                    let names: Vec<_> = Self::ALL.iter().map(|value| value.name()).collect();
                    format!("unknown {} `{text}`, expected one of {}", $what, names.join(", "))
                })
            }
        }
    };
}

named! {
    /// How latencies are distributed around their mean.
    #[derive(Default)]
    LatencyDist, "distribution" {
        /// Always the mean.
        #[default]
        Constant = "constant",
        /// Whole milliseconds from 0 up to twice the mean, that excluded.
        Uniform = "uniform",
        /// Exponential with that mean, cut to whole milliseconds.
        Exponential = "exponential",
    }
}

named! {
    /// The graphs that the workbench suggests to nodes as neighbours.
    TopologyKind, "topology" {
        /// Each node next to the one before and the one after.
        Line = "line",
        /// A roughly square grid.
        Grid = "grid",
        /// The same as `tree2`.
        Tree = "tree",
        /// A complete tree in which nodes have two children.
        Tree2 = "tree2",
        /// A complete tree in which nodes have three children.
        Tree3 = "tree3",
        /// A complete tree in which nodes have four children.
        Tree4 = "tree4",
        /// Everybody next to everybody.
        Total = "total",
    }
}

named! {
    /// How the services `lin-kv`, `seq-kv`, `lww-kv` and `lin-tso` behave.
    #[derive(Default)]
    ServiceMode, "mode of services" {
        /// As Maelstrom's own do, mistakes included: a client of `seq-kv` that
        /// is far behind sees values go backwards, and the two replicas of
        /// `lww-kv` never hear of each other. What passes with these passes
        /// there.
        #[default]
        Upstream = "upstream",
        /// As Maelstrom's documents describe them: `seq-kv` is sequentially
        /// consistent, and the five replicas of `lww-kv` converge.
        Documented = "documented",
    }
}

named! {
    /// What the nemesis breaks.
    Fault, "fault" {
        /// Cuts links between nodes, and heals them.
        Partition = "partition",
        /// Kills nodes, and starts them with nothing left of what they knew.
        Kill = "kill",
        /// Stops nodes for a while. They go on as if no time had passed. A node that
        /// then answers a client which gave up meanwhile, after 5 s as a rule, is not
        /// listened to any more, as on Maelstrom; the run tells of it. Shorter pauses
        /// ([`Settings::nemesis_interval`]) spare a node that.
        Pause = "pause",
        /// Loses messages between servers.
        Loss = "loss",
        /// Delivers messages between servers twice.
        Duplicate = "duplicate",
        /// Delays messages between servers.
        Slow = "slow",
        /// Lets wall clocks jump and drift. Only in this process.
        Skew = "skew",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concurrency_is_read_as_maelstrom_reads_it() {
        assert_eq!("10".parse(), Ok(Concurrency::Total(10)));
        assert_eq!("2n".parse(), Ok(Concurrency::PerNode(2)));
        for bad in ["", "n", "0", "-1", "2m", "1.5n", "2 n"] {
            assert!(bad.parse::<Concurrency>().is_err(), "{bad}");
        }
    }

    #[test]
    fn impossible_settings_say_what_is_allowed() {
        let fine = Settings::new(Workload::Echo);
        assert_eq!(fine.validate(), Ok(()));
        let error = fine.clone().node_count(0).validate().unwrap_err();
        assert_eq!(
            error.to_string(),
            "--node-count can't be 0: expected at least 1"
        );
        assert!(fine.clone().rate(f64::NAN).validate().is_err());
        assert!(fine.clone().rate(-1.0).validate().is_err());
        assert!(fine.clone().nemesis_interval(0.0).validate().is_err());
        for name in ["cat", "", "lin-kv", "rack/n1", "a,b"] {
            let mut foreign = fine.clone();
            foreign.nodes[0] = name.into();
            assert!(foreign.validate().is_err(), "{name}");
        }
        let mut twice = fine;
        twice.nodes[0] = twice.nodes[1].clone();
        assert!(twice.validate().is_err());
    }

    #[test]
    fn names_are_listed_when_one_is_unknown() {
        assert_eq!("tree3".parse(), Ok(TopologyKind::Tree3));
        let error = "ring".parse::<TopologyKind>().unwrap_err();
        assert!(error.contains("line, grid, tree, tree2"), "{error}");
    }
}
