//! What the nemesis did, as stretches of time: from the fault to its undoing.

use std::collections::BTreeMap;

use maelstrom_check::{History, Op, Process, Value};

/// What was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// Some nodes did not hear some others.
    Partition,
    /// Nodes were killed.
    Kill,
    /// Nodes stood still.
    Pause,
    /// Links lost messages.
    Loss,
    /// Links doubled messages.
    Duplicate,
    /// Links were slow.
    Slow,
    /// Wall clocks were wrong.
    Skew,
}

impl FaultKind {
    /// Its name, as `--nemesis` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Partition => "partition",
            Self::Kill => "kill",
            Self::Pause => "pause",
            Self::Loss => "loss",
            Self::Duplicate => "duplicate",
            Self::Slow => "slow",
            Self::Skew => "skew",
        }
    }

    /// The kind that an operation of the nemesis begins (true) or ends.
    fn of(f: &str) -> Option<(Self, bool)> {
        Some(match f {
            "start-partition" => (Self::Partition, true),
            "stop-partition" => (Self::Partition, false),
            "kill" => (Self::Kill, true),
            "start" => (Self::Kill, false),
            "pause" => (Self::Pause, true),
            "resume" => (Self::Pause, false),
            "start-loss" => (Self::Loss, true),
            "stop-loss" => (Self::Loss, false),
            "start-duplicate" => (Self::Duplicate, true),
            "stop-duplicate" => (Self::Duplicate, false),
            "start-slow" => (Self::Slow, true),
            "stop-slow" => (Self::Slow, false),
            "start-skew" => (Self::Skew, true),
            "stop-skew" => (Self::Skew, false),
            _ => return None,
        })
    }
}

/// A fault and how long it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What was wrong.
    pub kind: FaultKind,
    /// When it began, in nanoseconds since the run began.
    pub from: u64,
    /// When it was undone; the run's end if it never was.
    pub to: u64,
    /// The nodes that it touched, sorted. Empty for a fault of all links.
    pub nodes: Vec<String>,
    /// Of a partition: for each node those that it did not hear.
    pub unheard: BTreeMap<String, Vec<String>>,
}

impl Fault {
    /// Of a partition: the nodes that heard the same nodes, together. They form sides.
    pub fn sides(&self) -> Vec<Vec<String>> {
        let mut sides: BTreeMap<Vec<&String>, Vec<String>> = BTreeMap::new();
        for (node, unheard) in &self.unheard {
            let heard = self.unheard.keys().filter(|other| !unheard.contains(other));
            sides.entry(heard.collect()).or_default().push(node.clone());
        }
        let mut sides: Vec<Vec<String>> = sides.into_values().collect();
        sides.sort();
        sides
    }
}

/// The faults of a history, in the order in which they began.
pub(crate) fn faults(history: &History, end: u64) -> Vec<Fault> {
    let mut open: BTreeMap<FaultKind, Fault> = BTreeMap::new();
    let mut done = Vec::new();
    let of_nemesis = history
        .ops()
        .iter()
        .filter(|op| op.process == Process::Nemesis);
    for op in of_nemesis {
        let Some((kind, begins)) = FaultKind::of(&op.f) else {
            continue;
        };
        let time = u64::try_from(op.time).unwrap_or(0);
        if !begins {
            done.extend(open.remove(&kind).map(|fault| Fault { to: time, ..fault }));
        } else if let Some(fault) = begun(kind, op, time, end) {
            if kind == FaultKind::Kill {
                done.extend(killed(&mut open, &fault.nodes, time));
            }
            // One that begins while another of its kind stands takes its place.
            let before = open.insert(kind, fault);
            done.extend(before.map(|fault| Fault { to: time, ..fault }));
        }
    }
    done.extend(open.into_values());
    done.sort_by_key(|fault| (fault.from, fault.kind));
    done
}

/// What ends of a pause that stands: a node that is killed runs when it is there again.
fn killed(open: &mut BTreeMap<FaultKind, Fault>, dead: &[String], time: u64) -> Option<Fault> {
    let pause = open.remove(&FaultKind::Pause)?;
    let (dead, still): (Vec<String>, Vec<String>) = pause
        .nodes
        .iter()
        .cloned()
        .partition(|node| dead.contains(node));
    let of = |nodes: Vec<String>, to| {
        let pause = pause.clone();
        (!nodes.is_empty()).then_some(Fault { nodes, to, ..pause })
    };
    open.extend(of(still, pause.to).map(|still| (FaultKind::Pause, still)));
    of(dead, time)
}

/// The fault that an operation says was begun. What is only asked for says nothing yet, and
/// what hit nobody is none.
fn begun(kind: FaultKind, op: &Op, from: u64, end: u64) -> Option<Fault> {
    let mut fault = Fault {
        kind,
        from,
        to: end,
        nodes: Vec::new(),
        unheard: BTreeMap::new(),
    };
    let name = |value: &Value| value.name().map(str::to_owned);
    match kind {
        FaultKind::Partition => {
            let grudge = op.value.items().get(1)?;
            let unheard = grudge.entries().iter().filter_map(|(node, from)| {
                let from = from.items().iter().filter_map(name);
                Some((name(node)?, from.collect()))
            });
            fault.unheard = unheard.collect();
            let cut_off = fault.unheard.iter().filter(|(_, from)| !from.is_empty());
            fault.nodes = cut_off.map(|(node, _)| node.clone()).collect();
        }
        FaultKind::Loss | FaultKind::Duplicate | FaultKind::Slow => {
            op.value.name().filter(|value| *value == "links-broken")?;
        }
        FaultKind::Kill | FaultKind::Pause | FaultKind::Skew => {
            let touched = op.value.entries().iter();
            let touched = touched.filter(|(_, done)| done.name() != Some("not-running"));
            fault.nodes = touched.filter_map(|(node, _)| name(node)).collect();
            if fault.nodes.is_empty() {
                return None;
            }
        }
    }
    fault.nodes.sort();
    Some(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_last_from_what_was_done_to_its_undoing() {
        let history = History::parse(
            r#"{:process :nemesis, :type :info, :time 1, :f :start-partition, :value :majority}
            {:process :nemesis, :type :info, :time 2, :f :start-partition, :value [:isolated {"n0" #{"n1"}, "n1" #{"n0"}, "n2" #{}}]}
            {:process :nemesis, :type :info, :time 3, :f :kill, :value {"n1" :killed}}
            {:process :nemesis, :type :info, :time 5, :f :stop-partition, :value nil}
            {:process :nemesis, :type :info, :time 5, :f :stop-partition, :value :network-healed}
            {:process :nemesis, :type :info, :time 6, :f :start-slow, :value nil}
            {:process :nemesis, :type :info, :time 6, :f :start-slow, :value :links-broken}"#,
        )
        .expect("a history");
        let faults = faults(&history, 9);
        let seen: Vec<_> = faults
            .iter()
            .map(|fault| {
                (
                    fault.kind.name(),
                    fault.from,
                    fault.to,
                    fault.nodes.join(" "),
                )
            })
            .collect();
        let expected = [
            ("partition", 2, 5, "n0 n1".to_owned()),
            ("kill", 3, 9, "n1".to_owned()),
            ("slow", 6, 9, String::new()),
        ];
        assert_eq!(seen, expected);
        assert_eq!(faults[0].sides(), [["n0"], ["n1"], ["n2"]]);
    }

    #[test]
    fn a_fault_of_nobody_is_none_and_a_pause_ends_when_its_node_is_killed() {
        let history = History::parse(
            r#"{:process :nemesis, :type :info, :time 1, :f :kill, :value {}}
            {:process :nemesis, :type :info, :time 2, :f :pause, :value {"n0" :not-running}}
            {:process :nemesis, :type :info, :time 3, :f :pause, :value {"n0" :paused, "n1" :paused}}
            {:process :nemesis, :type :info, :time 4, :f :kill, :value {"n1" :killed, "n2" :killed}}
            {:process :nemesis, :type :info, :time 5, :f :start, :value {"n1" :started, "n2" :started}}
            {:process :nemesis, :type :info, :time 6, :f :kill, :value {"n0" :killed}}
            {:process :nemesis, :type :info, :time 7, :f :start, :value {"n0" :started}}
            {:process :nemesis, :type :info, :time 8, :f :resume, :value {"n0" :resumed}}"#,
        )
        .expect("a history");
        let faults = faults(&history, 9);
        let seen = faults.iter().map(|fault| {
            (
                fault.kind.name(),
                fault.from,
                fault.to,
                fault.nodes.join(" "),
            )
        });
        let expected = [
            ("pause", 3, 4, "n1".to_owned()),
            ("pause", 3, 6, "n0".to_owned()),
            ("kill", 4, 5, "n1 n2".to_owned()),
            ("kill", 6, 7, "n0".to_owned()),
        ];
        assert_eq!(seen.collect::<Vec<_>>(), expected);
    }
}
