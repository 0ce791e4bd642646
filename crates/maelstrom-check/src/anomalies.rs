//! What broke a promise, by name: so that two runs can be said to fail alike.

use std::collections::BTreeSet;

use crate::check::{Results, WorkloadResults};
use crate::verdict::Verdict;

/// Kinds of findings about transactions that say that nothing could be judged.
const NO_ANOMALY: [&str; 2] = ["cycle-search-timeout", "empty-transaction-graph"];

impl Results {
    /// The names of what makes the history invalid, sorted. Empty where it is not.
    ///
    /// - The workload's own check: `wrong-echo`, `duplicate-ids`, `lost`, `wrong-sum`,
    ///   `not-linearizable`; Elle's names for transactions; upstream's names for logs.
    /// - The stricter checks, by the names of their findings.
    /// - Where neither found anything: `unavailable`, and `no-read-succeeded` for each kind of
    ///   operation of which none did. Beside real anomalies these say little, and are left out.
    ///
    /// ```
    /// use maelstrom_check::{History, Op, Options, Workload, check};
    ///
    /// let ids = (0..2).flat_map(|p| [Op::invoke(p, "generate", ()), Op::ok(p, "generate", 7)]);
    /// let history = History::from_ops(ids).unwrap();
    /// let results = check(Workload::UniqueIds, &history, &Options::default());
    /// assert!(results.anomalies().iter().eq(["duplicate-ids"]));
    /// ```
    pub fn anomalies(&self) -> BTreeSet<String> {
        let mut names = match self.workload.verdict() {
            Verdict::Invalid => self.workload.anomalies(),
            Verdict::Valid | Verdict::Unknown => BTreeSet::new(),
        };
        let strict = self.strict.iter().flat_map(|strict| &strict.findings);
        let broken = strict.filter(|finding| finding.verdict == Verdict::Invalid);
        names.extend(broken.map(|finding| finding.name.to_owned()));
        if !names.is_empty() {
            return names;
        }
        if self.availability.valid == Verdict::Invalid {
            names.insert("unavailable".to_owned());
        }
        if self.stats.all.valid == Verdict::Invalid {
            let never = self.stats.by_f.iter();
            let never = never.filter(|(f, counts)| counts.ok_count == 0 && **f != *"crash");
            names.extend(never.map(|(f, _)| format!("no-{f}-succeeded")));
        }
        names
    }
}

impl WorkloadResults {
    fn anomalies(&self) -> BTreeSet<String> {
        let names: Vec<&str> = match self {
            Self::Echo(_) => vec!["wrong-echo"],
            Self::UniqueIds(_) => vec!["duplicate-ids"],
            Self::Set(_) => vec!["lost"],
            Self::Counter(_) => vec!["wrong-sum"],
            Self::LinKv(_) => vec!["not-linearizable"],
            Self::Txn(found) => found.anomaly_types.iter().map(String::as_str).collect(),
            Self::Kafka(found) => found.bad_error_types.iter().map(String::as_str).collect(),
        };
        let real = names.into_iter().filter(|name| !NO_ANOMALY.contains(name));
        real.map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Availability, History, Op, Options, Workload, check};

    fn anomalies(workload: Workload, ops: Vec<Op>, options: &Options) -> Vec<String> {
        let history = History::from_ops(ops).unwrap();
        let results = check(workload, &history, options);
        results.anomalies().into_iter().collect()
    }

    #[test]
    fn a_valid_history_has_none_and_a_lost_element_has_its_names() {
        let read = |value: Vec<i64>| {
            let finally = |op: Op| op.with("final?", true);
            [
                Op::invoke(0, "add", 1),
                Op::ok(0, "add", 1),
                finally(Op::invoke(1, "read", ())),
                finally(Op::ok(1, "read", value)),
            ]
        };
        let options = Options::default();
        let named = |value| anomalies(Workload::GSet, read(value).to_vec(), &options);
        assert_eq!(named(vec![1]), [""; 0]);
        assert_eq!(named(vec![]), ["lost", "missing-at-the-end"]);
        assert_eq!(named(vec![1, 1]), ["duplicate-elements"]);
    }

    #[test]
    fn too_few_successes_are_named_only_where_nothing_worse_was_found() {
        let options = Options {
            availability: Availability::Total,
            ..Options::default()
        };
        let failed = [Op::invoke(0, "generate", ()), Op::fail(0, "generate", ())];
        assert_eq!(
            anomalies(Workload::UniqueIds, failed.to_vec(), &options),
            ["no-generate-succeeded", "unavailable"]
        );
        let twice = (1..3).flat_map(|p| [Op::invoke(p, "generate", ()), Op::ok(p, "generate", 7)]);
        let both = failed.into_iter().chain(twice).collect();
        assert_eq!(
            anomalies(Workload::UniqueIds, both, &options),
            ["duplicate-ids"]
        );
    }
}
