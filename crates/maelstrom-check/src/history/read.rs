//! From text to [`History`]: Jepsen's EDN in its several layouts, and JSON lines.

use std::io;
use std::path::Path;

use super::History;
use super::edn::EdnReader;
use super::op::{Op, OpType, Process};
use super::value::{Text, Value};
use crate::error::Error;

impl History {
    /// Reads a history from a file, whichever of the formats of [`parse`](Self::parse) it is in.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, else as [`parse`](Self::parse).
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let failed = |source| Error::Io {
            path: path.to_owned(),
            source,
        };
        let bytes = std::fs::read(path).map_err(failed)?;
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let reason = "it is compressed with gzip, unpack it first";
            return Err(failed(io::Error::new(io::ErrorKind::InvalidData, reason)));
        }
        match str::from_utf8(&bytes) {
            Ok(text) => Self::parse(text),
            Err(error) => Err(not_utf8(&bytes[..error.valid_up_to()])),
        }
    }

    /// Reads a history in EDN or JSON: one map per operation, each on its own or all of
    /// them in one vector or list. Maps may carry a tag such as `#jepsen.history.Op`.
    ///
    /// An operation needs a `type`; process, f, value and time may be missing.
    /// Either every operation has an `index` or none has, and then they are counted.
    ///
    /// # Errors
    /// [`Error::Syntax`] and [`Error::NotAnOp`] with line and reason; a history that
    /// cannot have happened (see [`push`](Self::push)) is an [`Error::NotAnOp`] too.
    ///
    /// ```
    /// use maelstrom_check::History;
    ///
    /// let edn = "#jepsen.history.Op{:index 0, :time 5, :type :invoke, :process 0, :f :read, :value nil}";
    /// let json = r#"{"index":0,"time":5,"type":"invoke","process":0,"f":"read","value":null}"#;
    /// assert_eq!(History::parse(edn).unwrap().ops(), History::parse(json).unwrap().ops());
    ///
    /// let error = History::parse("{:type :invoke, :process 0}\n{:type :okay}").unwrap_err();
    /// assert_eq!(error.to_string(), "line 2: type :okay is none of :invoke, :ok, :fail, :info");
    /// ```
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if looks_like_json(text) {
            parse_json(text)
        } else {
            parse_edn(text)
        }
    }

    /// A history of operations that are already values, such as one that stands inside a larger form.
    ///
    /// More lenient than [`parse`](Self::parse), for histories that people wrote to show a
    /// point: an invocation by a process that has another under way leaves that one without a
    /// completion, and an index that does not grow is replaced by one that does.
    ///
    /// # Errors
    /// [`Error::NotAnOp`]; in place of the line it has the operation's number, from one.
    pub fn from_values(values: &[Value]) -> Result<Self, Error> {
        let mut b = Builder {
            lenient: true,
            ..Builder::default()
        };
        for (i, v) in values.iter().enumerate() {
            b.add(v, i + 1)?;
        }
        Ok(b.history)
    }
}

/// The error of a text of which only this beginning is UTF-8.
fn not_utf8(good: &[u8]) -> Error {
    let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = good.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    let reason = "a byte that is no UTF-8".into();
    Error::Syntax {
        line,
        column,
        reason,
    }
}

/// JSON's objects have quoted keys; an operation in EDN never has.
fn looks_like_json(text: &str) -> bool {
    let mut rest = text.trim_start();
    if let Some(inner) = rest.strip_prefix('[') {
        rest = inner.trim_start();
    }
    rest.strip_prefix('{')
        .is_some_and(|inner| inner.trim_start().starts_with('"'))
}

fn parse_edn(text: &str) -> Result<History, Error> {
    let mut reader = EdnReader::new(text);
    let mut b = Builder::default();
    let bracket = if reader.eat('[')? {
        Some(']')
    } else if reader.eat('(')? {
        Some(')')
    } else {
        None
    };
    loop {
        if let Some(close) = bracket
            && reader.eat(close)?
        {
            if reader.at_end()? {
                break;
            }
            let line = reader.line()?;
            return Err(Error::NotAnOp {
                line,
                reason: "text after the history's end".into(),
            });
        }
        let line = reader.line()?;
        match reader.next_form()? {
            Some(form) => b.add(&form, line)?,
            None if bracket.is_none() => break,
            None => {
                let reason = "the history's opening bracket is never closed".into();
                return Err(Error::NotAnOp { line, reason });
            }
        }
    }
    Ok(b.history)
}

fn parse_json(text: &str) -> Result<History, Error> {
    let mut b = Builder::default();
    let syntax = |before: usize, e: &serde_json::Error| {
        let reason = e.to_string();
        let reason = reason
            .split(" at line ")
            .next()
            .unwrap_or_default()
            .to_owned();
        Error::Syntax {
            line: before + e.line(),
            column: e.column(),
            reason,
        }
    };
    if text.trim_start().starts_with('[') {
        let raw: Vec<&serde_json::value::RawValue> =
            serde_json::from_str(text).map_err(|e| syntax(0, &e))?;
        let (mut pos, mut line) = (0, 1);
        for op in raw {
            let start = op.get().as_ptr() as usize - text.as_ptr() as usize;
            line += text.as_bytes()[pos..start]
                .iter()
                .filter(|b| **b == b'\n')
                .count();
            pos = start;
            let op = Value::from_json(op.get()).map_err(|e| syntax(line - 1, &e))?;
            b.add(&op, line)?;
        }
        return Ok(b.history);
    }
    for (i, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let op = Value::from_json(line).map_err(|e| syntax(i, &e))?;
        b.add(&op, i + 1)?;
    }
    Ok(b.history)
}

#[derive(Default)]
struct Builder {
    history: History,
    /// The few names that every line repeats, shared.
    names: Vec<Text>,
    /// Whether operations bring their index; known after the first.
    indexed: Option<bool>,
    /// Whether a process may invoke an operation while another of its own is under way.
    lenient: bool,
}

impl Builder {
    fn share(&mut self, name: &str) -> Text {
        if let Some(known) = self.names.iter().find(|n| ***n == *name) {
            return known.clone();
        }
        let text = Text::from(name);
        if self.names.len() < 32 {
            self.names.push(text.clone());
        }
        text
    }

    fn add(&mut self, form: &Value, line: usize) -> Result<(), Error> {
        let refuse = |reason: String| Error::NotAnOp { line, reason };
        let shown = |v: &Value| {
            let s = v.to_string();
            if s.chars().count() > 60 {
                format!("{}…", s.chars().take(60).collect::<String>())
            } else {
                s
            }
        };
        if !matches!(form, Value::Map(_) | Value::Tagged(_)) || form.entries().is_empty() {
            return Err(refuse(format!(
                "an operation is a map, this is {}",
                shown(form)
            )));
        }
        let mut op = Op::new(
            OpType::Invoke,
            Process::Other("".into()),
            self.share(""),
            (),
        );
        let (mut kind, mut index) = (None, None);
        for (k, v) in form.entries() {
            let Some(key) = k.name() else {
                return Err(refuse(format!("the key {} is not a name", shown(k))));
            };
            match key {
                "type" => {
                    kind = v.name().and_then(OpType::from_name);
                    if kind.is_none() {
                        let given = shown(v);
                        return Err(refuse(format!(
                            "type {given} is none of :invoke, :ok, :fail, :info"
                        )));
                    }
                }
                "index" => match v.as_int().and_then(|i| usize::try_from(i).ok()) {
                    Some(i) => index = Some(i),
                    None => return Err(refuse(format!("index {} is no index", shown(v)))),
                },
                "time" => match v {
                    Value::Int(t) => op.time = *t,
                    Value::Nil => {}
                    _ => {
                        return Err(refuse(format!("time {} is no integer", shown(v))));
                    }
                },
                "process" => {
                    op.process = match v {
                        Value::Int(n) => u64::try_from(*n)
                            .map_or_else(|_| Process::Other(n.to_string().into()), Process::Client),
                        Value::Nil => Process::Other(self.share("")),
                        v if v.name() == Some("nemesis") => Process::Nemesis,
                        v => Process::Other(
                            v.name().map_or_else(|| v.to_string().into(), Text::from),
                        ),
                    };
                }
                "f" => {
                    op.f = match v {
                        Value::Nil => self.share(""),
                        v => match v.name() {
                            Some(name) => self.share(name),
                            None => return Err(refuse(format!("f {} is no name", shown(v)))),
                        },
                    };
                }
                "value" => op.value = v.clone(),
                "error" => op.error = (!v.is_nil()).then(|| v.clone()),
                other => op.extra.push((self.share(other), v.clone())),
            }
        }
        op.kind = kind.ok_or_else(|| refuse("an operation without a type".into()))?;
        if *self.indexed.get_or_insert(index.is_some()) != index.is_some() {
            let reason = "some operations have an index and some have not";
            return Err(refuse(reason.into()));
        }
        op.index = index.unwrap_or(self.history.len());
        self.history.append(op, self.lenient).map_err(|e| match e {
            Error::Order { reason, .. } => refuse(reason),
            other => other,
        })
    }
}
