//! Our histories as the engine wants them.
//!
//! The engine knows integers and strings as keys and elements. Anything else (keywords,
//! `nil` inside a list, compound keys) goes in as its EDN, marked so that no string can be
//! mistaken for it.

use std::mem::discriminant;

use adya::history::{Interner, Mop, Op, OpType, ReadValue, Scalar};
use rustc_hash::{FxHashMap, FxHashSet};

use super::TxnObjects;
use crate::history::{self, History, Process, Value};

/// Stands before the EDN of a value that is neither an integer nor a string, and of the
/// strings that start with it.
const MARK: char = '¶';

/// A text of the engine's with marked values written as EDN again: the engine quotes them as strings.
pub(super) fn unmark(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\"¶") {
        out.push_str(&rest[..start]);
        let mut chars = rest[start + "\"¶".len()..].chars();
        loop {
            match chars.next() {
                None | Some('"') => break,
                Some('\\') => out.extend(chars.next()),
                Some(c) => out.push(c),
            }
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// What the engine gets, and the way back.
pub(super) struct Input {
    pub(super) history: adya::History,
    /// The position in our history of the operation with an index.
    pub(super) position: FxHashMap<usize, usize>,
}

/// Whether an operation is a transaction. A history may leave out what each of its operations is.
pub(super) fn is_txn(op: &history::Op) -> bool {
    matches!(&*op.f, "txn" | "")
}

/// The name, key and value of a step. A read may leave out what it does not know yet.
pub(super) fn step(step: &Value) -> Option<(&str, &Value, &Value)> {
    match step.items() {
        [f, key, value] => Some((f.name()?, key, value)),
        [f, key] => Some((f.name()?, key, &Value::Nil)),
        _ => None,
    }
}

/// Converts the transactions of clients; other operations are left out.
///
/// # Errors
/// Says which operation does not fit: a step that is none, one that does not belong to these
/// objects, a version that two transactions wrote, which leaves no telling them apart, or an
/// element of a list that nobody appended. The engine finds the second and third itself, but
/// then reports the history as valid.
pub(super) fn convert(history: &History, objects: TxnObjects) -> Result<Input, String> {
    unique_versions(history, objects)?;
    match objects {
        TxnObjects::Lists => elements_have_writers(history)?,
        TxnObjects::Registers => keys_of_one_type(history)?,
    }
    let mut interner = Interner::default();
    let mut ids: FxHashMap<Value, adya::history::Id> = FxHashMap::default();
    let mut ops = Vec::with_capacity(history.len());
    let mut position = FxHashMap::default();
    for (p, op) in history.client_ops() {
        if !is_txn(op) {
            continue;
        }
        let Process::Client(process) = op.process else {
            continue;
        };
        position.insert(op.index, p);
        let mut steps = Vec::with_capacity(op.value.items().len());
        let mut id = |v: &Value| match ids.get(v) {
            Some(id) => *id,
            None => {
                let scalar = match v {
                    Value::Int(i) => Scalar::Int(*i),
                    Value::Str(s) if !s.starts_with(MARK) => Scalar::Str(s.to_string()),
                    other => Scalar::Str(format!("{MARK}{other}")),
                };
                let id = interner.intern(scalar);
                ids.insert(v.clone(), id);
                id
            }
        };
        for step in op.value.items() {
            // A read may leave out what it does not know yet.
            let (f, key, value) = match step.items() {
                [f, key, value] => (f, key, value),
                [f, key] => (f, key, &Value::Nil),
                _ => return Err(format!("operation {}: {step} is no step [f k v]", op.index)),
            };
            let key = id(key);
            let fits = match (objects, f.name()) {
                (TxnObjects::Lists, Some("append")) | (TxnObjects::Registers, Some("w")) => true,
                (TxnObjects::Lists, Some("r")) => value.is_nil() || value.is_collection(),
                (TxnObjects::Registers, Some("r")) => true,
                _ => false,
            };
            if !fits {
                let what = match objects {
                    TxnObjects::Lists => "neither append of an element nor read of a list",
                    TxnObjects::Registers => "neither write nor read of a register",
                };
                return Err(format!("operation {}: {step} is {what}", op.index));
            }
            steps.push(match f.name() {
                Some("append") => Mop::Append {
                    key,
                    value: id(value),
                },
                Some("w") => Mop::Write {
                    key,
                    value: id(value),
                },
                Some("r") => Mop::Read {
                    key,
                    value: match value {
                        Value::Nil => ReadValue::Nil,
                        v if objects == TxnObjects::Lists => {
                            ReadValue::List(v.items().iter().map(&mut id).collect())
                        }
                        v => ReadValue::Scalar(id(v)),
                    },
                },
                _ => {
                    let index = op.index;
                    return Err(format!("operation {index}: {f} is none of r, w, append"));
                }
            });
        }
        ops.push(Op {
            index: op.index as u64,
            kind: match op.kind {
                history::OpType::Invoke => OpType::Invoke,
                history::OpType::Ok => OpType::Ok,
                history::OpType::Fail => OpType::Fail,
                history::OpType::Info => OpType::Info,
            },
            process: i64::try_from(process).ok(),
            value: steps,
            time: Some(op.time),
        });
    }
    Ok(Input {
        history: adya::History::from_ops(ops, interner),
        position,
    })
}

/// Refuses a history whose keys are of several types, as Elle does of registers
/// (`elle.txn/assert-type-sanity`).
fn keys_of_one_type(history: &History) -> Result<(), String> {
    let steps = history
        .client_ops()
        .flat_map(|(_, op)| op.value.items().iter().map(move |step| (op, step)));
    let mut keys = steps.filter_map(|(op, step)| Some((op.index, step.items().get(1)?)));
    let Some((_, first)) = keys.next() else {
        return Ok(());
    };
    match keys.find(|(_, key)| discriminant(*key) != discriminant(first)) {
        None => Ok(()),
        Some((index, key)) => Err(format!(
            "operation {index}: {key} is a key of another type than {first}, and Elle takes one type of keys"
        )),
    }
}

/// Refuses a history in which the longest read of a list holds an element that nobody
/// appended, as Elle does (`dirty-update-cases` of `elle.list-append`).
fn elements_have_writers(history: &History) -> Result<(), String> {
    let mut appended: FxHashSet<(&Value, &Value)> = FxHashSet::default();
    // Of several as long as each other Elle takes any one.
    let mut longest: FxHashMap<&Value, Vec<(&[Value], usize)>> = FxHashMap::default();
    for (_, op) in history.client_ops().filter(|(_, op)| is_txn(op)) {
        for (f, key, value) in op.value.items().iter().filter_map(step) {
            let read = value.items();
            if f == "append" {
                appended.insert((key, value));
            } else if !read.is_empty() {
                let longest = longest.entry(key).or_default();
                let length = longest.first().map_or(0, |(read, _)| read.len());
                if read.len() > length {
                    longest.clear();
                }
                if read.len() >= length {
                    longest.push((read, op.index));
                }
            }
        }
    }
    let phantom = longest.iter().filter_map(|(key, reads)| {
        let phantoms = reads.iter().map(|(read, index)| {
            let element = read.iter().find(|e| !appended.contains(&(*key, *e)))?;
            Some((*index, *key, element))
        });
        phantoms.collect::<Option<Vec<_>>>()?.into_iter().min()
    });
    match phantom.min() {
        None => Ok(()),
        Some((index, key, element)) => Err(format!(
            "operation {index} read {element} in {key}, which nobody appended, and Elle gives up on that"
        )),
    }
}

/// Refuses a history in which two appends of a key were of the same element, or two ok
/// transactions left the same value in a register.
fn unique_versions(history: &History, objects: TxnObjects) -> Result<(), String> {
    let mut writer: FxHashMap<(&Value, &Value), usize> = FxHashMap::default();
    for (_, op) in history.client_ops() {
        let counts = match objects {
            TxnObjects::Lists => op.is_invoke(),
            TxnObjects::Registers => op.is_ok(),
        };
        let mut last: FxHashMap<&Value, &Value> = FxHashMap::default();
        for step in op.value.items().iter().filter(|_| counts) {
            let [f, key, value] = step.items() else {
                continue;
            };
            let before = match f.name() {
                Some("append") => writer.insert((key, value), op.index),
                Some("w") => {
                    last.insert(key, value);
                    None
                }
                _ => None,
            };
            if let Some(before) = before {
                return Err(twice(key, value, before, op.index));
            }
        }
        for (key, value) in last {
            if let Some(before) = writer.insert((key, value), op.index) {
                return Err(twice(key, value, before, op.index));
            }
        }
    }
    Ok(())
}

fn twice(key: &Value, value: &Value, first: usize, second: usize) -> String {
    format!(
        "operations {first} and {second} both wrote {value} to {key}, so nobody can tell whose it is"
    )
}
