//! How far logs were sent and polled, read off completed operations.

use std::collections::BTreeMap;

use maelstrom_check::{Op, Value};

/// An offset of each of several logs, which are numbered here.
pub(super) type Offsets = BTreeMap<i64, i64>;

/// The highest offset of each log that an operation sent to.
pub(super) fn sent(op: &Op) -> Offsets {
    let mut highest = Offsets::new();
    if op.f == *"send" {
        for step in op.value.items() {
            if let [_, key, place] = step.items()
                && let (Some(key), [offset, _]) = (number(key), place.items())
                && let Some(offset) = offset.as_int()
            {
                raise(&mut highest, key, offset.max(0));
            }
        }
    }
    highest
}

/// The highest offset of each log that an operation polled, and -1 for one
/// polled in vain.
pub(super) fn polled(op: &Op) -> Offsets {
    let mut highest = Offsets::new();
    if op.f == *"poll" {
        let polled = op
            .value
            .items()
            .iter()
            .filter_map(|step| step.items().get(1));
        for (key, pairs) in polled.flat_map(Value::entries) {
            let Some(key) = number(key) else { continue };
            let offsets = pairs
                .items()
                .iter()
                .filter_map(|pair| pair.items().first()?.as_int());
            raise(&mut highest, key, offsets.max().unwrap_or(-1).max(-1));
        }
    }
    highest
}

/// Notes an offset, if it is the highest so far.
pub(super) fn raise(highest: &mut Offsets, key: i64, offset: i64) {
    let entry = highest.entry(key).or_insert(offset);
    *entry = offset.max(*entry);
}

/// The number of a log. Nodes may make up logs that have none.
fn number(key: &Value) -> Option<i64> {
    key.name()?.parse().ok()
}

/// The name of a log.
pub(super) fn name(key: i64) -> Value {
    Value::from(key.to_string())
}
