//! Why a run failed, told for the person at the terminal: which value, which
//! node, when, and what the network looked like then.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use maelstrom_check::{History, Op, Process, Results, Value};
use maelstrom_sim::{Outcome, Workload};

/// How many lost values are told of one by one.
const TOLD: usize = 8;

/// What went wrong, in some lines.
pub(crate) fn story(outcome: &Outcome, results: &Results) -> String {
    let mut story = results.story();
    if outcome.settings.workload == Workload::Broadcast {
        story += &lost_values(outcome);
    }
    story
}

/// For each value that a node's final read misses: who was told it, when, which
/// nodes miss it, and which partition stood at that time.
fn lost_values(outcome: &Outcome) -> String {
    let Some(final_reads) = final_reads(outcome) else {
        return String::new();
    };
    let mut text = String::new();
    let mut lost = 0;
    for (position, op) in outcome.history.client_ops() {
        let was_told = op.is_invoke() && op.f.as_str() == "broadcast";
        let acknowledged = outcome.history.completion(position).is_some_and(Op::is_ok);
        if !was_told || !acknowledged {
            continue;
        }
        let missing: Vec<&str> = final_reads
            .iter()
            .filter(|(_, values)| !values.contains(&op.value))
            .map(|(node, _)| *node)
            .collect();
        if missing.is_empty() {
            continue;
        }
        lost += 1;
        if lost <= TOLD {
            let node = node_of(outcome, &op.process).unwrap_or("a node");
            // Writing to a string can't fail.
            let _ = writeln!(
                text,
                "  {} was broadcast to {node} at {:.3} s and is missing on {}; {}",
                op.value,
                op.seconds(),
                missing.join(", "),
                partition_at(&outcome.history, op.time),
            );
        }
    }
    match lost {
        0 => String::new(),
        _ if lost > TOLD => format!("Missing at the end:\n{text}  … and {} more\n", lost - TOLD),
        _ => format!("Missing at the end:\n{text}"),
    }
}

/// The values of each node's last final read.
fn final_reads(outcome: &Outcome) -> Option<BTreeMap<&str, &[Value]>> {
    let reads = outcome
        .history
        .client_ops()
        .filter(|(_, op)| op.is_ok() && op.is_final());
    let reads: BTreeMap<&str, &[Value]> = reads
        .filter_map(|(_, op)| Some((node_of(outcome, &op.process)?, op.value.items())))
        .collect();
    (!reads.is_empty()).then_some(reads)
}

/// The node that a process talks to.
fn node_of<'a>(outcome: &'a Outcome, process: &Process) -> Option<&'a str> {
    let Process::Client(process) = process else {
        return None;
    };
    let nodes = &outcome.settings.nodes;
    let threads = outcome.settings.concurrency.threads(nodes.len()) as u64;
    let thread = usize::try_from(process.checked_rem(threads)?).ok()?;
    Some(nodes.get(thread % nodes.len())?.as_str())
}

/// Which partition stood at a time, in words.
fn partition_at(history: &History, time: i64) -> String {
    let faults = history
        .ops()
        .iter()
        .filter(|op| op.process == Process::Nemesis);
    let mut before = faults
        .take_while(|op| op.time <= time)
        .filter(|op| !op.value.is_nil());
    let Some(last) = before.by_ref().last() else {
        return "no partition stood then".into();
    };
    let Some(cut) = last.value.items().get(1) else {
        return "no partition stood then".into();
    };
    let cut: Vec<String> = cut
        .entries()
        .iter()
        .filter(|(_, from)| !from.items().is_empty())
        .map(|(node, from)| {
            let from: Vec<&str> = from.items().iter().filter_map(Value::name).collect();
            format!(
                "{} did not hear {}",
                node.name().unwrap_or("?"),
                from.join(", ")
            )
        })
        .collect();
    match cut.as_slice() {
        [] => "a partition stood that cut nobody off".into(),
        cut => format!("since {:.3} s {}", last.seconds(), cut.join("; ")),
    }
}
