//! Arbitrary JSON for property tests.

use proptest::prelude::*;
use serde_json::{Map, Number, Value};

/// Any JSON value: nested, with nulls, every kind of number that fits 64 bits,
/// empty keys and any characters.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("JSON has finite numbers only", |float| {
            Number::from_f64(float).map(Value::Number)
        }),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            object(inner).prop_map(Value::Object),
        ]
    })
}

/// Any JSON object that does not use the protocol's own keys.
pub(crate) fn any_object() -> impl Strategy<Value = Map<String, Value>> {
    object(any_value())
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(any::<String>(), value, 0..5).prop_map(|members| {
        let protocol = ["type", "msg_id", "in_reply_to"];
        members
            .into_iter()
            .filter(|(key, _)| !protocol.contains(&key.as_str()))
            .collect()
    })
}
