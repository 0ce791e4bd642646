//! Correct stores are never called invalid, by either part of the verdict.

use maelstrom_check::{History, Op, Options, Value, Verdict, Workload, check};

use crate::oracle::Random;

/// A register's version: its timestamp, the node that gave it, and the value.
type Version = (u64, usize, i64);

/// When a message arrives, at which node, and what it says was written.
type Message = (usize, usize, Vec<(usize, Version)>);

/// Two nodes that apply transactions at once and tell each other later, a transaction at a time;
/// the higher Lamport timestamp wins. `delay` is how long messages take, in steps.
/// With one node and no delay it is a serial store.
fn replicated(random: &mut Random, nodes: usize, txns: usize, delay: usize) -> History {
    let keys = 4;
    let mut stores: Vec<Vec<Option<Version>>> = vec![vec![None; keys]; nodes];
    let mut clocks = vec![0u64; nodes];
    let mut inbox: Vec<Message> = Vec::new();
    let mut history = History::new();
    let mut next = 0i64;
    let mut processes: Vec<u64> = (0..4).collect();
    for step in 0..txns {
        inbox.sort_by_key(|(at, ..)| *at);
        while inbox.first().is_some_and(|(at, ..)| *at <= step) {
            let (_, node, writes) = inbox.remove(0);
            for (key, version) in writes {
                clocks[node] = clocks[node].max(version.0);
                stores[node][key] = stores[node][key].max(Some(version));
            }
        }
        let worker = random.below(4);
        let node = worker % nodes;
        let process = processes[worker];
        // How the transaction ends: well, with an abort, or with nobody knowing.
        let fate = random.below(12);
        clocks[node] += 1;
        let (mut sent, mut done, mut writes) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..=random.below(3) {
            let key = random.below(keys);
            let own = writes
                .iter()
                .rev()
                .find(|(k, _)| *k == key)
                .map(|(_, v): &(_, Version)| v.2);
            if random.below(2) == 0 {
                let read = own.or(stores[node][key].map(|v| v.2));
                sent.push(Value::vector([Value::from("r"), key.into(), Value::Nil]));
                done.push(Value::vector([Value::from("r"), key.into(), read.into()]));
            } else {
                next += 1;
                writes.push((key, (clocks[node], node, next)));
                let write = Value::vector([Value::from("w"), key.into(), next.into()]);
                sent.push(write.clone());
                done.push(write);
            }
        }
        let time = step as i64 * 1_000_000;
        let (sent, done) = (Value::vector(sent), Value::vector(done));
        history
            .push(Op::invoke(process, "txn", &sent).at(time))
            .unwrap();
        if fate > 0 && (fate > 1 || random.below(2) == 0) {
            for (key, version) in &writes {
                stores[node][*key] = stores[node][*key].max(Some(*version));
            }
            for other in (0..nodes).filter(|n| *n != node) {
                inbox.push((step + 1 + random.below(delay + 1), other, writes.clone()));
            }
        }
        let end = match fate {
            0 => Op::fail(process, "txn", &sent).with_error("txn-conflict"),
            1 => Op::info(process, "txn", &sent).with_error("net-timeout"),
            _ => Op::ok(process, "txn", done),
        };
        history.push(end.at(time + 500_000)).unwrap();
        if fate == 1 {
            processes[worker] += 4;
        }
    }
    history
}

fn never_invalid(nodes: usize, delay: usize, models: &[&str]) {
    for seed in 0..300u64 {
        let random = &mut Random(seed);
        let history = replicated(random, nodes, 60, delay);
        for model in models {
            let options = Options {
                consistency_models: vec![model.parse().unwrap()],
                ..Options::default()
            };
            let results = check(Workload::TxnRwRegister, &history, &options);
            let told = format!(
                "seed {seed}, {model}:\n{}{}",
                history.to_edn(),
                results.story()
            );
            assert_ne!(results.verdict(), Verdict::Invalid, "{told}");
        }
    }
}

#[test]
fn a_serial_store_is_strict_serializable() {
    never_invalid(
        1,
        0,
        &["strict-serializable", "serializable", "read-committed"],
    );
}

#[test]
fn a_store_that_replicates_whole_transactions_is_read_committed() {
    never_invalid(2, 10, &["read-uncommitted", "read-committed"]);
    never_invalid(2, 60, &["read-uncommitted", "read-committed"]);
}

/// The same store when its nodes apply each write as it comes, whatever was there: upstream
/// passes it, and the strict part sees it.
#[test]
fn a_store_that_replicates_writes_in_no_order_is_caught() {
    let mut caught = 0;
    let mut passed_upstream = 0;
    for seed in 0..50u64 {
        let random = &mut Random(seed);
        let mut stores = [[None::<i64>; 2]; 2];
        let mut history = History::new();
        let mut next = 0i64;
        let mut inbox: Vec<(usize, usize, usize, i64)> = Vec::new();
        for step in 0..120usize {
            inbox.retain(|(at, node, key, value)| {
                if *at <= step {
                    stores[*node][*key] = Some(*value);
                }
                *at > step
            });
            let process = random.below(4);
            let node = process % 2;
            let mut sent = Vec::new();
            let mut done = Vec::new();
            let write = random.below(2) == 0;
            for (key, held) in stores[node].iter_mut().enumerate() {
                if write {
                    next += 1;
                    *held = Some(next);
                    inbox.push((step + 1 + random.below(6), 1 - node, key, next));
                    let w = Value::vector([Value::from("w"), key.into(), next.into()]);
                    sent.push(w.clone());
                    done.push(w);
                } else {
                    sent.push(Value::vector([Value::from("r"), key.into(), Value::Nil]));
                    done.push(Value::vector([
                        Value::from("r"),
                        key.into(),
                        Value::from(*held),
                    ]));
                }
            }
            let time = step as i64 * 1_000_000;
            history
                .push(Op::invoke(process as u64, "txn", sent).at(time))
                .unwrap();
            history
                .push(Op::ok(process as u64, "txn", done).at(time + 1))
                .unwrap();
        }
        let options = Options {
            consistency_models: vec!["read-committed".parse().unwrap()],
            ..Options::default()
        };
        let results = check(Workload::TxnRwRegister, &history, &options);
        passed_upstream += usize::from(results.maelstrom == Verdict::Valid);
        caught += usize::from(results.strict.is_some_and(|s| s.valid == Verdict::Invalid));
    }
    println!(
        "writes in no order: upstream passes {passed_upstream} of 50, strict catches {caught}"
    );
    assert!(caught >= 45, "{caught} of 50");
}
