//! What a run costs, and which models nothing in it rules out.

use std::collections::BTreeSet;
use std::fmt;

use maelstrom_check::WorkloadResults;
use maelstrom_sim::{
    Availability, Concurrency, ConsistencyModel, Fault, InProcess, Outcome, Run, Settings, Verdict,
    Workload,
};
use txn::{Strategy, Txn};

/// The official settings of 6c, but for partitions and availability.
pub(crate) fn official() -> Settings {
    Settings::new(Workload::TxnRwRegister)
        .node_count(2)
        .concurrency(Concurrency::PerNode(2))
        .rate(1000.0)
        .time_limit(20)
        .consistency_models(vec![model("read-committed")])
}

/// Those of 6c.
pub(crate) fn partitioned() -> Settings {
    official()
        .nemesis(Fault::Partition)
        .availability(Availability::Total)
}

pub(crate) fn model(name: &str) -> ConsistencyModel {
    name.parse().expect("a model of that name")
}

pub(crate) fn run(strategy: Strategy, settings: &Settings, seed: u64) -> Outcome {
    let host = InProcess::new(move |ctx| Txn::new(strategy, &ctx));
    let outcome = Run::new(settings.clone(), seed, host).execute();
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    outcome
}

/// The figures of a run, or the worst ones of several.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) valid: bool,
    pub(crate) all: f32,
    pub(crate) servers: f32,
    /// The fewest transactions carried out in a run.
    pub(crate) transactions: usize,
    /// The anomalies found, whether or not the model asked for allows them.
    pub(crate) anomalies: BTreeSet<String>,
}

impl Figures {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        let results = outcome.check();
        let net = results.net.as_ref().expect("a run has a journal");
        let WorkloadResults::Txn(found) = &results.workload else {
            panic!("transactions were judged as something else");
        };
        Self {
            valid: results.verdict() == Verdict::Valid,
            all: net.all.msgs_per_op.unwrap_or_default(),
            servers: net.servers.msgs_per_op.unwrap_or_default(),
            transactions: results.stats.all.ok_count,
            anomalies: found.anomaly_types.iter().cloned().collect(),
        }
    }

    fn worst(mut self, other: Self) -> Self {
        self.anomalies.extend(other.anomalies);
        Self {
            valid: self.valid && other.valid,
            all: self.all.max(other.all),
            servers: self.servers.max(other.servers),
            transactions: self.transactions.min(other.transactions),
            anomalies: self.anomalies,
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.valid { "valid" } else { "INVALID" };
        let Self { servers, all, .. } = self;
        let (count, anomalies) = (self.transactions, &self.anomalies);
        write!(
            f,
            "{verdict} | {servers:.3} / {all:.3} | {count} | {anomalies:?}"
        )
    }
}

/// The worst figures over these seeds.
pub(crate) fn worst(
    strategy: Strategy,
    settings: &Settings,
    seeds: std::ops::Range<u64>,
) -> Figures {
    let figures = seeds.map(|seed| Figures::of(&run(strategy, settings, seed)));
    let worst = figures.reduce(Figures::worst);
    worst.expect("there is at least one seed")
}
