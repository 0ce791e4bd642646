//! What the anomalies that were found say of the models that were asked for.
//!
//! After `result-map` of `elle.txn`: only anomalies that the models rule out are told, but
//! all of them say which models do not hold.

use std::collections::{BTreeMap, BTreeSet};

use adya::model;

use super::{ConsistencyModel, TxnAnomaly};
use crate::verdict::Verdict;

/// Kinds that say that nothing could be judged.
const UNDECIDED: [&str; 2] = ["cycle-search-timeout", "empty-transaction-graph"];

/// Ends the name of the fact that a cycle exists which rules a model out.
const EXISTS: &str = "-cycle-exists";

/// What is asked of a history.
pub(super) struct Asked {
    /// The anomalies that must not occur, by name.
    prohibited: BTreeSet<String>,
}

/// What came of it.
pub(super) struct Judged {
    pub(super) valid: Verdict,
    pub(super) anomalies: BTreeMap<String, Vec<TxnAnomaly>>,
    pub(super) not: BTreeSet<String>,
    pub(super) also_not: BTreeSet<String>,
}

impl Asked {
    pub(super) fn new(models: &[ConsistencyModel], anomalies: &[String]) -> Self {
        let models: Vec<&str> = models.iter().map(|m| m.engine_name()).collect();
        let anomalies: Vec<&str> = anomalies.iter().map(String::as_str).collect();
        let mut prohibited = model::prohibited_by(&models);
        prohibited.extend(model::implying(&anomalies));
        Self { prohibited }
    }

    /// The anomalies that the engine shall show: all of those that are not about an order of
    /// transactions, by process or by time, which was not asked for. What it is asked to show
    /// decides on the order that it looks at.
    pub(super) fn shown(&self) -> Vec<String> {
        let all = ConsistencyModel::all();
        let names = all.iter().flat_map(|model| model.prohibited());
        let mut names: BTreeSet<String> = names.collect();
        for suffix in ["-process", "-realtime"] {
            if !self.orders_by(suffix) {
                names.retain(|name| !name.ends_with(suffix));
            }
        }
        names.into_iter().collect()
    }

    /// Whether an order of transactions was asked for: `-process` or `-realtime`.
    pub(super) fn orders_by(&self, suffix: &str) -> bool {
        let mut names = self.prohibited.iter();
        names.any(|name| name.starts_with('G') && name.ends_with(suffix))
    }

    /// The verdict over all that was found.
    pub(super) fn judge(&self, mut found: BTreeMap<String, Vec<TxnAnomaly>>) -> Judged {
        found.retain(|_, cases| !cases.is_empty());
        let types: Vec<&str> = found.keys().map(String::as_str).collect();
        let (not, also_not) = model::boundary(&types);
        // That a cycle exists says nothing new beside what rules out the same model.
        let concrete = types.iter().copied().filter(|t| !t.ends_with(EXISTS));
        let ruled_out = model::impossible_models(&concrete.collect::<Vec<_>>());
        found.retain(|kind, _| {
            let exists = kind.strip_suffix(EXISTS).and_then(model::canonical);
            let told = self.prohibited.contains(kind) || UNDECIDED.contains(&kind.as_str());
            told && !exists.is_some_and(|model| ruled_out.contains(model))
        });
        let valid = if found.is_empty() {
            Verdict::Valid
        } else if found.keys().any(|kind| self.prohibited.contains(kind)) {
            Verdict::Invalid
        } else {
            Verdict::Unknown
        };
        let (not, also_not) = match valid {
            Verdict::Valid => Default::default(),
            _ => (not, also_not),
        };
        Judged {
            valid,
            anomalies: found,
            not,
            also_not,
        }
    }
}
