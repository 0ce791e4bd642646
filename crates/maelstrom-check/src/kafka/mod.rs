//! Logs: messages are sent to keys, get offsets, and are polled in order.
//!
//! Source: `jepsen.tests.kafka`, with Maelstrom's settings. Operations are `send`
//! (`[["send" k v]]`, completed as `[["send" k [offset v]]]`), `poll` (`[["poll"]]`,
//! completed as `[["poll" {k [[offset v] …]}]]`), `txn` (both), `assign` and `subscribe` (of a
//! list of keys), and `crash`.
//! [`kafka`] has the rules.

mod anomalies;
mod cycles;
mod lag;
mod ops;

use std::collections::BTreeMap;

use serde::Serialize;

pub use lag::Lag;

use crate::history::{History, Op, Value};
use crate::strict::Finding;
use crate::verdict::Verdict;
use ops::Ops;

/// What is asked of logs beyond the rules that always hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KafkaOptions {
    /// Whether consumers subscribe, so that the keys which they poll may change at any time.
    /// Polls may then skip and repeat. Maelstrom's clients assign keys instead.
    pub subscribe: bool,
    /// Whether the order of messages in the log orders the operations that sent them.
    /// G1c is then to be expected. Maelstrom does not.
    pub ww_deps: bool,
}

/// What the check of logs found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct KafkaResults {
    /// Valid if there are no errors but those that are allowed.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// The poll that was furthest behind the log.
    pub worst_realtime_lag: Lag,
    /// The kinds of errors that make it invalid, sorted.
    pub bad_error_types: Vec<String>,
    /// All kinds of errors found, sorted.
    pub error_types: Vec<String>,
    /// The different errors of operations of which nobody knows whether they happened.
    pub info_txn_causes: Vec<Value>,
    /// The errors by kind.
    #[serde(flatten)]
    pub errors: BTreeMap<String, KafkaErrors>,
    /// Why the verdict is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The errors of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum KafkaErrors {
    /// How many, and the gravest of them.
    Found {
        /// How many there are.
        count: usize,
        /// At most 32 of them.
        errs: Vec<KafkaError>,
    },
    /// What nobody had polled by the end.
    Unseen {
        /// When the last operation ended, nanoseconds since the start of the run.
        time: i64,
        /// For each key how many messages.
        unseen: BTreeMap<String, usize>,
        /// For each key at most 32 of them.
        messages: BTreeMap<String, Vec<Value>>,
    },
}

impl KafkaErrors {
    /// How many errors there are; of the unseen how many messages.
    pub fn count(&self) -> usize {
        match self {
            Self::Found { count, .. } => *count,
            Self::Unseen { unseen, .. } => unseen.values().sum(),
        }
    }
}

/// One error. Which fields it has depends on its kind.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct KafkaError {
    /// The key it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Value>,
    /// The message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The messages: two in a row, or those at one offset.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
    /// The offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
    /// The offsets of a message that stands at several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub offsets: Vec<i64>,
    /// How often a message stands in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// The index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<i64>,
    /// The highest index that anybody polled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_read_index: Option<i64>,
    /// How far the index moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta: Option<i64>,
    /// The messages that were skipped.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Value>,
    /// The completion that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op: Option<Op>,
    /// The two completions that show it; of a cycle all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ops: Vec<Op>,
    /// The completion that sent the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writer: Option<Op>,
    /// The completion that polled the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader: Option<Op>,
    /// A completion that polled the highest index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_read: Option<Op>,
    /// Of a cycle the reason for each step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
}

/// Errors that are no fault: see the module's head.
fn allowed(kind: &str, options: KafkaOptions) -> bool {
    match kind {
        "int-send-skip"
        | "G0"
        | "G0-process"
        | "G0-realtime"
        | "PL-1-cycle-exists"
        | "strong-PL-1-cycle-exists" => true,
        "poll-skip" | "nonmonotonic-poll" => options.subscribe,
        "G1c"
        | "G1c-process"
        | "G1c-realtime"
        | "PL-2-cycle-exists"
        | "strong-PL-2-cycle-exists" => options.ww_deps,
        _ => false,
    }
}

/// Checks logs, after `jepsen.tests.kafka`.
///
/// Operations are `send` (`[["send" k v]]`, completed as `[["send" k [offset v]]]`), `poll`
/// (`[["poll"]]`, completed as `[["poll" {k [[offset v] …]}]]`), `txn` (both), `assign` and
/// `subscribe` (of a list of keys), and `crash`.
///
/// The log of a key is pieced together from all polls and from the sends that certainly took
/// effect. Its offsets, gaps left out, are *indices*. What is wrong with it, by name:
///
/// - `inconsistent-offsets`: one offset holds several messages;
/// - `duplicate`: one message stands at several offsets;
/// - `G1a`: an ok poll returned a message whose send failed;
/// - `precommitted-read`: an operation polled what it itself sent;
/// - `lost-write`: a message that was certainly sent lies below one that was polled, and nobody polled it;
/// - `poll-skip`, `nonmonotonic-poll`: a process polled a key twice, and the second poll began beyond,
///   or not beyond, what followed the end of the first. An `assign` or `subscribe` in between
///   forgets the keys that it does not name;
/// - `nonmonotonic-send`: a process's sends to a key got indices that do not grow;
/// - `int-poll-skip`, `int-nonmonotonic-poll`, `int-send-skip`, `int-nonmonotonic-send`: the same within
///   one operation, polls of keys that a `rebalance-log` names left out;
/// - `unseen`: a message was acknowledged and nobody had polled it by the end;
/// - `G0`, `G1c` and their realtime forms, `…-cycle-exists`: operations that depend on each other in
///   a circle, by what they sent and polled and by who had ended when another began.
///
/// Allowed are `int-send-skip` and everything about G0: sends of different transactions may interleave.
///
/// A poll of a message that nobody sent ends in unknown, since upstream's check gives up on it;
/// so does a key of which every poll came back with an empty list (polls may leave it out), and
/// an offset beyond 100 million, up to which upstream would keep every offset in memory.
///
/// ```
/// use maelstrom_check::{History, KafkaOptions, Verdict, kafka};
///
/// let history = History::parse(r#"
///     {:process 0, :type :invoke, :f :send, :value [[:send "k" 7]]}
///     {:process 0, :type :ok,     :f :send, :value [[:send "k" [0 7]]]}
///     {:process 1, :type :invoke, :f :poll, :value [[:poll]]}
///     {:process 1, :type :ok,     :f :poll, :value [[:poll {"k" [[0 7] [1 8]]}]]}
///     {:process 2, :type :invoke, :f :send, :value [[:send "k" 8]]}
///     {:process 2, :type :fail,   :f :send, :value [[:send "k" 8]]}
/// "#)?;
/// let results = kafka(&history, KafkaOptions::default());
/// assert_eq!(results.valid, Verdict::Invalid);
/// assert!(results.error_types.contains(&"G1a".to_owned()));
/// # Ok::<(), maelstrom_check::Error>(())
/// ```
pub fn kafka(history: &History, options: KafkaOptions) -> KafkaResults {
    let mut causes: Vec<Value> = Vec::new();
    let mut seen: rustc_hash::FxHashSet<Value> = Default::default();
    for op in history
        .ops()
        .iter()
        .filter(|op| op.kind == crate::history::OpType::Info)
    {
        if ops::moves(op) {
            let cause = op.error.clone().unwrap_or(Value::Nil);
            if seen.insert(cause.clone()) {
                causes.push(cause);
            }
        }
    }
    let mut results = KafkaResults {
        valid: Verdict::Unknown,
        worst_realtime_lag: Lag::default(),
        bad_error_types: Vec::new(),
        error_types: Vec::new(),
        info_txn_causes: causes,
        errors: BTreeMap::new(),
        error: None,
    };
    let ops = match Ops::new(history) {
        Ok(ops) => ops,
        Err(reason) => {
            results.error = Some(reason);
            return results;
        }
    };
    results.worst_realtime_lag = lag::worst(&ops);
    let reason = far_offset(&ops)
        .or_else(|| unknown_message(&ops))
        .or_else(|| empty_key(&ops));
    if let Some(reason) = reason {
        results.error = Some(reason);
        return results;
    }
    results.errors = anomalies::all(&ops);
    results.errors.extend(cycles::all(&ops, options));
    results.error_types = results.errors.keys().cloned().collect();
    results.bad_error_types = results
        .error_types
        .iter()
        .filter(|kind| !allowed(kind, options))
        .cloned()
        .collect();
    results.valid = Verdict::of(results.bad_error_types.is_empty());
    results
}

/// The highest offset that upstream's check has room for: it keeps each up to that.
const LAST_OFFSET: i64 = 100_000_000;

fn far_offset(ops: &Ops<'_>) -> Option<String> {
    ops.entries.iter().find_map(|entry| {
        let runs = entry.sends.iter().chain(&entry.polls);
        let mut offsets = runs.flat_map(|(_, run)| run.iter().filter_map(|(offset, _)| *offset));
        let offset = offsets.find(|offset| *offset > LAST_OFFSET)?;
        let index = ops.op(entry).index;
        Some(format!(
            "operation {index} has the offset {offset}, and Maelstrom's check, which keeps \
            every offset up to the last, would run out of memory"
        ))
    })
}

/// A message that was polled and that nobody sent: upstream's check gives up on it.
fn unknown_message(ops: &Ops<'_>) -> Option<String> {
    let message =
        (0..ops.values.len()).find(|m| ops.writer[*m].is_none() && !ops.readers[*m].is_empty())?;
    let reader = ops.op(&ops.entries[ops.readers[message][0] as usize]);
    Some(format!(
        "operation {} polled {}, which nobody sent",
        reader.index, ops.values[message]
    ))
}

/// A key that was polled, but only in vain: upstream's search for lost writes looks for the
/// last message that was read of each key which an ok poll names, and gives up without one.
fn empty_key(ops: &Ops<'_>) -> Option<String> {
    let mut full = vec![false; ops.keys.len()];
    let mut vain: Vec<Option<usize>> = vec![None; ops.keys.len()];
    let oks = ops.entries.iter().filter(|e| ops.op(e).is_ok());
    for (entry, (key, run)) in oks.flat_map(|e| e.polls.iter().map(move |run| (e, run))) {
        let key = *key as usize;
        full[key] |= run.iter().any(|(offset, _)| offset.is_some());
        vain[key].get_or_insert(ops.op(entry).index);
    }
    let key = (0..full.len()).find(|key| !full[*key] && vain[*key].is_some())?;
    let (index, key) = (vain[key]?, ops.keys[key]);
    Some(format!(
        "operation {index} polled {key} and got an empty list, as did every poll of that key, \
        and Maelstrom's check gives up on that (a key without messages can be left out)"
    ))
}

/// The stricter check of logs: messages that were polled and that nobody sent.
pub(crate) fn strict(history: &History) -> Vec<Finding> {
    let mut finding = Finding::new("phantom-message", Verdict::Invalid);
    if let Ok(ops) = Ops::new(history) {
        for m in 0..ops.values.len() {
            if let (None, Some(reader)) = (ops.writer[m], ops.readers[m].first()) {
                let op = ops.op(&ops.entries[*reader as usize]);
                finding.case(Some(op.index), || {
                    format!(
                        "Process {} polled {} at {:.3} s (operation {}), which nobody sent.",
                        op.process,
                        ops.values[m],
                        op.seconds(),
                        op.index
                    )
                });
            }
        }
    }
    vec![finding]
}

impl KafkaResults {
    /// What was found, for a person: each kind of error with its first case.
    pub fn tell(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(error) = &self.error {
            lines.push(format!("It cannot be judged: {error}."));
        }
        let lag = &self.worst_realtime_lag;
        if let Some(key) = &lag.key {
            lines.push(format!(
                "The poll furthest behind was {:.3} s late, of {key} by process {} at {:.3} s.",
                lag.lag,
                lag.process
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                lag.time
            ));
        }
        for (kind, found) in &self.errors {
            let bad = if self.bad_error_types.contains(kind) {
                ""
            } else {
                ", allowed"
            };
            lines.push(format!("{kind} ({}{bad}):", found.count()));
            match found {
                KafkaErrors::Found { .. } if kind == "empty-transaction-graph" => {
                    let none =
                        "  no operation depends on another, so that there was nothing to judge";
                    lines.push(none.to_owned());
                }
                KafkaErrors::Found { errs, .. } => {
                    lines.extend(errs.iter().take(3).map(|e| format!("  {}", e.tell())));
                }
                KafkaErrors::Unseen { messages, .. } => {
                    for (key, values) in messages.iter().take(3) {
                        let values = Value::vector(values.iter().take(16));
                        lines.push(format!(
                            "  {key}: {values} was acknowledged and never polled"
                        ));
                    }
                }
            }
        }
        lines
    }
}

impl KafkaError {
    /// The error in a line: the key, what is wrong, and the operations that show it.
    pub fn tell(&self) -> String {
        let mut parts = Vec::new();
        let op = |op: &Op| {
            format!(
                "operation {} (process {}, {:.3} s)",
                op.index,
                op.process,
                op.seconds()
            )
        };
        if let Some(key) = &self.key {
            parts.push(format!("key {key}"));
        }
        if let Some(value) = &self.value {
            parts.push(format!("message {value}"));
        }
        if let Some(index) = self.index {
            parts.push(format!("at index {index}"));
        }
        if let Some(offset) = self.offset {
            parts.push(format!("at offset {offset}"));
        }
        if !self.offsets.is_empty() {
            parts.push(format!(
                "at offsets {}",
                Value::vector(self.offsets.iter().copied())
            ));
        }
        match (&self.values[..], self.delta) {
            ([a, b], Some(delta)) => parts.push(format!("from {a} to {b}, {delta:+} places")),
            ([], Some(delta)) => parts.push(format!("{delta:+} places")),
            ([], None) => {}
            (values, _) => parts.push(format!("holds {}", Value::vector(values))),
        }
        if !self.skipped.is_empty() {
            parts.push(format!(
                "past {}",
                Value::vector(self.skipped.iter().take(8))
            ));
        }
        for (what, who) in [
            ("sent by", &self.writer),
            ("polled by", &self.reader),
            ("in", &self.op),
            (
                &*format!(
                    "while index {} was polled by",
                    self.max_read_index.unwrap_or(-1)
                ),
                &self.max_read,
            ),
        ] {
            if let Some(who) = who {
                parts.push(format!("{what} {}", op(who)));
            }
        }
        match &self.ops[..] {
            [] => {}
            [a, b] if self.steps.is_empty() => {
                parts.push(format!("by {} and then {}", op(a), op(b)))
            }
            _ => parts.extend(self.steps.iter().cloned()),
        }
        parts.join(", ")
    }
}
