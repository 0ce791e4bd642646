//! Why a run failed, told for the person at the terminal: which value, which
//! node, when, and what the network looked like then.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use maelstrom_check::{Op, Process, Results, Value};
use maelstrom_sim::{Outcome, Workload};

/// How many values are named of those that share a fate.
const NAMED: usize = 6;

/// What went wrong, in some lines.
pub(crate) fn story(outcome: &Outcome, results: &Results) -> String {
    let story = results.story();
    match outcome.settings.workload {
        Workload::Broadcast => lost_values(outcome) + &story,
        _ => story,
    }
}

/// The values that a node's final read misses: who was told each, when, which
/// nodes miss it, and which partition stood at that time.
fn lost_values(outcome: &Outcome) -> String {
    let Some(final_reads) = final_reads(outcome) else {
        return String::new();
    };
    // Values that the same nodes miss and that met the same partition, told together.
    let mut fates: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
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
        if !missing.is_empty() {
            let node = node_of(outcome, &op.process).unwrap_or("a node");
            let told = format!("{} (told to {node} at {:.3} s)", op.value, op.seconds());
            let fate = (partition_at(outcome, op.time), missing.join(", "));
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
fn partition_at(outcome: &Outcome, time: i64) -> String {
    let faults = outcome
        .history
        .ops()
        .iter()
        .filter(|op| op.process == Process::Nemesis);
    let done = faults
        .take_while(|op| op.time <= time)
        .filter(|op| !op.value.is_nil());
    let Some((since, grudge)) = done
        .last()
        .and_then(|op| Some((op.seconds(), op.value.items().get(1)?)))
    else {
        return "no partition stood then".into();
    };
    // Whom each node heard. Nodes that heard the same ones formed a group.
    let mut groups: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    for node in outcome.settings.nodes.iter().map(|node| node.as_str()) {
        let unheard: Vec<&str> = grudge
            .entries()
            .iter()
            .filter(|(id, _)| id.name() == Some(node))
            .flat_map(|(_, from)| from.items().iter().filter_map(Value::name))
            .collect();
        let heard = outcome.settings.nodes.iter().map(|node| node.as_str());
        let heard = heard.filter(|other| !unheard.contains(other)).collect();
        groups.entry(heard).or_default().push(node);
    }
    if groups.len() < 2 {
        return format!("since {since:.3} s a partition stood that cut nobody off");
    }
    if groups.iter().all(|(heard, members)| heard == members) {
        let groups: Vec<String> = groups
            .into_values()
            .map(|members| members.join(" "))
            .collect();
        return format!(
            "since {since:.3} s the network was cut: {}",
            groups.join(" | ")
        );
    }
    let heard = groups.iter().flat_map(|(heard, members)| {
        members
            .iter()
            .map(|node| format!("{node} heard {}", heard.join(" ")))
    });
    let heard: Vec<String> = heard.collect();
    format!("since {since:.3} s {}", heard.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    use maelstrom_node::proto::broadcast::{Request, Response};
    use maelstrom_node::{Context, Node, handler};
    use maelstrom_sim::{Fault, InProcess, Run, Settings};

    /// Tells everybody once what a client told it, and never again.
    fn forgetful(_: Context) -> impl Node {
        let values = Mutex::new(Vec::new());
        handler(move |ctx: Context, request: Request| {
            let mut values = values.lock().expect("no handler panics");
            let response = match request {
                Request::Topology { .. } => Response::TopologyOk,
                Request::Read => Response::ReadOk {
                    messages: values.clone(),
                },
                Request::Broadcast { message } => {
                    values.push(message);
                    if ctx.sender().is_client() {
                        for peer in ctx.peers() {
                            ctx.send(peer, &Request::Broadcast { message });
                        }
                    }
                    Response::BroadcastOk
                }
            };
            async { Ok(response) }
        })
    }

    #[test]
    fn a_lost_value_is_told_with_its_node_its_time_and_the_partition() {
        let settings = Settings::new(Workload::Broadcast)
            .node_count(3)
            .rate(2.0)
            .time_limit(5)
            .nemesis(Fault::Partition);
        let outcome = Run::new(settings, 5, InProcess::new(forgetful)).execute();
        let results = outcome.check();
        insta::assert_snapshot!(story(&outcome, &results));
    }

    #[test]
    fn nothing_is_told_where_nothing_is_missing() {
        let settings = Settings::new(Workload::Broadcast)
            .node_count(3)
            .time_limit(5);
        let outcome = Run::new(settings, 4, InProcess::new(forgetful)).execute();
        assert_eq!(lost_values(&outcome), "");
    }
}
