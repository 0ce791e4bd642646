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
