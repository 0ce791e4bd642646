//! Linearizability against two others: every order tried by brute force, and porcupine-rs.

use maelstrom_check::{
    AppendLog, Call, CasRegister, History, Linearity, LogOp, Model, Mutex, MutexOp, Op, Process,
    Queue, QueueOp, RegisterOp, RegisterRules, Value, Verdict, linearize,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
pub use rand_like::Random;

/// A small generator of our own, so that a seed gives the same histories for ever.
mod rand_like {
    pub struct Random(pub u64);

    impl Random {
        pub fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }

        pub fn below(&mut self, n: usize) -> usize {
            (self.next() % n as u64) as usize
        }
    }
}

/// Whether some order explains the calls: tries all of them.
pub fn brute_force<M: Model>(model: &M, calls: &[Call<M::Op>]) -> bool {
    fn go<M: Model>(
        model: &M,
        calls: &[Call<M::Op>],
        state: &M::State,
        done: &mut Vec<bool>,
    ) -> bool {
        let open = |i: &usize| !done[*i] && calls[*i].complete.is_some();
        if !(0..calls.len()).any(|i| open(&i)) {
            return true;
        }
        // Whoever goes next must have begun before any of the others ended.
        let deadline = (0..calls.len())
            .filter(open)
            .filter_map(|i| calls[i].complete)
            .min()
            .unwrap();
        for i in 0..calls.len() {
            if done[i] || calls[i].invoke > deadline {
                continue;
            }
            if let Some(next) = model.step(state, &calls[i].op) {
                done[i] = true;
                if go(model, calls, &next, done) {
                    return true;
                }
                done[i] = false;
            }
        }
        false
    }
    go(
        model,
        calls,
        &model.initial(),
        &mut vec![false; calls.len()],
    )
}

/// Random calls of up to `processes` at once: what each does is up to `op`. Some never complete.
pub fn random_calls<O>(
    random: &mut Random,
    processes: usize,
    ops: usize,
    mut op: impl FnMut(&mut Random) -> O,
) -> Vec<Call<O>> {
    let mut calls: Vec<Call<O>> = Vec::new();
    let mut busy: Vec<Option<usize>> = vec![None; processes];
    let mut at = 0;
    while calls.len() < ops || busy.iter().any(Option::is_some) {
        let p = random.below(processes);
        at += 1;
        match busy[p].take() {
            Some(call) => {
                // One in eight is never heard of again; it may be ordered at any later time.
                calls[call].complete = (random.below(8) > 0).then_some(at);
            }
            None if calls.len() < ops => {
                busy[p] = Some(calls.len());
                calls.push(Call {
                    op: op(random),
                    process: Process::Client(p as u64),
                    invoke: at,
                    complete: None,
                    time: at as i64,
                });
            }
            None => {}
        }
    }
    calls
}

/// Gives a correct object's answers: each call takes effect at a random moment between its
/// ends. `answer` says what the call then returns. Some that never complete have no effect.
pub fn simulate<M: Model>(
    random: &mut Random,
    model: &M,
    calls: &mut [Call<M::Op>],
    mut answer: impl FnMut(&M::State, &M::Op) -> M::Op,
) {
    let last = calls.iter().filter_map(|c| c.complete).max().unwrap_or(0);
    let mut order: Vec<(usize, usize)> = Vec::new();
    for (i, call) in calls.iter().enumerate() {
        if call.complete.is_some() || random.below(2) == 0 {
            let to = call.complete.unwrap_or(last.max(call.invoke) + 1);
            order.push((
                call.invoke * 16 + 1 + random.below((to - call.invoke) * 16 - 1),
                i,
            ));
        }
    }
    order.sort_unstable();
    let mut state = model.initial();
    for (_, i) in order {
        calls[i].op = answer(&state, &calls[i].op);
        state = model
            .step(&state, &calls[i].op)
            .expect("an answer fits its state");
    }
}

fn random_register_op(random: &mut Random) -> RegisterOp {
    let mut value = || Value::from(random.below(3));
    let (a, b) = (value(), value());
    match random.below(8) {
        0..3 => RegisterOp::Read(Some(a)),
        3..5 => RegisterOp::Write(a),
        5 => RegisterOp::CasMismatch(a),
        _ => RegisterOp::Cas(a, b),
    }
}

/// The register in porcupine-rs's terms.
#[derive(Clone)]
struct PorcupineRegister;

impl porcupine_rs::Model for PorcupineRegister {
    type State = Option<i64>;
    type Op = RegisterOp;
    type Metadata = ();

    fn init() -> Self::State {
        None
    }

    fn step(state: &Self::State, op: &RegisterOp) -> (bool, Self::State) {
        match op {
            RegisterOp::Read(None) => (true, *state),
            RegisterOp::Read(Some(v)) => (v.as_int() == *state, *state),
            RegisterOp::Write(v) => (true, v.as_int()),
            RegisterOp::Cas(a, b) => (a.as_int() == *state, b.as_int()),
            RegisterOp::CasMismatch(v) => (v.as_int() != *state, *state),
        }
    }
}

/// What porcupine-rs says. It has no calls that never complete, so those are tried in every
/// combination of present, until the end, and absent.
fn porcupine(calls: &[Call<RegisterOp>]) -> bool {
    let open: Vec<usize> = (0..calls.len())
        .filter(|i| calls[*i].complete.is_none())
        .collect();
    let end = calls
        .iter()
        .map(|c| c.complete.unwrap_or(c.invoke))
        .max()
        .unwrap_or(0)
        + 1;
    (0u32..1 << open.len()).any(|present| {
        let ops: Vec<_> = (0..calls.len())
            .filter(|i| {
                open.iter()
                    .position(|o| o == i)
                    .is_none_or(|bit| present >> bit & 1 == 1)
            })
            .map(|i| porcupine_rs::Operation::<PorcupineRegister> {
                client_id: None,
                op: calls[i].op.clone(),
                call_time: calls[i].invoke as i64,
                return_time: calls[i].complete.unwrap_or(end) as i64,
                metadata: None,
            })
            .collect();
        porcupine_rs::check_operations(&ops)
    })
}

const BOUND: usize = 1_000_000;

/// The evidence must be right too: the prefix before the completion named has an order, the
/// prefix with it has none.
fn check_evidence<M: Model>(model: &M, calls: &[Call<M::Op>]) {
    if let Linearity::NotLinearizable(v) = linearize(model, calls, BOUND) {
        let end = calls[v.call].complete.unwrap();
        let prefix = |end: usize| -> Vec<Call<M::Op>> {
            let mut cut: Vec<_> = calls.iter().filter(|c| c.invoke < end).cloned().collect();
            for call in &mut cut {
                call.complete = call.complete.filter(|c| *c < end);
            }
            cut
        };
        assert!(
            brute_force(model, &prefix(end)),
            "the prefix before the named completion"
        );
        assert!(!brute_force(model, &prefix(end + 1)), "the prefix with it");
        assert!(v.concurrent.contains(&v.call) && !v.last_good.is_empty());
    }
}

#[test]
fn ten_thousand_random_registers_agree_with_all_orders_and_with_porcupine() {
    let model = CasRegister {
        initial: Value::Nil,
        rules: RegisterRules::Strict,
    };
    let mut valid = 0;
    for seed in 0..12_000u64 {
        let random = &mut Random(seed);
        let (processes, ops) = (1 + random.below(4), 1 + random.below(8));
        let mut calls = random_calls(random, processes, ops, random_register_op);
        // Half of them nearly right, so that both verdicts are common.
        if seed % 2 == 0 {
            simulate(random, &model, &mut calls, register_answer);
            if seed % 4 == 0 {
                mutate(random, &mut calls);
            }
        }
        let ours = linearize(&model, &calls, BOUND).verdict();
        let oracle = brute_force(&model, &calls);
        assert_eq!(ours, Verdict::of(oracle), "seed {seed}: {calls:#?}");
        assert_eq!(oracle, porcupine(&calls), "seed {seed}: {calls:#?}");
        check_evidence(&model, &calls);
        valid += u32::from(oracle);
    }
    println!("12000 random registers, {valid} of them linearizable");
    assert!(
        (3000..10_000).contains(&valid),
        "both verdicts must be common: {valid}"
    );
}

fn register_answer(state: &Value, op: &RegisterOp) -> RegisterOp {
    match op {
        RegisterOp::Read(_) => RegisterOp::Read(Some(state.clone())),
        RegisterOp::Cas(a, _) | RegisterOp::CasMismatch(a) if a != state => {
            RegisterOp::CasMismatch(a.clone())
        }
        RegisterOp::CasMismatch(_) => RegisterOp::Read(Some(state.clone())),
        other => other.clone(),
    }
}

/// Changes what one read returned, or swaps two operations.
fn mutate(random: &mut Random, calls: &mut [Call<RegisterOp>]) {
    let reads: Vec<usize> = (0..calls.len())
        .filter(|i| matches!(calls[*i].op, RegisterOp::Read(_)))
        .collect();
    if let (false, 0) = (reads.is_empty(), random.below(2)) {
        let read = reads[random.below(reads.len())];
        calls[read].op = RegisterOp::Read(Some(Value::from(random.below(3))));
    } else {
        let (a, b) = (random.below(calls.len()), random.below(calls.len()));
        let op = calls[a].op.clone();
        calls[a].op = std::mem::replace(&mut calls[b].op, op);
    }
}

#[test]
fn random_queues_logs_and_mutexes_agree_with_all_orders() {
    for seed in 0..2000u64 {
        let random = &mut Random(seed);
        let value = |random: &mut Random| Value::from(random.below(3));
        let queue = random_calls(random, 3, 6, |r| match r.below(5) {
            0 | 1 => QueueOp::Enqueue(value(r)),
            2 => QueueOp::Dequeue(Some(value(r))),
            3 => QueueOp::Dequeue(None),
            _ => QueueOp::Empty,
        });
        let ours = linearize(&Queue, &queue, BOUND).verdict();
        assert_eq!(
            ours,
            Verdict::of(brute_force(&Queue, &queue)),
            "seed {seed}: {queue:#?}"
        );
        check_evidence(&Queue, &queue);
        let mutex = random_calls(random, 3, 7, |r| match r.below(2) {
            0 => MutexOp::Acquire,
            _ => MutexOp::Release,
        });
        let ours = linearize(&Mutex, &mutex, BOUND).verdict();
        assert_eq!(
            ours,
            Verdict::of(brute_force(&Mutex, &mutex)),
            "seed {seed}: {mutex:#?}"
        );
        let mut log = random_calls(random, 3, 6, |r| match r.below(2) {
            0 => LogOp::Append(value(r), None),
            _ => LogOp::Read(None),
        });
        simulate(random, &AppendLog, &mut log, |state, op| match op {
            LogOp::Append(v, _) => LogOp::Append(v.clone(), Some(state.items().len())),
            LogOp::Read(_) => LogOp::Read(Some(state.clone())),
        });
        assert_eq!(
            linearize(&AppendLog, &log, BOUND).verdict(),
            Verdict::Valid,
            "seed {seed}"
        );
        let (a, b) = (random.below(log.len()), random.below(log.len()));
        let op = log[a].op.clone();
        log[a].op = std::mem::replace(&mut log[b].op, op);
        let ours = linearize(&AppendLog, &log, BOUND).verdict();
        assert_eq!(
            ours,
            Verdict::of(brute_force(&AppendLog, &log)),
            "seed {seed}: {log:#?}"
        );
        check_evidence(&AppendLog, &log);
    }
}

#[test]
fn a_correct_register_of_any_size_is_valid() {
    let model = CasRegister {
        initial: Value::Nil,
        rules: RegisterRules::Strict,
    };
    for seed in 0..40u64 {
        let random = &mut Random(seed);
        let mut calls = random_calls(random, 1 + seed as usize % 10, 500, random_register_op);
        simulate(random, &model, &mut calls, register_answer);
        assert_eq!(
            linearize(&model, &calls, BOUND).verdict(),
            Verdict::Valid,
            "seed {seed}"
        );
    }
}

#[test]
fn a_bound_ends_in_unknown() {
    let model = CasRegister::default();
    let random = &mut Random(1);
    let mut calls = random_calls(random, 4, 24, |r| {
        RegisterOp::Write(Value::from(r.below(3)))
    });
    // Nothing was ever written that this read returned: every order must be tried.
    let end = calls.iter().filter_map(|c| c.complete).max().unwrap();
    calls.push(Call {
        op: RegisterOp::Read(Some(Value::from(-1))),
        process: Process::Client(9),
        invoke: 0,
        complete: Some(end + 1),
        time: 0,
    });
    calls.sort_by_key(|c| c.invoke);
    let found = linearize(&model, &calls, 50);
    assert!(matches!(found, Linearity::Unknown { configurations: 50 }));
    assert_eq!(found.verdict(), Verdict::Unknown);
    assert_eq!(linearize(&model, &calls, BOUND).verdict(), Verdict::Invalid);
}

/// Keeps the tests above honest: proptest's generator finds no disagreement either.
#[test]
fn proptest_finds_no_disagreement() {
    let config = Config {
        cases: 500,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let model = CasRegister {
        initial: Value::Nil,
        rules: RegisterRules::Strict,
    };
    runner
        .run(
            &(any::<u64>(), 1usize..4, 1usize..8),
            |(seed, processes, ops)| {
                let calls = random_calls(&mut Random(seed), processes, ops, random_register_op);
                let ours = linearize(&model, &calls, BOUND).verdict();
                prop_assert_eq!(ours, Verdict::of(brute_force(&model, &calls)));
                Ok(())
            },
        )
        .unwrap();
}

/// Twenty writes crash, and then something is read that nobody wrote: the search must not go
/// through all choices among the twenty, of which there are a million.
#[test]
fn crashed_calls_do_not_multiply_the_search() {
    let mut history = History::new();
    for i in 0..20u64 {
        let value = i64::try_from(i).unwrap() % 5;
        history.push(Op::invoke(i, "write", value)).unwrap();
        history.push(Op::info(i, "write", value)).unwrap();
    }
    // Each read sees the write beside it, or a crashed one.
    for i in 0..40 {
        let value = i % 5;
        history.push(Op::invoke(20, "write", value)).unwrap();
        history.push(Op::invoke(21, "read", ())).unwrap();
        history.push(Op::ok(21, "read", value)).unwrap();
        history.push(Op::ok(20, "write", value)).unwrap();
    }
    history.push(Op::invoke(21, "read", ())).unwrap();
    history.push(Op::ok(21, "read", 9)).unwrap();
    let register = CasRegister::default();
    let found = linearize(&register, &register.calls(&history), 20_000);
    assert_eq!(found.verdict(), Verdict::Invalid);
}
