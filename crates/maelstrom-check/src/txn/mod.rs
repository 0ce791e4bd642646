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
mod inside;
mod judge;
mod model;
mod observed;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

pub use model::ConsistencyModel;
pub(crate) use observed::strict;

use judge::{Asked, Judged};

use crate::history::{History, Op, Value};
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

/// Checks transactions against consistency models, after Elle (Kingsbury and Alvaro, 2020).
///
/// What transactions read and wrote says in which order they must have happened: one that
/// overwrites comes after the one overwritten (ww), a reader after the writer (wr), and
/// before whoever overwrites what it read (rw). An order that goes in a circle is an
/// anomaly, named by its edges: only ww G0, some wr G1c, one rw G-single-item, several of which no two
/// are neighbours G-nonadjacent-item, else G2-item; with the suffix `-process` or `-realtime` if it takes the
/// order of a process, or of time. Other anomalies show in a single read. Each model rules
/// some of them out ([`ConsistencyModel::prohibited`]).
///
/// The order of a list's versions is that of its longest read. Of a register's it is known that nothing
/// comes before nil, and more as [`TxnOptions`] allow to infer.
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
    let input = match convert::convert(history, objects) {
        Ok(input) => input,
        Err(reason) => {
            results.error = Some(reason);
            return results;
        }
    };
    let judged = look(history, &input, objects, options, &options.models);
    results.strongest = strongest(&judged, options, || {
        let models = [ConsistencyModel::SERIALIZABLE];
        look(history, &input, objects, options, &models)
    });
    let names = |set: &BTreeSet<String>| {
        let mut names: Vec<String> = set.iter().map(|m| model::shown(m).to_owned()).collect();
        names.sort();
        names
    };
    results.valid = judged.valid;
    results.not = names(&judged.not);
    results.also_not = names(&judged.also_not);
    results.anomalies = judged.anomalies;
    if options.register_wrapper {
        results.anomalies.remove("cycle-search-timeout");
        results.valid = Verdict::of(results.anomalies.is_empty());
    }
    results.anomaly_types = results.anomalies.keys().cloned().collect();
    results
}

/// What the engine and the checks inside single transactions find against these models.
fn look(
    history: &History,
    input: &convert::Input,
    objects: TxnObjects,
    options: &TxnOptions,
    models: &[ConsistencyModel],
) -> Judged {
    let asked = Asked::new(models, &options.anomalies);
    let opts = adya::Opts {
        models: models.iter().map(|m| m.engine_name().to_owned()).collect(),
        anomalies: asked.shown(),
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
    let mut found: BTreeMap<String, Vec<TxnAnomaly>> = report
        .anomalies
        .into_iter()
        .map(|(kind, found)| {
            let found = found.into_iter().map(|a| anomaly(a, history, input));
            (kind, found.collect())
        })
        .collect();
    found.insert("internal".into(), inside::internal(history, objects));
    if asked.orders_by("-realtime") && history.has_order_in_time(convert::is_txn) {
        found.remove("empty-transaction-graph");
    }
    match objects {
        TxnObjects::Lists => {
            found.insert("future-read".into(), inside::future_reads(history));
        }
        TxnObjects::Registers => {
            if inside::depends_on_itself(history, options.wfr_keys) {
                found.remove("empty-transaction-graph");
            }
            // One circle of a component is told.
            let in_any = |kinds: &dyn Fn(&str) -> bool| -> BTreeSet<usize> {
                let found = found.iter().filter(|(kind, _)| kinds(kind));
                let circles = found.flat_map(|(_, a)| a).filter(|a| !a.steps.is_empty());
                circles.flat_map(|a| a.ops.iter().copied()).collect()
            };
            let in_circle = in_any(&|_| true);
            let told = in_any(&|kind| matches!(kind, "G0" | "G1c"));
            let mut circles =
                inside::circles_of_one(history, options.wfr_keys, |op| in_circle.contains(&op));
            circles.retain(|circle| !told.contains(&circle.ops[0]));
            found.entry("G1c".into()).or_default().extend(circles);
        }
    }
    asked.judge(found)
}

/// The strongest models that were looked at and not ruled out.
///
/// What a model asks shows only if it was asked for, so a model weaker than serializability
/// is followed by a look at that.
fn strongest(
    judged: &Judged,
    options: &TxnOptions,
    look_at_serializable: impl FnOnce() -> Judged,
) -> Vec<String> {
    let serializable = ConsistencyModel::SERIALIZABLE;
    let asked = &options.models;
    let deep = asked.iter().any(|m| m.implies(serializable)) && options.anomalies.is_empty();
    let mut ruled_out: BTreeSet<&String> = judged.not.iter().chain(&judged.also_not).collect();
    let second = (!deep).then(look_at_serializable);
    if let Some(second) = &second {
        ruled_out.extend(second.not.iter().chain(&second.also_not));
    }
    let mut looked = adya::model::prohibited_by(&[serializable.engine_name()]);
    for model in asked {
        looked.extend(model.prohibited());
    }
    let holding: Vec<ConsistencyModel> = ConsistencyModel::all()
        .into_iter()
        .filter(|m| {
            let prohibited = m.prohibited();
            !prohibited.is_empty()
                && !ruled_out.iter().any(|out| *out == m.engine_name())
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
    let who = |index: &usize| who(&history.ops()[input.position[index]]);
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

/// Who did a transaction, when, and what it was.
fn who(op: &Op) -> String {
    format!(
        "T{}: process {} at {:.3} s: {}",
        op.index,
        op.process,
        op.seconds(),
        short(&op.value)
    )
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
                "Elle's rules find nothing against {}.",
                self.strongest.join(", ")
            ));
        }
        lines
    }
}
