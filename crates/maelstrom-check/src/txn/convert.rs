//! Our histories as the engine wants them.
//!
//! The engine knows integers and strings as keys and elements. Anything else (keywords,
//! `nil` inside a list, compound keys) goes in as its EDN, marked so that no string can be
//! mistaken for it.

use adya::history::{Interner, Mop, Op, OpType, ReadValue, Scalar};
use rustc_hash::FxHashMap;

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

/// Converts the transactions of clients; other operations are left out.
pub(super) fn convert(history: &History) -> Result<Input, String> {
    let mut interner = Interner::default();
    let mut ids: FxHashMap<Value, adya::history::Id> = FxHashMap::default();
    let mut ops = Vec::with_capacity(history.len());
    let mut position = FxHashMap::default();
    for (p, op) in history.client_ops() {
        // A history may leave out what each of its operations is.
        if !matches!(&*op.f, "txn" | "") {
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
                        v if v.is_collection() => {
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
