//! What the clients of a run did, and what the checks say where nobody wrote that down.

use maelstrom_check::{Op, Options, Value, Workload, check};

use crate::Report;

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
    #[allow(clippy::field_reassign_with_default)] // Options may grow fields.
    pub(crate) fn add_evidence(&mut self) {
        if self.results["story"].is_string() || !self.results.is_object() {
            return;
        }
        let Some(workload) = of(self) else { return };
        // Upstream has no stricter checks.
        let mut options = Options::default();
        options.strict = false;
        let found = check(workload, &self.history, &options);
        self.results["story"] = found.story().into();
        let mut found = found.to_json();
        self.results["workload"] = found["workload"].take();
    }
}
