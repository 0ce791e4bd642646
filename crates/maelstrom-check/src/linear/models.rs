//! Objects that histories are checked against.

use std::sync::Arc;

use super::{Call, Model};
use crate::history::{History, Op, OpType, Value};

/// What is done to a register.
#[derive(Debug, Clone, PartialEq)]
pub enum RegisterOp {
    /// It was read. `None`: what was read is not known, or does not matter.
    Read(Option<Value>),
    /// It was written.
    Write(Value),
    /// It held the first and now holds the second.
    Cas(Value, Value),
    /// A compare-and-set was refused: it did not hold this (error 22).
    CasMismatch(Value),
}

/// How the answers of a register are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RegisterRules {
    /// As Knossos does, and so Maelstrom's lin-kv: a read of nil is always right,
    /// and operations that failed say nothing.
    #[default]
    Knossos,
    /// A read of nil, or one refused because the key does not exist (error 20), means that
    /// the register held nothing; a compare-and-set refused for that reason too, and one
    /// refused because the value differs (error 22) that it held anything else.
    Strict,
}

/// A register that is read, written, and compared-and-set. Holds [`Value::Nil`] when empty.
///
/// Source of the lenient rules: `knossos.model/cas-register`; of the errors: Maelstrom's
/// `lin-kv` workload and service.
#[derive(Debug, Clone, Default)]
pub struct CasRegister {
    /// What it holds at first.
    pub initial: Value,
    /// How answers are read.
    pub rules: RegisterRules,
}

impl CasRegister {
    /// What an operation says under these rules: `read`, `write` of a value, or `cas` of a
    /// pair; `value` is the operand or result without its key. `None` if it says nothing.
    pub fn op(
        &self,
        f: &str,
        sent: &Value,
        completion: Option<(&Op, &Value)>,
    ) -> Option<RegisterOp> {
        let pair = || match sent.items() {
            [from, to] => Some((from.clone(), to.clone())),
            _ => None,
        };
        match completion.map(|(op, value)| (op.kind, op, value)) {
            Some((OpType::Ok, _, value)) => match f {
                "read" if self.rules == RegisterRules::Strict => {
                    Some(RegisterOp::Read(Some(value.clone())))
                }
                "read" => Some(RegisterOp::Read((!value.is_nil()).then(|| value.clone()))),
                // What it did is what the completion says, as for Knossos.
                "write" => Some(RegisterOp::Write(value.clone())),
                "cas" => {
                    let mut parts = value.items().iter().cloned();
                    let mut part = || parts.next().unwrap_or(Value::Nil);
                    Some(RegisterOp::Cas(part(), part()))
                }
                _ => None,
            },
            Some((OpType::Fail, op, _)) if self.rules == RegisterRules::Strict => {
                match (f, refusal(op)?) {
                    ("read" | "cas", Refusal::Missing) => Some(RegisterOp::Read(Some(Value::Nil))),
                    ("cas", Refusal::Differs) => {
                        pair().map(|(from, _)| RegisterOp::CasMismatch(from))
                    }
                    _ => None,
                }
            }
            Some((OpType::Fail, ..)) => None,
            _ => match f {
                "write" => Some(RegisterOp::Write(sent.clone())),
                "cas" => pair().map(|(from, to)| RegisterOp::Cas(from, to)),
                _ => None,
            },
        }
    }

    /// The calls of a history of a single register.
    pub fn calls(&self, history: &History) -> Vec<Call<RegisterOp>> {
        Call::of(history, |invocation, completion| {
            self.op(
                &invocation.f,
                &invocation.value,
                completion.map(|c| (c, &c.value)),
            )
        })
    }
}

/// Why a register refused an operation.
enum Refusal {
    /// Error 20: there is no such key.
    Missing,
    /// Error 22: it holds something else.
    Differs,
}

fn refusal(op: &Op) -> Option<Refusal> {
    let error = op.error.as_ref()?;
    let kind = error.items().first().unwrap_or(error);
    match (kind.name(), kind.as_int()) {
        (Some("key-does-not-exist"), _) | (_, Some(20)) => Some(Refusal::Missing),
        (Some("precondition-failed"), _) | (_, Some(22)) => Some(Refusal::Differs),
        _ => None,
    }
}

impl Model for CasRegister {
    type State = Value;
    type Op = RegisterOp;

    fn initial(&self) -> Value {
        self.initial.clone()
    }

    fn step(&self, state: &Value, op: &RegisterOp) -> Option<Value> {
        match op {
            RegisterOp::Read(None) => Some(state.clone()),
            RegisterOp::Read(Some(value)) => (value == state).then(|| state.clone()),
            RegisterOp::Write(value) => Some(value.clone()),
            RegisterOp::Cas(from, to) => (from == state).then(|| to.clone()),
            RegisterOp::CasMismatch(from) => (from != state).then(|| state.clone()),
        }
    }

    fn is_read(&self, op: &RegisterOp) -> bool {
        matches!(op, RegisterOp::Read(_) | RegisterOp::CasMismatch(_))
    }
}

/// What is done to a queue.
#[derive(Debug, Clone, PartialEq)]
pub enum QueueOp {
    /// Something was put at its end.
    Enqueue(Value),
    /// Its head was taken. `None`: what was taken is not known.
    Dequeue(Option<Value>),
    /// Somebody found it empty.
    Empty,
}

/// A queue: first in, first out.
///
/// Operations are `enqueue` of a value and `dequeue`, whose ok completion carries the
/// head, or nil if there was none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Queue;

impl Queue {
    /// The calls of a history of a single queue.
    pub fn calls(&self, history: &History) -> Vec<Call<QueueOp>> {
        Call::of(history, |invocation, completion| {
            match (&*invocation.f, completion) {
                (_, Some(c)) if c.kind == OpType::Fail => None,
                ("enqueue", _) => Some(QueueOp::Enqueue(invocation.value.clone())),
                ("dequeue", Some(c)) if c.is_ok() && c.value.is_nil() => Some(QueueOp::Empty),
                ("dequeue", Some(c)) if c.is_ok() => Some(QueueOp::Dequeue(Some(c.value.clone()))),
                ("dequeue", _) => Some(QueueOp::Dequeue(None)),
                _ => None,
            }
        })
    }
}

impl Model for Queue {
    type State = Arc<Vec<Value>>;
    type Op = QueueOp;

    fn initial(&self) -> Self::State {
        Arc::default()
    }

    fn step(&self, state: &Self::State, op: &QueueOp) -> Option<Self::State> {
        match op {
            QueueOp::Enqueue(value) => {
                let mut longer = Vec::with_capacity(state.len() + 1);
                longer.extend_from_slice(state);
                longer.push(value.clone());
                Some(Arc::new(longer))
            }
            QueueOp::Dequeue(value) => {
                let (head, rest) = state.split_first()?;
                value
                    .as_ref()
                    .is_none_or(|v| v == head)
                    .then(|| Arc::new(rest.to_vec()))
            }
            QueueOp::Empty => state.is_empty().then(|| state.clone()),
        }
    }

    fn is_read(&self, op: &QueueOp) -> bool {
        matches!(op, QueueOp::Empty)
    }
}

/// What is done to a mutex.
#[derive(Debug, Clone, PartialEq)]
pub enum MutexOp {
    /// It was taken.
    Acquire,
    /// It was given back.
    Release,
}

/// A lock that one at a time may hold. Operations are `acquire` and `release`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mutex;

impl Mutex {
    /// The calls of a history of a single mutex.
    pub fn calls(&self, history: &History) -> Vec<Call<MutexOp>> {
        Call::of(history, |invocation, completion| {
            match (&*invocation.f, completion) {
                (_, Some(c)) if c.kind == OpType::Fail => None,
                ("acquire", _) => Some(MutexOp::Acquire),
                ("release", _) => Some(MutexOp::Release),
                _ => None,
            }
        })
    }
}

impl Model for Mutex {
    /// Whether it is held.
    type State = bool;
    type Op = MutexOp;

    fn initial(&self) -> bool {
        false
    }

    fn step(&self, held: &bool, op: &MutexOp) -> Option<bool> {
        match op {
            MutexOp::Acquire => (!held).then_some(true),
            MutexOp::Release => held.then_some(false),
        }
    }
}

/// What is done to a log.
#[derive(Debug, Clone, PartialEq)]
pub enum LogOp {
    /// Something was put at its end. With the place it got, if that is known.
    Append(Value, Option<usize>),
    /// All of it was read. `None`: what was read is not known.
    Read(Option<Value>),
}

/// A log that is appended to and read whole.
///
/// Operations are `append` of a value, whose ok completion may carry the place that it
/// got in place of the value (as `[value place]`), and `read`, whose ok completion carries all
/// values in order; nil is an empty log.
#[derive(Debug, Clone, Copy, Default)]
pub struct AppendLog;

impl AppendLog {
    /// The calls of a history of a single log.
    pub fn calls(&self, history: &History) -> Vec<Call<LogOp>> {
        Call::of(history, |invocation, completion| {
            match (&*invocation.f, completion) {
                (_, Some(c)) if c.kind == OpType::Fail => None,
                ("append", c) => {
                    let place = match c.filter(|c| c.is_ok()).map(|c| c.value.items()) {
                        Some([value, place]) if *value == invocation.value => {
                            place.as_int().and_then(|i| usize::try_from(i).ok())
                        }
                        _ => None,
                    };
                    Some(LogOp::Append(invocation.value.clone(), place))
                }
                ("read", Some(c)) if c.is_ok() && c.value.is_nil() => {
                    Some(LogOp::Read(Some(Value::vector(Vec::<Value>::new()))))
                }
                ("read", Some(c)) if c.is_ok() => Some(LogOp::Read(Some(c.value.clone()))),
                ("read", _) => Some(LogOp::Read(None)),
                _ => None,
            }
        })
    }
}

impl Model for AppendLog {
    type State = Value;
    type Op = LogOp;

    fn initial(&self) -> Value {
        Value::vector(Vec::<Value>::new())
    }

    fn step(&self, state: &Value, op: &LogOp) -> Option<Value> {
        match op {
            LogOp::Append(value, place) => {
                let log = state.items();
                place.is_none_or(|p| p == log.len()).then(|| {
                    let mut longer = Vec::with_capacity(log.len() + 1);
                    longer.extend_from_slice(log);
                    longer.push(value.clone());
                    Value::Vector(Arc::new(longer))
                })
            }
            LogOp::Read(None) => Some(state.clone()),
            LogOp::Read(Some(value)) => (value == state).then(|| state.clone()),
        }
    }

    fn is_read(&self, op: &LogOp) -> bool {
        matches!(op, LogOp::Read(_))
    }
}
