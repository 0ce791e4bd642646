//! Counters: in the end every node reads the sum of what was added.
//!
//! Source: `maelstrom.workload.pn-counter`, which g-counter shares.
//!
//! An add that was acknowledged counts, one that failed does not, and one of which nobody
//! knows may or may not. So the values that a final read may have are the sum of the first
//! kind plus the sum of any selection of the third.

use serde::Serialize;

use crate::history::{History, Op, OpType, Value};
use crate::verdict::Verdict;

/// More separate ranges of acceptable values than this are not followed up.
const MAX_RANGES: usize = 100_000;

/// What the check of a counter found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CounterResults {
    /// Valid if every final read is acceptable, also if there is none.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// The final reads that are not; absent if there are none.
    #[serde(serialize_with = "none_if_empty")]
    pub errors: Vec<Op>,
    /// The values of all final reads, in order.
    pub final_reads: Vec<Value>,
    /// The acceptable values, as closed ranges in order.
    pub acceptable: Vec<(i64, i64)>,
    /// Why the verdict is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

fn none_if_empty<S: serde::Serializer>(ops: &[Op], s: S) -> Result<S::Ok, S::Error> {
    (!ops.is_empty()).then_some(ops).serialize(s)
}

/// Judges the reads that are marked `final?` against the adds, after
/// `maelstrom.workload.pn-counter`; other reads are not judged.
///
/// An add that was acknowledged counts, one that failed does not, and one of which nobody
/// knows may or may not, so that several sums may be right.
///
/// Operations are `add` of an integer and `read`, whose ok completion carries one.
///
/// ```
/// use maelstrom_check::{History, Op, Verdict, counter};
///
/// let history = History::from_ops([
///     Op::invoke(0, "add", 2), Op::ok(0, "add", 2),
///     Op::invoke(0, "add", 5), Op::info(0, "add", 5),
///     Op::invoke(1, "read", ()).with("final?", true), Op::ok(1, "read", 3).with("final?", true),
/// ]).unwrap();
/// let results = counter(&history);
/// assert_eq!(results.acceptable, [(2, 2), (7, 7)]);
/// assert_eq!(results.valid, Verdict::Invalid);
/// ```
pub fn counter(history: &History) -> CounterResults {
    let finals: Vec<&Op> = history
        .ops()
        .iter()
        .filter(|op| op.is_final() && op.is_ok())
        .collect();
    let mut results = CounterResults {
        valid: Verdict::Valid,
        errors: Vec::new(),
        final_reads: finals.iter().map(|op| op.value.clone()).collect(),
        acceptable: Vec::new(),
        error: None,
    };
    match acceptable(history) {
        Ok(ranges) => results.acceptable = ranges,
        Err(reason) => results.error = Some(reason),
    }
    for read in finals {
        match read.value.as_int() {
            Some(v) => {
                if !results
                    .acceptable
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&v))
                {
                    results.errors.push(read.clone());
                }
            }
            None => {
                let index = read.index;
                let reason = format!("operation {index} read {}, not an integer", read.value);
                results.error.get_or_insert(reason);
            }
        }
    }
    results.valid = if results.error.is_some() {
        Verdict::Unknown
    } else {
        Verdict::of(results.errors.is_empty())
    };
    results
}

/// The sums that the adds allow, as closed ranges in order, neighbours joined.
fn acceptable(history: &History) -> Result<Vec<(i64, i64)>, String> {
    let mut sum = 0i64;
    let mut open = Vec::new();
    for op in history.ops().iter().filter(|op| op.f == *"add") {
        if !matches!(op.kind, OpType::Ok | OpType::Info) {
            continue;
        }
        let Some(delta) = op.value.as_int() else {
            return Err(format!(
                "operation {} adds {}, not an integer",
                op.index, op.value
            ));
        };
        if op.is_ok() {
            sum = sum.saturating_add(delta);
        } else {
            open.push(delta);
        }
    }
    let mut ranges = vec![(sum, sum)];
    for delta in open {
        let moved = ranges
            .iter()
            .map(|(low, high)| (low.saturating_add(delta), high.saturating_add(delta)));
        let mut both: Vec<(i64, i64)> = ranges.iter().copied().chain(moved).collect();
        both.sort_unstable();
        ranges.clear();
        for (low, high) in both {
            match ranges.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => ranges.push((low, high)),
            }
        }
        if ranges.len() > MAX_RANGES {
            return Err(format!(
                "the sums allowed fall into more than {MAX_RANGES} ranges"
            ));
        }
    }
    Ok(ranges)
}
