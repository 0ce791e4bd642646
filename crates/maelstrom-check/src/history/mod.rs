//! Histories: what clients asked of a system and what came back.
//!
//! A history is the list of operations as Jepsen records it. Each request gives an
//! *invocation*; what came back gives a *completion* of the same process: [`OpType::Ok`]
//! (it happened), [`OpType::Fail`] (it certainly did not) or [`OpType::Info`] (nobody knows:
//! it may have taken effect, or may yet do so at any later time). A process does one
//! thing at a time; one whose operation ended in `info` is not used again, as a rule.

mod edn;
mod json;
mod op;
mod read;
mod value;

pub use edn::EdnReader;
pub use op::{Op, OpType, Process};
pub use value::{Text, Value};

use rustc_hash::FxHashMap;

use crate::error::Error;

/// Says "no counterpart" in the pairing.
const NONE: u32 = u32::MAX;

/// Operations in the order in which they were recorded, with invocations and completions paired.
///
/// Positions (`0..len()`) and indices ([`Op::index`]) are the same in a history that was
/// recorded whole; an excerpt keeps the indices of the history that it was cut from.
///
/// ```
/// use maelstrom_check::{History, Op};
///
/// let mut history = History::new();
/// history.push(Op::invoke(0, "echo", "hi").at(1_000)).unwrap();
/// history.push(Op::ok(0, "echo", "hi").at(2_000)).unwrap();
/// assert_eq!(history.completion(0).map(|op| op.time), Some(2_000));
///
/// let same = History::parse(&history.to_edn()).unwrap();
/// assert_eq!(same.ops(), history.ops());
/// ```
#[derive(Debug, Clone, Default)]
pub struct History {
    ops: Vec<Op>,
    /// For each position the position of its counterpart, or [`NONE`].
    pairs: Vec<u32>,
    /// Open invocations by process.
    open: FxHashMap<Process, u32>,
}

impl History {
    /// An empty history.
    pub fn new() -> Self {
        Self::default()
    }

    /// A history of these operations, indexed by position.
    ///
    /// # Errors
    /// [`Error::Order`] as for [`push`](Self::push).
    pub fn from_ops(ops: impl IntoIterator<Item = Op>) -> Result<Self, Error> {
        let mut history = Self::new();
        for op in ops {
            history.push(op)?;
        }
        Ok(history)
    }

    /// Appends an operation, gives it the next index, and returns that index.
    ///
    /// # Errors
    /// [`Error::Order`] if a client's process invokes an operation while another of its
    /// operations is under way. The history stays as it was.
    pub fn push(&mut self, mut op: Op) -> Result<usize, Error> {
        let index = self.ops.last().map_or(0, |last| last.index + 1);
        op.index = index;
        self.append(op, false)?;
        Ok(index)
    }

    /// Appends an operation that brings its own index. If `lenient`, an invocation of a
    /// process that has another under way leaves that one without a completion, and an index
    /// that does not grow is replaced by one that does.
    pub(crate) fn append(&mut self, mut op: Op, lenient: bool) -> Result<(), Error> {
        let position = u32::try_from(self.ops.len()).ok().filter(|p| *p != NONE);
        let Some(position) = position else {
            return Err(Error::Order {
                index: op.index,
                reason: "the history is too long".into(),
            });
        };
        if let Some(last) = self.ops.last()
            && op.index <= last.index
        {
            if lenient {
                op.index = last.index + 1;
                return self.append(op, lenient);
            }
            let reason = format!("its index is not above {}, the one before it", last.index);
            return Err(Error::Order {
                index: op.index,
                reason,
            });
        }
        let mut counterpart = NONE;
        if matches!(op.process, Process::Client(_)) {
            if op.kind == OpType::Invoke {
                if let Some(open) = self.open.get(&op.process).filter(|_| !lenient) {
                    let reason = format!(
                        "process {} invokes {} while its operation {} is still under way",
                        op.process, op.f, self.ops[*open as usize].index
                    );
                    return Err(Error::Order {
                        index: op.index,
                        reason,
                    });
                }
                self.open.insert(op.process.clone(), position);
            } else if let Some(open) = self.open.remove(&op.process) {
                counterpart = open;
                self.pairs[open as usize] = position;
            }
        }
        self.pairs.push(counterpart);
        self.ops.push(op);
        Ok(())
    }

    /// All operations, in order.
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// How many operations there are, completions and faults included.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// The operations of clients, with their positions.
    pub fn client_ops(&self) -> impl Iterator<Item = (usize, &Op)> {
        self.ops.iter().enumerate().filter(|(_, op)| op.is_client())
    }

    /// The position of the completion of the invocation at `position`, or of the
    /// invocation of the completion there.
    pub fn counterpart(&self, position: usize) -> Option<usize> {
        self.pairs
            .get(position)
            .filter(|p| **p != NONE)
            .map(|p| *p as usize)
    }

    /// What came back for the invocation at `position`, if anything did.
    pub fn completion(&self, position: usize) -> Option<&Op> {
        self.ops
            .get(position)
            .filter(|op| op.kind == OpType::Invoke)?;
        self.counterpart(position).map(|p| &self.ops[p])
    }

    /// The invocation that the completion at `position` belongs to, if the history has it.
    pub fn invocation(&self, position: usize) -> Option<&Op> {
        self.ops
            .get(position)
            .filter(|op| op.kind != OpType::Invoke)?;
        self.counterpart(position).map(|p| &self.ops[p])
    }

    /// Whether some operation of those that count began when another had ended ok, and ended
    /// itself, in whatever way. Elle has an order in time then, though nothing may come of it.
    pub(crate) fn has_order_in_time(&self, counts: impl Fn(&Op) -> bool) -> bool {
        let mut ended = false;
        self.client_ops().any(|(p, op)| {
            ended |= counts(op) && op.is_ok();
            ended && counts(op) && self.completion(p).is_some()
        })
    }

    /// The history as Jepsen writes it: a map in EDN per line.
    pub fn to_edn(&self) -> String {
        use std::fmt::Write;
        let mut out = String::new();
        for op in &self.ops {
            writeln!(out, "{}", op.to_edn()).expect("writing to a string cannot fail");
        }
        out
    }

    /// The history as JSON lines, an object per operation.
    pub fn to_json_lines(&self) -> String {
        let mut out = String::new();
        for op in &self.ops {
            out.push_str(&op.to_json());
            out.push('\n');
        }
        out
    }
}

impl<'a> IntoIterator for &'a History {
    type Item = &'a Op;
    type IntoIter = std::slice::Iter<'a, Op>;
    fn into_iter(self) -> Self::IntoIter {
        self.ops.iter()
    }
}
