//! When faults come, and which: after `jepsen.nemesis.combined`.
//!
//! Partitions take turns with healing, at gaps that are uniform from nothing
//! to twice the interval; the first comes at once. Kills and pauses have a
//! schedule of their own, on which each next action is of one of the two kinds;
//! either takes turns with its undoing. Faults that Maelstrom does not have
//! (loss, duplicates, slowness, skewed clocks) have a schedule each.

mod partition;

use std::collections::BTreeSet;

use maelstrom_check::Value;
use maelstrom_proto::NodeId;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

use crate::settings::Fault;
pub(crate) use partition::{Cut, Grudge};

/// Which nodes are killed or paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Any number of nodes, one at least.
    Some,
    One,
    MinorityThird,
    Minority,
    Majority,
    All,
}

impl Target {
    const ANY: [Self; 6] = [
        Self::Some,
        Self::One,
        Self::MinorityThird,
        Self::Minority,
        Self::Majority,
        Self::All,
    ];

    fn name(self) -> Value {
        match self {
            Self::Some => Value::Nil,
            Self::One => Value::keyword("one"),
            Self::MinorityThird => Value::keyword("minority-third"),
            Self::Minority => Value::keyword("minority"),
            Self::Majority => Value::keyword("majority"),
            Self::All => Value::keyword("all"),
        }
    }

    /// Nodes by their place, in order.
    fn pick(self, nodes: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let mut picked: Vec<usize> = (0..nodes).collect();
        picked.shuffle(rng);
        picked.truncate(match self {
            Self::Some => rng.random_range(1..=nodes),
            Self::One => 1,
            Self::MinorityThird => (nodes - 1) / 3,
            Self::Minority => partition::majority(nodes) - 1,
            Self::Majority => partition::majority(nodes),
            Self::All => nodes,
        });
        picked.sort_unstable();
        picked
    }
}

/// What is wrong with all links between servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkFault {
    /// One message of five is lost.
    Loss,
    /// One message of four arrives twice.
    Duplicate,
    /// Messages take ten times as long, and 50 ms at least.
    Slow,
}

/// How a node's wall clock is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Skew {
    /// How far it jumps, in milliseconds.
    pub(crate) jump: i64,
    /// How many parts in a million it runs too fast.
    pub(crate) drift: i64,
}

/// What the nemesis does.
#[derive(Debug)]
pub(crate) enum Action {
    StartPartition(Cut, Grudge),
    StopPartition,
    Kill(Target, Vec<usize>),
    /// Starts what was killed.
    Start,
    Pause(Target, Vec<usize>),
    Resume,
    StartLinks(LinkFault),
    StopLinks(LinkFault),
    StartSkew(Target, Vec<(usize, Skew)>),
    StopSkew,
}

impl Action {
    /// The operation's name, as Jepsen writes it into the history where it
    /// knows the fault.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::StartPartition(..) => "start-partition",
            Self::StopPartition => "stop-partition",
            Self::Kill(..) => "kill",
            Self::Start => "start",
            Self::Pause(..) => "pause",
            Self::Resume => "resume",
            Self::StartLinks(LinkFault::Loss) => "start-loss",
            Self::StopLinks(LinkFault::Loss) => "stop-loss",
            Self::StartLinks(LinkFault::Duplicate) => "start-duplicate",
            Self::StopLinks(LinkFault::Duplicate) => "stop-duplicate",
            Self::StartLinks(LinkFault::Slow) => "start-slow",
            Self::StopLinks(LinkFault::Slow) => "stop-slow",
            Self::StartSkew(..) => "start-skew",
            Self::StopSkew => "stop-skew",
        }
    }

    /// The operation's value when it begins.
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::StartPartition(cut, _) => Value::keyword(cut.name()),
            Self::Kill(target, _) | Self::Pause(target, _) | Self::StartSkew(target, _) => {
                target.name()
            }
            Self::Start | Self::Resume => Value::keyword("all"),
            _ => Value::Nil,
        }
    }
}

/// The value of a partition that stands: who does not hear whom.
pub(crate) fn isolated(grudge: &Grudge) -> Value {
    let cut_off = grudge.iter().map(|(node, from)| {
        let names = Value::set(from.iter().map(NodeId::as_str));
        (Value::from(node.as_str()), names)
    });
    Value::vector([Value::keyword("isolated"), Value::map(cut_off)])
}

/// Faults that share a schedule, with those of them that stand now.
#[derive(Debug)]
struct Schedule {
    faults: Vec<(Fault, bool)>,
    /// Which of them acts next.
    next: usize,
    /// When, in nanoseconds since the run began.
    next_at: u64,
}

/// The nemesis of a run: it knows when to act next, and how.
#[derive(Debug)]
pub(crate) struct Nemesis {
    nodes: Vec<NodeId>,
    interval: f64,
    rng: ChaCha8Rng,
    schedules: Vec<Schedule>,
}

impl Nemesis {
    /// A nemesis that acts for the first time at `start`, and on each schedule
    /// about every `interval` nanoseconds after that.
    pub(crate) fn new(
        faults: &BTreeSet<Fault>,
        nodes: &[NodeId],
        interval: f64,
        start: u64,
        mut rng: ChaCha8Rng,
    ) -> Self {
        let of_processes = |fault: &Fault| matches!(fault, Fault::Kill | Fault::Pause);
        let (shared, own): (Vec<Fault>, Vec<Fault>) =
            faults.iter().copied().partition(of_processes);
        let groups = own.into_iter().map(|fault| vec![fault]).chain([shared]);
        let schedules = groups
            .filter(|group| !group.is_empty())
            .map(|group| Schedule {
                next: rng.random_range(0..group.len()),
                faults: group.into_iter().map(|fault| (fault, false)).collect(),
                next_at: start,
            });
        Self {
            schedules: schedules.collect(),
            nodes: nodes.to_vec(),
            interval,
            rng,
        }
    }

    /// When it acts next.
    pub(crate) fn next_at(&self) -> u64 {
        let times = self.schedules.iter().map(|schedule| schedule.next_at);
        times.min().unwrap_or(u64::MAX)
    }

    /// Draws the action that is due, and when the next one will be.
    pub(crate) fn act(&mut self, now: u64) -> Action {
        // Of several that are due, each is as likely as the others.
        let due = self.schedules.iter().enumerate();
        let due: Vec<usize> = due
            .filter(|(_, schedule)| schedule.next_at <= now)
            .map(|(index, _)| index)
            .collect();
        let chosen = match due.len() {
            0 => 0,
            count => due[self.rng.random_range(0..count)],
        };
        let gap: f64 = self.rng.random_range(0.0..2.0);
        let schedule = &mut self.schedules[chosen];
        schedule.next_at = now + (gap * self.interval) as u64;
        let (fault, stands) = &mut schedule.faults[schedule.next];
        *stands = !*stands;
        let (fault, begins) = (*fault, *stands);
        schedule.next = self.rng.random_range(0..schedule.faults.len());
        if begins {
            self.begin(fault)
        } else {
            end(fault)
        }
    }

    fn begin(&mut self, fault: Fault) -> Action {
        let rng = &mut self.rng;
        if fault == Fault::Partition {
            let cut = Cut::ALL[rng.random_range(0..Cut::ALL.len())];
            let grudge = cut.grudge(&self.nodes, rng);
            return Action::StartPartition(cut, grudge);
        }
        if let Some(fault) = link_fault(fault) {
            return Action::StartLinks(fault);
        }
        let target = Target::ANY[rng.random_range(0..Target::ANY.len())];
        let nodes = target.pick(self.nodes.len(), rng);
        match fault {
            Fault::Kill => Action::Kill(target, nodes),
            Fault::Pause => Action::Pause(target, nodes),
            _ => {
                let skews = nodes.into_iter().map(|node| (node, skew(rng)));
                Action::StartSkew(target, skews.collect())
            }
        }
    }

    /// What undoes everything, whatever stands.
    pub(crate) fn finale(&self) -> Vec<Action> {
        let faults = self.schedules.iter().flat_map(|schedule| &schedule.faults);
        let mut faults: Vec<Fault> = faults.map(|(fault, _)| *fault).collect();
        // What is paused goes on before what was killed starts.
        faults.sort_by_key(|fault| (*fault == Fault::Kill, *fault));
        faults.into_iter().map(end).collect()
    }
}

const fn link_fault(fault: Fault) -> Option<LinkFault> {
    match fault {
        Fault::Loss => Some(LinkFault::Loss),
        Fault::Duplicate => Some(LinkFault::Duplicate),
        Fault::Slow => Some(LinkFault::Slow),
        Fault::Partition | Fault::Kill | Fault::Pause | Fault::Skew => None,
    }
}

const fn end(fault: Fault) -> Action {
    match fault {
        Fault::Partition => Action::StopPartition,
        Fault::Kill => Action::Start,
        Fault::Pause => Action::Resume,
        Fault::Loss => Action::StopLinks(LinkFault::Loss),
        Fault::Duplicate => Action::StopLinks(LinkFault::Duplicate),
        Fault::Slow => Action::StopLinks(LinkFault::Slow),
        Fault::Skew => Action::StopSkew,
    }
}

/// Jumps of 4 ms to 262 s either way, every doubling as likely as the others,
/// as Jepsen's; and up to a tenth too fast or too slow.
fn skew(rng: &mut ChaCha8Rng) -> Skew {
    let size = (4 << rng.random_range(0..16)) + rng.random_range(0..4_i64);
    Skew {
        jump: if rng.random_bool(0.5) { size } else { -size },
        drift: rng.random_range(-100_000..=100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn nemesis(faults: &[Fault], seed: u64) -> Nemesis {
        let nodes: Vec<NodeId> = (0..5).map(|i| NodeId::new(format!("n{i}"))).collect();
        let faults = faults.iter().copied().collect();
        Nemesis::new(&faults, &nodes, 1e10, 0, ChaCha8Rng::seed_from_u64(seed))
    }

    /// The names of so many actions, and the mean time between them.
    fn names(faults: &[Fault], count: usize) -> (Vec<&'static str>, f64) {
        let mut nemesis = nemesis(faults, 1);
        assert_eq!(nemesis.next_at(), 0);
        let mut names = Vec::new();
        let mut now = 0;
        for _ in 0..count {
            now = nemesis.next_at().max(now);
            names.push(nemesis.act(now).name());
        }
        (names, now as f64 / count as f64)
    }

    #[test]
    fn starts_and_stops_take_turns_at_the_interval_asked_for() {
        for fault in Fault::ALL {
            let (names, mean) = names(&[*fault], 2000);
            assert!(names.iter().step_by(2).all(|name| *name == names[0]));
            assert!(
                names
                    .iter()
                    .skip(1)
                    .step_by(2)
                    .all(|name| *name == names[1])
            );
            assert!((9.5e9..10.5e9).contains(&mean), "{fault}: {mean}");
        }
    }

    #[test]
    fn kills_and_pauses_share_a_schedule_and_others_have_their_own() {
        let (together, mean) = names(&[Fault::Kill, Fault::Pause], 2000);
        assert!((9.5e9..10.5e9).contains(&mean), "{mean}");
        for pair in [["kill", "start"], ["pause", "resume"]] {
            let of_one = together.iter().filter(|name| pair.contains(name));
            let of_one: Vec<&str> = of_one.copied().collect();
            assert!((900..1100).contains(&of_one.len()), "{}", of_one.len());
            assert!(of_one.chunks(2).all(|turn| turn[0] == pair[0]));
        }
        let (_, mean) = names(&[Fault::Kill, Fault::Partition], 2000);
        assert!((4.7e9..5.3e9).contains(&mean), "{mean}");
    }

    #[test]
    fn targets_are_as_many_nodes_as_they_say() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for nodes in 1..=25 {
            for target in Target::ANY {
                let picked = target.pick(nodes, &mut rng);
                let expected = match target {
                    Target::Some => 1..=nodes,
                    Target::One => 1..=1,
                    Target::MinorityThird => (nodes - 1) / 3..=(nodes - 1) / 3,
                    Target::Minority => nodes.div_ceil(2) - 1 + (nodes + 1) % 2..=nodes / 2,
                    Target::Majority => nodes / 2 + 1..=nodes / 2 + 1,
                    Target::All => nodes..=nodes,
                };
                assert!(expected.contains(&picked.len()), "{target:?} of {nodes}");
            }
        }
    }

    #[test]
    fn the_end_undoes_everything() {
        let names: Vec<_> = nemesis(Fault::ALL, 1)
            .finale()
            .iter()
            .map(Action::name)
            .collect();
        assert_eq!(names.len(), 7);
        assert_eq!(names.last(), Some(&"start"));
    }
}
