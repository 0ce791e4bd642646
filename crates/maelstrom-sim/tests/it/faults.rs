//! Kill, pause, loss, duplicates, slowness and skewed clocks: what nodes feel of
//! them, what the history says, and that all is mended before the final reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use maelstrom_check::{Op, Process};
use maelstrom_node::{Context, Node, handler};
use maelstrom_sim::{EventKind, Fault, InProcess, Outcome, Run, Settings, Verdict, Workload};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::nodes::{Conduct, set};

fn settings(faults: &[Fault]) -> Settings {
    let settings = Settings::new(Workload::GSet)
        .node_count(5)
        .rate(50.0)
        .time_limit(60)
        .latency_ms(10)
        .nemesis_interval(3.0);
    faults
        .iter()
        .fold(settings, |settings, fault| settings.nemesis(*fault))
}

fn run<N: Node>(
    settings: Settings,
    seed: u64,
    make: impl Fn(Context) -> N + Clone + Send + Sync + 'static,
) -> Outcome {
    let outcome = Run::new(settings, seed, InProcess::new(make)).execute();
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    outcome
}

pub(crate) fn acts(outcome: &Outcome) -> Vec<&Op> {
    let ops = outcome.history.ops().iter();
    ops.filter(|op| op.process == Process::Nemesis).collect()
}

#[test]
fn every_fault_repeats_from_its_seed_and_is_mended_before_the_final_reads() {
    let alone = Fault::ALL.iter().map(|fault| vec![*fault]);
    for faults in alone.chain([Fault::ALL.to_vec()]) {
        let bytes = |seed| {
            let outcome = run(settings(&faults), seed, |ctx| set(Conduct::Right, ctx));
            let mut journal = Vec::new();
            outcome.journal.write_json_lines(&mut journal).unwrap();
            let history = outcome.history.to_json_lines();
            (journal, history, outcome)
        };
        let (first, again, other) = (bytes(1), bytes(1), bytes(2));
        assert!(first.0 == again.0 && first.1 == again.1, "{faults:?}");
        assert!(first.1 != other.1, "{faults:?}");
        // Undoing is the last thing that the nemesis does, ten seconds before
        // the final reads.
        let acts = acts(&first.2);
        assert!(acts.len() > 4, "{faults:?}: {acts:?}");
        let ends = ["stop-", "start", "resume"];
        let names: Vec<&str> = acts
            .iter()
            .rev()
            .step_by(2)
            .take(faults.len())
            .map(|op| op.f.as_str())
            .collect();
        assert!(
            names
                .iter()
                .all(|name| ends.iter().any(|end| name.starts_with(end))),
            "{names:?}"
        );
        let reads = first
            .2
            .history
            .ops()
            .iter()
            .filter(|op| op.is_final() && op.is_invoke());
        let mended = acts.last().unwrap().time;
        for read in reads {
            assert_eq!(read.time - mended, 10_000_000_000);
        }
    }
}

#[test]
fn a_kill_loses_what_only_memory_held() {
    let outcome = run(settings(&[Fault::Kill]), 3, |ctx| set(Conduct::Right, ctx));
    assert_eq!(outcome.check().verdict(), Verdict::Invalid);
    // Each life begins with an init of its own.
    let inits = outcome
        .journal
        .messages
        .iter()
        .filter(|message| message.body.as_str().contains(r#""type":"init""#));
    let started: usize = acts(&outcome)
        .iter()
        .flat_map(|op| op.value.entries())
        .filter(|(_, what)| what.name() == Some("started"))
        .count();
    assert!(started > 3);
    assert_eq!(inits.count(), 5 + started);
    // As Jepsen writes it: the target, then what became of each node.
    let kills: Vec<&Op> = acts(&outcome)
        .into_iter()
        .filter(|op| op.f == *"kill")
        .collect();
    for pair in kills.chunks(2) {
        assert!(pair[0].value.is_nil() || pair[0].value.name().is_some());
        assert!(
            pair[1]
                .value
                .entries()
                .iter()
                .all(|(_, what)| what.name() == Some("killed"))
        );
    }
}

#[test]
fn a_pause_loses_nothing_and_nothing_passes_it() {
    // Shorter than a client's patience: a node that answers a client that is
    // gone is not heard any more.
    let settings = settings(&[Fault::Pause]).nemesis_interval(2.0);
    let outcome = run(settings, 3, |ctx| set(Conduct::Right, ctx));
    let results = outcome.check();
    assert_eq!(results.verdict(), Verdict::Valid, "{}", results.story());
    nothing_passes_a_paused_node(&outcome);
}

/// While a node is paused it is neither heard nor told anything.
pub(crate) fn nothing_passes_a_paused_node(outcome: &Outcome) {
    // From the word that some are paused to the word that all are to go on.
    let mut pauses: Vec<(i64, i64, BTreeSet<&str>)> = Vec::new();
    for op in acts(outcome) {
        if op.f == *"resume" {
            for (_, to, _) in &mut pauses {
                *to = op.time.min(*to);
            }
        } else if op.f == *"pause" && !op.value.entries().is_empty() {
            let entries = op.value.entries().iter();
            let paused = entries.filter(|(_, what)| what.name() == Some("paused"));
            let names = paused.filter_map(|(node, _)| node.name());
            pauses.push((op.time, i64::MAX, names.collect()));
        }
    }
    assert!(!pauses.is_empty());
    for event in &outcome.journal.events {
        let time = i64::try_from(event.time).unwrap();
        let message = outcome.journal.message(event).unwrap();
        let node = match event.kind {
            EventKind::Send => &message.src,
            EventKind::Receive => &message.dest,
            EventKind::Drop => continue,
        };
        let mut within = pauses
            .iter()
            .filter(|(from, to, _)| *from < time && time < *to);
        assert!(
            !within.any(|(.., paused)| paused.contains(node.as_str())),
            "{message:?} at {time}"
        );
    }
}

#[test]
fn a_paused_node_does_nothing_of_its_own() {
    const PERIOD: Duration = Duration::from_millis(100);
    /// What each node has ticked, on its own clock.
    static TICKS: Mutex<BTreeMap<String, Vec<Duration>>> = Mutex::new(BTreeMap::new());
    let outcome = run(settings(&[Fault::Pause]), 5, |ctx: Context| {
        let beat = ctx.clone();
        ctx.every(PERIOD, move || {
            let mut ticks = TICKS.lock().unwrap();
            let ticks = ticks.entry(beat.id().to_string()).or_default();
            ticks.push(beat.uptime());
            for peer in beat.peers() {
                beat.send(peer, &Ask::Read);
            }
            async {}
        });
        set(Conduct::Right, ctx)
    });
    // No tick within a pause, and one where it ends: those that were missed are
    // not made up for.
    let mut paused: BTreeMap<String, u64> = BTreeMap::new();
    let mut pauses = 0;
    for op in acts(&outcome) {
        let time = u64::try_from(op.time).unwrap();
        for (node, what) in op.value.entries() {
            let node = node.name().unwrap().to_owned();
            if what.name() == Some("paused") {
                paused.entry(node).or_insert(time);
            } else if let Some(from) = paused.remove(&node) {
                let ticks = &TICKS.lock().unwrap()[&node];
                let during = |tick: &&Duration| (from + 1..time).contains(&nanoseconds(**tick));
                assert_eq!(ticks.iter().filter(during).count(), 0, "{node}");
                let after = time..time + 100_000_000;
                let caught_up = |tick: &&Duration| after.contains(&nanoseconds(**tick));
                assert!(ticks.iter().filter(caught_up).count() <= 2, "{node}");
                pauses += 1;
            }
        }
    }
    assert!(pauses > 5, "{pauses}");
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap()
}

/// How often messages between nodes were sent, received and lost.
fn traffic(outcome: &Outcome) -> [f64; 3] {
    let mut counts = [0.0; 3];
    for event in &outcome.journal.events {
        let message = outcome.journal.message(event).unwrap();
        if !message.involves_client() {
            counts[event.kind as usize] += 1.0;
        }
    }
    counts
}

#[test]
fn loss_and_duplicates_hit_their_share_of_messages_and_no_client() {
    let [sent, received, lost] = traffic(&run(settings(&[Fault::Loss]), 1, |ctx| {
        set(Conduct::Right, ctx)
    }));
    // About half of the time, one of five.
    assert!((0.03..0.18).contains(&(lost / sent)), "{lost} of {sent}");
    assert!(received + lost <= sent);
    let [sent, received, lost] = traffic(&run(settings(&[Fault::Duplicate]), 1, |ctx| {
        set(Conduct::Right, ctx)
    }));
    assert_eq!(lost, 0.0);
    let twice = received / sent - 1.0;
    assert!((0.04..0.22).contains(&twice), "{twice}");
}

#[test]
fn slowness_takes_ten_times_as_long() {
    let outcome = run(settings(&[Fault::Slow]), 1, |ctx| set(Conduct::Right, ctx));
    let mut sent = vec![0; outcome.journal.messages.len()];
    let mut seen: BTreeMap<u64, u32> = BTreeMap::new();
    for event in &outcome.journal.events {
        let number = usize::try_from(event.message).unwrap();
        if event.kind == EventKind::Send {
            sent[number] = event.time;
        } else if !outcome.journal.messages[number].involves_client() {
            let latency = event.time - sent[number];
            *seen.entry(latency / 1_000_000).or_default() += 1;
        }
    }
    assert!(seen[&10] > 100 && seen[&100] > 100, "{seen:?}");
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Ask {
    Add { element: u64 },
    Read,
}

#[test]
fn skewed_wall_clocks_jump_and_drift_and_the_other_clock_stays() {
    static WRONG: AtomicU64 = AtomicU64::new(0);
    let starts: &'static Mutex<BTreeMap<String, Duration>> =
        Box::leak(Box::new(Mutex::new(BTreeMap::new())));
    let outcome = run(settings(&[Fault::Skew]), 1, move |ctx: Context| {
        let start = ctx.wall_clock();
        starts.lock().unwrap().insert(ctx.id().to_string(), start);
        handler(move |ctx: Context, request: Ask| async move {
            let shown = ctx.wall_clock().abs_diff(start + ctx.uptime());
            if shown > Duration::from_millis(2) {
                WRONG.fetch_add(1, Ordering::Relaxed);
            }
            Ok(match request {
                Ask::Add { .. } => json!({"type": "add_ok"}),
                Ask::Read => json!({"type": "read_ok", "value": []}),
            })
        })
    });
    assert!(WRONG.load(Ordering::Relaxed) > 100);
    assert!(outcome.journal.events.len() > 1000);
}
