//! How long checks take, and how that grows. `cargo bench -p maelstrom-check --bench speed`.
//!
//! Made histories of ten thousand, a hundred thousand and a million operations show that cost is
//! near-linear; the folder that `GLOMERS_CHECKER_DATA` names, if it is set, gives the histories
//! of Porcupine's own tests, on which porcupine-rs is timed beside us, in alternation.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, dead_code)]

#[path = "../tests/it/support.rs"]
mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use maelstrom_check::{
    Call, CasRegister, History, KafkaOptions, Model, Op, Options, RegisterOp, RegisterRules,
    TxnObjects, TxnOptions, Value, Verdict, Workload, check, kafka, lin_kv, linearize,
    linearize_each, set_full, transactions,
};
use support::{StringModel, StringOp, etcd_log, folder, string_kv};

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        ((self.0 >> 33) % n as u64) as usize
    }
}

/// Runs `processes` clients that each take a step at a time: invoke, take effect, complete.
/// `effect` gets the invocation and gives the completion.
fn run(
    count: usize,
    processes: usize,
    random: &mut Random,
    mut invoke: impl FnMut(&mut Random) -> (&'static str, Value),
    mut effect: impl FnMut(&str, &Value) -> Value,
) -> History {
    enum Step {
        Idle,
        Invoked(&'static str, Value),
        Done(&'static str, Value),
    }
    let mut history = History::new();
    let mut steps: Vec<Step> = (0..processes).map(|_| Step::Idle).collect();
    let (mut time, mut begun, mut ended) = (0, 0, 0);
    while ended < count {
        let p = random.below(processes);
        time += 100_000;
        steps[p] = match std::mem::replace(&mut steps[p], Step::Idle) {
            Step::Idle if begun < count => {
                let (f, value) = invoke(random);
                history
                    .push(Op::invoke(p as u64, f, value.clone()).at(time))
                    .unwrap();
                begun += 1;
                Step::Invoked(f, value)
            }
            Step::Idle => Step::Idle,
            Step::Invoked(f, value) => Step::Done(f, effect(f, &value)),
            Step::Done(f, value) => {
                history.push(Op::ok(p as u64, f, value).at(time)).unwrap();
                ended += 1;
                Step::Idle
            }
        };
    }
    history
}

fn registers(count: usize, keys: usize) -> History {
    let mut state = vec![Value::Nil; keys];
    run(
        count,
        10,
        &mut Random(1),
        |r| {
            let key = Value::from(r.below(keys));
            let v = Value::from(r.below(5));
            match r.below(2) {
                0 => ("read", Value::vector([key, Value::Nil])),
                _ => ("write", Value::vector([key, v])),
            }
        },
        |f, value| {
            let key = value.items()[0].as_int().unwrap() as usize;
            if f == "write" {
                state[key] = value.items()[1].clone();
            }
            Value::vector([value.items()[0].clone(), state[key].clone()])
        },
    )
}

/// Transactions of one to four steps over ten keys at a time, sixteen writes a key.
fn txns(count: usize, write: &'static str) -> History {
    let mut active: Vec<(i64, i64)> = (0..10).map(|k| (k, 0)).collect();
    let mut next_key = 10;
    let mut lists: rustc_hash::FxHashMap<i64, Vec<Value>> = Default::default();
    run(
        count,
        10,
        &mut Random(2),
        |r| {
            let steps: Vec<Value> = (0..=r.below(4))
                .map(|_| {
                    let slot = r.below(10);
                    let (key, written) = &mut active[slot];
                    if r.below(2) == 0 {
                        return Value::vector([Value::from("r"), (*key).into(), Value::Nil]);
                    }
                    *written += 1;
                    let step =
                        Value::vector([Value::from(write), (*key).into(), (*written).into()]);
                    if *written == 16 {
                        active[slot] = (next_key, 0);
                        next_key += 1;
                    }
                    step
                })
                .collect();
            ("txn", Value::vector(steps))
        },
        |_, txn| {
            Value::vector(txn.items().iter().map(|step| {
                let [f, key, value] = step.items() else {
                    panic!("a step has three parts")
                };
                let list = lists.entry(key.as_int().unwrap()).or_default();
                let value = match f.name().unwrap() {
                    "append" => {
                        list.push(value.clone());
                        value.clone()
                    }
                    "w" => {
                        *list = vec![value.clone()];
                        value.clone()
                    }
                    _ if write == "w" => list.last().cloned().unwrap_or(Value::Nil),
                    _ => Value::vector(list.iter()),
                };
                Value::vector([f.clone(), key.clone(), value])
            }))
        },
    )
}

/// Sends and polls of ten keys; each poll takes the next four messages of a key.
fn logs(count: usize) -> History {
    let mut logs: Vec<Vec<i64>> = vec![Vec::new(); 10];
    let mut next = 0i64;
    let mut history = History::new();
    let mut random = Random(3);
    let mut at = vec![[0usize; 10]; 10];
    for i in 0..count {
        let (p, key) = (random.below(10), random.below(10));
        let time = i as i64 * 100_000;
        let name = key.to_string();
        // The last tenth only polls, so that everything is seen.
        if random.below(2) == 0 && i < count - count / 10 {
            next += 1;
            let sent = |v: Value| {
                Value::vector([Value::vector([Value::from("send"), Value::from(&*name), v])])
            };
            history
                .push(Op::invoke(p as u64, "send", sent(next.into())).at(time))
                .unwrap();
            let pair = Value::vector([Value::from(logs[key].len()), next.into()]);
            logs[key].push(next);
            history
                .push(Op::ok(p as u64, "send", sent(pair)).at(time + 50_000))
                .unwrap();
        } else {
            let poll = Value::vector([Value::vector(["poll"])]);
            history
                .push(Op::invoke(p as u64, "poll", poll).at(time))
                .unwrap();
            let from = at[p][key];
            let to = logs[key].len();
            at[p][key] = to;
            let pairs: Vec<Value> = (from..to)
                .map(|o| Value::vector([Value::from(o), logs[key][o].into()]))
                .collect();
            let polled = Value::map([(&*name, Value::vector(pairs))]);
            let value = Value::vector([Value::vector([Value::from("poll"), polled])]);
            history
                .push(Op::ok(p as u64, "poll", value).at(time + 50_000))
                .unwrap();
        }
    }
    history
}

/// Peak memory of this process so far, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|l| l.starts_with("VmHWM"))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}

fn timed<T>(f: impl FnOnce() -> T) -> (Duration, T) {
    let started = Instant::now();
    let value = f();
    (started.elapsed(), value)
}

fn row(
    what: &str,
    count: usize,
    made: impl FnOnce(usize) -> History,
    check: impl Fn(&History) -> Verdict,
) {
    let history = made(count);
    let (took, verdict) = timed(|| check(&history));
    let per_op = took.as_nanos() / count as u128;
    println!(
        "{what:28} {count:>9} {took:>12.2?} {per_op:>7} ns/op {:>6} MiB  {verdict}",
        peak()
    );
}

fn scaling(sizes: &[usize]) {
    println!("check                             count         time     per op   peak");
    let knossos = CasRegister {
        initial: Value::Nil,
        rules: RegisterRules::Knossos,
    };
    for n in sizes {
        row(
            "one register",
            *n,
            |n| registers(n, 1),
            |h| {
                let calls = Call::of(h, |i, c| {
                    let c = c.map(|c| (c, &c.value.items()[1]));
                    knossos.op(&i.f, &i.value.items()[1], c)
                });
                linearize(&knossos, &calls, usize::MAX).verdict()
            },
        );
    }
    for n in sizes {
        row(
            "lin-kv, a hundred keys",
            *n,
            |n| registers(n, 100),
            |h| lin_kv(h, RegisterRules::Strict, usize::MAX).valid,
        );
    }
    for n in sizes {
        row(
            "txn-list-append",
            *n,
            |n| txns(n, "append"),
            |h| transactions(h, TxnObjects::Lists, &TxnOptions::default()).valid,
        );
    }
    for n in sizes.iter().filter(|n| **n <= 100_000) {
        row(
            "the same, with strict checks",
            *n,
            |n| txns(n, "append"),
            |h| check(Workload::TxnListAppend, h, &Options::default()).verdict(),
        );
    }
    for n in sizes {
        row(
            "txn-rw-register",
            *n,
            |n| txns(n, "w"),
            |h| {
                let models = vec!["read-committed".parse().unwrap()];
                let options = TxnOptions {
                    models,
                    register_wrapper: true,
                    ..Default::default()
                };
                transactions(h, TxnObjects::Registers, &options).valid
            },
        );
    }
    for n in sizes {
        row("kafka", *n, logs, |h| {
            kafka(h, KafkaOptions::default()).valid
        });
    }
    for n in [5_000, 20_000] {
        row("set-full, 1000 elements", n, set, |h| set_full(h).valid);
    }
    for n in sizes {
        let text = registers(*n, 100).to_edn();
        let (took, history) = timed(|| History::parse(&text).unwrap());
        let mb = text.len() as f64 / 1e6;
        println!(
            "{:28} {n:>9} {took:>12.2?} {:>7.0} MB/s   {:>6} MiB",
            "reading EDN",
            mb / took.as_secs_f64(),
            peak()
        );
        black_box(history);
    }
}

/// A set that a thousand elements are added to, and then only read.
fn set(count: usize) -> History {
    let mut elements: Vec<Value> = Vec::new();
    let mut next = 0;
    let limit = 1000;
    run(
        count,
        10,
        &mut Random(4),
        |r| {
            if r.below(2) == 0 && next < limit {
                next += 1;
                ("add", next.into())
            } else {
                ("read", Value::Nil)
            }
        },
        |f, value| {
            if f == "add" {
                elements.push(value.clone());
                return value.clone();
            }
            Value::vector(elements.iter())
        },
    )
}

/// Our models in porcupine-rs's terms.
#[derive(Clone)]
struct Strings;

impl porcupine_rs::Model for Strings {
    type State = String;
    type Op = StringOp;
    type Metadata = ();

    fn init() -> String {
        String::new()
    }

    fn step(state: &String, op: &StringOp) -> (bool, String) {
        StringModel
            .step(state, op)
            .map_or_else(|| (false, String::new()), |next| (true, next))
    }
}

#[derive(Clone)]
struct Registers;

impl porcupine_rs::Model for Registers {
    type State = Option<i64>;
    type Op = (RegisterOp, bool);
    type Metadata = ();

    fn init() -> Option<i64> {
        None
    }

    /// As Porcupine's etcd model has it: a compare-and-set that was never heard of again
    /// always fits, and does something where it can.
    fn step(state: &Option<i64>, (op, known): &(RegisterOp, bool)) -> (bool, Option<i64>) {
        match op {
            RegisterOp::Read(None) => (true, *state),
            RegisterOp::Read(Some(v)) => (v.as_int() == *state, *state),
            RegisterOp::Write(v) => (true, v.as_int()),
            RegisterOp::Cas(a, b) if a.as_int() == *state => (true, b.as_int()),
            RegisterOp::Cas(..) => (!known, *state),
            RegisterOp::CasMismatch(v) => (v.as_int() != *state, *state),
        }
    }
}

fn theirs<M: porcupine_rs::Model, O>(
    calls: &[Call<O>],
    op: impl Fn(&Call<O>) -> M::Op,
) -> Vec<porcupine_rs::Operation<M>> {
    let end = calls
        .iter()
        .map(|c| c.complete.unwrap_or(c.invoke))
        .max()
        .unwrap_or(0)
        + 1;
    calls
        .iter()
        .map(|c| porcupine_rs::Operation {
            client_id: None,
            call_time: c.invoke as i64,
            return_time: c.complete.unwrap_or(end) as i64,
            op: op(c),
            metadata: None,
        })
        .collect()
}

/// Times two ways in alternation; the medians of five.
fn pair(mut a: impl FnMut(), mut b: impl FnMut()) -> (Duration, Duration) {
    let mut times: [Vec<Duration>; 2] = Default::default();
    for _ in 0..5 {
        times[0].push(timed(&mut a).0);
        times[1].push(timed(&mut b).0);
    }
    let [a, b] = times.map(|mut t| {
        t.sort();
        t[2]
    });
    (a, b)
}

fn against_porcupine() {
    let Some(data) = folder("GLOMERS_CHECKER_DATA") else {
        return;
    };
    let dir = data.join("porcupine");
    let model = CasRegister {
        initial: Value::Nil,
        rules: RegisterRules::Strict,
    };
    let mut ours: Vec<Duration> = Vec::new();
    let mut others: Vec<Duration> = Vec::new();
    let mut logs: Vec<_> = std::fs::read_dir(dir.join("jepsen"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    logs.sort();
    for log in logs {
        let calls = etcd_log(&std::fs::read_to_string(&log).unwrap());
        let ops = theirs::<Registers, _>(&calls, |c| (c.op.clone(), c.complete.is_some()));
        let (a, b) = pair(
            || drop(black_box(linearize(&model, &calls, usize::MAX))),
            || {
                black_box(porcupine_rs::check_operations(&ops));
            },
        );
        ours.push(a);
        others.push(b);
    }
    println!("\n                       maelstrom-check                     porcupine-rs");
    let told = |mut t: Vec<Duration>| {
        t.sort();
        let sum: Duration = t.iter().sum();
        format!(
            "{:.2?} / {:.2?} / {:.2?}",
            t[t.len() / 2],
            t[t.len() - 1],
            sum
        )
    };
    println!(
        "etcd logs ({}), median / max / sum: {}   {}",
        ours.len(),
        told(ours.clone()),
        told(others.clone())
    );
    for name in [
        "c01-ok", "c01-bad", "c10-ok", "c10-bad", "c50-ok", "c50-bad",
    ] {
        let Ok(text) = std::fs::read_to_string(dir.join(format!("kv/{name}.txt"))) else {
            continue;
        };
        let keys = string_kv(&text);
        let ops: Vec<_> = keys
            .iter()
            .map(|k| theirs::<Strings, _>(k, |c| c.op.clone()))
            .collect();
        // A key that cannot be ordered can take for ever: both stop at the first found.
        let (a, b) = pair(
            || drop(black_box(linearize_each(&StringModel, &keys, usize::MAX))),
            || {
                if !name.ends_with("bad") {
                    for key in &ops {
                        black_box(porcupine_rs::check_operations(key));
                    }
                }
            },
        );
        let b = if name.ends_with("bad") {
            "-".into()
        } else {
            format!("{b:.2?}")
        };
        println!("kv {name:8} {a:>20.2?} {b:>32}");
    }
}

fn main() {
    let sizes: Vec<usize> = match std::env::var("GLOMERS_BENCH_SIZES") {
        Ok(sizes) => sizes
            .split(',')
            .map(|n| n.trim().parse().unwrap())
            .collect(),
        Err(_) => vec![10_000, 100_000, 1_000_000],
    };
    scaling(&sizes);
    against_porcupine();
}
