//! Requests to a map, and what becomes of one key.

use std::collections::HashMap;

use maelstrom_check::Value;

use super::{Reply, fields};

/// Keys and values are any JSON; `1` and `1.0` are two keys. Nothing may depend
/// on the order of its entries.
pub(super) type Kv = HashMap<Value, Value>;

/// What is asked of a map.
pub(super) enum Request {
    Read {
        key: Value,
    },
    Write {
        key: Value,
        value: Value,
    },
    Cas {
        key: Value,
        from: Value,
        to: Value,
        create: bool,
    },
}

impl Request {
    /// Reads a request. A field left out counts as `null`, as on Maelstrom.
    pub(super) fn read(request: &Value) -> Option<Self> {
        let field = |name: &str| request.get(name).cloned().unwrap_or_default();
        let key = field("key");
        Some(match request.get("type")?.name()? {
            "read" => Self::Read { key },
            "write" => {
                let value = field("value");
                Self::Write { key, value }
            }
            "cas" => {
                // Whatever is neither null nor false is true to Maelstrom.
                let create = field("create_if_not_exists");
                Self::Cas {
                    key,
                    from: field("from"),
                    to: field("to"),
                    create: !matches!(create, Value::Nil | Value::Bool(false)),
                }
            }
            _ => return None,
        })
    }

    pub(super) fn key(&self) -> &Value {
        let (Self::Read { key } | Self::Write { key, .. } | Self::Cas { key, .. }) = self;
        key
    }

    /// The reply where the key holds `current`, and what it is set to, if
    /// anything.
    pub(super) fn apply(&self, current: Option<&Value>) -> (Reply, Option<&Value>) {
        match (self, current) {
            (Self::Read { .. }, Some(value)) => {
                (fields("read_ok", [("value", value.clone())]), None)
            }
            (Self::Write { value, .. }, _) => (fields("write_ok", []), Some(value)),
            (Self::Cas { from, to, .. }, Some(value)) if value == from => {
                (fields("cas_ok", []), Some(to))
            }
            (Self::Cas { from, .. }, Some(value)) => (
                error(22, format!("current value {value} is not {from}")),
                None,
            ),
            (Self::Cas { to, create, .. }, None) if *create => (fields("cas_ok", []), Some(to)),
            (Self::Read { .. } | Self::Cas { .. }, None) => {
                (error(20, "key does not exist".into()), None)
            }
        }
    }

    /// The same, of a map that can't create keys by compare-and-set.
    pub(super) fn without_create(mut self) -> Self {
        if let Self::Cas { create, .. } = &mut self {
            *create = false;
        }
        self
    }
}

fn error(code: u32, text: String) -> Reply {
    fields(
        "error",
        [("code", Value::from(code)), ("text", Value::from(text))],
    )
}
