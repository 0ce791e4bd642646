//! What was asked of a run, what was measured, and whether it passed.

use maelstrom_check::{Results, Verdict, WorkloadResults};
use maelstrom_sim::{Availability, Outcome};
use serde::Serialize;

use crate::challenge::{Measure, Threshold};

/// One thing asked of the run.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// What was asked about.
    pub(crate) what: String,
    /// What was asked for.
    pub(crate) asked: String,
    /// What was measured.
    pub(crate) measured: String,
    /// Whether the one is what the other asks for.
    pub(crate) pass: bool,
}

/// The verdict, the availability if any was asked for, and the thresholds.
pub(crate) fn rows(outcome: &Outcome, results: &Results, thresholds: &[Threshold]) -> Vec<Row> {
    let mut rows = vec![Row {
        what: "verdict".into(),
        asked: Verdict::Valid.to_string(),
        measured: results.verdict().to_string(),
        pass: results.verdict() == Verdict::Valid,
    }];
    let asked = match outcome.settings.availability {
        Availability::Any => None,
        Availability::Total => Some("total".to_owned()),
        Availability::AtLeast(share) => Some(format!("{share} or more")),
    };
    rows.extend(asked.map(|asked| Row {
        what: "availability".into(),
        asked,
        measured: results.availability.ok_fraction.to_string(),
        pass: results.availability.valid == Verdict::Valid,
    }));
    rows.extend(thresholds.iter().map(|Threshold { measure, below }| {
        let found = measure.of(results);
        let unit = measure.unit();
        Row {
            what: measure.to_string(),
            asked: format!("below {below}{unit}"),
            measured: found.map_or("nothing to measure".into(), |found| {
                format!("{}{unit}", (found * 1000.0).round() / 1000.0)
            }),
            pass: found.is_some_and(|found| found < *below),
        }
    }));
    rows
}

/// The figures of a run that are compared with others'.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    /// Messages per operation, those of clients included.
    pub(crate) all: Option<f64>,
    /// Messages per operation with no client on either end.
    pub(crate) servers: Option<f64>,
    /// The median of the stable latencies, in milliseconds.
    pub(crate) median_latency: Option<f64>,
    /// The largest of them.
    pub(crate) max_latency: Option<f64>,
    /// The share of operations that succeeded.
    pub(crate) availability: Option<f64>,
}

/// How one of the figures is taken from them all.
type Figure = fn(&Figures) -> Option<f64>;

impl Figures {
    /// Each figure with its name.
    pub(crate) const NAMED: [(&'static str, Figure); 5] = [
        ("messages per operation, all", |figures| figures.all),
        ("messages per operation, servers", |figures| figures.servers),
        ("median stable latency, ms", |figures| {
            figures.median_latency
        }),
        ("maximum stable latency, ms", |figures| figures.max_latency),
        ("availability", |figures| figures.availability),
    ];

    pub(crate) fn of(results: &Results) -> Self {
        let net = results.net.as_ref();
        Self {
            all: net.and_then(|net| net.all.msgs_per_op).map(f64::from),
            servers: net.and_then(|net| net.servers.msgs_per_op).map(f64::from),
            median_latency: latency(results, 1),
            max_latency: latency(results, 4),
            availability: Some(f64::from(results.availability.ok_fraction)),
        }
    }
}

impl Measure {
    /// The figure in a run's results, if they have it.
    fn of(self, results: &Results) -> Option<f64> {
        match self {
            Self::MessagesPerOperation => Figures::of(results).all,
            Self::MedianLatency => Figures::of(results).median_latency,
            Self::MaximumLatency => Figures::of(results).max_latency,
        }
    }
}

/// A stable latency in milliseconds, by the place of its quantile.
fn latency(results: &Results, quantile: usize) -> Option<f64> {
    match &results.workload {
        WorkloadResults::Set(set) => Some(set.stable_latencies?.0[quantile] as f64),
        _ => None,
    }
}
