//! What can be wrong with a log and with how it was sent to and polled.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::ops::{Entry, Key, Log, Message, Ops, find, logs, moves};
use super::{KafkaError, KafkaErrors};
use crate::history::{Op, OpType, Value};

/// How many errors of a kind are kept.
const SHOWN: usize = 32;
/// Of those about order, fewer.
const SHOWN_OF_ORDER: usize = 8;

type Errors = BTreeMap<&'static str, Vec<KafkaError>>;

/// All errors but cycles, by kind.
pub(super) fn all(ops: &Ops<'_>) -> BTreeMap<String, KafkaErrors> {
    let logs = logs(ops);
    let mut errors = Errors::new();
    of_logs(ops, &logs, &mut errors);
    aborted(ops, &mut errors);
    precommitted(ops, &mut errors);
    lost(ops, &logs, &mut errors);
    inside(ops, &logs, &mut errors);
    for places in ops.by_process().values() {
        polls_of_process(ops, &logs, places, &mut errors);
        sends_of_process(ops, &logs, places, &mut errors);
    }
    let mut found: BTreeMap<String, KafkaErrors> = errors
        .into_iter()
        .map(|(kind, mut errs)| {
            let count = errs.len();
            sort(kind, &mut errs);
            (kind.to_owned(), KafkaErrors::Found { count, errs })
        })
        .collect();
    if let Some(unseen) = unseen(ops) {
        found.insert("unseen".into(), unseen);
    }
    found
}

/// Brings the gravest to the front and drops the rest.
fn sort(kind: &str, errs: &mut Vec<KafkaError>) {
    match kind {
        "duplicate" => errs.sort_by_key(|e| e.count),
        "inconsistent-offsets" => errs.sort_by_key(|e| e.values.len()),
        _ if kind.contains("nonmonotonic") => errs.sort_by_key(|e| e.delta),
        _ if kind.contains("skip") => errs.sort_by_key(|e| e.delta),
        _ => {}
    }
    if kind.contains("skip") {
        errs.drain(..errs.len().saturating_sub(SHOWN_OF_ORDER));
    } else if kind.contains("nonmonotonic") {
        errs.truncate(SHOWN_OF_ORDER);
    } else {
        errs.truncate(SHOWN);
    }
}

fn of_logs(ops: &Ops<'_>, logs: &[Log], errors: &mut Errors) {
    for (key, log) in (0..).zip(logs) {
        let mut places: BTreeMap<&Value, (Message, Vec<i64>)> = BTreeMap::new();
        for (index, (offset, there)) in (0..).zip(&log.at) {
            for message in there {
                let value = ops.values[*message as usize];
                places
                    .entry(value)
                    .or_insert((*message, Vec::new()))
                    .1
                    .push(*offset);
            }
            if there.len() > 1 {
                let mut values: Vec<Value> = there.iter().map(|m| ops.value(*m)).collect();
                values.sort();
                errors
                    .entry("inconsistent-offsets")
                    .or_default()
                    .push(KafkaError {
                        key: Some(ops.key(key)),
                        offset: Some(*offset),
                        index: Some(index),
                        values,
                        ..KafkaError::default()
                    });
            }
        }
        for (value, (_, offsets)) in places.into_iter().filter(|(_, (_, o))| o.len() > 1) {
            errors.entry("duplicate").or_default().push(KafkaError {
                key: Some(ops.key(key)),
                value: Some(value.clone()),
                count: Some(offsets.len()),
                offsets,
                ..KafkaError::default()
            });
        }
    }
}

/// Each message that an entry polled, with its key.
fn polled(entry: &Entry) -> impl Iterator<Item = (Key, Message)> {
    entry
        .polls
        .iter()
        .flat_map(|(key, run)| run.iter().map(|(_, m)| (*key, *m)))
}

fn aborted(ops: &Ops<'_>, errors: &mut Errors) {
    let mut failed: FxHashSet<Message> = FxHashSet::default();
    for entry in ops.entries.iter().filter(|e| ops.kind(e) == OpType::Fail) {
        failed.extend(entry.sends.iter().flat_map(|(_, run)| run).map(|(_, m)| *m));
    }
    for entry in ops.entries.iter().filter(|e| ops.kind(e) == OpType::Ok) {
        for (key, message) in polled(entry).filter(|(_, m)| failed.contains(m)) {
            errors.entry("G1a").or_default().push(KafkaError {
                key: Some(ops.key(key)),
                value: Some(ops.value(message)),
                writer: writer(ops, message),
                reader: Some(ops.op(entry).clone()),
                ..KafkaError::default()
            });
        }
    }
}

fn writer(ops: &Ops<'_>, message: Message) -> Option<Op> {
    let place = ops.writer[message as usize]?;
    Some(ops.op(&ops.entries[place as usize]).clone())
}

fn precommitted(ops: &Ops<'_>, errors: &mut Errors) {
    for entry in &ops.entries {
        let own: FxHashSet<Message> = entry
            .sends
            .iter()
            .flat_map(|(_, run)| run)
            .map(|(_, m)| *m)
            .collect();
        if own.is_empty() {
            continue;
        }
        // One error a key is enough.
        let mut told: FxHashSet<Key> = FxHashSet::default();
        for (key, message) in polled(entry).filter(|(_, m)| own.contains(m)) {
            if told.insert(key) {
                errors
                    .entry("precommitted-read")
                    .or_default()
                    .push(KafkaError {
                        key: Some(ops.key(key)),
                        value: Some(ops.value(message)),
                        op: Some(ops.op(entry).clone()),
                        ..KafkaError::default()
                    });
            }
        }
    }
}

fn lost(ops: &Ops<'_>, logs: &[Log], errors: &mut Errors) {
    for (key, log) in (0..).zip(logs) {
        // Where each message stands first, and where last.
        let mut first: FxHashMap<Message, i64> = FxHashMap::default();
        let mut last: FxHashMap<Message, i64> = FxHashMap::default();
        for (index, there) in (0i64..).zip(log.at.values()) {
            for message in there {
                first.entry(*message).or_insert(index);
                last.insert(*message, index);
            }
        }
        let polled = |m: &Message| ops.polled_ok.contains(m);
        let Some(bound) = first
            .iter()
            .filter(|(m, _)| polled(m))
            .map(|(_, i)| *i)
            .max()
        else {
            continue;
        };
        let mut missing: Vec<(i64, Message)> = last
            .iter()
            .filter(|(m, index)| **index <= bound && !polled(m))
            .map(|(m, index)| (*index, *m))
            .collect();
        missing.sort_unstable();
        let max_read = log.at.values().nth(bound as usize).and_then(|there| {
            let reader = there
                .iter()
                .find_map(|m| ops.readers[*m as usize].first())?;
            Some(ops.op(&ops.entries[*reader as usize]).clone())
        });
        for (_, message) in missing {
            let Some(place) = ops.writer[message as usize] else {
                continue;
            };
            if ops.committed(&ops.entries[place as usize]) {
                errors.entry("lost-write").or_default().push(KafkaError {
                    key: Some(ops.key(key)),
                    value: Some(ops.value(message)),
                    index: first.get(&message).copied(),
                    max_read_index: Some(bound),
                    writer: writer(ops, message),
                    max_read: max_read.clone(),
                    ..KafkaError::default()
                });
            }
        }
    }
}

/// How far the index moves from one message to the next; one place if that is not known.
fn delta(log: &Log, from: Option<Message>, to: Option<Message>) -> i64 {
    let index = |m: Option<Message>| m.and_then(|m| log.index_of.get(&m)).copied();
    match (index(from), index(to)) {
        (Some(from), Some(to)) => to - from,
        _ => 1,
    }
}

/// The messages strictly between two.
fn between(ops: &Ops<'_>, log: &Log, from: Message, to: Message) -> Vec<Value> {
    let range = (log.index_of[&from] + 1) as usize..log.index_of[&to] as usize;
    log.by_index[range].iter().map(|m| ops.value(*m)).collect()
}

/// Skips and steps back within one operation.
fn inside(ops: &Ops<'_>, logs: &[Log], errors: &mut Errors) {
    for entry in &ops.entries {
        let op = ops.op(entry);
        let mut rebalanced: FxHashSet<Key> = FxHashSet::default();
        for event in op.field("rebalance-log").map_or(&[][..], Value::items) {
            let keys = event.get("keys").map_or(&[][..], Value::items);
            rebalanced.extend(
                keys.iter()
                    .filter_map(|k| ops.keys.binary_search(&k).ok().map(|i| i as Key)),
            );
        }
        let polls = entry
            .polls
            .iter()
            .filter(|(key, _)| !rebalanced.contains(key));
        let polls = polls.map(|run| (run, "int-poll-skip", "int-nonmonotonic-poll"));
        let sends = entry.sends.iter().filter(|_| !op.is_invoke());
        let sends = sends.map(|run| (run, "int-send-skip", "int-nonmonotonic-send"));
        for ((key, run), skip, back) in polls.chain(sends) {
            let log = &logs[*key as usize];
            for pair in run.windows(2) {
                let (from, to) = (pair[0].1, pair[1].1);
                let delta = delta(log, Some(from), Some(to));
                let skipped = if delta > 1 {
                    between(ops, log, from, to)
                } else {
                    Vec::new()
                };
                if delta != 1 {
                    let kind = if delta > 1 { skip } else { back };
                    errors.entry(kind).or_default().push(KafkaError {
                        key: Some(ops.key(*key)),
                        values: vec![ops.value(from), ops.value(to)],
                        delta: Some(delta),
                        skipped,
                        op: Some(op.clone()),
                        ..KafkaError::default()
                    });
                }
            }
        }
    }
}

/// Skips and steps back from one poll of a process to its next.
fn polls_of_process(ops: &Ops<'_>, logs: &[Log], places: &[usize], errors: &mut Errors) {
    // The last entry that polled each key.
    let mut last: FxHashMap<Key, usize> = FxHashMap::default();
    for place in places {
        let entry = &ops.entries[*place];
        let op = ops.op(entry);
        match &*op.f {
            "assign" | "subscribe" if !matches!(op.kind, OpType::Invoke | OpType::Fail) => {
                let keys = ops.assigned(op);
                last.retain(|key, _| keys.contains(key));
            }
            "txn" | "poll" => {
                for (key, run) in &entry.polls {
                    let Some(before) = last.get(key) else {
                        continue;
                    };
                    let log = &logs[*key as usize];
                    let from = find(&ops.entries[*before].polls, *key).and_then(|r| r.last());
                    let (from, to) = (from.map(|m| m.1), run.first().map(|m| m.1));
                    let delta = delta(log, from, to);
                    let (Some(from), Some(to)) = (from, to) else {
                        continue;
                    };
                    let mut error = KafkaError {
                        key: Some(ops.key(*key)),
                        delta: Some(delta),
                        ops: vec![ops.op(&ops.entries[*before]).clone(), op.clone()],
                        ..KafkaError::default()
                    };
                    if delta > 1 {
                        error.skipped = between(ops, log, from, to);
                        errors.entry("poll-skip").or_default().push(error);
                    } else if delta < 1 {
                        error.values = vec![ops.value(from), ops.value(to)];
                        errors.entry("nonmonotonic-poll").or_default().push(error);
                    }
                }
                if op.is_ok() {
                    last.extend(entry.polls.iter().map(|(key, _)| (*key, *place)));
                }
            }
            _ => {}
        }
    }
}

/// Steps back from one send of a process to its next.
fn sends_of_process(ops: &Ops<'_>, logs: &[Log], places: &[usize], errors: &mut Errors) {
    let mut last: FxHashMap<Key, usize> = FxHashMap::default();
    for place in places {
        let entry = &ops.entries[*place];
        let op = ops.op(entry);
        if !matches!(op.kind, OpType::Ok | OpType::Info) {
            continue;
        }
        match &*op.f {
            "assign" | "subscribe" => {
                let keys = ops.assigned(op);
                last.retain(|key, _| keys.contains(key));
            }
            "txn" | "send" => {
                for (key, run) in &entry.sends {
                    if let Some(before) = last.insert(*key, *place) {
                        let from = find(&ops.entries[before].sends, *key).and_then(|r| r.last());
                        let (from, to) = (from.map(|m| m.1), run.first().map(|m| m.1));
                        let delta = delta(&logs[*key as usize], from, to);
                        if let (Some(from), Some(to)) = (from, to)
                            && delta < 1
                        {
                            errors
                                .entry("nonmonotonic-send")
                                .or_default()
                                .push(KafkaError {
                                    key: Some(ops.key(*key)),
                                    values: vec![ops.value(from), ops.value(to)],
                                    delta: Some(delta),
                                    ops: vec![ops.op(&ops.entries[before]).clone(), op.clone()],
                                    ..KafkaError::default()
                                });
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

fn unseen(ops: &Ops<'_>) -> Option<KafkaErrors> {
    let oks = || {
        ops.entries
            .iter()
            .filter(|e| ops.kind(e) == OpType::Ok && moves(ops.op(e)))
    };
    let last = oks().next_back()?;
    let mut unseen: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
    let mut counted: FxHashSet<Message> = FxHashSet::default();
    for (key, run) in oks().flat_map(|e| &e.sends) {
        for (_, message) in run {
            if !ops.polled_ok.contains(message) && counted.insert(*message) {
                unseen.entry(*key).or_default().push(ops.value(*message));
            }
        }
    }
    // Upstream counts what the very last operation polled from keys that nobody had polled
    // or successfully sent to before.
    let earlier: FxHashSet<Key> = oks()
        .filter(|e| e.at < last.at)
        .flat_map(|e| e.sends.iter().chain(&e.polls))
        .map(|(key, _)| *key)
        .collect();
    for (key, run) in &last.polls {
        if !earlier.contains(key) && find(&last.sends, *key).is_none() {
            for (_, message) in run.iter().filter(|(_, m)| counted.insert(*m)) {
                unseen.entry(*key).or_default().push(ops.value(*message));
            }
        }
    }
    if unseen.is_empty() {
        return None;
    }
    let name = |key: &Key| {
        let key = ops.keys[*key as usize];
        key.name().map_or_else(|| key.to_string(), str::to_owned)
    };
    let mut messages: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (key, mut values) in unseen {
        values.sort();
        counts.insert(name(&key), values.len());
        values.truncate(SHOWN);
        messages.insert(name(&key), values);
    }
    Some(KafkaErrors::Unseen {
        time: ops.op(last).time,
        unseen: counts,
        messages,
    })
}
