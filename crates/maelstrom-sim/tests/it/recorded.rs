//! Clients as Maelstrom's, held against recorded runs of it where a folder of
//! them is at hand.
//!
//! `GLOMERS_RECORDED_RUNS` names a folder of `<workload>/<run>/` with the
//! `history.edn`, `results.edn` and `command.txt` (the arguments) of each run.
//! Without it the tests pass and say so.
//!
//! Whatever can be counted in a history of one run (shares of operations and of
//! their arguments, lengths of transactions, ages of keys, messages) is counted
//! in ours, under the same settings, for 12 to 30 seeds. The recorded figure has
//! to lie within five standard deviations of our mean: those of one run as our
//! seeds show them, or of a run with as few operations as the recorded one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use maelstrom_check::{EdnReader, History, Op, OpType};
use maelstrom_node::proto::{broadcast, unique_ids};
use maelstrom_node::{Context, Node, handler};
use maelstrom_sim::{Fault, InProcess, Outcome, Run, Settings, Workload};
use serde_json::Value as Json;

use crate::nodes::{self, Conduct};

/// How often a run is repeated: less often when it is a large one.
fn seeds(settings: &Settings) -> u64 {
    let operations = settings.rate * settings.time_limit.as_secs_f64();
    (60_000.0 / operations).clamp(12.0, 30.0) as u64
}

/// Figures by what they are about.
type Figures = BTreeMap<String, f64>;

/// A run of Maelstrom.
struct Recorded {
    name: String,
    settings: Settings,
    history: History,
    results: Json,
}

/// Those of one workload.
fn recorded(workload: Workload) -> Vec<Recorded> {
    let Some(folder) = std::env::var_os("GLOMERS_RECORDED_RUNS").map(PathBuf::from) else {
        eprintln!("skipped: GLOMERS_RECORDED_RUNS names no folder");
        return Vec::new();
    };
    let folder = folder.join(workload.name());
    let entries = std::fs::read_dir(&folder).unwrap();
    let mut runs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    runs.sort();
    runs.iter().map(|run| read(run, workload)).collect()
}

fn read(run: &Path, workload: Workload) -> Recorded {
    let file = |name: &str| std::fs::read_to_string(run.join(name)).unwrap();
    let results = file("results.edn");
    let results = EdnReader::new(&results).next_form().unwrap().unwrap();
    Recorded {
        name: format!("{workload}/{}", run.file_name().unwrap().display()),
        settings: settings(workload, &file("command.txt")),
        history: History::parse(&file("history.edn")).unwrap(),
        results: results.to_json(),
    }
}

/// What a command line asks for.
fn settings(workload: Workload, command: &str) -> Settings {
    let words: Vec<&str> = command.split_whitespace().collect();
    let flag = |name: &str| {
        let place = words.iter().position(|word| *word == name)?;
        words.get(place + 1).copied()
    };
    let mut settings = Settings::new(workload);
    if let Some(nodes) = flag("--node-count") {
        settings = settings.node_count(nodes.parse().unwrap());
    }
    if let Some(rate) = flag("--rate") {
        settings = settings.rate(rate.parse().unwrap());
    }
    if let Some(seconds) = flag("--time-limit") {
        settings = settings.time_limit(seconds.parse().unwrap());
    }
    if let Some(latency) = flag("--latency") {
        settings = settings.latency_ms(latency.parse().unwrap());
    }
    if let Some(concurrency) = flag("--concurrency") {
        settings = settings.concurrency(concurrency.parse().unwrap());
    }
    if let Some(topology) = flag("--topology") {
        settings = settings.topology(topology.parse().unwrap());
    }
    if flag("--nemesis").is_some() {
        settings = settings.nemesis(Fault::Partition);
    }
    if let Some(seconds) = flag("--nemesis-interval") {
        settings = settings.nemesis_interval(seconds.parse().unwrap());
    }
    settings
}

/// Ours under the same settings.
fn repeat(settings: &Settings, seed: u64) -> Outcome {
    fn host<N: Node>(make: impl Fn(Context) -> N + Clone + Send + Sync + 'static) -> InProcess {
        InProcess::new(make)
    }
    let host = match settings.workload {
        Workload::Broadcast => host(flood),
        Workload::UniqueIds => host(ids),
        Workload::GSet => host(|ctx| nodes::set(Conduct::Right, ctx)),
        Workload::GCounter | Workload::PnCounter => host(|ctx| nodes::counter(Conduct::Right, ctx)),
        Workload::LinKv => host(|ctx| nodes::registers(Conduct::Right, ctx)),
        Workload::Kafka => host(|ctx| nodes::logs(Conduct::Right, ctx)),
        // What they answer has no part in what they are asked.
        Workload::TxnListAppend | Workload::TxnRwRegister => {
            host(|ctx| nodes::transactions(Conduct::Wrong, ctx))
        }
        _ => host(crate::echo),
    };
    let outcome = Run::new(settings.clone(), seed, host).execute();
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    outcome
}

/// Passes each new value on to all neighbours but its sender, once.
fn flood(_: Context) -> impl Node {
    use broadcast::{Request, Response, Topology};
    let state: Mutex<(Topology, Vec<u64>)> = Mutex::default();
    handler(move |ctx: Context, request: Request| {
        let (neighbours, values) = &mut *state.lock().unwrap();
        let response = match request {
            Request::Topology { topology } => {
                *neighbours = topology;
                Response::TopologyOk
            }
            Request::Broadcast { message } => {
                if !values.contains(&message) {
                    values.push(message);
                    for peer in neighbours.get(ctx.id()).into_iter().flatten() {
                        if peer != ctx.sender() {
                            ctx.send(peer, &Request::Broadcast { message });
                        }
                    }
                }
                Response::BroadcastOk
            }
            Request::Read => Response::ReadOk {
                messages: values.clone(),
            },
        };
        async { Ok(response) }
    })
}

fn ids(_: Context) -> impl Node {
    use unique_ids::{Request, Response};
    let next = Mutex::new(0);
    handler(move |ctx: Context, Request::Generate| {
        let mut next = next.lock().unwrap();
        *next += 1;
        let id = format!("{}-{next}", ctx.id());
        async move { Ok(Response::GenerateOk { id: id.into() }) }
    })
}

/// Counts how often each of several things happened, as shares.
#[derive(Default)]
struct Shares(BTreeMap<&'static str, BTreeMap<String, f64>>);

impl Shares {
    fn count(&mut self, group: &'static str, what: impl ToString) {
        let counts = self.0.entry(group).or_default();
        *counts.entry(what.to_string()).or_default() += 1.0;
    }

    fn figures(self) -> Figures {
        let groups = self.0.into_iter().flat_map(|(group, counts)| {
            let whole: f64 = counts.values().sum();
            let share = move |(what, count)| (format!("{group}: {what}"), count / whole);
            counts.into_iter().map(share)
        });
        groups.collect()
    }
}

const COUNT: &str = "operations";

/// What clients asked for while operations were started.
///
/// [`COUNT`] is the number of operations.
fn operations(settings: &Settings, history: &History) -> Figures {
    let end = i64::try_from(settings.time_limit.as_nanos()).unwrap() + 1_000_000_000;
    let ops = history.client_ops().map(|(_, op)| op);
    let ops: Vec<&Op> = ops.filter(|op| op.is_invoke() && op.time < end).collect();
    let mut shares = Shares::default();
    let mut newest = 0;
    let mut crashes = 0.0;
    for op in &ops {
        let (f, value) = (op.f.as_str(), &op.value);
        // Crashes come by the clock, whatever else is done.
        if f == "crash" {
            crashes += 1.0;
            continue;
        }
        shares.count("operation", f);
        let items = value.items();
        match settings.workload {
            Workload::Echo => {
                let text = value.name().unwrap();
                let number: u32 = text.rsplit(' ').next().unwrap().parse().unwrap();
                shares.count("echo", number / 32);
            }
            Workload::GCounter | Workload::PnCounter if f == "add" => shares.count("delta", value),
            Workload::LinKv => match f {
                "write" => shares.count("written", &items[1]),
                "cas" => shares.count("compared and set", &items[1]),
                _ => {}
            },
            Workload::Kafka if f == "send" || f == "poll" => {
                shares.count("steps", items.len());
                for step in items.iter().filter(|step| step.items().len() > 1) {
                    let key: i64 = step.items()[1].name().unwrap().parse().unwrap();
                    newest = newest.max(key);
                    shares.count("age of a key", (newest - key).min(12));
                }
            }
            Workload::TxnListAppend | Workload::TxnRwRegister => {
                shares.count("steps", items.len());
                for step in items {
                    let step = step.items();
                    let key = step[1].as_int().unwrap();
                    newest = newest.max(key);
                    shares.count("step", step[0].name().unwrap());
                    shares.count("age of a key", (newest - key).min(12));
                }
            }
            _ => {}
        }
    }
    let mut figures = shares.figures();
    figures.insert(COUNT.into(), ops.len() as f64);
    if settings.workload == Workload::Kafka {
        figures.insert("crashes".into(), crashes);
    }
    figures
}

/// The figures that are further from ours than luck explains.
fn strangers(theirs: &Figures, ours: &[Figures]) -> Vec<String> {
    let names = theirs.keys().chain(ours.iter().flat_map(|one| one.keys()));
    let names: BTreeSet<&String> = names.filter(|name| *name != COUNT).collect();
    let mut found = Vec::new();
    // A node that keeps its clients waiting is asked less, and luck shows more.
    let asked = ours.iter().map(|one| one[COUNT]).sum::<f64>() / ours.len() as f64;
    let luck = (asked / theirs[COUNT]).max(1.0).sqrt();
    for name in &names {
        let of = |figures: &Figures| figures.get(*name).copied().unwrap_or_default();
        let count = ours.len() as f64;
        let mean = ours.iter().map(of).sum::<f64>() / count;
        let squares = ours.iter().map(|one| (of(one) - mean).powi(2)).sum::<f64>();
        let deviation = luck * (squares / (count - 1.0)).sqrt();
        if (of(theirs) - mean).abs() > 5.0 * deviation {
            found.push(format!(
                "{name}: {:.4}, ours {mean:.4} ± {deviation:.4}",
                of(theirs)
            ));
        }
    }
    eprintln!("  {} figures", names.len());
    found
}

fn check_operations(workload: Workload) {
    let mut wrong = Vec::new();
    for run in recorded(workload) {
        eprintln!("{}", run.name);
        let theirs = operations(&run.settings, &run.history);
        let ours = |seed| operations(&run.settings, &repeat(&run.settings, seed).history);
        let ours: Vec<Figures> = (0..seeds(&run.settings)).map(ours).collect();
        let strangers = strangers(&theirs, &ours);
        wrong.extend(
            strangers
                .into_iter()
                .map(|figure| format!("{}: {figure}", run.name)),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn operations_of_broadcasts_and_sets() {
    check_operations(Workload::Broadcast);
    check_operations(Workload::GSet);
}

#[test]
fn operations_of_echoes_and_ids() {
    check_operations(Workload::Echo);
    check_operations(Workload::UniqueIds);
}

#[test]
fn operations_of_counters() {
    check_operations(Workload::GCounter);
    check_operations(Workload::PnCounter);
}

#[test]
fn operations_on_registers() {
    check_operations(Workload::LinKv);
}

#[test]
fn operations_on_logs() {
    check_operations(Workload::Kafka);
}

#[test]
fn transactions_that_append() {
    check_operations(Workload::TxnListAppend);
}

#[test]
fn transactions_that_write() {
    check_operations(Workload::TxnRwRegister);
}

/// How many messages had a client on one end, beside a request and a reply for
/// each operation.
fn beside_operations(history: &History, client_messages: u64) -> i64 {
    let invoked = history.client_ops().filter(|(_, op)| op.is_invoke());
    i64::try_from(client_messages).unwrap() - 2 * i64::try_from(invoked.count()).unwrap()
}

#[test]
fn messages_of_clients() {
    for workload in [
        Workload::Broadcast,
        Workload::Echo,
        Workload::GSet,
        Workload::GCounter,
        Workload::PnCounter,
        Workload::LinKv,
        Workload::TxnListAppend,
        Workload::TxnRwRegister,
        Workload::UniqueIds,
    ] {
        for run in recorded(workload) {
            // An operation without an answer has no reply, or a late one.
            let mut ops = run.history.client_ops();
            if ops.any(|(_, op)| op.kind == OpType::Info) {
                continue;
            }
            let theirs = run.results["net"]["clients"]["msg-count"].as_u64().unwrap();
            let outcome = repeat(&run.settings, 1);
            let ours = outcome.check().to_json()["net"]["clients"]["msg-count"]
                .as_u64()
                .unwrap();
            assert_eq!(
                beside_operations(&run.history, theirs),
                beside_operations(&outcome.history, ours),
                "{}",
                run.name
            );
        }
    }
}

#[test]
fn a_flood_costs_the_same_messages_and_takes_the_same_time() {
    let runs = recorded(Workload::Broadcast);
    let Some(run) = runs.iter().find(|run| run.name == "broadcast/valid-2") else {
        return;
    };
    let outcome = repeat(&run.settings, 1);
    let ours = outcome.check().to_json();
    let a_broadcast = |history: &History, results: &Json| {
        let ops = history.client_ops();
        let broadcasts = ops.filter(|(_, op)| op.is_invoke() && op.f == *"broadcast");
        let messages = results["net"]["servers"]["msg-count"].as_f64().unwrap();
        messages / broadcasts.count() as f64
    };
    let theirs = a_broadcast(&run.history, &run.results);
    assert_eq!(theirs, a_broadcast(&outcome.history, &ours));
    // Theirs are a busy machine's: later by some milliseconds a hop.
    for quantile in ["0.5", "0.95", "0.99", "1"] {
        let of = |results: &Json| {
            results["workload"]["stable-latencies"][quantile]
                .as_f64()
                .unwrap()
        };
        let (theirs, ours) = (of(&run.results), of(&ours));
        eprintln!("stable latency {quantile}: {theirs} ms, ours {ours} ms");
        assert!(
            theirs > 0.9 * ours && theirs < 1.1 * ours,
            "{theirs} {ours}"
        );
    }
}
