//! Two of Jepsen's older checks, for histories that people have: a set read once at the end,
//! and a counter that grows and is read all the while.
//!
//! Sources: `jepsen.checker/set`, `jepsen.checker/counter`.

use std::collections::BTreeSet;
use std::fmt::Write;

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::history::{History, OpType, Process, Value};
use crate::verdict::Verdict;

/// What the check of a set that is read at the end found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SetResults {
    /// Valid if nothing was lost and nothing appeared from nowhere; unknown if nobody read.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// Elements that somebody tried to add.
    pub attempt_count: usize,
    /// Elements whose add was acknowledged.
    pub acknowledged_count: usize,
    /// Elements read that somebody had tried to add.
    pub ok_count: usize,
    /// Elements acknowledged and not read.
    pub lost_count: usize,
    /// Elements read whose add was not acknowledged.
    pub recovered_count: usize,
    /// Elements read that nobody had tried to add.
    pub unexpected_count: usize,
    /// The elements read that somebody had tried to add, as intervals of integers.
    pub ok: String,
    /// Those lost.
    pub lost: String,
    /// Those unexpected.
    pub unexpected: String,
    /// Those recovered.
    pub recovered: String,
    /// Why the verdict is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Checks that the last ok `read` has every element whose `add` was acknowledged, and none
/// that nobody tried to add.
pub fn set(history: &History) -> SetResults {
    let mut attempts: BTreeSet<&Value> = BTreeSet::new();
    let mut acknowledged: BTreeSet<&Value> = BTreeSet::new();
    let mut read = None;
    for op in history {
        match (&*op.f, op.kind) {
            ("add", OpType::Invoke) => {
                attempts.insert(&op.value);
            }
            ("add", OpType::Ok) => {
                acknowledged.insert(&op.value);
            }
            ("read", OpType::Ok) if !op.value.is_nil() => read = Some(&op.value),
            _ => {}
        }
    }
    let elements: BTreeSet<&Value> = read.into_iter().flat_map(Value::items).collect();
    let pick = |yes: &BTreeSet<&Value>, other: &BTreeSet<&Value>, inside: bool| -> Vec<Value> {
        yes.iter()
            .filter(|v| other.contains(*v) == inside)
            .map(|v| (*v).clone())
            .collect()
    };
    let ok = pick(&elements, &attempts, true);
    let unexpected = pick(&elements, &attempts, false);
    let lost = if read.is_some() {
        pick(&acknowledged, &elements, false)
    } else {
        Vec::new()
    };
    let recovered: Vec<Value> = ok
        .iter()
        .filter(|v| !acknowledged.contains(v))
        .cloned()
        .collect();
    SetResults {
        valid: match read {
            None => Verdict::Unknown,
            Some(_) => Verdict::of(lost.is_empty() && unexpected.is_empty()),
        },
        attempt_count: attempts.len(),
        acknowledged_count: acknowledged.len(),
        ok_count: ok.len(),
        lost_count: lost.len(),
        recovered_count: recovered.len(),
        unexpected_count: unexpected.len(),
        ok: intervals(&ok),
        lost: intervals(&lost),
        unexpected: intervals(&unexpected),
        recovered: intervals(&recovered),
        error: read.is_none().then(|| "Set was never read".into()),
    }
}

/// Sorted values, runs of integers written as `first..last`.
fn intervals(sorted: &[Value]) -> String {
    let mut out = String::from("#{");
    let mut rest = sorted;
    while let Some((first, tail)) = rest.split_first() {
        let mut last = first;
        rest = tail;
        while let (Some((next, tail)), Some(i)) = (rest.split_first(), last.as_int())
            && next.as_int() == Some(i + 1)
        {
            (last, rest) = (next, tail);
        }
        let space = if out.len() > 2 { " " } else { "" };
        // Writing to a string cannot fail.
        let _ = if first == last {
            write!(out, "{space}{first}")
        } else {
            write!(out, "{space}{first}..{last}")
        };
    }
    out.push('}');
    out
}

/// What the check of a counter that only grows found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GrowingCounterResults {
    /// Valid if every read lies within its bounds.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// The reads: the least that could be read, what was, the most that could be.
    pub reads: Vec<(i64, Value, i64)>,
    /// Those out of bounds.
    pub errors: Vec<(i64, Value, i64)>,
}

/// Checks that every ok `read` is at least the sum of the `add`s acknowledged before it was
/// invoked, and at most that of those invoked before it ended, failed ones left out.
///
/// A value that is no integer counts as out of bounds, and an add of none as zero.
pub fn growing_counter(history: &History) -> GrowingCounterResults {
    let (mut lower, mut upper) = (0i64, 0i64);
    let mut pending: FxHashMap<&Process, i64> = FxHashMap::default();
    let mut reads = Vec::new();
    for (p, op) in history.ops().iter().enumerate() {
        let amount = op.value.as_int().unwrap_or(0);
        match (&*op.f, op.kind) {
            ("read", OpType::Invoke) => {
                pending.insert(&op.process, lower);
            }
            ("read", OpType::Ok) => {
                let from = pending.remove(&op.process).unwrap_or(lower);
                reads.push((from, op.value.clone(), upper));
            }
            ("add", OpType::Invoke) => {
                let failed = history
                    .completion(p)
                    .is_some_and(|c| c.kind == OpType::Fail);
                if !failed {
                    upper = upper.saturating_add(amount);
                }
            }
            ("add", OpType::Ok) => lower = lower.saturating_add(amount),
            _ => {}
        }
    }
    let inside = |(low, value, high): &(i64, Value, i64)| {
        value.as_int().is_some_and(|v| (*low..=*high).contains(&v))
    };
    let errors: Vec<_> = reads.iter().filter(|r| !inside(r)).cloned().collect();
    GrowingCounterResults {
        valid: Verdict::of(errors.is_empty()),
        reads,
        errors,
    }
}
