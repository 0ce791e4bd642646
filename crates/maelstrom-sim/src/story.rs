//! Why a run failed, told for the person at the terminal: which value, which
//! node, when, and what the network looked like then. The checkers know only
//! processes; a run's settings say which node each of them spoke to.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use maelstrom_check::{History, Op, Process, Results, Value, Workload};

use crate::run::Outcome;
use crate::settings::Settings;
use crate::timeline::partition_in_words;

/// How many values are named of those that share a fate.
const NAMED: usize = 6;

impl Outcome {
    /// What the checkers found, as a story: what went wrong, with which value,
    /// on which node, when, and what the network looked like then.
    pub fn story(&self, results: &Results) -> String {
        story(&self.settings, &self.history, results)
    }
}

/// The story of a history that was recorded elsewhere, under settings that are known.
pub fn story(settings: &Settings, history: &History, results: &Results) -> String {
    let story = results.story();
    match settings.workload {
        Workload::Broadcast | Workload::GSet => lost_values(settings, history) + &story,
        _ => story,
    }
}

/// The values that a node's final read misses: who was told each, when, which
/// nodes lack it, and what had befallen them.
fn lost_values(settings: &Settings, history: &History) -> String {
    let Some(final_reads) = final_reads(settings, history) else {
        return String::new();
    };
    let ever_read = ever_read(settings, history);
    // Values that the same nodes lack for the same reason, told together.
    let mut fates: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut count = 0;
    for (position, op) in history.client_ops() {
        let was_told = op.is_invoke() && ["broadcast", "add"].contains(&op.f.as_str());
        let acknowledged = history.completion(position).is_some_and(Op::is_ok);
        if !was_told || !acknowledged {
            continue;
        }
        let told_to = node_of(settings, &op.process);
        let told = format!(
            "{} (told to {} at {:.3} s)",
            op.value,
            told_to.unwrap_or("a node"),
            op.seconds()
        );
        let missing = final_reads
            .iter()
            .filter(|(_, values)| !values.contains(&op.value))
            .map(|(node, _)| *node);
        let (had, never): (Vec<&str>, Vec<&str>) = missing.partition(|node| {
            let read = ever_read.get(node);
            told_to == Some(node) || read.is_some_and(|read| read.contains(&op.value))
        });
        count += usize::from(!(had.is_empty() && never.is_empty()));
        let mut note = |nodes: &[&str], verb: &str, why: String| {
            if !nodes.is_empty() {
                let who = format!("{} {verb}", nodes.join(", "));
                fates.entry((why, who)).or_default().push(told.clone());
            }
        };
        let lack = if never.len() == 1 { "lacks" } else { "lack" };
        let mut why = standing(settings, history, op.time);
        why.extend(last_kills(history, &never, op.time));
        let nothing = "no fault stood then";
        note(&never, lack, join_or(&why, nothing));
        let why: Vec<String> = last_kills(history, &had, op.time).collect();
        note(&had, "had, and lost,", join_or(&why, "no fault took it"));
    }
    if fates.is_empty() {
        return String::new();
    }
    let mut text =
        format!("Lost: {count} values were acknowledged, and nodes miss them at the end.\n");
    for ((why, who), values) in &fates {
        let more = match values.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = values[..values.len().min(NAMED)].join(", ");
        // Writing to a string can't fail.
        let _ = writeln!(text, "  {who} {named}{more}; {why}.");
    }
    text
}

fn join_or(reasons: &[String], none: &str) -> String {
    match reasons {
        [] => none.to_owned(),
        some => some.join("; "),
    }
}

/// The values of each node's last final read.
fn final_reads<'a>(
    settings: &'a Settings,
    history: &'a History,
) -> Option<BTreeMap<&'a str, HashSet<&'a Value>>> {
    let reads = history
        .client_ops()
        .filter(|(_, op)| op.is_ok() && op.is_final());
    let values = |op: &'a Op| op.value.items().iter().collect();
    let reads: BTreeMap<&str, HashSet<&Value>> = reads
        .filter_map(|(_, op)| Some((node_of(settings, &op.process)?, values(op))))
        .collect();
    (!reads.is_empty()).then_some(reads)
}

/// The values that any read of each node showed.
fn ever_read<'a>(
    settings: &'a Settings,
    history: &'a History,
) -> BTreeMap<&'a str, HashSet<&'a Value>> {
    let mut read: BTreeMap<&str, HashSet<&Value>> = BTreeMap::new();
    for (_, op) in history.client_ops().filter(|(_, op)| op.is_ok()) {
        if let Some(node) = node_of(settings, &op.process) {
            read.entry(node).or_default().extend(op.value.items());
        }
    }
    read
}

/// The node that a process talks to.
fn node_of<'a>(settings: &'a Settings, process: &Process) -> Option<&'a str> {
    let Process::Client(process) = process else {
        return None;
    };
    let nodes = &settings.nodes;
    let threads = settings.concurrency.threads(nodes.len()) as u64;
    let thread = usize::try_from(process.checked_rem(threads)?).ok()?;
    Some(nodes.get(thread % nodes.len())?.as_str())
}

/// Which faults stood at a time, in words.
fn standing(settings: &Settings, history: &History, time: i64) -> Vec<String> {
    let mut partition = None;
    let mut others = BTreeMap::new();
    for op in done_by_nemesis(history).take_while(|op| op.time <= time) {
        match op.f.as_str() {
            "start-partition" => {
                let cut = op.value.items().get(1);
                let cut = cut.map(|grudge| partition_in_words(&settings.nodes, grudge));
                partition = cut.map(|cut| format!("since {:.3} s {cut}", op.seconds()));
            }
            // What is healed at that very time may have stood.
            "stop-partition" if op.time < time => partition = None,
            "kill" => drop(others.insert("kill", named(op, "killed", "down"))),
            "start" => drop(others.remove("kill")),
            "pause" => drop(others.insert("pause", named(op, "paused", "paused"))),
            "resume" => drop(others.remove("pause")),
            "start-loss" => drop(others.insert("loss", Some("messages were lost".into()))),
            "stop-loss" => drop(others.remove("loss")),
            "start-slow" => drop(others.insert("slow", Some("messages were slow".into()))),
            "stop-slow" => drop(others.remove("slow")),
            _ => {}
        }
    }
    partition
        .into_iter()
        .chain(others.into_values().flatten())
        .collect()
}

/// What a fault did to nodes that it names as `done`, in words.
fn named(op: &Op, done: &str, state: &str) -> Option<String> {
    let hit = op.value.entries().iter();
    let hit = hit.filter(|(_, outcome)| outcome.name() == Some(done));
    let nodes: Vec<&str> = hit.filter_map(|(node, _)| node.name()).collect();
    let were = if nodes.len() == 1 { "was" } else { "were" };
    (!nodes.is_empty()).then(|| format!("{} {were} {state}", nodes.join(", ")))
}

/// When each of the nodes was killed last, if that was after `time`.
fn last_kills(history: &History, nodes: &[&str], time: i64) -> impl Iterator<Item = String> {
    nodes.iter().filter_map(move |node| {
        let killed = |op: &&Op| {
            let hit = op.value.entries().iter();
            op.f.as_str() == "kill"
                && hit
                    .filter(|(_, outcome)| outcome.name() == Some("killed"))
                    .any(|(killed, _)| killed.name() == Some(node))
        };
        let last = done_by_nemesis(history).filter(killed).last();
        let last = last.filter(|op| op.time >= time)?;
        Some(format!("{node} was killed at {:.3} s", last.seconds()))
    })
}

/// What the nemesis did, as it says itself afterwards.
fn done_by_nemesis(history: &History) -> impl Iterator<Item = &Op> {
    let ops = history.ops().iter();
    ops.filter(|op| op.process == Process::Nemesis && !op.value.is_nil())
}
