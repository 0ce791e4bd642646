//! [`Value`]: what an operation carries, as EDN and JSON can write it.
//!
//! A value is sixteen bytes wide and cloning one is at most a reference count,
//! so that a history with thousands of reads of thousands of elements stays small
//! and cheap to slice.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// A shared, immutable string: one pointer wide, free to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<String>);

impl Text {
    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(s: &str) -> Self {
        Self(Arc::new(s.to_owned()))
    }
}

impl From<String> for Text {
    fn from(s: String) -> Self {
        Self(Arc::new(s))
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl serde::Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self)
    }
}

/// Anything that EDN or JSON can say.
///
/// Maps and sets are kept sorted, so that equality, order and hash do not depend on
/// the order in which a file wrote them. As in Clojure, a vector equals a list with
/// the same elements, and `1` does not equal `1.0`.
///
/// `Display` writes EDN:
///
/// ```
/// use maelstrom_check::Value;
///
/// let v: Value = serde_json::json!({"msgs": {"k1": [[0, 7], [1, 9]]}}).into();
/// assert_eq!(v.to_string(), r#"{"msgs" {"k1" [[0 7] [1 9]]}}"#);
/// assert_eq!(v.get("msgs").and_then(|m| m.get("k1")).map(|l| l.items().len()), Some(2));
/// ```
#[derive(Clone, Default)]
pub enum Value {
    /// `nil`, JSON's `null`.
    #[default]
    Nil,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits in 64 bits.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// A number that fits neither (a larger integer, a ratio, an exact decimal), as written.
    Big(Text),
    /// A single character.
    Char(char),
    /// A string.
    Str(Text),
    /// A keyword, without its colon.
    Keyword(Text),
    /// A symbol.
    Symbol(Text),
    /// `[…]`, JSON's array.
    Vector(Arc<Vec<Value>>),
    /// `(…)`.
    List(Arc<Vec<Value>>),
    /// `#{…}`, sorted.
    Set(Arc<Vec<Value>>),
    /// `{…}`, sorted by key.
    Map(Arc<Vec<(Value, Value)>>),
    /// `#tag value`: the tag without its `#`, and what it stands before.
    Tagged(Arc<(Text, Value)>),
}

impl Value {
    /// A keyword: `Value::keyword("ok")` is `:ok`.
    pub fn keyword(name: &str) -> Self {
        Self::Keyword(name.into())
    }

    /// A vector of anything that can become a value.
    pub fn vector<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::Vector(Arc::new(items.into_iter().map(Into::into).collect()))
    }

    /// A list of anything that can become a value.
    pub fn list<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(Arc::new(items.into_iter().map(Into::into).collect()))
    }

    /// A set: sorted, repeated elements dropped.
    pub fn set<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Self {
        let mut items: Vec<Value> = items.into_iter().map(Into::into).collect();
        items.sort();
        items.dedup();
        Self::Set(Arc::new(items))
    }

    /// A map. Of two entries with the same key the later stands.
    pub fn map<K: Into<Value>, V: Into<Value>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut entries: Vec<(Value, Value)> = entries
            .into_iter()
            .map(|(k, v)| (k.into(), v.into()))
            .collect();
        // A stable sort keeps equal keys in the order given; the last of each run survives.
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries.reverse();
        entries.dedup_by(|a, b| a.0 == b.0);
        entries.reverse();
        Self::Map(Arc::new(entries))
    }

    /// Whether this is `nil`.
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// The integer, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(i) => Some(*i),
            _ => None,
        }
    }

    /// Whether this is an integer, of any size.
    pub(crate) fn is_integer(&self) -> bool {
        match self {
            Self::Int(_) => true,
            Self::Big(n) => n.bytes().all(|b| b.is_ascii_digit() || b == b'-'),
            _ => false,
        }
    }

    /// The text of a string, keyword or symbol: formats differ in which of them they use for a name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Str(s) | Self::Keyword(s) | Self::Symbol(s) => Some(s),
            _ => None,
        }
    }

    /// The elements of a vector, list or set (a tagged one included); none for anything else.
    pub fn items(&self) -> &[Value] {
        match self {
            Self::Vector(v) | Self::List(v) | Self::Set(v) => v,
            Self::Tagged(t) => t.1.items(),
            _ => &[],
        }
    }

    /// Whether this is a vector, list or set.
    pub fn is_collection(&self) -> bool {
        matches!(self, Self::Vector(_) | Self::List(_) | Self::Set(_))
    }

    /// The entries of a map (a tagged map included), sorted by key; none for anything else.
    pub fn entries(&self) -> &[(Value, Value)] {
        match self {
            Self::Map(m) => m,
            Self::Tagged(t) => t.1.entries(),
            _ => &[],
        }
    }

    /// The entry of a map under the keyword or string `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries()
            .iter()
            .find(|(k, _)| k.name() == Some(key))
            .map(|(_, v)| v)
    }

    /// The same value in JSON.
    ///
    /// Keywords and symbols become strings, sets become arrays, tags are dropped,
    /// keys that are not names are written as EDN, and numbers that JSON readers would
    /// not take become strings.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("names are strings and values are plain")
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Nil => 0,
            Self::Bool(_) => 1,
            Self::Int(_) => 2,
            Self::Float(_) => 3,
            Self::Big(_) => 4,
            Self::Char(_) => 5,
            Self::Str(_) => 6,
            Self::Keyword(_) => 7,
            Self::Symbol(_) => 8,
            Self::Vector(_) | Self::List(_) => 9,
            Self::Set(_) => 10,
            Self::Map(_) => 11,
            Self::Tagged(_) => 12,
        }
    }
}

impl Ord for Value {
    /// `nil`, then booleans, numbers by kind, characters, names, collections.
    /// Sequences compare by length first, as Clojure's vectors do.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(b),
            (Self::Char(a), Self::Char(b)) => a.cmp(b),
            (Self::Big(a), Self::Big(b)) => match (self.is_integer(), other.is_integer()) {
                (true, true) => integers(a, b),
                (left, right) => right.cmp(&left).then_with(|| a.cmp(b)),
            },
            (Self::Str(a), Self::Str(b))
            | (Self::Keyword(a), Self::Keyword(b))
            | (Self::Symbol(a), Self::Symbol(b)) => a.cmp(b),
            (Self::Vector(a) | Self::List(a), Self::Vector(b) | Self::List(b))
            | (Self::Set(a), Self::Set(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            (Self::Map(a), Self::Map(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            (Self::Tagged(a), Self::Tagged(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

/// The order of two integers, written without leading zeros.
fn integers(a: &str, b: &str) -> Ordering {
    let by_size = a.len().cmp(&b.len()).then_with(|| a.cmp(b));
    match (a.starts_with('-'), b.starts_with('-')) {
        (false, false) => by_size,
        (true, true) => by_size.reverse(),
        (left, right) => right.cmp(&left),
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, h: &mut H) {
        self.rank().hash(h);
        match self {
            Self::Nil => {}
            Self::Bool(b) => b.hash(h),
            Self::Int(i) => i.hash(h),
            Self::Float(x) => x.to_bits().hash(h),
            Self::Char(c) => c.hash(h),
            Self::Big(s) | Self::Str(s) | Self::Keyword(s) | Self::Symbol(s) => s.hash(h),
            Self::Vector(v) | Self::List(v) | Self::Set(v) => v.hash(h),
            Self::Map(m) => m.hash(h),
            Self::Tagged(t) => t.hash(h),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nil => s.serialize_unit(),
            Self::Bool(b) => s.serialize_bool(*b),
            Self::Int(i) => s.serialize_i64(*i),
            Self::Float(x) => s.serialize_f64(*x),
            Self::Big(n) => match n.parse::<u64>() {
                Ok(n) => s.serialize_u64(n),
                Err(_) => s.serialize_str(n),
            },
            Self::Char(c) => s.serialize_char(*c),
            Self::Str(name) | Self::Keyword(name) | Self::Symbol(name) => s.serialize_str(name),
            Self::Vector(v) | Self::List(v) | Self::Set(v) => s.collect_seq(v.iter()),
            Self::Map(m) => {
                // In order of the names as JSON has them, of which two keys may share one.
                let entries = m.iter().map(|(key, value)| (json_key(key), value));
                s.collect_map(entries.collect::<BTreeMap<_, _>>())
            }
            Self::Tagged(t) => t.1.serialize(s),
        }
    }
}

/// A key of a map as JSON has it.
pub(super) fn json_key(key: &Value) -> Cow<'_, str> {
    match key.name() {
        Some(name) => name.into(),
        None => key.to_string().into(),
    }
}

macro_rules! from_int {
    ($($t:ty)*) => {$(
        impl From<$t> for Value {
            fn from(i: $t) -> Self {
                Self::Int(i64::from(i))
            }
        }
    )*};
}
from_int!(i64 i32 i16 i8 u32 u16 u8);

impl From<u64> for Value {
    fn from(i: u64) -> Self {
        i64::try_from(i).map_or_else(|_| Self::Big(i.to_string().into()), Self::Int)
    }
}

impl From<usize> for Value {
    fn from(i: usize) -> Self {
        Self::from(i as u64)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<f64> for Value {
    fn from(x: f64) -> Self {
        Self::Float(x)
    }
}

impl From<()> for Value {
    fn from((): ()) -> Self {
        Self::Nil
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Self::Str(s.into())
    }
}

impl From<String> for Value {
    fn from(s: String) -> Self {
        Self::Str(s.into())
    }
}

impl From<Text> for Value {
    fn from(s: Text) -> Self {
        Self::Str(s)
    }
}

impl From<&Value> for Value {
    fn from(v: &Value) -> Self {
        v.clone()
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(v: Vec<T>) -> Self {
        Self::vector(v)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Nil, Into::into)
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Nil,
            Json::Bool(b) => Self::Bool(b),
            Json::Number(n) => match (n.as_i64(), n.as_u64(), n.as_f64()) {
                (Some(i), _, _) => Self::Int(i),
                (None, Some(u), _) => Self::from(u),
                (None, None, Some(x)) => Self::Float(x),
                (None, None, None) => Self::Big(n.to_string().into()),
            },
            Json::String(s) => Self::from(s),
            Json::Array(a) => Self::vector(a),
            Json::Object(o) => Self::map(o),
        }
    }
}
