//! A run as a timeline: who asked what, who sent what to whom, what was broken,
//! and what was lost on the way. Made for small runs; of large ones it leaves
//! out what servers say to each other in bulk, and says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use maelstrom_check::{Op, OpType, Process, Value};
use maelstrom_proto::{Message, NodeId};
use serde_json::Value as Json;

use crate::journal::EventKind;
use crate::run::Outcome;

/// How many different lines of servers are shown between two others.
const SHOWN: usize = 12;

/// How many lines are shown at the most: of the beginning, and of the end.
const FIRST: usize = 300;
const LAST: usize = 100;

/// How many characters of a body are shown.
const WIDEST: usize = 96;

/// One line to be, with what it is ordered by.
struct Entry {
    time: u64,
    /// Its place among the journal's events, and then in the history, whose
    /// operations come before the event of the same place.
    place: (usize, usize),
    line: Line,
}

enum Line {
    Told(String),
    /// A message with no client on either end.
    Servers(Said),
}

/// What became of a message.
#[derive(Clone)]
enum Fate {
    Arrived(Vec<u64>),
    Dropped,
    Waits,
}

impl Fate {
    const fn kind(&self) -> u8 {
        match self {
            Self::Arrived(_) => 0,
            Self::Dropped => 1,
            Self::Waits => 2,
        }
    }

    fn tell(&self, sent: u64) -> String {
        match self {
            Self::Arrived(times) if times.as_slice() == [sent] => String::new(),
            Self::Arrived(times) => {
                let late = |time: &u64| format!("{} ms", (time - sent) as f64 / 1e6);
                let late: Vec<String> = times.iter().map(late).collect();
                format!("  [arrives {} later]", late.join(" and "))
            }
            Self::Dropped => "  [lost]".into(),
            Self::Waits => "  [never arrives]".into(),
        }
    }
}

impl Outcome {
    /// The run as a timeline for a person: operations, messages and faults in
    /// order of time, a line each; of more than 400 the first 300 and the last
    /// 100. What every run begins with (`init`, and the topology) is left out.
    pub fn timeline(&self) -> String {
        let mut entries: Vec<Entry> = self.operations();
        entries.extend(self.faults());
        entries.extend(self.messages());
        entries.sort_by_key(|entry| entry.place);
        let mut text = String::new();
        let mut bulk = Bulk::default();
        for entry in entries {
            match entry.line {
                Line::Servers(said) => bulk.0.push(said),
                Line::Told(line) => {
                    bulk.end(&mut text);
                    row(&mut text, entry.time, &line);
                }
            }
        }
        bulk.end(&mut text);
        let count = text.lines().count();
        if count <= FIRST + LAST {
            return text;
        }
        let mut lines: Vec<&str> = text.lines().collect();
        let left_out = format!("… {} lines are left out …", count - FIRST - LAST);
        lines.splice(FIRST..count - LAST, [left_out.as_str()]);
        lines.join("\n") + "\n"
    }

    /// The operations of the history, each with its place.
    fn noted(&self) -> impl Iterator<Item = (&Op, (usize, usize))> {
        let ops = self.history.ops().iter().zip(&self.places).enumerate();
        ops.map(|(order, (op, place))| (op, (*place, order)))
    }

    fn operations(&self) -> Vec<Entry> {
        let ops = self.noted().filter(|(op, _)| op.is_client());
        let ops = ops.map(|(op, place)| {
            let (process, f) = (&op.process, op.f.as_str());
            let line = match op.kind {
                OpType::Invoke => {
                    let last = if op.is_final() { ", finally" } else { "" };
                    format!("process {process} calls {f}{}{last}", operand(op))
                }
                OpType::Ok => format!("process {process} gets  ok{}", operand(op)),
                OpType::Fail | OpType::Info => {
                    let error = op.error.as_ref();
                    let error = error.map_or(String::new(), |error| format!(", {error}"));
                    format!("process {process} gets  {}{}", op.kind.name(), cut(&error))
                }
            };
            Entry {
                time: nanoseconds(op),
                place,
                line: Line::Told(line),
            }
        });
        ops.collect()
    }

    /// What the nemesis did, once it was done; what mends what was whole is
    /// left out.
    fn faults(&self) -> Vec<Entry> {
        let mut begun: BTreeSet<&str> = BTreeSet::new();
        let mut standing: BTreeSet<&str> = BTreeSet::new();
        let mut entries = Vec::new();
        for (op, place) in self.noted() {
            let f = op.f.as_str();
            // Everything is noted twice: before and after.
            if op.process != Process::Nemesis || begun.insert(f) {
                continue;
            }
            begun.remove(f);
            let undone = match f {
                "start" => Some("kill"),
                "resume" => Some("pause"),
                "stop-partition" => Some("start-partition"),
                "stop-loss" => Some("start-loss"),
                "stop-duplicate" => Some("start-duplicate"),
                "stop-slow" => Some("start-slow"),
                "stop-skew" => Some("start-skew"),
                _ => None,
            };
            match undone {
                Some(undone) if !standing.remove(undone) => continue,
                Some(_) => {}
                // What was to hit nodes may have hit none.
                None if matches!(f, "kill" | "pause" | "start-skew") && hit(op).is_empty() => {
                    continue;
                }
                None => {
                    standing.insert(f);
                }
            }
            entries.push(Entry {
                time: nanoseconds(op),
                place,
                line: Line::Told(format!("-- {}", self.fault(op))),
            });
        }
        entries
    }

    fn fault(&self, op: &Op) -> String {
        let nodes = || hit(op).join(", ");
        match op.f.as_str() {
            "start-partition" => {
                let grudge = op.value.items().get(1).unwrap_or(&Value::Nil);
                partition_in_words(&self.settings.nodes, grudge)
            }
            "stop-partition" => "the network is whole again".into(),
            "kill" => format!("{} killed", nodes()),
            "start" => format!("{} started again, knowing nothing", nodes()),
            "pause" => format!("{} paused", nodes()),
            "resume" => "the paused nodes go on".into(),
            "start-loss" => "from now on messages are lost".into(),
            "start-duplicate" => "from now on messages arrive twice".into(),
            "start-slow" => "from now on messages are slow".into(),
            "start-skew" => format!("wall clocks jump: {}", op.value),
            "stop-skew" => "the wall clocks are right again".into(),
            "stop-loss" => "messages are lost no more".into(),
            "stop-duplicate" => "messages arrive once again".into(),
            "stop-slow" => "messages are as fast as before".into(),
            other => format!("{other} {}", op.value),
        }
    }

    fn messages(&self) -> Vec<Entry> {
        let mut fates = vec![Fate::Waits; self.journal.messages.len()];
        let mut sent = Vec::new();
        for (order, event) in self.journal.events.iter().enumerate() {
            let Some(message) = self.journal.message(event) else {
                continue;
            };
            let place = usize::try_from(event.message).unwrap_or_default();
            match (event.kind, &mut fates[place]) {
                (EventKind::Send, _) => sent.push((order, event.time, place, message)),
                (EventKind::Receive, Fate::Arrived(times)) => times.push(event.time),
                (EventKind::Receive, fate) => *fate = Fate::Arrived(vec![event.time]),
                // Of a message that was doubled one may arrive.
                (EventKind::Drop, Fate::Arrived(_)) => {}
                (EventKind::Drop, fate) => *fate = Fate::Dropped,
            }
        }
        let told = sent
            .into_iter()
            .filter_map(|(order, time, place, message)| {
                let header = message.body.header().ok()?;
                let with_client = message.involves_client();
                let set_up = ["init", "init_ok", "topology", "topology_ok"];
                if with_client && set_up.contains(&&*header.kind) {
                    return None;
                }
                let text = format!("   {} → {}  {}", message.src, message.dest, body(message));
                let fate = fates[place].clone();
                let line = if with_client {
                    Line::Told(text + &fate.tell(time))
                } else {
                    let kind = header.kind.to_string();
                    Line::Servers(Said {
                        time,
                        text,
                        kind,
                        fate,
                    })
                };
                Some(Entry {
                    time,
                    place: (order, usize::MAX),
                    line,
                })
            });
        told.collect()
    }
}

/// Messages of servers between two other lines. Where there are many, the same
/// one said again is counted, and of many different ones only the first are
/// shown.
#[derive(Default)]
struct Bulk(Vec<Said>);

struct Said {
    time: u64,
    text: String,
    kind: String,
    fate: Fate,
}

impl Bulk {
    fn end(&mut self, out: &mut String) {
        let all = std::mem::take(&mut self.0);
        if all.len() <= SHOWN {
            for said in all {
                row(out, said.time, &(said.text + &said.fate.tell(said.time)));
            }
            return;
        }
        // How often each is said, and when for the last time; by its first place.
        let mut lines: Vec<(&Said, usize, u64)> = Vec::new();
        let mut places: BTreeMap<(&str, u8), usize> = BTreeMap::new();
        let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
        let mut last = 0;
        for said in &all {
            let what = (said.text.as_str(), said.fate.kind());
            if let Some(place) = places.get(&what) {
                let (_, count, last) = &mut lines[*place];
                (*count, *last) = (*count + 1, said.time);
            } else if lines.len() < SHOWN {
                places.insert(what, lines.len());
                lines.push((said, 1, said.time));
            } else {
                *left_out.entry(&said.kind).or_default() += 1;
                last = said.time;
            }
        }
        for (said, count, last) in lines {
            let again = match count {
                1 => String::new(),
                _ => format!("  ({count} times, the last at {})", seconds(last)),
            };
            let fate = said.fate.tell(said.time);
            row(out, said.time, &format!("{}{fate}{again}", said.text));
        }
        if !left_out.is_empty() {
            let count: usize = left_out.values().sum();
            let kinds = left_out
                .iter()
                .map(|(kind, count)| format!("{count} {kind}"));
            let kinds = kinds.collect::<Vec<_>>().join(", ");
            let line = format!("   … {count} more between servers: {kinds}");
            row(out, last, &line);
        }
    }
}

/// The nodes to which something was done.
fn hit(op: &Op) -> Vec<&str> {
    let hit = op.value.entries().iter();
    let hit =
        hit.filter(|(_, what)| !matches!(what.name(), Some("already-running" | "not-running")));
    hit.filter_map(|(node, _)| node.name()).collect()
}

fn row(out: &mut String, time: u64, line: &str) {
    // Writing to a string can't fail.
    let _ = writeln!(out, "{:>10}  {line}", seconds(time));
}

fn seconds(time: u64) -> String {
    format!("{:.3} s", time as f64 / 1e9)
}

fn nanoseconds(op: &Op) -> u64 {
    u64::try_from(op.time).unwrap_or_default()
}

fn operand(op: &Op) -> String {
    match &op.value {
        Value::Nil => String::new(),
        value => format!(" {}", cut(&value.to_string())),
    }
}

/// The type of a message and its fields, without the protocol's own.
fn body(message: &Message) -> String {
    let fields: serde_json::Map<String, Json> =
        serde_json::from_str(message.body.as_str()).unwrap_or_default();
    let kind = fields.get("type").and_then(Json::as_str).unwrap_or("?");
    let own = fields
        .iter()
        .filter(|(name, _)| !["type", "msg_id", "in_reply_to"].contains(&name.as_str()));
    let own: Vec<String> = own
        .map(|(name, value)| format!(" {name}={value}"))
        .collect();
    format!("{kind}{}", cut(&own.concat()))
}

/// As much of a text as fits a line.
fn cut(text: &str) -> String {
    if text.chars().count() <= WIDEST {
        return text.to_owned();
    }
    format!("{}…", text.chars().take(WIDEST).collect::<String>())
}

/// A partition in words, from what the history says of it: for each node those
/// that it does not hear.
pub(crate) fn partition_in_words(nodes: &[NodeId], grudge: &Value) -> String {
    // Whom each node hears. Nodes that hear the same ones form a group.
    let mut groups: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    let names = || nodes.iter().map(NodeId::as_str);
    for node in names() {
        let cut_off = grudge.entries().iter();
        let cut_off = cut_off.filter(|(id, _)| id.name() == Some(node));
        let unheard: Vec<&str> = cut_off
            .flat_map(|(_, from)| from.items().iter().filter_map(Value::name))
            .collect();
        let heard = names().filter(|other| !unheard.contains(other)).collect();
        groups.entry(heard).or_default().push(node);
    }
    if groups.len() < 2 {
        return "a partition cuts nobody off".into();
    }
    if groups.iter().all(|(heard, members)| heard == members) {
        let groups: Vec<String> = groups
            .into_values()
            .map(|members| members.join(" "))
            .collect();
        return format!("the network is cut: {}", groups.join(" | "));
    }
    let heard = groups.iter().flat_map(|(heard, members)| {
        let heard = heard.join(" ");
        members
            .iter()
            .map(move |node| format!("{node} hears {heard}"))
    });
    heard.collect::<Vec<String>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(grudge: &[(&str, &[&str])]) -> String {
        let nodes = ["n0", "n1", "n2"].map(NodeId::from);
        let grudge = grudge
            .iter()
            .map(|(node, from)| (Value::from(*node), Value::set(from.to_vec())));
        partition_in_words(&nodes, &Value::map(grudge.collect::<Vec<_>>()))
    }

    #[test]
    fn a_partition_is_told_as_groups_where_it_makes_groups() {
        let halves = words(&[("n0", &["n1", "n2"]), ("n1", &["n0"]), ("n2", &["n0"])]);
        assert_eq!(halves, "the network is cut: n0 | n1 n2");
        let one_way = words(&[("n1", &["n0"])]);
        assert_eq!(
            one_way,
            "n0 hears n0 n1 n2, n2 hears n0 n1 n2, n1 hears n1 n2"
        );
        assert_eq!(words(&[]), "a partition cuts nobody off");
    }
}
