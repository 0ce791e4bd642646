//! Why a run failed, told for the person at the terminal: which value, which
//! node, when, and what the network looked like then. The checkers know only
//! processes; a run's settings say which node each of them spoke to.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

use maelstrom_check::{History, Op, OpType, Process, Results, Value, Workload};
use maelstrom_proto::NodeId;

use crate::run::Outcome;
use crate::schema::excerpt;
use crate::settings::Settings;
use crate::timeline::partition_in_words;

/// How many values are named of those that share a fate.
const NAMED: usize = 6;

/// How much of a node's own words about an error is told.
const QUOTED: usize = 200;

impl Outcome {
    /// What the checkers found, as a story: what went wrong, with which value,
    /// on which node, when, and what the network looked like then.
    pub fn story(&self, results: &Results) -> String {
        story(&self.settings, &self.history, results)
    }
}

/// The story of a history that was recorded elsewhere, under settings that are known.
pub fn story(settings: &Settings, history: &History, results: &Results) -> String {
    let story = results.story() + &errors(settings, history);
    match settings.workload {
        Workload::Broadcast | Workload::GSet => lost_values(settings, history) + &story,
        _ => story,
    }
}

/// What nodes refused, or left without an answer, and the words of the first to
/// do so; the checkers tell of replies that are malformed.
fn errors(settings: &Settings, history: &History) -> String {
    let mut errors: BTreeMap<(&str, OpType, &str), (usize, &Op)> = BTreeMap::new();
    let malformed = |op: &Op| op.extra.iter().any(|(name, _)| name == "exception");
    let unsuccessful = history
        .client_ops()
        .map(|(_, op)| op)
        .filter(|op| matches!(op.kind, OpType::Fail | OpType::Info) && !malformed(op));
    for op in unsuccessful {
        let Some(error) = &op.error else { continue };
        let name = error.items().first().unwrap_or(error).name();
        let kind = (op.f.as_str(), op.kind, name.unwrap_or("unknown"));
        errors.entry(kind).or_insert((0, op)).0 += 1;
    }
    if errors.is_empty() {
        return String::new();
    }
    let mut text = String::from("Errors:\n");
    for ((f, kind, name), (count, first)) in errors {
        let node = node_of(settings, &first.process).unwrap_or("a node");
        let words = match first.error.as_ref().map_or(&[][..], Value::items) {
            [_, Value::Nil] | [_] | [] => String::new(),
            [_, Value::Str(words), ..] => format!(": {}", excerpt(words, QUOTED)),
            [_, words, ..] => format!(": {}", excerpt(&words.to_string(), QUOTED)),
        };
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "  {f}: {count} {} with {name}, the first of {node} at {:.3} s{}",
            kind.name(),
            first.seconds(),
            words.replace('\n', "\n    ")
        );
    }
    text
}

/// The values that a node's final read misses: who was told each, when, which
/// nodes lack it, and what had befallen them.
fn lost_values(settings: &Settings, history: &History) -> String {
    let Some(final_reads) = final_reads(settings, history) else {
        return String::new();
    };
    let last_read = last_read(settings, history);
    let faults = done_by_nemesis(history);
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
        // When a node was known to have the value last, if ever.
        let had_at = |node: &str| {
            let told = (told_to == Some(node)).then_some(op.time);
            let read = last_read.get(node).and_then(|read| read.get(&op.value));
            told.max(read.copied())
        };
        let missing = final_reads
            .iter()
            .filter(|(_, values)| !values.contains(&op.value));
        let missing = missing.map(|(node, _)| *node);
        let (had, never): (Vec<&str>, Vec<&str>) = missing.partition(|node| had_at(node).is_some());
        if had.is_empty() && never.is_empty() {
            continue;
        }
        count += 1;
        let node = told_to.unwrap_or("a node");
        let told = format!("{} (told to {node} at {:.3} s)", op.value, op.seconds());
        let mut note = |nodes: &[&str], verb: &str, why: &[String], none: &str| {
            let who = format!("{} {verb}", nodes.join(", "));
            let why = match why {
                [] => none.to_owned(),
                some => some.join("; "),
            };
            fates.entry((why, who)).or_default().push(told.clone());
        };
        if !never.is_empty() {
            let mut why = standing(settings, &faults, op.time);
            why.extend(
                never
                    .iter()
                    .filter_map(|node| killed(&faults, node, op.time)),
            );
            let lack = if never.len() == 1 { "lacks" } else { "lack" };
            note(&never, lack, &why, "no fault stood then");
        }
        if !had.is_empty() {
            let since = |node: &&str| killed(&faults, node, had_at(node)?);
            let why: Vec<String> = had.iter().filter_map(since).collect();
            note(&had, "had, and lost,", &why, "no fault took it");
        }
    }
    if fates.is_empty() {
        return String::new();
    }
    let (values, them) = match count {
        1 => ("value was", "it"),
        _ => ("values were", "them"),
    };
    let mut text =
        format!("Lost: {count} {values} acknowledged, and nodes miss {them} at the end.\n");
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

/// When each node was last read with each value.
fn last_read<'a>(
    settings: &'a Settings,
    history: &'a History,
) -> BTreeMap<&'a str, HashMap<&'a Value, i64>> {
    let mut read: BTreeMap<&str, HashMap<&Value, i64>> = BTreeMap::new();
    for (_, op) in history.client_ops().filter(|(_, op)| op.is_ok()) {
        if let Some(node) = node_of(settings, &op.process) {
            let values = op.value.items().iter();
            let read = read.entry(node).or_default();
            read.extend(values.map(|value| (value, op.time)));
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
fn standing(settings: &Settings, faults: &[&Op], time: i64) -> Vec<String> {
    let mut partition = None;
    let [mut down, mut paused, mut skewed] = [const { BTreeSet::<NodeId>::new() }; 3];
    let mut links = BTreeSet::new();
    for op in faults.iter().take_while(|op| op.time <= time) {
        match op.f.as_str() {
            "start-partition" => {
                let cut = op.value.items().get(1);
                let cut = cut.map(|grudge| partition_in_words(&settings.nodes, grudge));
                partition = cut.map(|cut| format!("since {:.3} s {cut}", op.seconds()));
            }
            // What is mended at that very time may have stood.
            f if f.starts_with("stop-") && op.time == time => {}
            "stop-partition" => partition = None,
            "kill" => {
                down.extend(hit(op, "killed"));
                // Its pause ends with a node's life.
                paused.retain(|node| !down.contains(node));
            }
            "start" => down.clear(),
            "pause" => paused.extend(hit(op, "paused")),
            "resume" => paused.clear(),
            "start-skew" => {
                let nodes = op.value.entries().iter();
                skewed.extend(nodes.filter_map(|(id, _)| id.name()).map(NodeId::from));
            }
            "stop-skew" => skewed.clear(),
            "start-loss" => drop(links.insert("messages were lost")),
            "stop-loss" => drop(links.remove("messages were lost")),
            "start-duplicate" => drop(links.insert("messages arrived twice")),
            "stop-duplicate" => drop(links.remove("messages arrived twice")),
            "start-slow" => drop(links.insert("messages were slow")),
            "stop-slow" => drop(links.remove("messages were slow")),
            _ => {}
        }
    }
    let nodes = [
        were(&down, "down"),
        were(&paused, "paused"),
        were(&skewed, "wrong about the time"),
    ];
    let links = links.into_iter().map(str::to_owned);
    partition
        .into_iter()
        .chain(nodes.into_iter().flatten())
        .chain(links)
        .collect()
}

/// The nodes with which a fault did what it names `done`.
fn hit(op: &Op, done: &str) -> impl Iterator<Item = NodeId> {
    let hit = op.value.entries().iter();
    let hit = hit.filter(move |(_, outcome)| outcome.name() == Some(done));
    hit.filter_map(|(node, _)| node.name()).map(NodeId::from)
}

/// How nodes were, in words, if there are any.
fn were(nodes: &BTreeSet<NodeId>, state: &str) -> Option<String> {
    let were = if nodes.len() == 1 { "was" } else { "were" };
    let names: Vec<&str> = nodes.iter().map(NodeId::as_str).collect();
    (!nodes.is_empty()).then(|| format!("{} {were} {state}", names.join(", ")))
}

/// When a node was killed last, if that was not before `time`.
fn killed(faults: &[&Op], node: &str, time: i64) -> Option<String> {
    let is_hit = |(hit, outcome): &(Value, Value)| {
        hit.name() == Some(node) && outcome.name() == Some("killed")
    };
    let kills = |op: &&&Op| op.f.as_str() == "kill" && op.value.entries().iter().any(is_hit);
    let last = faults.iter().rfind(kills).filter(|op| op.time >= time)?;
    Some(format!("{node} was killed at {:.3} s", last.seconds()))
}

/// What the nemesis did, as it says itself afterwards: each second of its entries.
fn done_by_nemesis(history: &History) -> Vec<&Op> {
    let ops = history.ops().iter();
    let entries = ops.filter(|op| op.process == Process::Nemesis);
    entries.skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_stand_from_when_they_are_done_until_they_are_mended() {
        let text = r#"
            {:process :nemesis :type :info :f :pause :time 1000000000 :value :one}
            {:process :nemesis :type :info :f :pause :time 2000000000 :value {"n1" :paused}}
            {:process :nemesis :type :info :f :start-loss :time 3000000000 :value :lossy}
            {:process :nemesis :type :info :f :start-loss :time 3000000000 :value :links-broken}
            {:process :nemesis :type :info :f :kill :time 4000000000 :value :majority}
            {:process :nemesis :type :info :f :kill :time 4000000000 :value {"n0" :killed, "n2" :killed}}
            {:process :nemesis :type :info :f :start :time 5000000000 :value :all}
            {:process :nemesis :type :info :f :start :time 6000000000 :value {"n0" :started}}
            {:process :nemesis :type :info :f :resume :time 7000000000 :value :all}
            {:process :nemesis :type :info :f :resume :time 7000000000 :value {"n1" :resumed}}
        "#;
        let history = History::parse(text).unwrap();
        let (settings, faults) = (
            Settings::new(Workload::Broadcast),
            done_by_nemesis(&history),
        );
        let at = |second: i64| standing(&settings, &faults, second * 1_000_000_000);
        assert!(at(1).is_empty());
        assert_eq!(at(2), ["n1 was paused"]);
        // Nodes that come up are down until they are there.
        let all = ["n0, n2 were down", "n1 was paused", "messages were lost"];
        assert_eq!(at(5), all);
        assert_eq!(at(7), ["messages were lost"]);
        let killed = |time| killed(&faults, "n2", time);
        assert_eq!(
            killed(4_000_000_000).as_deref(),
            Some("n2 was killed at 4.000 s")
        );
        assert_eq!(killed(4_000_000_001), None);
    }

    #[test]
    fn every_kind_of_fault_is_told_and_of_nodes_only_what_they_still_are() {
        let text = r#"
            {:process :nemesis :type :info :f :start-duplicate :time 1000000000 :value nil}
            {:process :nemesis :type :info :f :start-duplicate :time 1000000000 :value :links-broken}
            {:process :nemesis :type :info :f :start-skew :time 2000000000 :value :one}
            {:process :nemesis :type :info :f :start-skew :time 2000000000 :value {"n1" {:jump-ms 5, :drift-ppm 0}}}
            {:process :nemesis :type :info :f :stop-duplicate :time 3000000000 :value nil}
            {:process :nemesis :type :info :f :stop-duplicate :time 3000000000 :value :links-mended}
            {:process :nemesis :type :info :f :pause :time 4000000000 :value :majority}
            {:process :nemesis :type :info :f :pause :time 4000000000 :value {"n10" :paused, "n2" :paused}}
            {:process :nemesis :type :info :f :kill :time 5000000000 :value :one}
            {:process :nemesis :type :info :f :kill :time 5000000000 :value {"n2" :killed}}
            {:process :nemesis :type :info :f :stop-skew :time 5000000001 :value nil}
            {:process :nemesis :type :info :f :stop-skew :time 5000000001 :value :clocks-reset}
            {:process :nemesis :type :info :f :kill :time 6000000000 :value :minority-third}
            {:process :nemesis :type :info :f :kill :time 6000000000 :value {}}
            {:process :nemesis :type :info :f :start :time 7000000000 :value :all}
            {:process :nemesis :type :info :f :start :time 7000000000 :value {"n2" :started}}
        "#;
        let history = History::parse(text).unwrap();
        let settings = Settings::new(Workload::Broadcast);
        let faults = done_by_nemesis(&history);
        let at = |second: i64| standing(&settings, &faults, second * 1_000_000_000);
        assert_eq!(at(1), ["messages arrived twice"]);
        let both = ["n1 was wrong about the time", "messages arrived twice"];
        assert_eq!(at(2), both);
        // What is mended at that very time may have done it.
        assert_eq!(at(3), both);
        assert_eq!(at(4)[0], "n2, n10 were paused");
        // A paused node that is killed is down, and runs when it is there again.
        let killed = [
            "n2 was down",
            "n10 was paused",
            "n1 was wrong about the time",
        ];
        assert_eq!(at(5), killed);
        // A kill that hit nobody brings nobody up.
        assert_eq!(at(6), ["n2 was down", "n10 was paused"]);
        assert_eq!(at(7), ["n10 was paused"]);
    }
}
