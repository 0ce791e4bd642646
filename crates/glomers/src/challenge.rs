//! The challenges: for each its official settings, its thresholds and the
//! solution that runs. These facts stand here and nowhere else.
//!
//! Source: the pages of <https://fly.io/dist-sys/>.

use std::fmt;

use clap::ValueEnum;
use maelstrom_sim::{
    Availability, Concurrency, ConsistencyModel, Fault, InProcess, Settings, Workload,
};
use serde::Serialize;

/// A challenge, as fly.io sets it.
pub(crate) struct Challenge {
    /// What it is called on the command line.
    pub(crate) id: &'static str,
    /// What it is about.
    pub(crate) title: &'static str,
    /// The official settings.
    pub(crate) settings: fn() -> Settings,
    /// What must be reached beside a valid verdict.
    pub(crate) thresholds: &'static [Threshold],
    /// The best figures that others published.
    pub(crate) published: &'static [Published],
    /// The solution that runs, as a program and in this process.
    pub(crate) solution: Solution,
}

/// A node of ours, with the strategy that a challenge runs unless told otherwise.
pub(crate) struct Solution {
    /// The name of its program, and of its crate.
    pub(crate) program: &'static str,
    /// The strategy that does best in this challenge; empty where there is one way only.
    pub(crate) best: &'static str,
    /// The names of all its strategies.
    pub(crate) strategies: fn() -> Vec<String>,
    /// The same node as a value, by strategy.
    pub(crate) host: fn(&str) -> Result<InProcess, String>,
}

/// Figures of somebody else's solution.
pub(crate) struct Published {
    /// Messages per operation with no client on either end.
    pub(crate) servers: f64,
    /// The median and the maximum of the stable latencies in milliseconds, where they
    /// were published.
    pub(crate) latency: Option<(u32, u32)>,
    /// What sets it apart; may be empty.
    pub(crate) note: &'static str,
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.servers)?;
        if let Some((median, maximum)) = self.latency {
            write!(f, ", {median} / {maximum} ms")?;
        }
        if !self.note.is_empty() {
            write!(f, " ({})", self.note)?;
        }
        Ok(())
    }
}

const fn published(servers: f64, latency: Option<(u32, u32)>, note: &'static str) -> Published {
    Published {
        servers,
        latency,
        note,
    }
}

/// A figure that must stay below a limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Threshold {
    pub(crate) measure: Measure,
    pub(crate) below: f64,
}

/// What a threshold is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Measure {
    /// `net.all.msgs-per-op`: every message, those of clients included, per
    /// operation. The stricter of the two figures.
    MessagesPerOperation,
    /// The median of the stable latencies, in milliseconds.
    MedianLatency,
    /// The largest of the stable latencies, in milliseconds.
    MaximumLatency,
}

impl Measure {
    /// The unit, with the space before it, where there is one.
    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::MessagesPerOperation => "",
            Self::MedianLatency | Self::MaximumLatency => " ms",
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::MessagesPerOperation => "messages per operation (all)",
            Self::MedianLatency => "median stable latency",
            Self::MaximumLatency => "maximum stable latency",
        })
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { measure, below } = self;
        write!(f, "{measure} below {below}{}", measure.unit())
    }
}

const fn below(measure: Measure, below: f64) -> Threshold {
    Threshold { measure, below }
}

const ECHO: Solution = Solution {
    program: "echo",
    best: "",
    strategies: Vec::new,
    host: |_| Ok(InProcess::new(|_| echo::Echo)),
};

/// The solution of a crate whose strategies are an enum of that name.
macro_rules! solution {
    ($solution:ident :: $node:ident, $program:literal, $best:literal) => {
        Solution {
            program: $program,
            best: $best,
            strategies: || {
                let names = $solution::Strategy::value_variants().iter();
                let names = names.filter_map(ValueEnum::to_possible_value);
                names.map(|name| name.get_name().to_owned()).collect()
            },
            host: |name| {
                let strategy = $solution::Strategy::from_str(name, false)?;
                Ok(InProcess::new(move |ctx| {
                    $solution::$node::new(strategy, &ctx)
                }))
            },
        }
    };
}

const UNIQUE_IDS: Solution = solution!(unique_ids::UniqueIds, "unique-ids", "uuid-v7");
const FLOOD: Solution = solution!(broadcast::Broadcast, "broadcast", "flood");
const QUICK: Solution = solution!(broadcast::Broadcast, "broadcast", "convergecast-quick");
const FRUGAL: Solution = solution!(broadcast::Broadcast, "broadcast", "convergecast");
const COUNTER: Solution = solution!(counter::Counter, "counter", "delta-crdt");
const ONE_TXN: Solution = solution!(txn::Txn, "txn", "single");
const TXN: Solution = solution!(txn::Txn, "txn", "lww-delta");
const ONE_LOG: Solution = solution!(kafka::Kafka, "kafka", "single");
const LOG: Solution = solution!(kafka::Kafka, "kafka", "lanes");

fn broadcast_settings(nodes: usize) -> Settings {
    Settings::new(Workload::Broadcast)
        .node_count(nodes)
        .time_limit(20)
        .rate(10.0)
}

fn kafka_settings(nodes: usize) -> Settings {
    Settings::new(Workload::Kafka)
        .node_count(nodes)
        .concurrency(Concurrency::PerNode(2))
        .time_limit(20)
        .rate(1000.0)
}

fn txn_settings(nodes: usize, model: ConsistencyModel) -> Settings {
    Settings::new(Workload::TxnRwRegister)
        .node_count(nodes)
        .concurrency(Concurrency::PerNode(2))
        .time_limit(20)
        .rate(1000.0)
        .consistency_models(vec![model])
}

/// Broadcast d and e: 25 nodes, 100 ms between them.
fn efficient_broadcast() -> Settings {
    broadcast_settings(25).rate(100.0).latency_ms(100)
}

impl Challenge {
    /// The thresholds that hold under these settings: the official ones are for
    /// a network that is whole. Under faults a run must be right, and that is all.
    pub(crate) fn thresholds(&self, settings: &Settings) -> &'static [Threshold] {
        if settings.nemesis.is_empty() {
            self.thresholds
        } else {
            &[]
        }
    }

    /// The best published figures in words: messages per operation between servers, and
    /// median / maximum latency. Empty where there are none.
    pub(crate) fn published_words(&self) -> String {
        let words: Vec<String> = self.published.iter().map(ToString::to_string).collect();
        words.join("; ")
    }

    /// The nodes of a strategy, or of the best one.
    ///
    /// # Errors
    /// A text that lists the strategies there are.
    pub(crate) fn host(&self, strategy: Option<&str>) -> Result<InProcess, String> {
        (self.solution.host)(self.strategy(strategy)?)
    }

    /// The strategy that was asked for, or the best one.
    ///
    /// # Errors
    /// A text that lists the strategies there are.
    pub(crate) fn strategy<'a>(&self, asked: Option<&'a str>) -> Result<&'a str, String> {
        let known = (self.solution.strategies)();
        match asked {
            None => Ok(self.solution.best),
            Some(asked) if known.iter().any(|name| name == asked) => Ok(asked),
            Some(asked) if known.is_empty() => Err(format!(
                "{} has no strategy `{asked}`: there is one way only",
                self.id
            )),
            Some(asked) => {
                let (id, known) = (self.id, known.join(", "));
                Err(format!(
                    "{id} has no strategy `{asked}`: expected one of {known}"
                ))
            }
        }
    }
}

/// Every challenge, in the order in which they are set.
pub(crate) const CHALLENGES: &[Challenge] = &[
    Challenge {
        id: "echo",
        title: "1: send back what was sent",
        settings: || Settings::new(Workload::Echo).node_count(1).time_limit(10),
        thresholds: &[],
        published: &[],
        solution: ECHO,
    },
    Challenge {
        id: "unique-ids",
        title: "2: ids that no other node gives",
        settings: || {
            Settings::new(Workload::UniqueIds)
                .node_count(3)
                .time_limit(30)
                .rate(1000.0)
                .availability(Availability::Total)
                .nemesis(Fault::Partition)
        },
        thresholds: &[],
        published: &[],
        solution: UNIQUE_IDS,
    },
    Challenge {
        id: "broadcast-a",
        title: "3a: one node",
        settings: || broadcast_settings(1),
        thresholds: &[],
        published: &[],
        solution: FLOOD,
    },
    Challenge {
        id: "broadcast-b",
        title: "3b: five nodes",
        settings: || broadcast_settings(5),
        thresholds: &[],
        published: &[],
        solution: FLOOD,
    },
    Challenge {
        id: "broadcast-c",
        title: "3c: five nodes, partitions",
        settings: || broadcast_settings(5).nemesis(Fault::Partition),
        thresholds: &[],
        published: &[],
        solution: FLOOD,
    },
    Challenge {
        id: "broadcast-d",
        title: "3d: 25 nodes, few messages, fast",
        settings: efficient_broadcast,
        thresholds: &[
            below(Measure::MessagesPerOperation, 30.0),
            below(Measure::MedianLatency, 400.0),
            below(Measure::MaximumLatency, 600.0),
        ],
        published: &[
            published(7.75, Some((333, 533)), "acknowledged"),
            published(11.79, Some((84, 105)), "not acknowledged"),
        ],
        solution: QUICK,
    },
    Challenge {
        id: "broadcast-e",
        title: "3e: 25 nodes, fewer messages, less fast",
        settings: efficient_broadcast,
        thresholds: &[
            below(Measure::MessagesPerOperation, 20.0),
            below(Measure::MedianLatency, 1000.0),
            below(Measure::MaximumLatency, 2000.0),
        ],
        published: &[
            published(1.99, Some((339, 678)), ""),
            published(1.92, Some((764, 1087)), ""),
        ],
        solution: FRUGAL,
    },
    Challenge {
        id: "counter",
        title: "4: a counter that only grows",
        settings: || {
            Settings::new(Workload::GCounter)
                .node_count(3)
                .rate(100.0)
                .time_limit(20)
                .nemesis(Fault::Partition)
        },
        thresholds: &[],
        published: &[published(0.184, None, "")],
        solution: COUNTER,
    },
    Challenge {
        id: "kafka-a",
        title: "5a: a log on one node",
        settings: || kafka_settings(1),
        thresholds: &[],
        published: &[],
        solution: ONE_LOG,
    },
    Challenge {
        id: "kafka-b",
        title: "5b: a log on two nodes",
        settings: || kafka_settings(2),
        thresholds: &[],
        published: &[published(3.17, None, "")],
        solution: LOG,
    },
    Challenge {
        id: "kafka-c",
        title: "5c: with fewer messages",
        settings: || kafka_settings(2),
        thresholds: &[],
        published: &[published(1.37, None, "")],
        solution: LOG,
    },
    Challenge {
        id: "txn-a",
        title: "6a: transactions on one node",
        settings: || {
            txn_settings(1, ConsistencyModel::READ_UNCOMMITTED).availability(Availability::Total)
        },
        thresholds: &[],
        published: &[],
        solution: ONE_TXN,
    },
    Challenge {
        id: "txn-b",
        title: "6b: two nodes, read uncommitted",
        settings: || {
            txn_settings(2, ConsistencyModel::READ_UNCOMMITTED)
                .availability(Availability::Total)
                .nemesis(Fault::Partition)
        },
        thresholds: &[],
        published: &[],
        solution: TXN,
    },
    Challenge {
        id: "txn-c",
        title: "6c: two nodes, read committed",
        settings: || {
            txn_settings(2, ConsistencyModel::READ_COMMITTED)
                .availability(Availability::Total)
                .nemesis(Fault::Partition)
        },
        thresholds: &[],
        published: &[],
        solution: TXN,
    },
];

/// The challenge of that id.
///
/// # Errors
/// A text that names the nearest id and lists them all.
pub(crate) fn find(id: &str) -> Result<&'static Challenge, String> {
    let found = CHALLENGES.iter().find(|challenge| challenge.id == id);
    found.ok_or_else(|| {
        let ids: Vec<&str> = CHALLENGES.iter().map(|challenge| challenge.id).collect();
        let nearest = ids
            .iter()
            .max_by(|a, b| strsim::jaro_winkler(a, id).total_cmp(&strsim::jaro_winkler(b, id)));
        let nearest = nearest
            .filter(|nearest| strsim::jaro_winkler(nearest, id) > 0.7)
            .map(|nearest| format!(" Did you mean `{nearest}`?"))
            .unwrap_or_default();
        format!(
            "there is no challenge `{id}`.{nearest} There are: {}",
            ids.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_challenge_names_the_nearest_and_all() {
        let error = find("brodcast-c").err().unwrap();
        assert!(error.contains("Did you mean `broadcast-c`?"), "{error}");
        assert!(
            CHALLENGES
                .iter()
                .all(|challenge| error.contains(challenge.id)),
            "{error}"
        );
        assert!(!find("zzz").err().unwrap().contains("mean"));
    }

    #[test]
    fn every_setting_is_one_that_can_be_run() {
        for challenge in CHALLENGES {
            assert_eq!(
                (challenge.settings)().validate(),
                Ok(()),
                "{}",
                challenge.id
            );
        }
    }
}
