//! Reading and writing EDN, the notation of Jepsen's files.
//!
//! Covers what Jepsen prints: all of EDN, tagged records, namespaced maps, and the
//! oddities of its exception traces (symbols with `$` and `|`, regular expressions).
//! The notation: <https://github.com/edn-format/edn>.

use std::fmt;
use std::sync::Arc;

use super::value::{Text, Value};
use crate::error::Error;

/// How deep collections may nest. A file that goes deeper is refused, not crashed on.
const MAX_DEPTH: usize = 512;

/// Reads forms one after the other from a text, and knows on which line it stands.
///
/// ```
/// use maelstrom_check::{EdnReader, Value};
///
/// let mut forms = EdnReader::new("[1 :a] ; a vector\n#{2 2}");
/// assert_eq!(forms.next_form().unwrap().unwrap().to_string(), "[1 :a]");
/// assert!(forms.next_form().is_err()); // a set may not repeat an element
/// ```
#[derive(Debug)]
pub struct EdnReader<'a> {
    text: &'a str,
    pos: usize,
    depth: usize,
    /// A position and its line, from which the next is counted.
    mark: (usize, usize),
    /// Names already seen: histories repeat a few keywords in every line.
    names: rustc_hash::FxHashMap<&'a str, Text>,
}

impl<'a> EdnReader<'a> {
    /// A reader at the start of `text`.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            pos: 0,
            depth: 0,
            mark: (0, 1),
            names: Default::default(),
        }
    }

    /// The next form, or `None` when nothing but space and comments is left.
    ///
    /// # Errors
    /// [`Error::Syntax`] with line, column and reason. The reader is of no use afterwards.
    pub fn next_form(&mut self) -> Result<Option<Value>, Error> {
        self.skip_blank()?;
        if self.pos == self.text.len() {
            Ok(None)
        } else {
            self.form().map(Some)
        }
    }

    /// The line of the next form to be read, counted from one.
    pub(crate) fn line(&mut self) -> Result<usize, Error> {
        self.skip_blank()?;
        let (from, line) = self.mark;
        let passed = self.text.as_bytes()[from..self.pos]
            .iter()
            .filter(|b| **b == b'\n')
            .count();
        self.mark = (self.pos, line + passed);
        Ok(self.mark.1)
    }

    /// Consumes `delimiter` if the next form starts with it.
    pub(crate) fn eat(&mut self, delimiter: char) -> Result<bool, Error> {
        self.skip_blank()?;
        let found = self.rest().starts_with(delimiter);
        if found {
            self.pos += delimiter.len_utf8();
        }
        Ok(found)
    }

    /// Whether only blanks are left.
    pub(crate) fn at_end(&mut self) -> Result<bool, Error> {
        self.skip_blank()?;
        Ok(self.pos == self.text.len())
    }

    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.pos..]
    }

    fn line_col(&self, pos: usize) -> (usize, usize) {
        let before = &self.text.as_bytes()[..pos];
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let start = before
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |p| p + 1);
        (line, pos - start + 1)
    }

    fn fail<T>(&self, pos: usize, reason: impl Into<String>) -> Result<T, Error> {
        let (line, column) = self.line_col(pos);
        Err(Error::Syntax {
            line,
            column,
            reason: reason.into(),
        })
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    fn skip_blank(&mut self) -> Result<(), Error> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n' | b',' | 0x0c) => self.pos += 1,
                Some(b';') => {
                    self.pos += self.rest().find('\n').unwrap_or(self.rest().len());
                }
                Some(b'#') if self.rest().starts_with("#_") => {
                    self.pos += 2;
                    self.skip_blank()?;
                    self.form()?;
                }
                _ => return Ok(()),
            }
        }
    }

    fn form(&mut self) -> Result<Value, Error> {
        self.skip_blank()?;
        let start = self.pos;
        let Some(first) = self.peek() else {
            return self.fail(start, "the text ends where a value should stand");
        };
        match first {
            b'(' => self.items(')').map(|v| Value::List(Arc::new(v))),
            b'[' => self.items(']').map(|v| Value::Vector(Arc::new(v))),
            b'{' => self.entries(None),
            b'"' => self.string().map(|s| Value::Str(s.into())),
            b'\\' => self.character(),
            b'#' => self.dispatch(),
            b':' => {
                self.pos += 1;
                let name = self.token();
                if name.is_empty() {
                    return self.fail(start, "a colon without a name");
                }
                Ok(Value::Keyword(self.intern(name)))
            }
            b')' | b']' | b'}' => {
                self.fail(start, format!("`{}` closes nothing", char::from(first)))
            }
            // Metadata says nothing about the value that follows it.
            b'^' => {
                self.pos += 1;
                self.form()?;
                self.form()
            }
            _ => self.atom(),
        }
    }

    fn intern(&mut self, name: &'a str) -> Text {
        self.names
            .entry(name)
            .or_insert_with(|| name.into())
            .clone()
    }

    fn items(&mut self, close: char) -> Result<Vec<Value>, Error> {
        let start = self.pos;
        self.pos += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail(start, format!("nested deeper than {MAX_DEPTH} levels"));
        }
        let mut out = Vec::new();
        loop {
            if self.eat(close)? {
                self.depth -= 1;
                return Ok(out);
            }
            if self.pos == self.text.len() {
                return self.fail(
                    start,
                    format!("opened here and never closed with `{close}`"),
                );
            }
            out.push(self.form()?);
        }
    }

    fn entries(&mut self, namespace: Option<&str>) -> Result<Value, Error> {
        let start = self.pos;
        let items = self.items('}')?;
        if items.len() % 2 == 1 {
            return self.fail(start, "a map with a key that has no value");
        }
        let mut entries = Vec::with_capacity(items.len() / 2);
        let mut items = items.into_iter();
        while let (Some(k), Some(v)) = (items.next(), items.next()) {
            let k = match (namespace, k) {
                (Some(ns), Value::Keyword(k)) if !k.contains('/') => {
                    Value::Keyword(format!("{ns}/{k}").into())
                }
                (_, k) => k,
            };
            entries.push((k, v));
        }
        let n = entries.len();
        let map = Value::map(entries);
        if map.entries().len() < n {
            return self.fail(start, "a map that gives one key twice");
        }
        Ok(map)
    }

    fn dispatch(&mut self) -> Result<Value, Error> {
        let start = self.pos;
        match self.text.as_bytes().get(start + 1) {
            Some(b'{') => {
                self.pos += 1;
                let items = self.items('}')?;
                let n = items.len();
                let set = Value::set(items);
                if set.items().len() < n {
                    return self.fail(start, "a set that holds one element twice");
                }
                Ok(set)
            }
            Some(b'#') => {
                self.pos += 2;
                match self.token() {
                    "NaN" => Ok(Value::Float(f64::NAN)),
                    "Inf" => Ok(Value::Float(f64::INFINITY)),
                    "-Inf" => Ok(Value::Float(f64::NEG_INFINITY)),
                    other => self.fail(start, format!("`##{other}` is no number")),
                }
            }
            Some(b'"') => {
                self.pos += 1;
                let source = self.string()?;
                Ok(Value::Tagged(Arc::new(("regex".into(), source.into()))))
            }
            Some(b':') => {
                self.pos += 2;
                let namespace = self.token();
                self.skip_blank()?;
                if self.peek() != Some(b'{') {
                    return self.fail(start, "a namespace that no map follows");
                }
                self.entries(Some(namespace))
            }
            _ => {
                self.pos += 1;
                let tag = self.token();
                if tag.is_empty() {
                    return self.fail(start, "`#` without a tag");
                }
                let tag = self.intern(tag);
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return self.fail(start, format!("nested deeper than {MAX_DEPTH} levels"));
                }
                let value = self.form()?;
                self.depth -= 1;
                Ok(Value::Tagged(Arc::new((tag, value))))
            }
        }
    }

    fn string(&mut self) -> Result<String, Error> {
        let start = self.pos;
        self.pos += 1;
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let Some(n) = rest.find(['"', '\\']) else {
                return self.fail(start, "a string that is never closed");
            };
            out.push_str(&rest[..n]);
            self.pos += n + 1;
            if rest.as_bytes()[n] == b'"' {
                return Ok(out);
            }
            let escape = self.pos;
            let Some(c) = self.rest().chars().next() else {
                return self.fail(start, "a string that is never closed");
            };
            self.pos += c.len_utf8();
            let decoded = match c {
                't' => '\t',
                'r' => '\r',
                'n' => '\n',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => {
                    let code = self
                        .rest()
                        .get(..4)
                        .and_then(|h| u32::from_str_radix(h, 16).ok());
                    let Some(code) = code else {
                        return self.fail(escape, "`\\u` wants four hexadecimal digits");
                    };
                    self.pos += 4;
                    // Half of a surrogate pair stands for no character of its own.
                    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                }
                '"' | '\\' | '/' | '\'' => c,
                // Regular expressions keep their escapes.
                other if self.text.as_bytes()[start.saturating_sub(1)] == b'#' => {
                    out.push('\\');
                    other
                }
                other => return self.fail(escape, format!("`\\{other}` is no escape")),
            };
            out.push(decoded);
        }
    }

    fn character(&mut self) -> Result<Value, Error> {
        let start = self.pos;
        self.pos += 1;
        let Some(first) = self.rest().chars().next() else {
            return self.fail(start, "`\\` without a character");
        };
        self.pos += first.len_utf8();
        let tail = self.token();
        let name = &self.text[start + 1..self.pos];
        let c = match name {
            _ if tail.is_empty() => Some(first),
            "newline" => Some('\n'),
            "space" => Some(' '),
            "tab" => Some('\t'),
            "return" => Some('\r'),
            "backspace" => Some('\u{8}'),
            "formfeed" => Some('\u{c}'),
            _ => name
                .strip_prefix('u')
                .and_then(|h| u32::from_str_radix(h, 16).ok())
                .and_then(char::from_u32),
        };
        match c {
            Some(c) => Ok(Value::Char(c)),
            None => self.fail(start, format!("`\\{name}` is no character")),
        }
    }

    /// The text up to the next delimiter, consumed.
    fn token(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest
            .bytes()
            .position(|b| {
                matches!(
                    b,
                    b' ' | b'\t'
                        | b'\r'
                        | b'\n'
                        | b','
                        | 0x0c
                        | b'('
                        | b')'
                        | b'['
                        | b']'
                        | b'{'
                        | b'}'
                        | b'"'
                        | b';'
                )
            })
            .unwrap_or(rest.len());
        self.pos += end;
        &rest[..end]
    }

    fn atom(&mut self) -> Result<Value, Error> {
        let start = self.pos;
        let token = self.token();
        let digits = token.strip_prefix(['-', '+']).unwrap_or(token);
        if digits.starts_with(|c: char| c.is_ascii_digit()) {
            return match number(token) {
                Some(n) => Ok(n),
                None => self.fail(start, format!("`{token}` is no number")),
            };
        }
        Ok(match token {
            "nil" => Value::Nil,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => Value::Symbol(self.intern(token)),
        })
    }
}

fn number(token: &str) -> Option<Value> {
    if let Ok(i) = token.parse::<i64>() {
        return Some(Value::Int(i));
    }
    let unsigned = token.trim_start_matches(['-', '+']);
    if let Some(digits) = unsigned.strip_suffix('N').or(Some(unsigned))
        && digits.bytes().all(|b| b.is_ascii_digit())
    {
        let whole = token.trim_end_matches('N');
        return Some(
            whole
                .parse()
                .map_or_else(|_| Value::Big(whole.into()), Value::Int),
        );
    }
    if let Some((above, below)) = unsigned.split_once('/') {
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        return (digits(above) && digits(below)).then(|| Value::Big(token.into()));
    }
    if let Some(exact) = unsigned.strip_suffix('M') {
        return exact
            .parse::<f64>()
            .is_ok()
            .then(|| Value::Big(token.into()));
    }
    if let Some(hex) = unsigned.strip_prefix("0x") {
        return i64::from_str_radix(hex, 16).ok().map(Value::Int);
    }
    let plain = unsigned
        .bytes()
        .all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    plain
        .then(|| token.parse().ok().map(Value::Float))
        .flatten()
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let series = |f: &mut fmt::Formatter<'_>, open: &str, items: &[Value], close: &str| {
            f.write_str(open)?;
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    f.write_str(" ")?;
                }
                write!(f, "{item}")?;
            }
            f.write_str(close)
        };
        match self {
            Value::Nil => f.write_str("nil"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Int(i) => write!(f, "{i}"),
            Value::Float(x) if x.is_nan() => f.write_str("##NaN"),
            Value::Float(x) if x.is_infinite() => {
                f.write_str(if *x > 0.0 { "##Inf" } else { "##-Inf" })
            }
            Value::Float(x) => write!(f, "{x:?}"),
            Value::Big(n) if self.is_integer() => write!(f, "{n}N"),
            Value::Big(n) => f.write_str(n),
            Value::Char(c) => match c {
                '\n' => f.write_str("\\newline"),
                ' ' => f.write_str("\\space"),
                '\t' => f.write_str("\\tab"),
                '\r' => f.write_str("\\return"),
                '\u{8}' => f.write_str("\\backspace"),
                '\u{c}' => f.write_str("\\formfeed"),
                c => write!(f, "\\{c}"),
            },
            Value::Str(s) => write_string(f, s),
            Value::Keyword(k) => write!(f, ":{k}"),
            Value::Symbol(s) => f.write_str(s),
            Value::Vector(v) => series(f, "[", v, "]"),
            Value::List(v) => series(f, "(", v, ")"),
            Value::Set(v) => series(f, "#{", v, "}"),
            Value::Map(m) => {
                f.write_str("{")?;
                for (i, (k, v)) in m.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{k} {v}")?;
                }
                f.write_str("}")
            }
            Value::Tagged(t) => write!(f, "#{} {}", t.0, t.1),
        }
    }
}

fn write_string(f: &mut fmt::Formatter<'_>, s: &str) -> fmt::Result {
    f.write_str("\"")?;
    let mut plain = 0;
    for (i, b) in s.bytes().enumerate() {
        let escape = match b {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\t' => "\\t",
            b'\r' => "\\r",
            0x08 => "\\b",
            0x0c => "\\f",
            _ => continue,
        };
        f.write_str(&s[plain..i])?;
        f.write_str(escape)?;
        plain = i + 1;
    }
    f.write_str(&s[plain..])?;
    f.write_str("\"")
}
