//! Every workload: a right node is valid, a wrong one is not, operations come
//! in Maelstrom's proportions, and a seed repeats its run.

use std::collections::BTreeMap;

use maelstrom_check::{Op, OpType, Results, Value};
use maelstrom_node::{Context, Node};
use maelstrom_sim::{
    Concurrency, EventKind, Fault, InProcess, LatencyDist, Outcome, Run, ServiceMode, Settings,
    Verdict, Workload,
};

use crate::nodes::{self, Conduct};

fn run<N: Node>(
    settings: &Settings,
    seed: u64,
    make: fn(Conduct, Context) -> N,
    conduct: Conduct,
) -> Outcome {
    let host = InProcess::new(move |ctx| make(conduct, ctx));
    let outcome = Run::new(settings.clone(), seed, host).execute();
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    outcome
}

fn settings(workload: Workload) -> Settings {
    let settings = Settings::new(workload)
        .node_count(3)
        .rate(100.0)
        .time_limit(20)
        .latency_ms(5)
        .concurrency(Concurrency::PerNode(2));
    match workload {
        Workload::Kafka => settings.node_count(2),
        _ => settings,
    }
}

/// A right node is valid and a wrong one is not, under partitions too; two runs
/// of one seed are the same to the byte, and two seeds are two runs.
fn check<N: Node>(workload: Workload, make: fn(Conduct, Context) -> N) -> (Results, Outcome) {
    let settings = settings(workload);
    let outcome = run(&settings, 11, make, Conduct::Right);
    let results = outcome.check();
    assert_eq!(results.verdict(), Verdict::Valid, "{results:?}");
    let wrong = run(&settings, 11, make, Conduct::Wrong).check();
    assert_eq!(wrong.verdict(), Verdict::Invalid, "{wrong:?}");
    let partitioned = settings
        .nemesis(Fault::Partition)
        .nemesis_interval(4.0)
        .latency_dist(LatencyDist::Exponential);
    let runs = [5, 5, 6].map(|seed| run(&partitioned, seed, make, Conduct::Right));
    let verdict = runs[0].check().verdict();
    assert_ne!(verdict, Verdict::Invalid, "{workload} under partitions");
    let [first, again, other] = runs.map(|outcome| {
        let mut journal = Vec::new();
        outcome.journal.write_json_lines(&mut journal).unwrap();
        (journal, outcome.history.to_json_lines())
    });
    assert!(first == again, "the same seed gave two runs");
    assert!(first != other, "two seeds gave the same run");
    (results, outcome)
}

fn invocations(outcome: &Outcome) -> impl Iterator<Item = &Op> {
    let ops = outcome.history.client_ops().map(|(_, op)| op);
    ops.filter(|op| op.is_invoke())
}

/// How often each operation was started before the recovery.
fn counts(outcome: &Outcome) -> BTreeMap<String, f64> {
    let mut counts = BTreeMap::new();
    for op in invocations(outcome).filter(|op| op.time < 20_000_000_000) {
        *counts.entry(op.f.to_string()).or_default() += 1.0;
    }
    counts
}

/// Whether so many of so many is within four standard deviations of a share.
#[track_caller]
fn assert_share(part: f64, whole: f64, expected: f64) {
    let allowed = 4.0 * (expected * (1.0 - expected) / whole).sqrt();
    let share = part / whole;
    assert!(
        (share - expected).abs() < allowed,
        "{part} of {whole} is {share:.3}, not {expected:.3} ± {allowed:.3}"
    );
}

#[test]
fn g_set() {
    let (results, outcome) = check(Workload::GSet, nodes::set);
    let counts = counts(&outcome);
    assert_share(counts["add"], counts["add"] + counts["read"], 0.5);
    let elements: Vec<i64> = invocations(&outcome)
        .filter_map(|op| op.value.as_int())
        .collect();
    assert!(elements.iter().copied().eq(0..elements.len() as i64));
    assert_eq!(results.stats.all.info_count, 0);
}

#[test]
fn pn_counter() {
    let (_, outcome) = check(Workload::PnCounter, nodes::counter);
    let counts = counts(&outcome);
    assert_share(counts["add"], counts["add"] + counts["read"], 0.5);
    let deltas: Vec<i64> = invocations(&outcome)
        .filter_map(|op| op.value.as_int())
        .collect();
    for delta in -5..5 {
        let drawn = deltas.iter().filter(|drawn| **drawn == delta).count();
        assert_share(drawn as f64, deltas.len() as f64, 0.1);
    }
    let finals = invocations(&outcome).filter(|op| op.is_final()).count();
    assert_eq!(finals, 6, "one for each client");
}

#[test]
fn g_counter() {
    let (_, outcome) = check(Workload::GCounter, nodes::counter);
    let counts = counts(&outcome);
    // Half of the adds are drawn and left out. Of 2532 operations recorded on
    // Maelstrom 809 were adds.
    assert_share(counts["add"], counts["add"] + counts["read"], 1.0 / 3.0);
    assert_share(809.0, 2532.0, 1.0 / 3.0);
    let deltas = invocations(&outcome).filter_map(|op| op.value.as_int());
    assert!(deltas.into_iter().all(|delta| (0..5).contains(&delta)));
}

#[test]
fn lin_kv() {
    let (_, outcome) = check(Workload::LinKv, nodes::registers);
    let shares = |outcome: &Outcome, reads: f64| {
        let counts = counts(outcome);
        let all = counts.values().sum();
        assert_share(counts["read"], all, reads);
        assert_share(counts["cas"], counts["cas"] + counts["write"], 2.0 / 3.0);
    };
    // One group of threads: every other operation reads, as 160 of 321 did on
    // Maelstrom.
    shares(&outcome, 0.5);
    assert_share(160.0, 321.0, 0.5);
    // Two: the second reads nothing. There it was 276 of 1096.
    let two_groups = settings(Workload::LinKv).concurrency(Concurrency::PerNode(4));
    let outcome = run(&two_groups, 1, nodes::registers, Conduct::Right);
    shares(&outcome, 0.25);
    assert_share(276.0, 1096.0, 0.25);
    let values = invocations(&outcome).flat_map(|op| op.value.items()[1].items().to_vec());
    assert!(
        values
            .into_iter()
            .all(|value| (0..5).contains(&value.as_int().unwrap()))
    );
}

#[test]
fn lin_kv_takes_another_key_once_twenty_processes_touched_one() {
    // Nothing is answered in time, so that every operation takes a process.
    let settings = settings(Workload::LinKv)
        .latency_ms(3000)
        .time_limit(200)
        .rate(10.0);
    let outcome = run(&settings, 1, nodes::registers, Conduct::Right);
    let mut touched: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for op in invocations(&outcome) {
        let key = op.value.items()[0].as_int().unwrap();
        touched.entry(key).or_default().push(op.process.to_string());
    }
    assert!(touched.len() > 3, "{}", touched.len());
    for (expected, (key, mut processes)) in (0..).zip(touched) {
        assert_eq!(key, expected);
        processes.sort();
        processes.dedup();
        assert!(processes.len() <= 20, "{}", processes.len());
    }
    // Ten times the mean latency is what a client waits.
    let (position, invocation) = outcome.history.client_ops().next().unwrap();
    let waited = outcome.history.completion(position).unwrap().time - invocation.time;
    assert!(waited <= 30_000_000_000, "{waited}");
}

/// Lengths of transactions, kinds of steps, keys and values as they are drawn.
fn assert_transactions(outcome: &Outcome, write: &str) {
    let txns: Vec<&Op> = invocations(outcome).collect();
    for length in 1..=4 {
        let so_long = txns.iter().filter(|op| op.value.items().len() == length);
        assert_share(so_long.count() as f64, txns.len() as f64, 0.25);
    }
    let steps = txns.iter().flat_map(|op| op.value.items());
    let mut written: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    let (mut reads, mut all) = (0.0, 0.0);
    for step in steps {
        let [f, key, value] = step.items() else {
            panic!("{step}")
        };
        all += 1.0;
        match f.name().unwrap() {
            "r" => reads += 1.0,
            f => {
                assert_eq!(f, write);
                let values = written.entry(key.as_int().unwrap()).or_default();
                values.push(value.as_int().unwrap());
            }
        }
    }
    // A little more than half, since writes to worn-out keys are drawn anew.
    // On Maelstrom 9203 of 17881 steps were reads.
    assert_share(reads, all, 9203.0 / 17881.0);
    for (key, values) in &written {
        let count = values.len() as i64;
        assert!(values.iter().copied().eq(1..=count), "{key}: {values:?}");
        assert!(count <= 16);
    }
    let keys = written.len() as i64;
    assert!(written.keys().all(|key| (0..keys + 10).contains(key)));
}

#[test]
fn txn_list_append() {
    let (_, outcome) = check(Workload::TxnListAppend, nodes::transactions);
    assert_transactions(&outcome, "append");
    let failed = outcome
        .history
        .ops()
        .iter()
        .find(|op| op.kind == OpType::Fail)
        .unwrap();
    let error = failed.error.as_ref().unwrap();
    assert_eq!(error.items()[0].name(), Some("txn-conflict"));
}

#[test]
fn txn_rw_register() {
    let (_, outcome) = check(Workload::TxnRwRegister, nodes::transactions);
    assert_transactions(&outcome, "w");
}

#[test]
fn kafka() {
    let (_, outcome) = check(Workload::Kafka, nodes::logs);
    let counts = counts(&outcome);
    let moves = counts["send"] + counts["poll"];
    assert_share(counts["send"], moves, 0.5);
    assert_share(counts["assign"], moves, 1.0 / 64.0);
    // Four clients, a crash every 30 seconds each.
    assert!((1.0..=9.0).contains(&counts["crash"]), "{counts:?}");
    let assigns = invocations(&outcome).filter(|op| op.f == *"assign" && op.time < 20_000_000_000);
    let (catching_up, all) = assigns.fold((0.0, 0.0), |(unseen, all), op| {
        (
            unseen + f64::from(u8::from(op.field("unseen").is_some())),
            all + 1.0,
        )
    });
    assert!(catching_up <= all * 0.7, "{catching_up} of {all}");
    // Logs to catch up with come first, in the order of `unseen`; one more at most.
    let before = |op: &&Op| op.f == *"assign" && op.field("seek-to-beginning?").is_none();
    for assign in invocations(&outcome).filter(before) {
        let assigned = assign.value.items();
        let unseen = assign.field("unseen").map_or(&[][..], Value::entries);
        let names = unseen.iter().filter_map(|(key, _)| key.as_int());
        let names: Vec<Value> = names.map(|key| Value::from(key.to_string())).collect();
        assert!(assigned.starts_with(&names), "{assign:?}");
        assert!(assigned.len() <= names.len() + 1, "{assign:?}");
    }
    // The end: every client crashes, starts from the beginning, and polls.
    let ends: Vec<&Op> = invocations(&outcome)
        .filter(|op| op.time >= 30_000_000_000)
        .collect();
    let of = |f: &str| ends.iter().filter(|op| op.f == *f).count();
    assert_eq!((of("crash"), of("assign"), of("send")), (4, 4, 0));
    assert!(of("poll") >= 4);
    assert!(
        ends.iter()
            .filter(|op| op.f == *"assign")
            .all(|op| op.field("seek-to-beginning?").is_some())
    );
}

#[test]
fn kafka_polls_at_the_end_for_ten_seconds_at_most() {
    // A log that answers every poll with nothing is never read to its end.
    let outcome = run(&settings(Workload::Kafka), 2, forgetful, Conduct::Wrong);
    let ends: Vec<i64> = invocations(&outcome).map(|op| op.time).collect();
    let last = ends.iter().max().unwrap();
    assert!((39_000_000_000..40_000_000_000).contains(last), "{last}");
    // Every client polls about five times a second.
    let polls = ends.iter().filter(|time| **time >= 30_000_000_000).count();
    assert!((150..250).contains(&polls), "{polls}");
    assert_eq!(outcome.check().verdict(), Verdict::Invalid);
}

fn forgetful(_: Conduct, _: Context) -> impl Node {
    use maelstrom_node::proto::kafka::{Request, Response};
    let next = std::sync::atomic::AtomicU64::new(0);
    maelstrom_node::handler(move |_: Context, request: Request| {
        let offset = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let response: Response = match request {
            Request::Send { .. } => Response::SendOk { offset },
            Request::Poll { .. } => Response::PollOk {
                msgs: BTreeMap::new(),
            },
            Request::CommitOffsets { .. } => Response::CommitOffsetsOk,
            Request::ListCommittedOffsets { .. } => Response::ListCommittedOffsetsOk {
                offsets: BTreeMap::new(),
            },
        };
        async { Ok(response) }
    })
}

#[test]
fn a_service_is_as_far_away_as_a_node() {
    let settings = settings(Workload::LinKv).latency_ms(100);
    let outcome = run(&settings, 1, nodes::registers, Conduct::Right);
    let mut sent = vec![0; outcome.journal.messages.len()];
    let mut hops = 0;
    for event in &outcome.journal.events {
        let message = outcome.journal.message(event).unwrap();
        let number = usize::try_from(event.message).unwrap();
        let with_service = [&message.src, &message.dest]
            .iter()
            .any(|id| id.as_str() == "lin-kv");
        match event.kind {
            EventKind::Send => sent[number] = event.time,
            EventKind::Receive if with_service => {
                hops += 1;
                assert!(event.time - sent[number] >= 100_000_000);
            }
            _ => {}
        }
    }
    assert!(hops > 1000, "{hops}");
}

#[test]
fn services_are_as_settings_ask_for() {
    // Registers on replicas that never merge, and on replicas that do.
    for mode in [ServiceMode::Upstream, ServiceMode::Documented] {
        let settings = settings(Workload::LinKv).services(mode);
        let results = run(&settings, 1, nodes::registers, Conduct::Wrong).check();
        assert_eq!(results.verdict(), Verdict::Invalid);
    }
}

#[test]
fn what_lin_kv_can_not_do_is_said_at_once() {
    let one_each = Settings::new(Workload::LinKv);
    let error = one_each.validate().unwrap_err().to_string();
    assert!(
        error.contains("--concurrency can't be 1n: expected 2n"),
        "{error}"
    );
    let many = one_each.node_count(11).concurrency(Concurrency::PerNode(2));
    let error = many.validate().unwrap_err().to_string();
    assert!(error.contains("--node-count can't be 11"), "{error}");
}
