//! What was asked of a run, what was measured, and whether it passed.

use maelstrom_check::{History, Op, Quantiles, Results, Verdict, WorkloadResults};
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
    let available = results.availability.valid == Verdict::Valid;
    let asked = outcome.settings.availability;
    Figures::of(results).rows(results.verdict(), asked, available, thresholds)
}

/// The figures of a run that are compared with others'.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    /// Messages per operation, those of clients included.
    pub(crate) all: Option<f64>,
    /// Messages per operation with no client on either end.
    pub(crate) servers: Option<f64>,
    /// The stable latencies, in milliseconds, in workloads that have any.
    pub(crate) stable: Option<Quantiles>,
    /// How long clients waited for what succeeded, in milliseconds; where somebody asked.
    pub(crate) response: Option<Quantiles>,
    /// The share of operations that succeeded.
    pub(crate) availability: Option<f64>,
    /// How many operations ended ok, fail and info.
    pub(crate) operations: [usize; 3],
}

/// How one of the figures is taken from them all.
type Figure = fn(&Figures) -> Option<f64>;

impl Figures {
    /// Each figure with its name.
    pub(crate) const NAMED: [(&'static str, Figure); 5] = [
        ("messages per operation, all", |figures| figures.all),
        ("messages per operation, servers", |figures| figures.servers),
        ("median stable latency, ms", Self::median_latency),
        ("maximum stable latency, ms", Self::max_latency),
        ("availability", |figures| figures.availability),
    ];

    pub(crate) fn of(results: &Results) -> Self {
        let net = results.net.as_ref();
        let counts = &results.stats.all;
        Self {
            all: net.and_then(|net| net.all.msgs_per_op).map(f64::from),
            servers: net.and_then(|net| net.servers.msgs_per_op).map(f64::from),
            stable: match &results.workload {
                WorkloadResults::Set(set) => set.stable_latencies,
                _ => None,
            },
            response: None,
            availability: Some(f64::from(results.availability.ok_fraction)),
            operations: [counts.ok_count, counts.fail_count, counts.info_count],
        }
    }

    /// The same with how long clients waited.
    #[must_use]
    pub(crate) fn with_response_times(mut self, history: &History) -> Self {
        let succeeded = history.client_ops().filter(|(_, op)| op.is_ok());
        let waited = succeeded.filter_map(|(place, ok)| {
            let since = history.invocation(place).map(|op: &Op| op.time)?;
            Some((ok.time - since) / 1_000_000)
        });
        self.response = Quantiles::of(waited.collect());
        self
    }

    /// The latencies that say most of the workload, and what they are called:
    /// the stable ones where it has any.
    pub(crate) fn latencies(&self) -> (&'static str, Option<Quantiles>) {
        match self.stable {
            Some(stable) => ("stable latency", Some(stable)),
            None => ("response time", self.response),
        }
    }

    /// The median of the stable latencies, in milliseconds.
    pub(crate) fn median_latency(&self) -> Option<f64> {
        self.stable.map(|Quantiles([_, median, ..])| median as f64)
    }

    /// The largest of them.
    pub(crate) fn max_latency(&self) -> Option<f64> {
        self.stable.map(|Quantiles([.., max])| max as f64)
    }

    /// What was asked, beside these figures.
    pub(crate) fn rows(
        &self,
        verdict: Verdict,
        availability: Availability,
        available: bool,
        thresholds: &[Threshold],
    ) -> Vec<Row> {
        let mut rows = vec![Row {
            what: "verdict".into(),
            asked: Verdict::Valid.to_string(),
            measured: verdict.to_string(),
            pass: verdict == Verdict::Valid,
        }];
        let asked = match availability {
            Availability::Any => None,
            Availability::Total => Some("total".to_owned()),
            Availability::AtLeast(share) => Some(format!("{share} or more")),
        };
        rows.extend(asked.map(|asked| {
            Row {
                what: "availability".into(),
                asked,
                // Not rounded: the difference to all of them is the point.
                measured: self
                    .availability
                    .map_or("nothing to measure".into(), |share| {
                        (share as f32).to_string()
                    }),
                pass: available,
            }
        }));
        rows.extend(thresholds.iter().map(|Threshold { measure, below }| {
            let found = measure.of(self);
            let unit = measure.unit();
            Row {
                what: measure.to_string(),
                asked: format!("below {below}{unit}"),
                measured: shown(found, unit),
                pass: found.is_some_and(|found| found < *below),
            }
        }));
        rows
    }
}

fn shown(found: Option<f64>, unit: &str) -> String {
    found.map_or("nothing to measure".into(), |found| {
        format!("{}{unit}", (found * 1000.0).round() / 1000.0)
    })
}

impl Measure {
    /// The figure that a threshold is about, if there is one.
    fn of(self, figures: &Figures) -> Option<f64> {
        match self {
            Self::MessagesPerOperation => figures.all,
            Self::MedianLatency => figures.median_latency(),
            Self::MaximumLatency => figures.max_latency(),
        }
    }
}
