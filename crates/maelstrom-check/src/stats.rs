//! Checks that hold for every workload: how operations ended, how available the system
//! was, and which exceptions the client met.
//!
//! Sources: `jepsen.checker/stats`, `jepsen.checker/unhandled-exceptions`,
//! `maelstrom.checker/availability-checker`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::history::{History, Op, OpType, Text, Value};
use crate::verdict::Verdict;

/// How many operations completed, and how.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Valid if at least one was ok.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// Completions of any kind.
    pub count: usize,
    /// Those that happened.
    pub ok_count: usize,
    /// Those that certainly did not.
    pub fail_count: usize,
    /// Those of which nobody knows.
    pub info_count: usize,
}

impl Counts {
    fn new() -> Self {
        Self {
            valid: Verdict::Invalid,
            count: 0,
            ok_count: 0,
            fail_count: 0,
            info_count: 0,
        }
    }

    fn add(&mut self, kind: OpType) {
        match kind {
            OpType::Invoke => return,
            OpType::Ok => self.ok_count += 1,
            OpType::Fail => self.fail_count += 1,
            OpType::Info => self.info_count += 1,
        }
        self.count += 1;
        self.valid = Verdict::of(self.ok_count > 0);
    }
}

/// Completions of clients' operations, overall and by what was done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatsResults {
    /// All of them. Valid if every kind of operation was ok at least once.
    #[serde(flatten)]
    pub all: Counts,
    /// The same by `f`.
    #[serde(rename = "by-f")]
    pub by_f: BTreeMap<Text, Counts>,
}

/// Counts completions of clients' operations, after `jepsen.checker/stats`.
///
/// Invalid if some kind of operation was tried and never ended ok; `crash` and
/// `debug-topic-partitions`, which never do, are exempt. A history without operations is valid.
///
/// ```
/// use maelstrom_check::{History, Op, Verdict, stats};
///
/// let history = History::from_ops([
///     Op::invoke(0, "read", ()), Op::ok(0, "read", 1),
///     Op::invoke(0, "cas", vec![1, 2]), Op::fail(0, "cas", vec![1, 2]),
/// ]).unwrap();
/// let results = stats(&history);
/// assert_eq!(results.all.ok_count, 1);
/// assert_eq!(results.all.valid, Verdict::Invalid); // no cas ever succeeded
/// ```
pub fn stats(history: &History) -> StatsResults {
    let mut all = Counts::new();
    let mut by_f: BTreeMap<Text, Counts> = BTreeMap::new();
    for (_, op) in history.client_ops().filter(|(_, op)| !op.is_invoke()) {
        all.add(op.kind);
        by_f.entry(op.f.clone())
            .or_insert_with(Counts::new)
            .add(op.kind);
    }
    all.valid = by_f
        .iter()
        .filter(|(f, _)| **f != *"crash" && **f != *"debug-topic-partitions")
        .map(|(_, counts)| counts.valid)
        .max()
        .unwrap_or(Verdict::Valid);
    StatsResults { all, by_f }
}

/// How available the system was asked to be.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Availability {
    /// It does not matter.
    #[default]
    Any,
    /// Every operation must be ok.
    Total,
    /// At least this part of the operations, 0 to 1, must be ok.
    AtLeast(f64),
}

/// Which part of the operations was ok.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AvailabilityResults {
    /// Whether that was enough.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// Operations that ended ok, over operations invoked; 1 when none was.
    pub ok_fraction: f32,
}

/// Holds the part of operations that ended ok against what was asked, after Maelstrom's
/// `availability-checker`. Everything invoked counts, `crash` included.
pub fn availability(history: &History, asked: Availability) -> AvailabilityResults {
    let count = |kind| history.ops().iter().filter(|op| op.kind == kind).count();
    let (oks, invokes) = (count(OpType::Ok), count(OpType::Invoke));
    // Upstream rounds to single precision before it compares.
    let fraction = if invokes == 0 {
        1.0
    } else {
        (oks as f64 / invokes as f64) as f32
    };
    let enough = match asked {
        Availability::Any => true,
        Availability::Total => fraction == 1.0,
        Availability::AtLeast(least) => least <= f64::from(fraction),
    };
    AvailabilityResults {
        valid: Verdict::of(enough),
        ok_fraction: fraction,
    }
}

/// Operations that ended in an exception of one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExceptionClass {
    /// How many.
    pub count: usize,
    /// The class, as the client named it.
    pub class: Value,
    /// The first of them.
    pub example: Op,
}

/// How many, and what the first of them says of itself.
impl fmt::Display for ExceptionClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            count,
            class,
            example,
        } = self;
        let index = example.index;
        write!(
            f,
            "{count} operations ended in an exception {class}, the first of them operation {index}"
        )?;
        match example.error.as_ref().and_then(Value::name) {
            Some(error) => {
                let error = error.strip_prefix("indeterminate: ").unwrap_or(error);
                write!(f, ":\n  {}", error.trim_end().replace('\n', "\n  "))
            }
            None => f.write_str("."),
        }
    }
}

/// The exceptions that clients met.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExceptionsResults {
    /// Always valid: exceptions tell of the client's trouble, the other checks judge.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// By class, the most frequent first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<ExceptionClass>,
}

/// After `jepsen.checker/unhandled-exceptions`: groups operations that ended in `info` with an `exception` by the exception's class:
/// the `type` of its first `via`, or the exception itself where it has none.
pub fn exceptions(history: &History) -> ExceptionsResults {
    let mut classes: BTreeMap<Value, ExceptionClass> = BTreeMap::new();
    for op in history.ops().iter().filter(|op| op.kind == OpType::Info) {
        let Some(exception) = op.field("exception").filter(|e| !e.is_nil()) else {
            continue;
        };
        let first = exception.get("via").and_then(|via| via.items().first());
        let class = match first {
            Some(via) => via.get("type").cloned().unwrap_or(Value::Nil),
            None => exception.get("type").unwrap_or(exception).clone(),
        };
        classes
            .entry(class.clone())
            .or_insert_with(|| ExceptionClass {
                count: 0,
                class,
                example: op.clone(),
            })
            .count += 1;
    }
    let mut exceptions: Vec<_> = classes.into_values().collect();
    exceptions.sort_by_key(|class| std::cmp::Reverse(class.count));
    ExceptionsResults {
        valid: Verdict::Valid,
        exceptions,
    }
}
