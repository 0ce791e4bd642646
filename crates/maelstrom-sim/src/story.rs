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
/// nodes miss it, and which partition stood at that time.
fn lost_values(settings: &Settings, history: &History) -> String {
    let Some(final_reads) = final_reads(settings, history) else {
        return String::new();
    };
    // Values that the same nodes miss and that met the same partition, told together.
    let mut fates: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for (position, op) in history.client_ops() {
        let was_told = op.is_invoke() && ["broadcast", "add"].contains(&op.f.as_str());
        let acknowledged = history.completion(position).is_some_and(Op::is_ok);
        if !was_told || !acknowledged {
            continue;
        }
        let missing: Vec<&str> = final_reads
            .iter()
            .filter(|(_, values)| !values.contains(&op.value))
            .map(|(node, _)| *node)
            .collect();
        if !missing.is_empty() {
            let node = node_of(settings, &op.process).unwrap_or("a node");
            let told = format!("{} (told to {node} at {:.3} s)", op.value, op.seconds());
            let fate = (partition_at(settings, history, op.time), missing.join(", "));
            fates.entry(fate).or_default().push(told);
        }
    }
    if fates.is_empty() {
        return String::new();
    }
    let count: usize = fates.values().map(Vec::len).sum();
    let mut text =
        format!("Lost: {count} values were acknowledged, and nodes miss them at the end.\n");
    for ((partition, missing), values) in &fates {
        let more = match values.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = values[..values.len().min(NAMED)].join(", ");
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "  {missing} never heard of {named}{more}; {partition}."
        );
    }
    text
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

/// Which partition stood at a time, in words.
fn partition_at(settings: &Settings, history: &History, time: i64) -> String {
    let faults = history
        .ops()
        .iter()
        .filter(|op| op.process == Process::Nemesis && op.f.ends_with("-partition"));
    // What is healed at that very time may have stood.
    let healed = |op: &&Op| op.f.as_str() == "stop-partition" && op.time == time;
    let done = faults
        .take_while(|op| op.time <= time)
        .filter(|op| !op.value.is_nil() && !healed(op));
    let Some((since, grudge)) = done
        .last()
        .and_then(|op| Some((op.seconds(), op.value.items().get(1)?)))
    else {
        return "no partition stood then".into();
    };
    let cut = partition_in_words(&settings.nodes, grudge);
    format!("since {since:.3} s {cut}")
}
