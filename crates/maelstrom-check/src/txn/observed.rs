//! What upstream's check of transactions is blind to.
//!
//! Registers hide the order of their versions, so upstream infers little of it and passes
//! stores that reorder writes, invent values, or never show a write to anybody.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{ConsistencyModel, TxnObjects};
use crate::history::{History, OpType, Process, Value};
use crate::strict::Finding;
use crate::verdict::Verdict;

/// A version: a key and what was written to it.
type Version<'a> = (&'a Value, &'a Value);

/// Who wrote a version.
struct Writer {
    /// The position of the completion, or of the invocation if there is none.
    op: usize,
    kind: OpType,
    /// Whether the transaction wrote the key again afterwards.
    overwritten: bool,
}

struct Seen<'a> {
    history: &'a History,
    writers: FxHashMap<Version<'a>, Writer>,
}

fn steps(value: &Value) -> impl Iterator<Item = (&str, &Value, &Value)> {
    value.items().iter().filter_map(|step| match step.items() {
        [f, k, v] => Some((f.name()?, k, v)),
        [f, k] => Some((f.name()?, k, &Value::Nil)),
        _ => None,
    })
}

fn is_write(f: &str) -> bool {
    matches!(f, "w" | "append")
}

/// The versions that a read shows.
fn versions(v: &Value) -> &[Value] {
    if v.is_collection() {
        v.items()
    } else {
        std::slice::from_ref(v)
    }
}

impl<'a> Seen<'a> {
    fn new(history: &'a History) -> Self {
        let mut writers = FxHashMap::default();
        for (p, op) in history.client_ops().filter(|(_, op)| op.is_invoke()) {
            let end = history.counterpart(p);
            let kind = end.map_or(OpType::Info, |e| history.ops()[e].kind);
            let mut last: FxHashMap<&Value, Version<'a>> = FxHashMap::default();
            for (_, k, v) in steps(&op.value).filter(|(f, ..)| is_write(f)) {
                if let Some(before) = last.insert(k, (k, v))
                    && let Some(writer) = writers.get_mut(&before)
                {
                    let writer: &mut Writer = writer;
                    writer.overwritten = true;
                }
                writers.insert(
                    (k, v),
                    Writer {
                        op: end.unwrap_or(p),
                        kind,
                        overwritten: false,
                    },
                );
            }
        }
        Self { history, writers }
    }

    fn oks(&self) -> impl Iterator<Item = &'a crate::history::Op> {
        self.history
            .client_ops()
            .map(|(_, op)| op)
            .filter(|op| op.is_ok())
    }

    /// Reads of what nobody wrote, or only somebody who took it back.
    fn unexplained(&self, committed_only: bool, objects: TxnObjects) -> Finding {
        let mut finding = Finding::new("unexplained-read", Verdict::Invalid);
        for op in self.oks() {
            for (_, k, read) in steps(&op.value).filter(|(f, ..)| *f == "r") {
                for v in versions(read).iter().filter(|v| !v.is_nil()) {
                    let why = match self.writers.get(&(k, v)) {
                        None => "which nobody ever wrote".into(),
                        Some(w) if committed_only && w.kind == OpType::Fail => {
                            format!("which only the failed operation {} wrote", self.index(w))
                        }
                        Some(w)
                            if committed_only
                                && objects == TxnObjects::Registers
                                && w.overwritten
                                && self.index(w) != op.index =>
                        {
                            format!(
                                "which operation {} overwrote before it ended",
                                self.index(w)
                            )
                        }
                        Some(_) => continue,
                    };
                    finding.case(Some(op.index), || {
                        format!(
                            "Process {} read {v} from {k} at {:.3} s (operation {}), {why}.",
                            op.process,
                            op.seconds(),
                            op.index
                        )
                    });
                }
            }
        }
        finding
    }

    fn index(&self, writer: &Writer) -> usize {
        self.history.ops()[writer.op].index
    }

    /// Runs in which reads showed nothing, or nothing of others.
    fn vacuous(&self) -> Vec<Finding> {
        let mut empty = Finding::new("all-reads-empty", Verdict::Unknown);
        let mut unseen = Finding::new("writes-never-seen", Verdict::Unknown);
        let (mut reads, mut full, mut foreign) = (0, 0, 0);
        let mut readers: FxHashSet<&Process> = FxHashSet::default();
        for op in self.oks() {
            for (_, k, read) in steps(&op.value).filter(|(f, ..)| *f == "r") {
                reads += 1;
                readers.insert(&op.process);
                let shown = versions(read);
                full += usize::from(shown.iter().any(|v| !v.is_nil()));
                foreign += shown
                    .iter()
                    .filter_map(|v| self.writers.get(&(k, v)))
                    .filter(|w| self.history.ops()[w.op].process != op.process)
                    .count();
            }
        }
        let committed = self
            .writers
            .values()
            .filter(|w| w.kind == OpType::Ok)
            .count();
        let writers: FxHashSet<&Process> = self
            .writers
            .values()
            .filter(|w| w.kind == OpType::Ok)
            .map(|w| &self.history.ops()[w.op].process)
            .collect();
        if committed > 0 && full == 0 {
            empty.case(None, || {
                format!("{committed} writes were committed, and none of {reads} reads showed any.")
            });
        } else if foreign == 0 && writers.len() > 1 && !readers.is_empty() {
            unseen.case(None, || {
                format!(
                    "{committed} writes were committed, and no process ever read one of another's."
                )
            });
        }
        vec![empty, unseen]
    }

    /// For each process and key the versions that it came across, in order, own writes
    /// included. `None` for a process and key that went back to an earlier version: what
    /// it saw says nothing of the order.
    fn paths(&self) -> FxHashMap<(&'a Process, &'a Value), Option<Vec<&'a Value>>> {
        let mut paths: FxHashMap<(&Process, &Value), Option<Vec<&Value>>> = FxHashMap::default();
        for op in self.oks() {
            let mut inside: FxHashMap<&Value, &Value> = FxHashMap::default();
            let mut order = Vec::new();
            for (f, k, v) in steps(&op.value) {
                let own = is_write(f);
                if !own && (v.is_nil() || inside.contains_key(k)) {
                    continue;
                }
                // Of several writes of one transaction only the last is ever installed.
                if own && let Some(before) = inside.insert(k, v) {
                    order.retain(|(key, value)| *key != k || *value != before);
                }
                order.push((k, v));
            }
            for (k, v) in order {
                let path = paths
                    .entry((&op.process, k))
                    .or_insert_with(|| Some(Vec::new()));
                if let Some(seen) = path
                    && seen.last() != Some(&v)
                {
                    if seen.contains(&v) {
                        *path = None;
                    } else {
                        seen.push(v);
                    }
                }
            }
        }
        paths
    }

    /// Two processes that each wrote a version and then saw the other's.
    fn contradictions(&self) -> Finding {
        let mut finding = Finding::new("contradictory-order", Verdict::Invalid);
        let paths = self.paths();
        // For each key: own version, then a foreign one, and whose view that is.
        let mut after: FxHashMap<&Value, FxHashMap<(&Value, &Value), &Process>> =
            FxHashMap::default();
        for ((process, key), path) in &paths {
            for pair in path.iter().flat_map(|path| path.windows(2)) {
                let own = self
                    .writers
                    .get(&(*key, pair[0]))
                    .is_some_and(|w| self.history.ops()[w.op].process == **process);
                if own {
                    after
                        .entry(key)
                        .or_default()
                        .insert((pair[0], pair[1]), process);
                }
            }
        }
        let mut cases = Vec::new();
        for (key, pairs) in &after {
            for ((a, b), first) in pairs {
                if a < b
                    && let Some(second) = pairs.get(&(*b, *a))
                {
                    cases.push((*key, *a, *b, *first, *second));
                }
            }
        }
        cases.sort();
        for (key, a, b, first, second) in cases {
            finding.case(None, || {
                format!(
                    "Of {key}, process {first} wrote {a} and then saw {b}, \
                     process {second} wrote {b} and then saw {a}."
                )
            });
        }
        finding
    }

    /// Pairs of transactions that wrote two keys and were seen to be installed in opposite order.
    fn interleaved(&self) -> Finding {
        let mut finding = Finding::new("G0-as-seen", Verdict::Invalid);
        // Of two committed transactions: the key, the versions, and who saw the second after the first.
        type Edge<'a> = (&'a Value, &'a Value, &'a Value, &'a Process);
        let mut edges: FxHashMap<(usize, usize), Edge<'a>> = FxHashMap::default();
        let mut paths: Vec<_> = self.paths().into_iter().collect();
        paths.sort_by(|a, b| a.0.cmp(&b.0));
        for ((process, key), path) in &paths {
            for pair in path.iter().flat_map(|path| path.windows(2)) {
                let writer = |v: &'a Value| {
                    self.writers
                        .get(&(*key, v))
                        .filter(|w| w.kind == OpType::Ok)
                        .map(|w| w.op)
                };
                if let (Some(a), Some(b)) = (writer(pair[0]), writer(pair[1]))
                    && a != b
                {
                    edges
                        .entry((a, b))
                        .or_insert((key, pair[0], pair[1], process));
                }
            }
        }
        let mut cases: Vec<_> = edges
            .iter()
            .filter_map(|((a, b), there)| {
                let back = edges
                    .get(&(*b, *a))
                    .filter(|back| a < b && back.0 != there.0)?;
                Some((*a, *b, *there, *back))
            })
            .collect();
        cases.sort();
        for (a, b, there, back) in cases {
            let (a, b) = (self.history.ops()[a].index, self.history.ops()[b].index);
            finding.case(Some(a), || {
                let (k1, v1, v2, p1) = there;
                let (k2, w1, w2, p2) = back;
                format!(
                    "Operations {a} and {b} overwrote each other: process {p1} saw {k1} go from \
                     {v1} to {v2}, process {p2} saw {k2} go from {w1} to {w2}."
                )
            });
        }
        finding
    }
}

/// The stricter checks of transactions.
pub(crate) fn strict(
    history: &History,
    objects: TxnObjects,
    models: &[ConsistencyModel],
) -> Vec<Finding> {
    let seen = Seen::new(history);
    let committed_only = models.iter().any(|m| m.prohibits("G1a"));
    let mut findings = vec![seen.unexplained(committed_only, objects)];
    findings.extend(seen.vacuous());
    if objects == TxnObjects::Registers {
        findings.push(seen.contradictions());
        findings.push(seen.interleaved());
    }
    findings
}
