//! What the clients of a run did, and what the checks say where nobody wrote that down.

use std::collections::BTreeSet;

use maelstrom_check::{Availability, Op, Options, Results, Value, Workload, check};
use serde_json::Value as Json;

use crate::Report;

/// The models that transactions may have been held to if not to the strongest, which is asked
/// for unless told otherwise; the stronger come first.
const WEAKER: [&str; 5] = [
    "serializable",
    "snapshot-isolation",
    "repeatable-read",
    "read-committed",
    "read-uncommitted",
];

/// What the clients did: as the settings say, else as the operations look.
pub(crate) fn of(report: &Report) -> Option<Workload> {
    let named = report.results()["settings"]["workload"].as_str();
    let named = named.and_then(|name| name.parse().ok());
    named.or_else(|| {
        report
            .history()
            .client_ops()
            .find_map(|(_, op)| seen(op, report))
    })
}

/// The workload that has such an operation, where only one has.
fn seen(op: &Op, report: &Report) -> Option<Workload> {
    let any = |test: &dyn Fn(&Op) -> bool| report.history().client_ops().any(|(_, op)| test(op));
    Some(match &*op.f {
        "broadcast" => Workload::Broadcast,
        "echo" => Workload::Echo,
        "generate" => Workload::UniqueIds,
        "send" | "poll" | "assign" => Workload::Kafka,
        "write" | "cas" => Workload::LinKv,
        "txn" => {
            let steps = |op: &Op, name: &str| {
                let mut steps = op.value.items().iter();
                steps.any(|step| step.items().first().and_then(Value::name) == Some(name))
            };
            match any(&|op| steps(op, "append")) {
                true => Workload::TxnListAppend,
                false => Workload::TxnRwRegister,
            }
        }
        "add" if any(&|op| op.f == *"read" && op.value.is_collection()) => Workload::GSet,
        // No read need have succeeded, and only sets count what was added.
        "add" if report.results()["workload"]["attempt-count"].is_u64() => Workload::GSet,
        "add" if any(&|op| op.f == *"add" && op.value.as_int().is_some_and(|delta| delta < 0)) => {
            Workload::PnCounter
        }
        "add" => Workload::GCounter,
        _ => return None,
    })
}

impl Report {
    /// Runs the checks where the results have no story: a run of Maelstrom's own. Its verdict
    /// stays; the story and the evidence are ours.
    pub(crate) fn add_evidence(&mut self) {
        if self.results["story"].is_string() || !self.results.is_object() {
            return;
        }
        let Some(workload) = of(self) else { return };
        let found = self.judged(workload);
        self.results["story"] = found.story().into();
        let mut found = found.to_json();
        self.results["workload"] = found["workload"].take();
    }

    /// What the checks say under what was asked of the run. Maelstrom does not write that down,
    /// but what it found.
    #[allow(clippy::field_reassign_with_default)] // Options may grow fields.
    fn judged(&self, workload: Workload) -> Results {
        let mut options = Options::default();
        // Upstream has no stricter checks.
        options.strict = false;
        if self.results["availability"]["valid?"] == false {
            options.availability = Availability::Total;
        }
        let found = check(workload, &self.history, &options);
        let transactional = matches!(workload, Workload::TxnListAppend | Workload::TxnRwRegister);
        if !transactional || self.agrees(&found) {
            return found;
        }
        let weaker = WEAKER.iter().filter_map(|name| name.parse().ok());
        let mut weaker = weaker.map(|model| {
            options.consistency_models = vec![model];
            check(workload, &self.history, &options)
        });
        weaker.find(|found| self.agrees(found)).unwrap_or(found)
    }

    /// Whether the checks find the same in transactions as the results have.
    fn agrees(&self, found: &Results) -> bool {
        let (found, results) = (&found.to_json()["workload"], &self.results["workload"]);
        let kinds = |of: &Json| -> BTreeSet<String> {
            let kinds = of["anomaly-types"].as_array().into_iter().flatten();
            kinds.filter_map(Json::as_str).map(str::to_owned).collect()
        };
        found["valid?"] == results["valid?"] && kinds(found) == kinds(results)
    }
}
