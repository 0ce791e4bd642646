//! Reading and writing JSON without losing a digit.
//!
//! serde_json makes floats of integers beyond 64 bits, and two ids of 128 bits
//! that differ may then be one and the same. So a text is read the quick way
//! first, and again with every number looked at as written when the quick way
//! met a float that may have been such an integer.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::value::{Value, json_key};

/// How deep a text may nest, as for serde_json.
const MAX_DEPTH: usize = 128;

impl Value {
    /// Reads JSON. Integers of any size stay as they are; of a key that an object
    /// gives twice the later value stands, as it does for most readers.
    ///
    /// # Errors
    /// When the text is not JSON.
    ///
    /// ```
    /// use maelstrom_check::Value;
    ///
    /// let ids = Value::from_json("[340282366920938463463374607431768211455, 1e3, 7]").unwrap();
    /// assert_eq!(ids.to_string(), "[340282366920938463463374607431768211455N 1000.0 7]");
    /// ```
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let doubtful = Cell::new(false);
        let mut reader = serde_json::Deserializer::from_str(text);
        let quick = Quick(&doubtful).deserialize(&mut reader);
        match quick.and_then(|value| reader.end().map(|()| value)) {
            Ok(value) if !doubtful.get() => Ok(value),
            _ => exact(serde_json::from_str(text)?, MAX_DEPTH),
        }
    }

    /// The same value as JSON text, as [`Value::to_json`] has it, but for integers
    /// of any size: they stay numbers.
    ///
    /// ```
    /// use maelstrom_check::Value;
    ///
    /// let text = r#"{"id":340282366920938463463374607431768211455,"sum":1.0}"#;
    /// assert_eq!(Value::from_json(text).unwrap().to_json_text(), text);
    /// ```
    pub fn to_json_text(&self) -> String {
        let mut text = String::new();
        self.write_json(&mut text);
        text
    }

    fn write_json(&self, out: &mut String) {
        match self {
            Self::Big(digits) if self.is_integer() => out.push_str(digits),
            Self::Vector(items) | Self::List(items) | Self::Set(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    item.write_json(out);
                }
                out.push(']');
            }
            Self::Map(entries) => {
                out.push('{');
                for (i, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    Self::from(&*json_key(key)).write_json(out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
            Self::Tagged(tagged) => tagged.1.write_json(out),
            _ => out.push_str(&self.to_json().to_string()),
        }
    }
}

/// Builds a value in one pass, and notes a float that may have been an integer.
#[derive(Clone, Copy)]
struct Quick<'a>(&'a Cell<bool>);

impl<'de> DeserializeSeed<'de> for Quick<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Quick<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        // `-0` is an integer as well.
        let whole = value.abs() >= 2_f64.powi(63) || (value == 0.0 && value.is_sign_negative());
        self.0.set(self.0.get() || whole);
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Vector(Arc::new(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = from.next_key::<String>()? {
            entries.push((key, from.next_value_seed(self)?));
        }
        Ok(Value::map(entries))
    }
}

/// Builds a value from text that is JSON, level by level.
fn exact(raw: &RawValue, depth: usize) -> Result<Value, serde_json::Error> {
    let text = raw.get();
    let Some(below) = depth.checked_sub(1) else {
        let reason = format!("nested deeper than {MAX_DEPTH} levels");
        return Err(serde::de::Error::custom(reason));
    };
    let exact = |raw| exact(raw, below);
    Ok(match text.as_bytes().first() {
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text)?;
            let items: Result<Vec<Value>, _> = items.into_iter().map(exact).collect();
            Value::Vector(Arc::new(items?))
        }
        Some(b'{') => {
            let entries: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
            let entry = |(key, raw)| Ok((key, exact(raw)?));
            let entries: Result<Vec<_>, serde_json::Error> =
                entries.into_iter().map(entry).collect();
            Value::map(entries?)
        }
        Some(b'-' | b'0'..=b'9') => number(text),
        _ => {
            let doubtful = Cell::new(false);
            serde_json::Deserializer::from_str(text).deserialize_any(Quick(&doubtful))?
        }
    })
}

/// A number as JSON writes it.
fn number(text: &str) -> Value {
    if text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return Value::Float(text.parse().unwrap_or(f64::NAN));
    }
    let small = text.parse().map(Value::Int);
    small.unwrap_or_else(|_| Value::Big(text.into()))
}
