//! How far polls were behind the log.

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::ops::{Key, Ops, Run, moves};
use crate::history::{OpType, Process, Value};

/// How long it had been, when a poll began, that the log held a message which the poll's
/// process had not got to. A lower bound.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Lag {
    /// When the poll began, seconds since the start of the run.
    pub time: f64,
    /// Who polled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    /// The key that was behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Value>,
    /// By how much, in seconds.
    pub lag: f64,
}

/// The highest known offset of each run.
fn highest(runs: &[Run]) -> impl Iterator<Item = (Key, i64)> {
    runs.iter()
        .filter_map(|(k, run)| Some((*k, run.iter().filter_map(|(o, _)| *o).max()?)))
}

/// The greatest lag of any poll, the first of equals.
pub(super) fn worst(ops: &Ops<'_>) -> Lag {
    // For each key the offsets known to exist so far, and since when: both grow.
    let mut known: Vec<Vec<(i64, i64)>> = vec![Vec::new(); ops.keys.len()];
    for entry in &ops.entries {
        if !matches!(ops.kind(entry), OpType::Ok | OpType::Info) {
            continue;
        }
        let time = ops.op(entry).time;
        for (key, offset) in highest(&entry.polls).chain(highest(&entry.sends)) {
            let known = &mut known[key as usize];
            if offset > known.last().map_or(-1, |(o, _)| *o) {
                known.push((offset, time));
            }
        }
    }
    // For each process the offset that it got to, by key, in the order of assignment.
    let mut got: FxHashMap<&Process, Vec<(Key, i64)>> = FxHashMap::default();
    let mut worst: Option<(i64, i64, &Process, Key)> = None;
    for entry in ops.entries.iter().filter(|e| ops.kind(e) == OpType::Ok) {
        let op = ops.op(entry);
        let offsets = got.entry(&op.process).or_default();
        match &*op.f {
            "assign" => {
                let before = std::mem::take(offsets);
                let key = |k: &Value| ops.keys.binary_search(&k).ok().map(|i| i as Key);
                for key in op.value.items().iter().filter_map(key) {
                    let offset = before
                        .iter()
                        .find(|(k, _)| *k == key)
                        .map_or(-1, |(_, o)| *o);
                    if !offsets.iter().any(|(k, _)| *k == key) {
                        offsets.push((key, offset));
                    }
                }
            }
            "subscribe" => offsets.clear(),
            "poll" | "txn" if moves(op) => {
                // A key that was polled in vain counts from the start of its log.
                let polled = entry.polls.iter().map(|(key, _)| (*key, -1));
                let polled = polled.chain(highest(&entry.polls));
                for (key, offset) in polled.chain(highest(&entry.sends)) {
                    match offsets.iter_mut().find(|(k, _)| *k == key) {
                        Some((_, o)) => *o = (*o).max(offset),
                        None => offsets.push((key, offset)),
                    }
                }
                let Some(began) = ops.history.invocation(entry.at).map(|i| i.time) else {
                    continue;
                };
                for (key, offset) in offsets {
                    let known = &known[*key as usize];
                    let next = known.partition_point(|(o, _)| o <= offset);
                    let lag = known
                        .get(next)
                        .map_or(0, |(_, since)| (began - since).max(0));
                    if worst.is_none_or(|(most, ..)| lag > most) {
                        worst = Some((lag, began, &op.process, *key));
                    }
                }
            }
            _ => {}
        }
    }
    let seconds = |ns: i64| ns as f64 / 1e9;
    worst.map_or_else(Lag::default, |(lag, time, process, key)| Lag {
        time: seconds(time),
        process: Some(process.clone()),
        key: Some(ops.key(key)),
        lag: seconds(lag),
    })
}
