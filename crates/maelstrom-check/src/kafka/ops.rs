//! Histories of logs in a form that is quick to walk through.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::history::{History, Op, OpType, Process, Value};

/// A key, by its place among the sorted keys.
pub(super) type Key = u32;
/// A message of a key: the two together, by number.
pub(super) type Message = u32;

/// Messages of one key, in order, with their offsets where those are known.
pub(super) type Run = (Key, Vec<(Option<i64>, Message)>);

/// An entry of the history: what it sent and polled, by key in order of first mention.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its position in the history.
    pub(super) at: usize,
    pub(super) sends: Vec<Run>,
    pub(super) polls: Vec<Run>,
}

/// The entries of clients that send, poll, or change what is polled, and what was read off them.
pub(super) struct Ops<'a> {
    pub(super) history: &'a History,
    pub(super) keys: Vec<&'a Value>,
    /// For each message its value.
    pub(super) values: Vec<&'a Value>,
    key_of: FxHashMap<&'a Value, Key>,
    /// Completions and invocations alike, in order.
    pub(super) entries: Vec<Entry>,
    /// For each message the entry, by place, of the completion that sent it last.
    pub(super) writer: Vec<Option<u32>>,
    /// For each message the places of the completions that polled it.
    pub(super) readers: Vec<Vec<u32>>,
    /// Messages that an ok poll returned.
    pub(super) polled_ok: FxHashSet<Message>,
}

impl<'a> Ops<'a> {
    pub(super) fn new(history: &'a History) -> Result<Self, String> {
        let mut keys: BTreeSet<&Value> = BTreeSet::new();
        for (_, op) in history.client_ops().filter(|(_, op)| moves(op)) {
            for step in op.value.items() {
                match step.items() {
                    [f, key, _] if f.name() == Some("send") => {
                        keys.insert(key);
                    }
                    [f, polled, ..] if f.name() == Some("poll") => {
                        keys.extend(polled.entries().iter().map(|(k, _)| k));
                    }
                    [f] if f.name() == Some("poll") => {}
                    _ => {
                        let index = op.index;
                        return Err(format!(
                            "operation {index}: {step} is neither send nor poll"
                        ));
                    }
                }
            }
        }
        let keys: Vec<&Value> = keys.into_iter().collect();
        let key_of = (0u32..).zip(&keys).map(|(i, k)| (*k, i)).collect();
        let mut ops = Self {
            history,
            keys,
            values: Vec::new(),
            key_of,
            entries: Vec::new(),
            writer: Vec::new(),
            readers: Vec::new(),
            polled_ok: FxHashSet::default(),
        };
        ops.index();
        Ok(ops)
    }

    fn index(&mut self) {
        let history = self.history;
        let mut messages: FxHashMap<(Key, &'a Value), Message> = FxHashMap::default();
        for (at, op) in history.client_ops() {
            let mut entry = Entry {
                at,
                sends: Vec::new(),
                polls: Vec::new(),
            };
            if moves(op) {
                for step in op.value.items() {
                    let [f, rest @ ..] = step.items() else {
                        continue;
                    };
                    match (f.name(), rest) {
                        (Some("send"), [key, sent]) if op.f != *"poll" => {
                            let key = self.key_of[key];
                            let (offset, value) = match sent {
                                Value::Vector(pair) if pair.len() == 2 => {
                                    (pair[0].as_int(), &pair[1])
                                }
                                other => (None, other),
                            };
                            let message = self.message(&mut messages, key, value);
                            push(&mut entry.sends, key, (offset, message));
                        }
                        (Some("poll"), [polled, ..]) if op.f != *"send" => {
                            for (key, pairs) in polled.entries() {
                                let key = self.key_of[key];
                                // A key that was polled in vain counts as polled.
                                run(&mut entry.polls, key);
                                for pair in pairs.items() {
                                    let [offset, value] = pair.items() else {
                                        continue;
                                    };
                                    let message = self.message(&mut messages, key, value);
                                    push(&mut entry.polls, key, (offset.as_int(), message));
                                }
                            }
                        }
                        _ => {}
                    }
                }
            }
            let place = u32::try_from(self.entries.len()).expect("histories are shorter than 2^32");
            if !op.is_invoke() {
                for (_, sent) in entry.sends.iter().flat_map(|(_, run)| run) {
                    self.writer[*sent as usize] = Some(place);
                }
                for (_, polled) in entry.polls.iter().flat_map(|(_, run)| run) {
                    let readers = &mut self.readers[*polled as usize];
                    if readers.last() != Some(&place) {
                        readers.push(place);
                    }
                    if op.is_ok() {
                        self.polled_ok.insert(*polled);
                    }
                }
            }
            self.entries.push(entry);
        }
    }

    fn message(
        &mut self,
        messages: &mut FxHashMap<(Key, &'a Value), Message>,
        key: Key,
        value: &'a Value,
    ) -> Message {
        *messages.entry((key, value)).or_insert_with(|| {
            self.values.push(value);
            self.writer.push(None);
            self.readers.push(Vec::new());
            u32::try_from(self.values.len() - 1).expect("histories are shorter than 2^32")
        })
    }

    pub(super) fn op(&self, entry: &Entry) -> &'a Op {
        &self.history.ops()[entry.at]
    }

    pub(super) fn kind(&self, entry: &Entry) -> OpType {
        self.op(entry).kind
    }

    pub(super) fn value(&self, message: Message) -> Value {
        self.values[message as usize].clone()
    }

    pub(super) fn key(&self, key: Key) -> Value {
        self.keys[key as usize].clone()
    }

    /// The keys that an `assign` or `subscribe` names.
    pub(super) fn assigned(&self, op: &Op) -> FxHashSet<Key> {
        op.value
            .items()
            .iter()
            .filter_map(|k| self.key_of.get(k).copied())
            .collect()
    }

    /// Whether what this completion sent is certainly in the log: it was acknowledged, or
    /// nobody knows but somebody polled some of it.
    pub(super) fn committed(&self, entry: &Entry) -> bool {
        match self.kind(entry) {
            OpType::Ok => true,
            OpType::Info => entry
                .sends
                .iter()
                .flat_map(|(_, run)| run)
                .any(|(_, message)| self.polled_ok.contains(message)),
            _ => false,
        }
    }

    /// The places of entries by process, processes in order.
    pub(super) fn by_process(&self) -> BTreeMap<&'a Process, Vec<usize>> {
        let mut by: BTreeMap<&Process, Vec<usize>> = BTreeMap::new();
        for (place, entry) in self.entries.iter().enumerate() {
            by.entry(&self.op(entry).process).or_default().push(place);
        }
        by
    }
}

/// Whether an operation can send or poll.
pub(super) fn moves(op: &Op) -> bool {
    matches!(&*op.f, "send" | "poll" | "txn")
}

fn run(runs: &mut Vec<Run>, key: Key) -> &mut Vec<(Option<i64>, Message)> {
    let i = runs.iter().position(|(k, _)| *k == key).unwrap_or_else(|| {
        runs.push((key, Vec::new()));
        runs.len() - 1
    });
    &mut runs[i].1
}

fn push(runs: &mut Vec<Run>, key: Key, message: (Option<i64>, Message)) {
    run(runs, key).push(message);
}

/// The run of a key among those of an entry.
pub(super) fn find(runs: &[Run], key: Key) -> Option<&[(Option<i64>, Message)]> {
    runs.iter()
        .find(|(k, _)| *k == key)
        .map(|(_, run)| &run[..])
}

/// What is known to stand at each offset of a key.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// By offset the messages seen there, in order of discovery.
    pub(super) at: BTreeMap<i64, Vec<Message>>,
    /// The same without gaps: one message per index.
    pub(super) by_index: Vec<Message>,
    /// The index of each message; of one at several places the last.
    pub(super) index_of: FxHashMap<Message, i64>,
}

/// Puts the logs together, from all polls and from sends that certainly took effect.
pub(super) fn logs(ops: &Ops<'_>) -> Vec<Log> {
    let mut logs: Vec<Log> = ops.keys.iter().map(|_| Log::default()).collect();
    for entry in ops.entries.iter().filter(|e| ops.kind(e) != OpType::Invoke) {
        let sends: &[Run] = if ops.committed(entry) {
            &entry.sends
        } else {
            &[]
        };
        for (key, run) in sends.iter().chain(&entry.polls) {
            for (offset, message) in run {
                if let Some(offset) = offset {
                    let there = logs[*key as usize].at.entry(*offset).or_default();
                    if !there.contains(message) {
                        there.push(*message);
                    }
                }
            }
        }
    }
    for log in &mut logs {
        for (index, there) in (0i64..).zip(log.at.values()) {
            let first = first_in_a_set(there, |m| ops.values[*m as usize]);
            log.by_index.push(first);
            log.index_of.insert(first, index);
        }
    }
    logs
}

/// Of several messages at one offset the one that upstream goes by: the first of a hash set
/// in Clojure, which for integers is known. Of others it is the one found first.
fn first_in_a_set<'v>(there: &[Message], value: impl Fn(&Message) -> &'v Value) -> Message {
    let place = |message: &Message| value(message).as_int().map(place_in_a_set);
    if there.iter().any(|message| place(message).is_none()) {
        return there[0];
    }
    let first = there.iter().copied().min_by_key(place);
    first.unwrap_or(there[0])
}

/// Where an integer stands in the order of a hash set in Clojure: its hash is Murmur3's with
/// the seed 0, and the set is a trie that takes five bits of it a level, the lowest first.
fn place_in_a_set(number: i64) -> u64 {
    let mix = |hash: u32, half: u32| {
        let word = half.wrapping_mul(0xcc9e_2d51).rotate_left(15);
        let hash = (hash ^ word.wrapping_mul(0x1b87_3593)).rotate_left(13);
        hash.wrapping_mul(5).wrapping_add(0xe654_6b64)
    };
    let hash = if number == 0 {
        0
    } else {
        let low = mix(0, number as u32);
        let mut hash = mix(low, (number >> 32) as u32) ^ 8;
        hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
        hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
        hash ^ (hash >> 16)
    };
    (0..7).fold(0, |place, level| {
        place << 5 | u64::from(hash >> (5 * level) & 31)
    })
}

#[cfg(test)]
mod tests {
    use super::place_in_a_set;

    #[test]
    fn integers_stand_as_in_a_hash_set() {
        let mut numbers: Vec<i64> = (0..12).collect();
        numbers.sort_by_key(|n| place_in_a_set(*n));
        assert_eq!(numbers, [0, 7, 1, 4, 6, 3, 2, 11, 9, 5, 10, 8]);
    }
}
