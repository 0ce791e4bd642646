//! The services held to Maelstrom's figures, and to its documentation.

use std::collections::BTreeMap;

use maelstrom_check::{
    Call, History, Linearity, Model, Op, RegisterRules, Value as Edn, Verdict, lin_kv, linearize,
};
use proptest::prelude::*;
use rand::RngExt;
use serde_json::{Value, json};

use super::*;

fn ask(service: &mut dyn Service, src: &str, request: Value) -> Option<Value> {
    let reply = service.handle(&NodeId::new(src), &Edn::from(request))?;
    Some(Edn::map(reply).to_json())
}

fn service(name: &str, mode: ServiceMode, seed: u64) -> Box<dyn Service> {
    let all = services(mode, seed).into_iter();
    all.into_iter().find(|(n, _)| *n == name).unwrap().1
}

fn write(key: u64, value: u64) -> Value {
    json!({"type": "write", "key": key, "value": value})
}

fn read(key: u64) -> Value {
    json!({"type": "read", "key": key})
}

fn value_of(reply: &Option<Value>) -> Option<u64> {
    reply.as_ref()?.get("value")?.as_u64()
}

#[test]
fn replies_are_maelstroms_to_the_letter() {
    let mut lin = service("lin-kv", ServiceMode::Upstream, 1);
    let mut check = |request: Value, expected: Value| {
        assert_eq!(ask(&mut *lin, "n1", request), Some(expected));
    };
    let missing = json!({"type": "error", "code": 20, "text": "key does not exist"});
    check(read(1), missing.clone());
    check(
        json!({"type": "cas", "key": 1, "from": 1, "to": 2}),
        missing,
    );
    let create = json!({"type": "cas", "key": 1, "from": 9, "to": 2, "create_if_not_exists": true});
    check(create.clone(), json!({"type": "cas_ok"}));
    check(
        create,
        json!({"type": "error", "code": 22, "text": "current value 2 is not 9"}),
    );
    check(read(1), json!({"type": "read_ok", "value": 2}));
    // 1 and 1.0 are two values, and two keys.
    let float = json!({"type": "cas", "key": 1, "from": 2.0, "to": 3});
    check(
        float,
        json!({"type": "error", "code": 22, "text": "current value 2 is not 2.0"}),
    );
    check(
        json!({"type": "write", "key": {"a": [1]}, "value": "x"}),
        json!({"type": "write_ok"}),
    );
    check(
        json!({"type": "cas", "key": {"a": [1]}, "from": null, "to": 1}),
        json!({"type": "error", "code": 22, "text": "current value \"x\" is not nil"}),
    );
    check(
        json!({"type": "read", "key": {"a": [1]}}),
        json!({"type": "read_ok", "value": "x"}),
    );
    for name in ["lin-kv", "seq-kv", "lww-kv", "lin-tso"] {
        let mut service = service(name, ServiceMode::Upstream, 1);
        assert_eq!(ask(&mut *service, "n1", json!({"type": "sing"})), None);
        assert_eq!(ask(&mut *service, "n1", json!({"no": "type"})), None);
    }
}

#[test]
fn numbers_keep_every_digit() {
    let mut lin = service("lin-kv", ServiceMode::Upstream, 1);
    let mut check = |request: &str, expected: &str| {
        let request = Body::parse(request).unwrap();
        let reply = answer(&mut *lin, &NodeId::new("n1"), &request).unwrap();
        assert_eq!(reply.as_str(), expected);
    };
    let (key, other) = ("18446744073709551617", "18446744073709551618");
    check(
        &format!(r#"{{"type":"write","key":{key},"value":[{key},-{other},1.5],"msg_id":{other}}}"#),
        &format!(r#"{{"in_reply_to":{other},"type":"write_ok"}}"#),
    );
    check(
        &format!(r#"{{"type":"read","key":{key},"msg_id":1}}"#),
        &format!(r#"{{"in_reply_to":1,"type":"read_ok","value":[{key},-{other},1.5]}}"#),
    );
    check(
        &format!(r#"{{"type":"read","key":{other},"msg_id":2}}"#),
        r#"{"code":20,"in_reply_to":2,"text":"key does not exist","type":"error"}"#,
    );
}

#[test]
fn timestamps_count_from_zero() {
    let mut tso = service("lin-tso", ServiceMode::Upstream, 1);
    for n in 0..100 {
        let reply = ask(&mut *tso, "n1", json!({"type": "ts"}));
        assert_eq!(reply, Some(json!({"type": "ts_ok", "ts": n})));
    }
}

/// After so many updates, two thousand new clients read six times each. How
/// often does one see an older value than before?
fn reads_that_go_back(mode: ServiceMode, updates: u64) -> usize {
    let mut back = 0;
    let mut seq = service("seq-kv", mode, 7);
    for value in 1..=updates {
        ask(&mut *seq, "writer", write(0, value));
    }
    for client in 0..2000 {
        let mut seen = 0;
        for _ in 0..6 {
            let value = value_of(&ask(&mut *seq, &format!("n{client}"), read(0))).unwrap_or(0);
            back += usize::from(value < seen);
            seen = value;
        }
    }
    back
}

#[test]
fn the_ring_of_32_states_wraps() {
    assert_eq!(reads_that_go_back(ServiceMode::Upstream, 20), 0);
    assert_eq!(reads_that_go_back(ServiceMode::Upstream, 31), 0);
    // Seen on the real one with 200 updates: 1616 of 12,000 reads.
    let back = reads_that_go_back(ServiceMode::Upstream, 200);
    assert!((1500..=1720).contains(&back), "{back}");
    assert_eq!(reads_that_go_back(ServiceMode::Documented, 200), 0);
}

#[test]
fn a_write_of_something_new_reaches_the_newest_state() {
    for mode in [ServiceMode::Upstream, ServiceMode::Documented] {
        let mut seq = service("seq-kv", mode, 3);
        for value in 0..500 {
            ask(&mut *seq, "writer", write(0, value));
        }
        // Whoever writes a value that was never there sees all there is.
        ask(&mut *seq, "reader", write(1, 1));
        assert_eq!(value_of(&ask(&mut *seq, "reader", read(0))), Some(499));
    }
}

#[test]
fn replicas_of_lww_kv_never_hear_of_each_other_upstream() {
    let mut missing = 0;
    for seed in 0..200 {
        let mut lww = service("lww-kv", ServiceMode::Upstream, seed);
        ask(&mut *lww, "n1", write(0, 1));
        let replies = (0..1000).map(|_| value_of(&ask(&mut *lww, "n1", read(0))));
        let found = replies.flatten().count();
        // One of two replicas has it, and no request changes that.
        assert!((400..600).contains(&found), "{found}");
        missing += usize::from(found < 1000);
    }
    assert_eq!(missing, 200);
}

#[test]
fn lww_kv_knows_no_creation_by_compare_and_set() {
    for mode in [ServiceMode::Upstream, ServiceMode::Documented] {
        let mut lww = service("lww-kv", mode, 1);
        let create =
            json!({"type": "cas", "key": 1, "from": 9, "to": 2, "create_if_not_exists": true});
        let reply = ask(&mut *lww, "n1", create).unwrap();
        assert_eq!(reply["code"], 20);
    }
}

/// Random requests of several clients, one after the other.
fn requests(seed: u64, count: usize, keys: u64) -> Vec<(String, Value)> {
    let mut rng = Stream::Clients.rng(seed);
    let mut fresh = 0;
    let mut request = || {
        let client = format!("n{}", rng.random_range(0..4));
        let key = rng.random_range(0..keys);
        let request = match rng.random_range(0..4) {
            0 => {
                fresh += 1;
                write(key, fresh)
            }
            1 => {
                let from = rng.random_range(0..=fresh);
                fresh += 1;
                json!({"type": "cas", "key": key, "from": from, "to": fresh})
            }
            _ => read(key),
        };
        (client, request)
    };
    (0..count).map(|_| request()).collect()
}

/// Whether every client's requests and replies fit into one order of them all
/// that keeps each client's own. Every update writes a value of its own, so the
/// service's order of updates is the order in which it took them, and what is
/// left to find is a place between updates for each reply that changed nothing.
fn sequentially_consistent(log: &[(String, Value, Value)]) -> bool {
    // The states, each after one update.
    let mut states: Vec<BTreeMap<u64, u64>> = vec![BTreeMap::new()];
    let mut at: BTreeMap<&str, usize> = BTreeMap::new();
    for (client, request, reply) in log {
        let key = request["key"].as_u64().unwrap();
        let place = at.entry(client).or_default();
        let new = match reply["type"].as_str().unwrap() {
            "write_ok" => &request["value"],
            "cas_ok" => {
                let newest = states.last().unwrap().get(&key).copied();
                assert_eq!(
                    newest,
                    request["from"].as_u64(),
                    "an update of an old state"
                );
                &request["to"]
            }
            kind => {
                let fits = |state: &BTreeMap<u64, u64>| match (kind, reply["code"].as_u64()) {
                    ("read_ok", _) => state.get(&key).copied() == reply["value"].as_u64(),
                    (_, Some(20)) => !state.contains_key(&key),
                    (_, Some(22)) => {
                        let held = state.get(&key).copied();
                        held.is_some() && held != request["from"].as_u64()
                    }
                    _ => false,
                };
                // The earliest place that fits leaves most to what follows.
                match states[*place..].iter().position(fits) {
                    Some(further) => *place += further,
                    None => return false,
                }
                continue;
            }
        };
        let mut state = states.last().unwrap().clone();
        state.insert(key, new.as_u64().unwrap());
        states.push(state);
        *place = states.len() - 1;
    }
    true
}

fn converse(
    service: &mut dyn Service,
    requests: &[(String, Value)],
) -> Vec<(String, Value, Value)> {
    let mut log = Vec::new();
    for (client, request) in requests {
        let reply = ask(service, client, request.clone()).unwrap();
        log.push((client.clone(), request.clone(), reply));
    }
    log
}

proptest! {
    #[test]
    fn seq_kv_as_documented_is_sequentially_consistent(seed: u64) {
        let mut seq = service("seq-kv", ServiceMode::Documented, seed);
        let log = converse(&mut *seq, &requests(seed, 400, 3));
        prop_assert!(sequentially_consistent(&log), "seed {}", seed);
    }

    #[test]
    fn lin_kv_is_linearizable_by_the_checker(seed: u64, documented: bool) {
        let mode = if documented { ServiceMode::Documented } else { ServiceMode::Upstream };
        let mut lin = service("lin-kv", mode, seed);
        let log = converse(&mut *lin, &requests(seed, 200, 3));
        prop_assert_eq!(register_verdict(&log), Verdict::Valid);
    }

    #[test]
    fn lin_tso_is_linearizable_by_the_checker(seed: u64) {
        let mut tso = service("lin-tso", ServiceMode::Upstream, seed);
        let mut rng = Stream::Clients.rng(seed);
        // Requests overlap at random; each is answered at some moment between.
        let mut open: Vec<(u64, usize, Option<u64>)> = Vec::new();
        let (mut calls, mut index, mut process) = (Vec::new(), 0, 0);
        while process < 100 || !open.is_empty() {
            if process < 100 && (open.is_empty() || rng.random_bool(0.4)) {
                open.push((process, index, None));
                (process, index) = (process + 1, index + 1);
                continue;
            }
            let place = rng.random_range(0..open.len());
            let (process, invoke, stamp) = open[place];
            let Some(op) = stamp else {
                let reply = ask(&mut *tso, "n0", json!({"type": "ts"})).unwrap();
                open[place].2 = reply["ts"].as_u64();
                continue;
            };
            open.swap_remove(place);
            let (process, complete) = (process.into(), Some(index));
            calls.push(Call { op, process, invoke, complete, time: 0 });
            index += 1;
        }
        // The first to end and the last to begin, with each other's stamps.
        let last = (0..calls.len()).max_by_key(|place| calls[*place].invoke).unwrap();
        let mut wrong = calls.clone();
        (wrong[0].op, wrong[last].op) = (calls[last].op, calls[0].op);
        calls.sort_by_key(|call| call.invoke);
        wrong.sort_by_key(|call| call.invoke);
        let verdict = linearize(&Counting, &calls, 1_000_000);
        prop_assert!(matches!(verdict, Linearity::Linearizable { .. }), "{:?}", verdict);
        let verdict = linearize(&Counting, &wrong, 1_000_000);
        prop_assert!(matches!(verdict, Linearity::NotLinearizable(_)), "{:?}", verdict);
    }

    #[test]
    fn lww_kv_as_documented_converges(seed: u64) {
        let mut lww = service("lww-kv", ServiceMode::Documented, seed);
        converse(&mut *lww, &requests(seed, 100, 3));
        // Gossip comes with requests: reads keep it going.
        for _ in 0..500 {
            ask(&mut *lww, "n0", read(0));
        }
        for key in 0..3 {
            let first = value_of(&ask(&mut *lww, "n0", read(key)));
            for _ in 0..30 {
                prop_assert_eq!(value_of(&ask(&mut *lww, "n0", read(key))), first);
            }
        }
    }
}

/// Each call is given the number of those before it.
#[derive(Debug)]
struct Counting;

impl Model for Counting {
    type State = u64;
    type Op = u64;

    fn initial(&self) -> u64 {
        0
    }

    fn step(&self, state: &u64, op: &u64) -> Option<u64> {
        (state == op).then_some(state + 1)
    }
}

/// What the checker of registers says of requests answered one after the other.
fn register_verdict(log: &[(String, Value, Value)]) -> Verdict {
    let mut ops = Vec::new();
    for (client, request, reply) in log {
        let process: u64 = client[1..].parse().unwrap();
        let pair = |value: Value| {
            let key = Edn::from(request["key"].clone());
            Edn::vector([key, Edn::from(value)])
        };
        let asked = match request["type"].as_str().unwrap() {
            "read" => Value::Null,
            "write" => request["value"].clone(),
            _ => json!([request["from"], request["to"]]),
        };
        let f = request["type"].as_str().unwrap();
        ops.push(Op::invoke(process, f, pair(asked.clone())));
        ops.push(match reply["type"].as_str().unwrap() {
            "read_ok" => Op::ok(process, f, pair(reply["value"].clone())),
            "error" => Op::fail(process, f, pair(asked)),
            _ => Op::ok(process, f, pair(asked)),
        });
    }
    let history = History::from_ops(ops).unwrap();
    lin_kv(&history, RegisterRules::Strict, 1_000_000).valid
}

#[test]
fn seq_kv_is_sometimes_stale_and_lww_kv_sometimes_loses() {
    for mode in [ServiceMode::Upstream, ServiceMode::Documented] {
        for name in ["seq-kv", "lww-kv"] {
            let stale = (0..50).filter(|seed| {
                let mut service = service(name, mode, *seed);
                let log = converse(&mut *service, &requests(*seed, 200, 1));
                register_verdict(&log) == Verdict::Invalid
            });
            assert!(stale.count() > 40, "{name} in mode {mode}");
        }
        // A write that was acknowledged is gone: a later one to another
        // replica carried an older timestamp, or none hears of the first.
        let lost = (0..200).filter(|seed| {
            let mut lww = service("lww-kv", mode, *seed);
            for value in 0..10 {
                ask(&mut *lww, "n0", write(1, value));
            }
            ask(&mut *lww, "n0", write(0, 1));
            ask(&mut *lww, "n0", write(0, 2));
            for _ in 0..200 {
                ask(&mut *lww, "n0", read(1));
            }
            (0..20).any(|_| value_of(&ask(&mut *lww, "n0", read(0))) != Some(2))
        });
        assert!(lost.count() > 10, "{mode}");
    }
}
