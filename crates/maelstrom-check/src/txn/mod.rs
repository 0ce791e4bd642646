//! Transactions: which isolation does a history show?
//!
//! After Elle (Kingsbury and Alvaro, *Elle: inferring isolation anomalies from
//! experimental observations*, 2020): what transactions read and wrote says in which order
//! they must have happened, an order that goes in a circle is an anomaly, and each
//! consistency model rules some anomalies out. The engine is the `adya` crate; this
//! module gives it histories, puts Maelstrom's rules on top, and tells what it found.
//!
//! Operations are `txn`; their value is a list of steps `[f k v]` with `f` being `r` and
//! `append` (lists) or `r` and `w` (registers).

mod convert;
mod model;
mod observed;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

pub use model::ConsistencyModel;
pub(crate) use observed::strict;

use crate::history::{History, Value};
use crate::verdict::Verdict;

/// What the transactions worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TxnObjects {
    /// Lists, read whole and appended to. The order of a list's versions shows in its reads.
    Lists,
    /// Registers, read and overwritten. The order of versions must be inferred.
    Registers,
}

/// What is asked of transactions.
#[derive(Debug, Clone, PartialEq)]
pub struct TxnOptions {
    /// The models that must hold; strict serializability by default.
    pub models: Vec<ConsistencyModel>,
    /// Anomalies that must not occur besides those that the models rule out, by name.
    pub anomalies: Vec<String>,
    /// How long the search for cycles in one strongly connected component may take before
    /// it ends with `cycle-search-timeout` and some cycle. A second by default, as in Elle.
    /// Only components of many thousand transactions come near it.
    pub timeout: Duration,
    /// Registers: a transaction that reads a key and then writes it puts its version after
    /// the one that it read. Maelstrom assumes so; it is the default.
    pub wfr_keys: bool,
    /// Registers: each process sees the versions of each key in order.
    pub sequential_keys: bool,
    /// Registers: each key by itself is linearizable.
    pub linearizable_keys: bool,
    /// Judge as Maelstrom's txn-rw-register does: a timed-out search does not count, and
    /// whatever else was found makes the run invalid, even that nothing could be inferred.
    pub register_wrapper: bool,
}

impl Default for TxnOptions {
    fn default() -> Self {
        Self {
            models: vec![ConsistencyModel::STRICT_SERIALIZABLE],
            anomalies: Vec::new(),
            timeout: Duration::from_secs(1),
            wfr_keys: true,
            sequential_keys: false,
            linearizable_keys: false,
            register_wrapper: false,
        }
    }
}

/// What the check of transactions found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TxnResults {
    /// Invalid if an anomaly occurred that the models rule out; unknown if nothing could be
    /// inferred, or a search took too long and found nothing that counts.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// The names of the anomalies found, sorted.
    pub anomaly_types: Vec<String>,
    /// The anomalies by name.
    pub anomalies: BTreeMap<String, Vec<TxnAnomaly>>,
    /// The weakest models that they rule out…
    pub not: Vec<String>,
    /// …and all stronger ones.
    pub also_not: Vec<String>,
    /// The strongest models that nothing in the history rules out, of those that were looked at.
    pub strongest: Vec<String>,
    /// Why the verdict is unknown, where the history does not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Something that transactions should not do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TxnAnomaly {
    /// Its name, as Elle calls it: `G0`, `G1a`, `lost-update`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The indices of the completions of the transactions involved; of a cycle in its order.
    pub ops: Vec<usize>,
    /// What happened, for a person.
    pub story: Vec<String>,
    /// Of a cycle: why each transaction comes before the next.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<CycleStep>,
}

/// Why one transaction comes before another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CycleStep {
    /// The index of the completion of the earlier.
    pub from: usize,
    /// The index of the completion of the later.
    pub to: usize,
    /// `ww`: the later overwrote what the earlier wrote. `wr`: it read it. `rw`: it overwrote
    /// what the earlier read. `process`, `realtime`: it was done later by the same process, by any.
    pub rel: String,
    /// The same in words, with keys and values.
    pub why: String,
}

/// Checks transactions against consistency models.
///
/// ```
/// use maelstrom_check::{History, TxnObjects, TxnOptions, Verdict, transactions};
///
/// // Both read the other's key as it was before: write skew.
/// let history = History::parse(r#"
///     {:type :invoke, :process 0, :f :txn, :value [[:r :x nil] [:append :y 1]]}
///     {:type :invoke, :process 1, :f :txn, :value [[:r :y nil] [:append :x 2]]}
///     {:type :ok,     :process 0, :f :txn, :value [[:r :x []] [:append :y 1]]}
///     {:type :ok,     :process 1, :f :txn, :value [[:r :y []] [:append :x 2]]}
/// "#)?;
/// let ask = |model: &str| {
///     let models = vec![model.parse().unwrap()];
///     transactions(&history, TxnObjects::Lists, &TxnOptions { models, ..Default::default() })
/// };
/// assert_eq!(ask("serializable").anomaly_types, ["G2-item"]);
/// assert_eq!(ask("snapshot-isolation").valid, Verdict::Valid);
/// # Ok::<(), maelstrom_check::Error>(())
/// ```
pub fn transactions(history: &History, objects: TxnObjects, options: &TxnOptions) -> TxnResults {
    let mut results = TxnResults {
        valid: Verdict::Unknown,
        anomaly_types: Vec::new(),
        anomalies: BTreeMap::new(),
        not: Vec::new(),
        also_not: Vec::new(),
        strongest: Vec::new(),
        error: None,
    };
    let input = match convert::convert(history) {
        Ok(input) => input,
        Err(reason) => {
            results.error = Some(reason);
            return results;
        }
    };
    let names = |models: &[ConsistencyModel]| -> Vec<String> {
        models.iter().map(|m| m.engine_name().to_owned()).collect()
    };
    let opts = adya::Opts {
        models: names(&options.models),
        anomalies: options.anomalies.clone(),
        timeout: options.timeout,
        wfr_keys: options.wfr_keys,
        sequential_keys: options.sequential_keys,
        linearizable_keys: options.linearizable_keys,
        transaction_order: None,
    };
    let workload = match objects {
        TxnObjects::Lists => adya::Workload::ListAppend,
        TxnObjects::Registers => adya::Workload::RwRegister,
    };
    let report = adya::check(&input.history, workload, &opts);
    results.valid = match report.valid {
        adya::Valid::True => Verdict::Valid,
        adya::Valid::False => Verdict::Invalid,
        adya::Valid::Unknown => Verdict::Unknown,
    };
    results.strongest = strongest(&input.history, workload, &opts, &report, &options.models);
    let names = |set: &[String]| {
        let mut names: Vec<String> = set.iter().map(|m| model::shown(m).to_owned()).collect();
        names.sort();
        names
    };
    results.not = names(&report.not);
    results.also_not = names(&report.also_not);
    results.anomalies = report
        .anomalies
        .into_iter()
        .map(|(kind, found)| {
            (
                kind,
                found
                    .into_iter()
                    .map(|a| anomaly(a, history, &input))
                    .collect(),
            )
        })
        .collect();
    if options.register_wrapper {
        results.anomalies.remove("cycle-search-timeout");
        results.valid = Verdict::of(results.anomalies.is_empty());
    }
    results.anomaly_types = results.anomalies.keys().cloned().collect();
    results
}

/// The strongest models that were looked at and not ruled out.
///
/// What a model asks shows only if it was asked for, so a model weaker than serializability
/// is followed by a look at that.
fn strongest(
    history: &adya::History,
    workload: adya::Workload,
    opts: &adya::Opts,
    report: &adya::Report,
    asked: &[ConsistencyModel],
) -> Vec<String> {
    let serializable = ConsistencyModel::SERIALIZABLE;
    let deep = asked.iter().any(|m| m.implies(serializable)) && opts.anomalies.is_empty();
    let ruled_out: BTreeSet<String> = if deep {
        report.not.iter().chain(&report.also_not).cloned().collect()
    } else {
        let models = vec![serializable.engine_name().to_owned()];
        let second = adya::check(
            history,
            workload,
            &adya::Opts {
                models,
                ..opts.clone()
            },
        );
        let all = [&report.not, &report.also_not, &second.not, &second.also_not];
        all.into_iter().flatten().cloned().collect()
    };
    let mut looked = adya::model::prohibited_by(&[serializable.engine_name()]);
    for model in asked {
        looked.extend(model.prohibited());
    }
    let holding: Vec<ConsistencyModel> = ConsistencyModel::all()
        .into_iter()
        .filter(|m| {
            let prohibited = m.prohibited();
            !prohibited.is_empty()
                && !ruled_out.contains(m.engine_name())
                && prohibited.is_subset(&looked)
        })
        .collect();
    let mut strongest: Vec<String> = holding
        .iter()
        .filter(|m| {
            !holding
                .iter()
                .any(|other| other != *m && other.implies(**m))
        })
        .map(|m| m.name().to_owned())
        .collect();
    strongest.sort();
    strongest
}

/// Puts one of the engine's anomalies into our words.
fn anomaly(found: adya::Anomaly, history: &History, input: &convert::Input) -> TxnAnomaly {
    let indices: Vec<usize> = found
        .ops
        .iter()
        .filter_map(|i| usize::try_from(*i).ok())
        .collect();
    let mut steps = Vec::new();
    for step in found
        .detail
        .get("steps")
        .and_then(|s| s.as_array())
        .into_iter()
        .flatten()
    {
        let index = |key: &str| step[key].as_u64().and_then(|i| usize::try_from(i).ok());
        let text = |key: &str| convert::unmark(step[key].as_str().unwrap_or_default());
        if let (Some(from), Some(to)) = (index("from"), index("to")) {
            steps.push(CycleStep {
                from,
                to,
                rel: text("rel"),
                why: text("why"),
            });
        }
    }
    let mut story = Vec::new();
    let who = |index: &usize| {
        let op = &history.ops()[input.position[index]];
        format!(
            "T{index}: process {} at {:.3} s: {}",
            op.process,
            op.seconds(),
            short(&op.value)
        )
    };
    if steps.is_empty() {
        story.push(convert::unmark(found.explanation.trim_end()));
        story.extend(indices.iter().take(8).map(who));
    } else {
        story.extend(indices.iter().map(who));
        for (i, step) in steps.iter().enumerate() {
            let last = i + 1 == steps.len();
            story.push(format!(
                "{}T{} comes before T{} ({}): {}{}",
                if last { "but " } else { "" },
                step.from,
                step.to,
                step.rel,
                step.why,
                if last {
                    ", which closes the circle"
                } else {
                    ""
                }
            ));
        }
    }
    TxnAnomaly {
        kind: found.kind,
        ops: indices,
        story,
        steps,
    }
}

/// A transaction as a line that fits a terminal.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 160 {
        return text;
    }
    format!("{}…", text.chars().take(160).collect::<String>())
}

impl TxnResults {
    /// What was found, for a person: each kind of anomaly with its first case.
    pub fn tell(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(error) = &self.error {
            lines.push(format!("It cannot be judged: {error}."));
        }
        for (kind, found) in &self.anomalies {
            lines.push(format!("{kind} ({}):", found.len()));
            lines.extend(
                found
                    .iter()
                    .take(1)
                    .flat_map(|a| &a.story)
                    .map(|l| format!("  {l}")),
            );
        }
        if !self.not.is_empty() {
            lines.push(format!(
                "So it is not {}, nor anything stronger.",
                self.not.join(", not ")
            ));
        }
        if !self.strongest.is_empty() && self.error.is_none() {
            lines.push(format!(
                "Nothing in it rules out {}.",
                self.strongest.join(", ")
            ));
        }
        lines
    }
}
