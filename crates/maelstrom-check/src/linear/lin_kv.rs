//! Many registers, each judged by itself: Maelstrom's lin-kv.
//!
//! Linearizability is local: a history is linearizable if that of each key is, so each key
//! is searched alone. Sources: `jepsen.independent`, `jepsen.tests.linearizable-register`.

use std::collections::BTreeMap;
use std::fmt::Write;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::{Call, CasRegister, Linearity, RegisterOp, RegisterRules, linearize_each};
use crate::history::{History, Op, OpType, Value};
use crate::verdict::Verdict;

/// What the check of many registers found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinKvResults {
    /// Valid if every key is.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// For each key what was found; keys are written as EDN.
    pub results: BTreeMap<String, KeyResults>,
    /// The keys that are not linearizable.
    pub failures: Vec<Value>,
    /// Why the verdict is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What was found for one key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeyResults {
    /// Whether its history is linearizable.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// The evidence.
    pub linearizable: KeyEvidence,
}

/// Why the history of a key is or is not linearizable.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct KeyEvidence {
    /// The same verdict.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// How many operations there were that say something.
    pub op_count: usize,
    /// The completion that ends the shortest prefix which no order explains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub op: Option<Op>,
    /// The invocations under way at that point, itself among them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub concurrent: Vec<Op>,
    /// The last good states: what the register held, the operation before, and those still to be ordered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub configs: Vec<Config>,
    /// Why the verdict is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A last good state of a register.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Config {
    /// What it held.
    pub model: Value,
    /// The invocation of the operation ordered last.
    pub last_op: Option<Op>,
    /// The invocations of the operations ordered last, in that order, at most eight of them.
    pub order: Vec<Op>,
    /// The invocations of those that were not ordered yet.
    pub pending: Vec<Op>,
}

/// Checks each key's register for linearizability, after `jepsen.independent` and
/// `jepsen.tests.linearizable-register`. A history is linearizable if that of each key is.
///
/// Operations are `read`, `write` and `cas`; their values are pairs of a key and the operand
/// or result: `[k v]`, `[k [from to]]`. A history in which no read and no write is of a pair is
/// that of one register, whose key is nil. The register of each key is empty at first. `bound`
/// is the number of configurations searched per key before its verdict is unknown; see
/// [`linearize_each`] for when it is unknown earlier.
///
/// ```
/// use maelstrom_check::{History, Op, RegisterRules, Value, Verdict, lin_kv};
///
/// let pair = |k: i64, v: Option<i64>| Value::vector([Value::from(k), v.into()]);
/// let history = History::from_ops([
///     Op::invoke(0, "write", pair(7, Some(1))), Op::ok(0, "write", pair(7, Some(1))),
///     Op::invoke(0, "read", pair(7, None)),     Op::ok(0, "read", pair(7, None)),
/// ]).unwrap();
/// assert_eq!(lin_kv(&history, RegisterRules::Knossos, 1000).valid, Verdict::Valid);
/// assert_eq!(lin_kv(&history, RegisterRules::Strict, 1000).valid, Verdict::Invalid);
/// ```
pub fn lin_kv(history: &History, rules: RegisterRules, bound: usize) -> LinKvResults {
    let register = CasRegister {
        initial: Value::Nil,
        rules,
    };
    let mut results = LinKvResults {
        valid: Verdict::Valid,
        results: BTreeMap::new(),
        failures: Vec::new(),
        error: None,
    };
    let mut by_key: FxHashMap<Value, Vec<Call<RegisterOp>>> = FxHashMap::default();
    // The position of an operation by its index.
    let mut position: FxHashMap<usize, usize> = FxHashMap::default();
    // Reads and writes without a key: one register.
    let keyed = |op: &Op| matches!(&*op.f, "read" | "write") && op.value.items().len() == 2;
    let invocations = || history.client_ops().filter(|(_, op)| op.is_invoke());
    let single = invocations().any(|(_, op)| op.f == *"read" || op.f == *"write")
        && !invocations().any(|(_, op)| keyed(op));
    for (p, invocation) in history.client_ops() {
        position.insert(invocation.index, p);
        if !invocation.is_invoke() || !matches!(&*invocation.f, "read" | "write" | "cas") {
            continue;
        }
        let completion = history.completion(p);
        let (key, sent, answer) = match invocation.value.items() {
            _ if single => (
                &Value::Nil,
                &invocation.value,
                completion.map(|c| (c, &c.value)),
            ),
            [key, sent] => {
                let answer = completion.map(|c| match c.value.items() {
                    [_, value] => (c, value),
                    _ => (c, &Value::Nil),
                });
                (key, sent, answer)
            }
            _ => {
                let (index, value) = (invocation.index, &invocation.value);
                let reason = format!("operation {index} is of {value}, not of a key and a value");
                results.error.get_or_insert(reason);
                continue;
            }
        };
        let calls = by_key.entry(key.clone()).or_default();
        if let Some(op) = register.op(&invocation.f, sent, answer) {
            calls.push(Call {
                op,
                process: invocation.process.clone(),
                invoke: invocation.index,
                complete: completion
                    .filter(|c| c.kind != OpType::Info)
                    .map(|c| c.index),
                time: invocation.time,
            });
        }
    }
    let mut keys: Vec<(Value, Vec<Call<RegisterOp>>)> = by_key.into_iter().collect();
    keys.sort_by(|a, b| a.0.cmp(&b.0));
    let (keys, calls): (Vec<Value>, Vec<_>) = keys.into_iter().unzip();
    let found = linearize_each(&register, &calls, bound);
    for ((key, calls), linearity) in keys.into_iter().zip(&calls).zip(found) {
        let at = |index: usize| history.ops()[position[&index]].clone();
        let found = evidence(calls, linearity, at);
        results.valid = results.valid.merge(found.valid);
        if found.valid == Verdict::Invalid {
            results.failures.push(key.clone());
        }
        results.results.insert(
            key.to_string(),
            KeyResults {
                valid: found.valid,
                linearizable: found,
            },
        );
    }
    if results.error.is_some() {
        results.valid = results.valid.merge(Verdict::Unknown);
    }
    results
}

fn evidence(
    calls: &[Call<RegisterOp>],
    linearity: Linearity<CasRegister>,
    at: impl Fn(usize) -> Op,
) -> KeyEvidence {
    let mut evidence = KeyEvidence {
        valid: linearity.verdict(),
        op_count: calls.len(),
        op: None,
        concurrent: Vec::new(),
        configs: Vec::new(),
        error: None,
    };
    let invocation = |call: &usize| at(calls[*call].invoke);
    // What was refused is told by its refusal.
    let refusal = |call: &usize| {
        let completion = calls[*call].complete.map(&at);
        completion.filter(|op| op.kind == OpType::Fail)
    };
    match linearity {
        Linearity::Linearizable { .. } => {}
        Linearity::NotLinearizable(v) => {
            evidence.op = calls[v.call].complete.map(&at);
            evidence.concurrent = v.concurrent.iter().map(invocation).collect();
            evidence.configs = v
                .last_good
                .iter()
                .map(|good| Config {
                    model: good.state.clone(),
                    last_op: good
                        .last
                        .as_ref()
                        .map(|call| refusal(call).unwrap_or_else(|| invocation(call))),
                    order: good.order.iter().map(invocation).collect(),
                    pending: good.pending.iter().map(invocation).collect(),
                })
                .collect();
        }
        Linearity::Unknown { configurations } => {
            evidence.error = Some(format!("gave up after {configurations} configurations"));
        }
    }
    evidence
}

impl LinKvResults {
    /// What broke, a few lines for each key: the operation that no order explains, those under way
    /// beside it, and what the register could have held just before.
    pub fn tell(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (key, found) in &self.results {
            let e = &found.linearizable;
            if let Some(error) = &e.error {
                lines.push(format!("Key {key}: {error}."));
            }
            let Some(op) = &e.op else { continue };
            lines.push(format!(
                "Key {key}: no order of its operations explains the history up to {:.3} s (operation {}), \
                 where process {} got {}.",
                op.seconds(), op.index, op.process, told(op)
            ));
            let mut states = String::new();
            for config in &e.configs {
                let sep = if states.is_empty() { "" } else { ", or " };
                let _ = match &config.last_op {
                    Some(last) => write!(
                        states,
                        "{sep}{} after operation {} ({})",
                        config.model,
                        last.index,
                        told(last)
                    ),
                    None => write!(states, "{sep}{} from the start", config.model),
                };
            }
            lines.push(format!("  Just before, the register held {states}."));
            let beside: Vec<String> = e
                .concurrent
                .iter()
                .filter(|c| c.process != op.process)
                .map(|c| {
                    format!(
                        "operation {} of process {} ({})",
                        c.index,
                        c.process,
                        told(c)
                    )
                })
                .take(8)
                .collect();
            if !beside.is_empty() {
                lines.push(format!("  Under way beside it: {}.", beside.join(", ")));
            }
        }
        lines
    }
}

/// An operation on a register in a few words.
fn told(op: &Op) -> String {
    let value = op.value.items().get(1).unwrap_or(&op.value);
    match (&*op.f, op.kind, value.items()) {
        (_, OpType::Fail, _) => {
            let error = op
                .error
                .as_ref()
                .map_or_else(|| "failure".into(), Value::to_string);
            format!("{} refused with {error}", op.f)
        }
        ("cas", _, [from, to]) => format!("cas from {from} to {to}"),
        ("read", OpType::Invoke, _) => "read".into(),
        (f, ..) => format!("{f} {value}"),
    }
}
