//! [`Op`]: one line of a history.

use std::fmt;

use super::value::{Text, Value};

/// What an entry of a history says about its operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpType {
    /// A process asks for something.
    Invoke,
    /// It happened.
    Ok,
    /// It did not happen and never will.
    Fail,
    /// Nobody knows whether it happened. For faults: something was done.
    Info,
}

impl OpType {
    /// `invoke`, `ok`, `fail` or `info`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invoke => "invoke",
            Self::Ok => "ok",
            Self::Fail => "fail",
            Self::Info => "info",
        }
    }

    /// The type of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Invoke, Self::Ok, Self::Fail, Self::Info]
            .into_iter()
            .find(|t| t.name() == name)
    }
}

impl fmt::Display for OpType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Process {
    /// A logically single-threaded client.
    Client(u64),
    /// The source of faults.
    Nemesis,
    /// Anything else that a file names; checkers of clients ignore it.
    Other(Text),
}

impl From<u64> for Process {
    fn from(n: u64) -> Self {
        Self::Client(n)
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(n) => write!(f, "{n}"),
            Self::Nemesis => f.write_str("nemesis"),
            Self::Other(name) => f.write_str(name),
        }
    }
}

/// As Jepsen writes it: a number, or a name.
impl serde::Serialize for Process {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Client(n) => s.serialize_u64(*n),
            Self::Other(name) if name.is_empty() => s.serialize_unit(),
            other => s.collect_str(other),
        }
    }
}

/// One entry of a history.
#[derive(Debug, Clone, PartialEq)]
pub struct Op {
    /// Its place in the history that it was recorded in, from zero.
    pub index: usize,
    /// Nanoseconds since the start of the run.
    pub time: i64,
    /// Invocation, or what kind of completion.
    pub kind: OpType,
    /// Who did it.
    pub process: Process,
    /// What was done: `read`, `write`, `txn`, …
    pub f: Text,
    /// The operand of an invocation, the result of a completion.
    pub value: Value,
    /// Why it did not end well.
    pub error: Option<Value>,
    /// Whatever else was recorded: `final?`, `exception`, …
    pub extra: Vec<(Text, Value)>,
}

impl Op {
    /// An entry at index and time zero.
    pub fn new(
        kind: OpType,
        process: impl Into<Process>,
        f: impl Into<Text>,
        value: impl Into<Value>,
    ) -> Self {
        Self {
            index: 0,
            time: 0,
            kind,
            process: process.into(),
            f: f.into(),
            value: value.into(),
            error: None,
            extra: Vec::new(),
        }
    }

    /// An invocation.
    pub fn invoke(
        process: impl Into<Process>,
        f: impl Into<Text>,
        value: impl Into<Value>,
    ) -> Self {
        Self::new(OpType::Invoke, process, f, value)
    }

    /// A completion of something that happened.
    pub fn ok(process: impl Into<Process>, f: impl Into<Text>, value: impl Into<Value>) -> Self {
        Self::new(OpType::Ok, process, f, value)
    }

    /// A completion of something that certainly did not happen.
    pub fn fail(process: impl Into<Process>, f: impl Into<Text>, value: impl Into<Value>) -> Self {
        Self::new(OpType::Fail, process, f, value)
    }

    /// A completion of something that may or may not have happened, or a fault.
    pub fn info(process: impl Into<Process>, f: impl Into<Text>, value: impl Into<Value>) -> Self {
        Self::new(OpType::Info, process, f, value)
    }

    /// The same at a time, in nanoseconds since the start of the run.
    #[must_use]
    pub fn at(mut self, time: i64) -> Self {
        self.time = time;
        self
    }

    /// The same with an error.
    #[must_use]
    pub fn with_error(mut self, error: impl Into<Value>) -> Self {
        self.error = Some(error.into());
        self
    }

    /// The same with another field.
    #[must_use]
    pub fn with(mut self, field: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.extra.push((field.into(), value.into()));
        self
    }

    /// Whether a client did this.
    pub fn is_client(&self) -> bool {
        matches!(self.process, Process::Client(_))
    }

    /// Whether it is an invocation.
    pub fn is_invoke(&self) -> bool {
        self.kind == OpType::Invoke
    }

    /// Whether it completed well.
    pub fn is_ok(&self) -> bool {
        self.kind == OpType::Ok
    }

    /// Whether it is marked as one of the final operations, after recovery.
    pub fn is_final(&self) -> bool {
        self.field("final?") == Some(&Value::Bool(true))
    }

    /// A field beyond the usual ones.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.extra.iter().find(|(k, _)| *k == name).map(|(_, v)| v)
    }

    /// Seconds since the start of the run.
    pub fn seconds(&self) -> f64 {
        self.time as f64 / 1e9
    }

    /// The entry as Jepsen writes it.
    pub fn to_edn(&self) -> String {
        use fmt::Write;
        let mut s = format!(
            "{{:index {}, :time {}, :type :{}",
            self.index, self.time, self.kind
        );
        let mut field = |k: &str, v: &dyn fmt::Display| {
            write!(s, ", :{k} {v}").expect("writing to a string cannot fail");
        };
        match &self.process {
            Process::Client(n) => field("process", n),
            Process::Nemesis => field("process", &":nemesis"),
            Process::Other(name) if name.is_empty() => field("process", &"nil"),
            Process::Other(name) => field("process", &Value::Keyword(name.clone())),
        }
        if self.f.is_empty() {
            field("f", &"nil");
        } else {
            field("f", &Value::Keyword(self.f.clone()));
        }
        field("value", &self.value);
        if let Some(error) = &self.error {
            field("error", error);
        }
        for (k, v) in &self.extra {
            field(k, v);
        }
        s.push('}');
        s
    }

    /// The entry as a JSON object, on one line.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an operation has string keys and plain values")
    }
}

/// As a JSON object; `type` and `f` are plain strings.
impl serde::Serialize for Op {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut m = s.serialize_map(None)?;
        m.serialize_entry("index", &self.index)?;
        m.serialize_entry("time", &self.time)?;
        m.serialize_entry("type", self.kind.name())?;
        m.serialize_entry("process", &self.process)?;
        m.serialize_entry("f", &(!self.f.is_empty()).then_some(&self.f))?;
        m.serialize_entry("value", &self.value)?;
        if let Some(error) = &self.error {
            m.serialize_entry("error", error)?;
        }
        for (k, v) in &self.extra {
            m.serialize_entry(k, v)?;
        }
        m.end()
    }
}
