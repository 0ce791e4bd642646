//! Two invariants that Jepsen's tests of databases hold transactions to: money is conserved,
//! and readers agree on the order of independent writes.
//!
//! Sources: `jepsen.tests.bank`, `jepsen.tests.long-fork`.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::history::{History, Op, Value};
use crate::verdict::Verdict;

/// What the check of a bank found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BankResults {
    /// Valid if every read is in order; unknown if there is none.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// How many reads there are.
    pub read_count: usize,
    /// How many are not in order.
    pub error_count: usize,
    /// The first of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_error: Option<BankError>,
    /// How many there are by kind: `unexpected-key`, `nil-balance`, `wrong-total`, `negative-value`.
    pub errors: BTreeMap<&'static str, usize>,
}

/// A read of a bank that is not in order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BankError {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What was read in total.
    pub total: i64,
    /// The read.
    pub op: Op,
}

/// Checks that the ok `read`s of all accounts (maps of account to balance) show the same
/// accounts and the same total as the first of them, and no balance below zero unless
/// `negative_balances` allows that.
pub fn bank(history: &History, negative_balances: bool) -> BankResults {
    let mut results = BankResults {
        valid: Verdict::Unknown,
        read_count: 0,
        error_count: 0,
        first_error: None,
        errors: BTreeMap::new(),
    };
    let mut expected: Option<(BTreeSet<&Value>, i64)> = None;
    for op in history
        .ops()
        .iter()
        .filter(|op| op.f == *"read" && op.is_ok())
    {
        let entries = op.value.entries();
        let total = entries
            .iter()
            .filter_map(|(_, b)| b.as_int())
            .fold(0i64, i64::saturating_add);
        let (accounts, first_total) =
            expected.get_or_insert_with(|| (entries.iter().map(|(k, _)| k).collect(), total));
        results.read_count += 1;
        let kind = if entries.iter().any(|(k, _)| !accounts.contains(k)) {
            "unexpected-key"
        } else if entries.iter().any(|(_, b)| b.as_int().is_none()) {
            "nil-balance"
        } else if total != *first_total {
            "wrong-total"
        } else if !negative_balances && entries.iter().any(|(_, b)| b.as_int() < Some(0)) {
            "negative-value"
        } else {
            continue;
        };
        results.error_count += 1;
        *results.errors.entry(kind).or_default() += 1;
        results.first_error.get_or_insert_with(|| BankError {
            kind,
            total,
            op: op.clone(),
        });
    }
    if results.read_count > 0 {
        results.valid = Verdict::of(results.error_count == 0);
    }
    results
}

/// What the check for long forks found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LongForkResults {
    /// Invalid if two reads disagree; unknown if the history does not fit.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// How many reads there are.
    pub reads_count: usize,
    /// How many saw nothing.
    pub early_read_count: usize,
    /// How many saw everything.
    pub late_read_count: usize,
    /// Pairs of reads each of which saw a write that the other missed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forks: Vec<(Op, Op)>,
    /// Why the verdict is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// For each key whether a read saw that it was written.
type Saw<'a> = BTreeMap<&'a Value, bool>;

/// How many forks are kept.
const SHOWN: usize = 8;

/// Checks that of two reads of the same keys one saw all that the other did.
///
/// Transactions either write one key, once in the whole history, or read `group_size` keys.
pub fn long_fork(history: &History, group_size: usize) -> LongForkResults {
    let mut results = LongForkResults {
        valid: Verdict::Valid,
        reads_count: 0,
        early_read_count: 0,
        late_read_count: 0,
        forks: Vec::new(),
        error: None,
    };
    let mut written: BTreeSet<&Value> = BTreeSet::new();
    let mut groups: BTreeMap<BTreeSet<&Value>, Vec<(Saw<'_>, &Op)>> = BTreeMap::new();
    for op in history {
        let steps: Vec<&[Value]> = op.value.items().iter().map(Value::items).collect();
        let reads = !steps.is_empty()
            && steps
                .iter()
                .all(|s| s.first().and_then(Value::name) == Some("r"));
        if op.is_invoke() && !reads {
            if let [[_, key, _]] = steps[..]
                && !written.insert(key)
            {
                results
                    .error
                    .get_or_insert(format!("key {key} was written more than once"));
            }
        } else if op.is_ok() && reads {
            let saw: Saw<'_> = steps
                .iter()
                .filter_map(|s| s.get(1).map(|k| (k, s.get(2).is_some_and(|v| !v.is_nil()))))
                .collect();
            if saw.len() != group_size {
                let reason = format!(
                    "operation {} reads {} keys, not {group_size}",
                    op.index,
                    saw.len()
                );
                results.error.get_or_insert(reason);
                continue;
            }
            results.reads_count += 1;
            results.early_read_count += usize::from(saw.values().all(|s| !s));
            results.late_read_count += usize::from(saw.values().all(|s| *s));
            groups
                .entry(saw.keys().copied().collect())
                .or_default()
                .push((saw, op));
        }
    }
    for reads in groups.values() {
        // Reads sorted by how much they saw form a chain unless two of them fork, and then
        // two neighbours of different kind do.
        let mut kinds: BTreeMap<(usize, &Saw<'_>), &Op> = BTreeMap::new();
        for (saw, op) in reads {
            kinds
                .entry((saw.values().filter(|s| **s).count(), saw))
                .or_insert(op);
        }
        let kinds: Vec<_> = kinds.into_iter().collect();
        for pair in kinds.windows(2) {
            let ((_, less), a) = pair[0];
            let ((_, more), b) = pair[1];
            let subset = less
                .iter()
                .zip(more)
                .all(|((_, l), (_, m))| l.cmp(m) != Ordering::Greater);
            if !subset && results.forks.len() < SHOWN {
                results.forks.push((a.clone(), b.clone()));
            }
        }
    }
    results.valid = match (&results.error, results.forks.is_empty()) {
        (Some(_), _) => Verdict::Unknown,
        (None, none) => Verdict::of(none),
    };
    results
}
