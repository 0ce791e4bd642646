//! Sets that only grow: what was added stays, and is seen in the end.
//!
//! Source: `jepsen.checker/set-full`, as Maelstrom's broadcast and g-set use it.
//!
//! Each element has a timeline. It is *known* from the moment its add was acknowledged or
//! a read returned it. It is *stable* if the last read that could have seen it did, counting
//! reads by when they began; its stable latency runs from when it was known to the begin
//! of the last read that missed it. It is *lost* if it was known and the last read that
//! could have seen it did not.
//!
//! [`strict`](crate::strict) judges what this check is blind to: elements twice in one
//! read, elements that nobody added, and nodes that miss an element while another node's
//! read happens to begin last.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::Serialize;
use serde::ser::SerializeMap;

use crate::history::{History, Op, OpType, Process, Value};
use crate::verdict::Verdict;

/// What became of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetOutcome {
    /// From some time on every read saw it.
    Stable,
    /// From some time on no read saw it, though it was known.
    Lost,
    /// Nothing can be said of it.
    NeverRead,
}

/// A stable element that was missed for long, with what shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StaleElement {
    /// The element.
    pub element: Value,
    /// Always stable.
    pub outcome: SetOutcome,
    /// Milliseconds from when it was known to the begin of the last read that missed it.
    pub stable_latency: Option<i64>,
    /// Always absent.
    pub lost_latency: Option<i64>,
    /// The operation since whose end it was known.
    pub known: Option<Op>,
    /// The invocation of the last read that missed it.
    pub last_absent: Option<Op>,
}

/// What a story about a lost element needs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LostElement {
    /// The element.
    pub element: Value,
    /// The process that added it.
    pub added_by: Process,
    /// When the add was invoked, nanoseconds since the start of the run.
    pub added_at: i64,
    /// When it was known, nanoseconds since the start of the run.
    pub known_at: i64,
    /// The last read that saw it, by when it began: its process and that time.
    pub last_seen: Option<(Process, i64)>,
    /// The processes whose final read misses it.
    pub missing_from: Vec<Process>,
    /// The processes whose final read has it.
    pub present_at: Vec<Process>,
}

/// Latencies at the quantiles 0, 0.5, 0.95, 0.99 and 1, in whole milliseconds.
///
/// The quantile q of n sorted values is the one at floor(n·q), at most the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantiles(pub [i64; 5]);

impl Quantiles {
    /// The quantiles that are told, and their names in results.
    pub const POINTS: [(f64, &'static str); 5] = [
        (0.0, "0"),
        (0.5, "0.5"),
        (0.95, "0.95"),
        (0.99, "0.99"),
        (1.0, "1"),
    ];

    /// The quantiles of `values`; none of no values.
    pub fn of(mut values: Vec<i64>) -> Option<Self> {
        values.sort_unstable();
        let last = values.len().checked_sub(1)?;
        let n = values.len() as f64;
        Some(Self(
            Self::POINTS.map(|(q, _)| values[last.min((n * q).floor() as usize)]),
        ))
    }
}

impl Serialize for Quantiles {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut m = s.serialize_map(Some(5))?;
        for ((_, name), value) in Self::POINTS.iter().zip(self.0) {
            m.serialize_entry(name, &value)?;
        }
        m.end()
    }
}

/// What the check of a growing set found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SetFullResults {
    /// Invalid if an element was lost, unknown if none became stable.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// Elements that somebody tried to add.
    pub attempt_count: usize,
    /// Elements that became stable.
    pub stable_count: usize,
    /// Elements lost.
    pub lost_count: usize,
    /// Which, sorted.
    pub lost: Vec<Value>,
    /// Elements of which nothing can be said.
    pub never_read_count: usize,
    /// Which, sorted.
    pub never_read: Vec<Value>,
    /// Stable elements that a read missed after they were known, by a millisecond or more.
    pub stale_count: usize,
    /// Which, sorted.
    pub stale: Vec<Value>,
    /// The eight that were missed longest.
    pub worst_stale: Vec<StaleElement>,
    /// Stable latencies of all stable elements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stable_latencies: Option<Quantiles>,
    /// Milliseconds from when lost elements were known to the begin of the last read that saw them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_latencies: Option<Quantiles>,
    /// Always 0: upstream's count never finds any.
    pub duplicated_count: usize,
    /// Always empty.
    pub duplicated: BTreeMap<String, usize>,
    /// For each lost element what a story needs; not among upstream's results.
    #[serde(skip)]
    pub lost_elements: Vec<LostElement>,
}

/// An element while the history is walked through. Positions are those of operations.
struct Track<'a> {
    element: &'a Value,
    add: usize,
    known: Option<usize>,
    last_present: Option<usize>,
    last_absent: Option<usize>,
    /// The last read, by number, that returned it.
    stamp: usize,
}

impl Track<'_> {
    /// Whether the last read that could have seen it did.
    fn is_stable(&self) -> bool {
        self.last_present.is_some() && self.last_absent < self.last_present
    }
}

/// Whether an operation adds an element: `add`, or `broadcast` under its own name.
pub(crate) fn is_add(op: &Op) -> bool {
    op.f == *"add" || op.f == *"broadcast"
}

/// Checks that added elements are not lost, and measures how long they take to be seen, after
/// `jepsen.checker/set-full`, as Maelstrom's broadcast and g-set use it.
///
/// An element is *known* from the moment its add was acknowledged or a read returned it. It
/// is *stable* if the last read that could have seen it did, counting reads by when they
/// began; its stable latency runs from when it was known to the begin of the last read that
/// missed it. It is *lost* if it was known and the last read that could have seen it did not.
/// Invalid if any was lost, unknown if none became stable.
///
/// Operations are `add` (or `broadcast`) of an element and `read`, whose ok completion
/// carries all elements. Elements are tracked from the invocation of their add.
///
/// ```
/// use maelstrom_check::{History, Op, Verdict, set_full};
///
/// let history = History::from_ops([
///     Op::invoke(0, "add", 7), Op::ok(0, "add", 7),
///     Op::invoke(1, "read", ()), Op::ok(1, "read", Vec::<i64>::new()),
/// ]).unwrap();
/// let results = set_full(&history);
/// assert_eq!((results.valid, results.lost_count), (Verdict::Invalid, 1));
/// ```
pub fn set_full(history: &History) -> SetFullResults {
    let tracks = walk(history);
    let ops = history.ops();
    let mut results = SetFullResults {
        valid: Verdict::Unknown,
        attempt_count: tracks.len(),
        stable_count: 0,
        lost_count: 0,
        lost: Vec::new(),
        never_read_count: 0,
        never_read: Vec::new(),
        stale_count: 0,
        stale: Vec::new(),
        worst_stale: Vec::new(),
        stable_latencies: None,
        lost_latencies: None,
        duplicated_count: 0,
        duplicated: BTreeMap::new(),
        lost_elements: Vec::new(),
    };
    let (mut stable_latencies, mut lost_latencies) = (Vec::new(), Vec::new());
    let mut stale: Vec<(i64, &Track<'_>)> = Vec::new();
    let mut lost: Vec<&Track<'_>> = Vec::new();
    for t in &tracks {
        let known_time = t.known.map_or(0, |p| ops[p].time);
        let since_known = |read: Option<usize>| since(known_time, ops, read);
        let stable = t.is_stable();
        let is_lost = !stable
            && t.known.is_some()
            && t.last_present < t.last_absent
            && t.known < t.last_absent;
        if stable {
            let latency = since_known(t.last_absent);
            stable_latencies.push(latency);
            results.stable_count += 1;
            if latency > 0 {
                stale.push((latency, t));
                results.stale.push(t.element.clone());
            }
        } else if is_lost {
            lost_latencies.push(since_known(t.last_present));
            results.lost.push(t.element.clone());
            lost.push(t);
        } else {
            results.never_read.push(t.element.clone());
        }
    }
    results.lost_count = results.lost.len();
    results.never_read_count = results.never_read.len();
    results.stale_count = stale.len();
    // The worst first; of equals the greater element, as a reversed stable sort has it.
    stale.sort_by_key(|(latency, _)| *latency);
    let as_add = |p: usize| {
        let mut op = ops[p].clone();
        if op.f == *"broadcast" {
            op.f = "add".into();
        }
        op
    };
    results.worst_stale = stale
        .iter()
        .rev()
        .take(8)
        .map(|(latency, t)| StaleElement {
            element: t.element.clone(),
            outcome: SetOutcome::Stable,
            stable_latency: Some(*latency),
            lost_latency: None,
            known: t.known.map(as_add),
            last_absent: t.last_absent.map(as_add),
        })
        .collect();
    results.stable_latencies = Quantiles::of(stable_latencies);
    results.lost_latencies = Quantiles::of(lost_latencies);
    results.valid = if results.lost_count > 0 {
        Verdict::Invalid
    } else if results.stable_count == 0 {
        Verdict::Unknown
    } else {
        Verdict::Valid
    };
    results.lost_elements = evidence(history, &lost);
    results
}

/// The stable latency of every element that became stable, in milliseconds, in the order of
/// the elements: what [`set_full`] tells the quantiles of.
pub fn stable_latencies(history: &History) -> Vec<i64> {
    let ops = history.ops();
    let tracks = walk(history);
    let stable = tracks.iter().filter(|t| t.is_stable());
    stable
        .map(|t| since(t.known.map_or(0, |p| ops[p].time), ops, t.last_absent))
        .collect()
}

/// How long after `known` the moment just past the begin of `read` lies, in ms.
fn since(known: i64, ops: &[Op], read: Option<usize>) -> i64 {
    let moment = read.map_or(0, |p| ops[p].time + 1);
    (moment - known).max(0) / 1_000_000
}

/// The same for a set that must be linearizable: an element that a read missed after it was
/// known makes it invalid, not only one that was lost.
pub fn set_full_linearizable(history: &History) -> SetFullResults {
    let mut results = set_full(history);
    if results.stable_count > 0 && results.stale_count > 0 {
        results.valid = Verdict::Invalid;
    }
    results
}

/// Follows every element through the history; the result is sorted by element.
fn walk(history: &History) -> Vec<Track<'_>> {
    let mut tracks: Vec<Track<'_>> = Vec::new();
    let mut ids: FxHashMap<&Value, usize> = FxHashMap::default();
    let mut reads = 0;
    for (p, op) in history.client_ops() {
        if is_add(op) {
            match (op.kind, ids.get(&op.value)) {
                (OpType::Invoke, known) => {
                    let track = Track {
                        element: &op.value,
                        add: p,
                        known: None,
                        last_present: None,
                        last_absent: None,
                        stamp: 0,
                    };
                    match known {
                        // Added again: its timeline starts anew.
                        Some(id) => tracks[*id] = track,
                        None => {
                            ids.insert(&op.value, tracks.len());
                            tracks.push(track);
                        }
                    }
                }
                (OpType::Ok, Some(id)) => {
                    tracks[*id].known.get_or_insert(p);
                }
                _ => {}
            }
        } else if op.f == *"read" && op.is_ok() {
            reads += 1;
            let begin = history.counterpart(p).unwrap_or(p);
            for v in op.value.items() {
                if let Some(id) = ids.get(v) {
                    tracks[*id].stamp = reads;
                }
            }
            for t in &mut tracks {
                if t.stamp == reads {
                    t.known.get_or_insert(p);
                    t.last_present = t.last_present.max(Some(begin));
                } else {
                    t.last_absent = t.last_absent.max(Some(begin));
                }
            }
        }
    }
    tracks.sort_by(|a, b| a.element.cmp(b.element));
    tracks
}

fn evidence(history: &History, lost: &[&Track<'_>]) -> Vec<LostElement> {
    if lost.is_empty() {
        return Vec::new();
    }
    let ops = history.ops();
    let finals: Vec<(&Process, rustc_hash::FxHashSet<&Value>)> = final_reads(history)
        .into_iter()
        .map(|p| (&ops[p].process, ops[p].value.items().iter().collect()))
        .collect();
    lost.iter()
        .map(|t| {
            let (present, missing): (Vec<_>, Vec<_>) = finals
                .iter()
                .partition(|(_, values)| values.contains(t.element));
            let names = |reads: Vec<&(&Process, _)>| {
                reads
                    .into_iter()
                    .map(|(process, _)| (*process).clone())
                    .collect()
            };
            LostElement {
                element: t.element.clone(),
                added_by: ops[t.add].process.clone(),
                added_at: ops[t.add].time,
                known_at: t.known.map_or(ops[t.add].time, |p| ops[p].time),
                last_seen: t
                    .last_present
                    .map(|p| (ops[p].process.clone(), ops[p].time)),
                missing_from: names(missing),
                present_at: names(present),
            }
        })
        .collect()
}

/// Silence after which reads count as final though nothing marks them, in nanoseconds.
const QUIET: i64 = 5_000_000_000;

/// The positions of the ok completions of the final reads.
///
/// Those marked `final?`; where none is, the reads after the last add that follow on at
/// least five seconds in which nothing was invoked.
pub(crate) fn final_reads(history: &History) -> Vec<usize> {
    let read = |op: &Op| op.f == *"read" && op.is_ok();
    let marked: Vec<usize> = history
        .client_ops()
        .filter(|(_, op)| read(op) && op.is_final())
        .map(|(p, _)| p)
        .collect();
    if !marked.is_empty() {
        return marked;
    }
    let mut since = None;
    let mut last: Option<i64> = None;
    for (p, op) in history.client_ops().filter(|(_, op)| op.is_invoke()) {
        if last.is_some_and(|t| op.time - t >= QUIET) {
            since = Some(p);
        }
        if is_add(op) {
            since = None;
        }
        last = Some(op.time);
    }
    let Some(since) = since else {
        return Vec::new();
    };
    history
        .client_ops()
        .filter(|(p, op)| read(op) && history.counterpart(*p).is_some_and(|begin| begin >= since))
        .map(|(p, _)| p)
        .collect()
}
