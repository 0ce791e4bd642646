//! What shows inside one transaction.
//!
//! The engine stops at the first wrong read of a list, takes nil for a register's state where
//! Elle takes it for no knowledge, takes nil and an empty list for the same where Elle does
//! not, and draws no edge from a transaction to itself where Elle draws one. So these
//! anomalies are found here.

use rustc_hash::FxHashMap;

use super::{TxnAnomaly, TxnObjects, convert, who};
use crate::history::{History, Op, Value};

/// The ok transactions with the steps that can be read.
fn oks(history: &History) -> impl Iterator<Item = &Op> {
    history
        .client_ops()
        .map(|(_, op)| op)
        .filter(|op| op.is_ok() && convert::is_txn(op))
}

fn anomaly(kind: &str, op: &Op, told: String) -> TxnAnomaly {
    TxnAnomaly {
        kind: kind.to_owned(),
        ops: vec![op.index],
        story: vec![told, who(op)],
        steps: Vec::new(),
    }
}

/// Reads that contradict what their own transaction read or wrote before; the first of each
/// transaction. After `op-int-case` of `elle.list-append` and `elle.rw-register`.
pub(super) fn internal(history: &History, objects: TxnObjects) -> Vec<TxnAnomaly> {
    oks(history)
        .filter_map(|op| {
            let (read, expected) = match objects {
                TxnObjects::Lists => wrong_list(op),
                TxnObjects::Registers => wrong_register(op),
            }?;
            let told = format!(
                "operation {} holds {read}, where its own steps before that ask for {expected}",
                op.index
            );
            Some(anomaly("internal", op, told))
        })
        .collect()
}

/// What a transaction must find in a list.
struct Expected<'a> {
    /// Whether the list began with something unknown.
    open: bool,
    end: Vec<&'a Value>,
}

fn wrong_list(op: &Op) -> Option<(&Value, String)> {
    // None: a nil was read, which says nothing of the next read, and is empty for an append.
    let mut expected: FxHashMap<&Value, Option<Expected<'_>>> = FxHashMap::default();
    for step in op.value.items() {
        let (f, key, value) = convert::step(step)?;
        if f == "append" {
            let state = expected.entry(key).or_insert_with(|| {
                Some(Expected {
                    open: true,
                    end: Vec::new(),
                })
            });
            let state = state.get_or_insert_with(|| Expected {
                open: false,
                end: Vec::new(),
            });
            state.end.push(value);
            continue;
        }
        let read: Vec<&Value> = value.items().iter().collect();
        if let Some(Some(Expected { open, end })) = expected.get(key) {
            let right = match open {
                true => read.ends_with(end),
                false => !value.is_nil() && read == *end,
            };
            if !right {
                let dots = if *open { "… " } else { "" };
                let end: Vec<String> = end.iter().map(ToString::to_string).collect();
                return Some((step, format!("[{dots}{}]", end.join(" "))));
            }
        }
        let state = (!value.is_nil()).then_some(Expected {
            open: false,
            end: read,
        });
        expected.insert(key, state);
    }
    None
}

fn wrong_register(op: &Op) -> Option<(&Value, String)> {
    let mut expected: FxHashMap<&Value, &Value> = FxHashMap::default();
    for step in op.value.items() {
        let (f, key, value) = convert::step(step)?;
        // A nil that was read says nothing of the next read.
        let before = expected
            .insert(key, value)
            .filter(|before| !before.is_nil());
        if let Some(before) = before
            && f == "r"
            && before != value
        {
            return Some((step, before.to_string()));
        }
    }
    None
}

/// Reads of a list that hold what their own transaction appends only afterwards; the first of
/// each transaction. After `op-future-read-case` of `elle.list-append`.
pub(super) fn future_reads(history: &History) -> Vec<TxnAnomaly> {
    oks(history)
        .filter_map(|op| {
            let mut read: FxHashMap<(&Value, &Value), &Value> = FxHashMap::default();
            for step in op.value.items() {
                let (f, key, value) = convert::step(step)?;
                if f == "append" {
                    if let Some(step) = read.get(&(key, value)) {
                        let told = format!(
                            "operation {} holds {step}, and appends {value} only afterwards",
                            op.index
                        );
                        return Some(anomaly("future-read", op, told));
                    }
                } else {
                    for element in value.items() {
                        read.entry((key, element)).or_insert(step);
                    }
                }
            }
            None
        })
        .collect()
}

/// The registers of a transaction, with what it read there before it wrote, if it did, and
/// what it wrote last, if it did.
fn outside(op: &Op) -> Vec<(&Value, Option<&Value>, Option<&Value>)> {
    let mut keys: Vec<(&Value, Option<&Value>, Option<&Value>)> = Vec::new();
    for (f, key, value) in op.value.items().iter().filter_map(convert::step) {
        let at = keys.iter().position(|(k, ..)| *k == key);
        match (f, at) {
            ("r", None) => keys.push((key, Some(value), None)),
            ("w", None) => keys.push((key, None, Some(value))),
            ("w", Some(at)) => keys[at].2 = Some(value),
            _ => {}
        }
    }
    keys
}

/// The registers that a transaction read and then wrote: key, what it read first, what it left.
fn read_before_written(op: &Op) -> Vec<(&Value, &Value, &Value)> {
    let both = |(key, read, left): (_, Option<_>, Option<_>)| Some((key, read?, left?));
    outside(op).into_iter().filter_map(both).collect()
}

/// Transactions that first read in a register what they themselves leave there, and so depend
/// on themselves: Elle's G1c with one transaction.
///
/// Elle looks for it where other circles may be: among transactions that all depend on each
/// other. Such a one is whoever else read the value first of all, if writes are taken to
/// follow reads; and whoever is in a circle with it, as `in_circle` says.
pub(super) fn circles_of_one(
    history: &History,
    wfr_keys: bool,
    in_circle: impl Fn(usize) -> bool,
) -> Vec<TxnAnomaly> {
    let mut readers: FxHashMap<(&Value, &Value), usize> = FxHashMap::default();
    for op in oks(history).filter(|_| wfr_keys) {
        for (key, read, _) in outside(op) {
            if let Some(read) = read {
                *readers.entry((key, read)).or_default() += 1;
            }
        }
    }
    oks(history)
        .filter_map(|op| {
            let mut circles = read_before_written(op).into_iter();
            let (key, value, _) = circles.find(|(key, read, left)| {
                let others = readers.get(&(*key, *read)).is_some_and(|n| *n > 1);
                read == left && (others || in_circle(op.index))
            })?;
            let told = format!(
                "operation {} read {value} from {key}, which it wrote itself and only afterwards",
                op.index
            );
            Some(anomaly("G1c", op, told))
        })
        .collect()
}

/// Whether some transaction read a register and then wrote it, which is a dependency of it on
/// itself. Elle counts no such thing for a circle, but the graph is not empty then. Of
/// values other than nil it is one only where writes are taken to follow reads.
pub(super) fn depends_on_itself(history: &History, wfr_keys: bool) -> bool {
    let tells =
        |(_, read, left): &(&Value, &Value, &Value)| wfr_keys || read.is_nil() || read == left;
    oks(history).any(|op| read_before_written(op).iter().any(tells))
}
