//! What upstream's checks are blind to.
//!
//! A run passes upstream's set check with nodes that repeat elements, invent them, or miss
//! them for ever, as long as the right node happens to be read last. And any check passes a
//! run that exercised nothing. These checks stand beside upstream's and are told apart
//! from them by name.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use crate::check::{Options, Workload};
use crate::history::{History, OpType, Process, Value};
use crate::kafka;
use crate::linear::{RegisterRules, lin_kv};
use crate::set_full::{final_reads, is_add};
use crate::txn::{self, TxnObjects};
use crate::verdict::Verdict;

/// How many examples a finding names.
const SHOWN: usize = 8;

/// What the stricter checks found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StrictResults {
    /// The gravest verdict of the findings, valid if there are none.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// What was found, in the order of the checks.
    pub findings: Vec<Finding>,
}

/// One thing that a stricter check found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Its name: `duplicate-elements`, `phantom-elements`, …
    pub name: &'static str,
    /// Whether it makes the run invalid or unknown.
    #[serde(rename = "valid?")]
    pub verdict: Verdict,
    /// How often.
    pub count: usize,
    /// What happened, for a person: at most eight cases, a line each.
    pub story: Vec<String>,
    /// The indices of the operations that show those cases.
    pub ops: Vec<usize>,
}

impl Finding {
    pub(crate) fn new(name: &'static str, verdict: Verdict) -> Self {
        Self {
            name,
            verdict,
            count: 0,
            story: Vec::new(),
            ops: Vec::new(),
        }
    }

    /// Counts a case, and keeps it if there is room.
    pub(crate) fn case(&mut self, op: Option<usize>, story: impl FnOnce() -> String) {
        self.count += 1;
        if self.story.len() < SHOWN {
            self.story.push(story());
            self.ops.extend(op);
        }
    }
}

/// Runs the stricter checks for a workload.
///
/// For every workload: a run in which nothing of what was to be tested happened is unknown
/// (`nothing-exercised`).
///
/// For sets and broadcast:
/// - `duplicate-elements`: one read returned an element twice;
/// - `phantom-elements`: a read returned an element that nobody had tried to add before;
/// - `missing-at-the-end`: a final read misses an element that was known before it began.
///
/// For counters:
/// - `impossible-read`: a read that no selection of the adds invoked before its end sums up to,
///   not even roughly: below the sum of their negative ones, or above that of the positive;
/// - `no-final-read`: nobody read the counter in the end, so nothing was judged (unknown).
///
/// For lin-kv:
/// - `not-linearizable-with-nulls`: the history of a key is not linearizable once reads of nil and
///   refusals for a missing key (error 20) or a differing value (error 22) are taken at their word.
///
/// For kafka:
/// - `phantom-message`: a poll returned a message that nobody sent.
///
/// For transactions:
/// - `unexplained-read`: a read of a value that nobody wrote; if the models asked for rule out
///   aborted reads, also of one that only a failed transaction wrote, or, of registers, one that
///   its writer overwrote before it ended;
/// - `reordered-appends`: a read of a list has what one transaction appended in another order than
///   it did, of which Elle draws no edges;
/// - `all-reads-empty`: writes were committed and no read showed any (unknown);
/// - `writes-never-seen`: several processes wrote and none ever read another's write (unknown);
/// - `contradictory-order`: of a register, one process wrote a and then saw b, another wrote b
///   and then saw a. Assumes that a process sees its own writes, and each register move forward;
/// - `G0-as-seen`: two transactions wrote two registers, and processes saw one register go from
///   the first's version to the second's and the other the other way round.
pub fn strict(workload: Workload, history: &History, options: &Options) -> StrictResults {
    let mut findings = exercised(workload, history);
    match workload {
        Workload::Broadcast | Workload::GSet => findings.extend(set(history)),
        Workload::GCounter | Workload::PnCounter => findings.extend(counter(history)),
        Workload::TxnListAppend | Workload::TxnRwRegister => {
            let objects = match workload {
                Workload::TxnListAppend => TxnObjects::Lists,
                _ => TxnObjects::Registers,
            };
            findings.extend(txn::strict(history, objects, &options.consistency_models));
        }
        Workload::Kafka => findings.extend(kafka::strict(history)),
        Workload::LinKv => findings.push(registers(history, options)),
        _ => {}
    }
    findings.retain(|f| f.count > 0);
    let valid = findings
        .iter()
        .map(|f| f.verdict)
        .max()
        .unwrap_or(Verdict::Valid);
    StrictResults { valid, findings }
}

/// Whether each kind of operation that the promise is about ended well at least once.
fn exercised(workload: Workload, history: &History) -> Vec<Finding> {
    let needs: &[&[&str]] = match workload {
        Workload::Echo => &[&["echo"]],
        Workload::UniqueIds => &[&["generate"]],
        Workload::Broadcast | Workload::GSet => &[&["add", "broadcast"], &["read"]],
        Workload::GCounter | Workload::PnCounter => &[&["add"], &["read"]],
        Workload::LinKv => &[&["read"], &["write", "cas"]],
        Workload::TxnListAppend | Workload::TxnRwRegister => &[&["txn"]],
        Workload::Kafka => &[&["send", "txn"], &["poll", "txn"]],
    };
    let done: FxHashSet<&str> = history
        .client_ops()
        .filter(|(_, op)| op.kind == OpType::Ok)
        .map(|(_, op)| op.f.as_str())
        .collect();
    let mut finding = Finding::new("nothing-exercised", Verdict::Unknown);
    for names in needs
        .iter()
        .filter(|names| !names.iter().any(|f| done.contains(f)))
    {
        finding.case(None, || {
            format!("No {} ever succeeded, so nothing was tested.", names[0])
        });
    }
    vec![finding]
}

/// What is known of an element of a set.
struct Element<'a> {
    value: &'a Value,
    /// Whether somebody had tried to add it.
    added: bool,
    /// Since the end of which operation it is known, by position.
    known: Option<usize>,
    /// The last read that returned it, counted from 1.
    read: usize,
    /// Whose final read misses it.
    missing_from: Vec<&'a Process>,
}

/// The elements of a set, in the order in which they were met.
#[derive(Default)]
struct Elements<'a> {
    all: Vec<Element<'a>>,
    places: FxHashMap<&'a Value, usize>,
}

impl<'a> Elements<'a> {
    fn place(&mut self, value: &'a Value) -> usize {
        *self.places.entry(value).or_insert_with(|| {
            self.all.push(Element {
                value,
                added: false,
                known: None,
                read: 0,
                missing_from: Vec::new(),
            });
            self.all.len() - 1
        })
    }
}

fn set(history: &History) -> Vec<Finding> {
    let mut duplicates = Finding::new("duplicate-elements", Verdict::Invalid);
    let mut phantoms = Finding::new("phantom-elements", Verdict::Invalid);
    let mut missing = Finding::new("missing-at-the-end", Verdict::Invalid);
    let mut elements = Elements::default();
    // The places of those that are known, in the order in which they became so.
    let mut order = Vec::new();
    let mut reads = 0;
    let ops = history.ops();
    for (p, op) in history.client_ops() {
        if is_add(op) {
            let place = elements.place(&op.value);
            let element = &mut elements.all[place];
            if op.is_invoke() {
                element.added = true;
            } else if op.is_ok() && element.known.is_none() {
                element.known = Some(p);
                order.push(place);
            }
        } else if op.f == *"read" && op.is_ok() {
            reads += 1;
            for v in op.value.items() {
                let place = elements.place(v);
                let element = &mut elements.all[place];
                if element.read == reads {
                    duplicates.case(Some(op.index), || {
                        let n = op.value.items().iter().filter(|other| *other == v).count();
                        format!(
                            "Process {} read {v} {n} times in one read at {:.3} s (operation {}).",
                            op.process,
                            op.seconds(),
                            op.index
                        )
                    });
                }
                element.read = reads;
                if !element.added {
                    phantoms.case(Some(op.index), || {
                        format!(
                            "Process {} read {v} at {:.3} s (operation {}), which nobody had tried to add.",
                            op.process, op.seconds(), op.index
                        )
                    });
                } else if element.known.is_none() {
                    element.known = Some(p);
                    order.push(place);
                }
            }
        }
    }
    for p in final_reads(history) {
        let begin = history.counterpart(p).unwrap_or(p);
        reads += 1;
        for v in ops[p].value.items() {
            let place = elements.place(v);
            elements.all[place].read = reads;
        }
        for element in &mut elements.all {
            if element.read != reads && element.known.is_some_and(|since| since < begin) {
                element.missing_from.push(&ops[p].process);
            }
        }
    }
    for place in order {
        let Element {
            value,
            known: Some(since),
            missing_from,
            ..
        } = &mut elements.all[place]
        else {
            continue;
        };
        if !missing_from.is_empty() {
            missing_from.sort();
            let since = &ops[*since];
            missing.case(Some(since.index), || {
                let names: Vec<String> = missing_from.iter().map(|p| p.to_string()).collect();
                format!(
                    "{value}, known since {:.3} s (operation {}), is missing from the final read of process {}.",
                    since.seconds(), since.index, names.join(", ")
                )
            });
        }
    }
    vec![duplicates, phantoms, missing]
}

fn counter(history: &History) -> Vec<Finding> {
    let mut impossible = Finding::new("impossible-read", Verdict::Invalid);
    let mut unread = Finding::new("no-final-read", Verdict::Unknown);
    let (mut low, mut high) = (0i64, 0i64);
    let mut finals = 0;
    for (p, op) in history.client_ops() {
        if op.f == *"add" && op.is_invoke() {
            let failed = history
                .completion(p)
                .is_some_and(|c| c.kind == OpType::Fail);
            if let (Some(delta), false) = (op.value.as_int(), failed) {
                low = low.saturating_add(delta.min(0));
                high = high.saturating_add(delta.max(0));
            }
        } else if op.f == *"read" && op.is_ok() {
            finals += usize::from(op.is_final());
            if op.value.as_int().is_some_and(|v| v < low || v > high) {
                impossible.case(Some(op.index), || {
                    format!(
                        "Process {} read {} at {:.3} s (operation {}), when the adds so far allowed {low} to {high}.",
                        op.process, op.value, op.seconds(), op.index
                    )
                });
            }
        }
    }
    if finals == 0 {
        unread.case(None, || {
            "No final read succeeded, so the sum was not judged.".into()
        });
    }
    vec![impossible, unread]
}

fn registers(history: &History, options: &Options) -> Finding {
    let results = lin_kv(history, RegisterRules::Strict, options.bound);
    let mut finding = Finding::new("not-linearizable-with-nulls", results.valid);
    finding.count = results
        .results
        .values()
        .filter(|r| r.valid != Verdict::Valid)
        .count();
    finding.story = results.tell();
    finding.ops = results
        .results
        .values()
        .filter_map(|r| r.linearizable.op.as_ref())
        .map(|op| op.index)
        .collect();
    finding
}
