//! Transactions over lists against every serial order, and stores of each kind of honesty.

use maelstrom_check::{
    Call, ConsistencyModel, History, Model, Op, OpType, Options, TxnObjects, TxnOptions, Value,
    Verdict, Workload, WorkloadResults, check, transactions,
};

use crate::oracle::{Random, brute_force, random_calls, simulate};

/// Lists that transactions read whole and append to, one transaction at a time.
struct Lists;

impl Model for Lists {
    type State = Vec<Vec<Value>>;
    type Op = Value;

    fn initial(&self) -> Self::State {
        vec![Vec::new(); KEYS]
    }

    fn step(&self, state: &Self::State, txn: &Value) -> Option<Self::State> {
        let mut state = state.clone();
        for step in txn.items() {
            let [f, key, value] = step.items() else {
                panic!("a step has three parts")
            };
            let list = &mut state[key.as_int().unwrap() as usize];
            match f.name() {
                Some("append") => list.push(value.clone()),
                // A read of nothing in particular: its transaction never completed.
                _ if value.is_nil() => {}
                _ if value.items() == &list[..] => {}
                _ => return None,
            }
        }
        Some(state)
    }
}

const KEYS: usize = 2;

/// The transaction with what a store in this state answers.
fn answered(state: &[Vec<Value>], txn: &Value) -> Value {
    let mut state = state.to_vec();
    Value::vector(txn.items().iter().map(|step| {
        let [f, key, value] = step.items() else {
            panic!("a step has three parts")
        };
        let list = &mut state[key.as_int().unwrap() as usize];
        if f.name() == Some("append") {
            list.push(value.clone());
            return step.clone();
        }
        Value::vector([f.clone(), key.clone(), Value::vector(list.iter())])
    }))
}

/// Random transactions with a correct store's answers, the last of which reads every key.
fn random_history(random: &mut Random) -> Vec<Call<Value>> {
    let mut next = 0i64;
    let mut calls = random_calls(random, 3, 5, |r| {
        Value::vector((0..=r.below(2)).map(|_| {
            let key = Value::from(r.below(KEYS));
            if r.below(2) == 0 {
                return Value::vector([Value::from("r"), key, Value::Nil]);
            }
            next += 1;
            Value::vector([Value::from("append"), key, next.into()])
        }))
    });
    let end = calls
        .iter()
        .map(|c| c.complete.unwrap_or(c.invoke))
        .max()
        .unwrap();
    calls.push(Call {
        op: Value::vector(
            (0..KEYS).map(|k| Value::vector([Value::from("r"), k.into(), Value::Nil])),
        ),
        process: 9.into(),
        invoke: end + 1,
        complete: Some(end + 2),
        time: 0,
    });
    simulate(random, &Lists, &mut calls, |state, txn| {
        answered(state, txn)
    });
    // Nobody hears of what a transaction read that never completed.
    for call in calls.iter_mut().filter(|c| c.complete.is_none()) {
        call.op = Value::vector(call.op.items().iter().map(|step| match step.items() {
            [f, key, _] if f.name() == Some("r") => {
                Value::vector([f.clone(), key.clone(), Value::Nil])
            }
            _ => step.clone(),
        }));
    }
    calls
}

fn history(calls: &[Call<Value>]) -> History {
    let mut events: Vec<(usize, Op)> = Vec::new();
    for (i, call) in calls.iter().enumerate() {
        let op = |kind| Op::new(kind, i as u64, "txn", &call.op);
        events.push((call.invoke, op(OpType::Invoke)));
        let end = calls.len() * 100 + i;
        match call.complete {
            Some(at) => events.push((at, op(OpType::Ok))),
            None => events.push((end, op(OpType::Info))),
        }
    }
    events.sort_by_key(|(at, _)| *at);
    History::from_ops(events.into_iter().map(|(at, op)| op.at(at as i64))).unwrap()
}

/// Changes what one completed transaction read: an element lost, doubled or moved, or
/// what another read returned.
fn mutate(random: &mut Random, calls: &mut [Call<Value>]) {
    let mut reads = Vec::new();
    for (c, call) in calls
        .iter()
        .enumerate()
        .filter(|(_, c)| c.complete.is_some())
    {
        for (s, step) in call.op.items().iter().enumerate() {
            if step.items()[0].name() == Some("r") {
                reads.push((c, s, step.items()[2].items().to_vec()));
            }
        }
    }
    let (c, s, mut list) = reads[random.below(reads.len())].clone();
    match random.below(4) {
        0 if !list.is_empty() => drop(list.remove(random.below(list.len()))),
        1 if !list.is_empty() => list.push(list[random.below(list.len())].clone()),
        2 if list.len() > 1 => {
            let i = random.below(list.len() - 1);
            list.swap(i, i + 1);
        }
        _ => list = reads[random.below(reads.len())].2.clone(),
    }
    let mut steps = calls[c].op.items().to_vec();
    let [f, key, _] = steps[s].items() else {
        panic!("a step has three parts")
    };
    steps[s] = Value::vector([f.clone(), key.clone(), Value::vector(list)]);
    calls[c].op = Value::vector(steps);
}

#[test]
fn lists_agree_with_every_serial_order() {
    let options = Options::default();
    let mut invalid = 0;
    for seed in 0..3000u64 {
        let random = &mut Random(seed);
        let mut calls = random_history(random);
        let ops = history(&calls);
        let honest = transactions(&ops, TxnObjects::Lists, &TxnOptions::default());
        // Five transactions may have no dependencies at all.
        assert_ne!(
            honest.valid,
            Verdict::Invalid,
            "seed {seed}:\n{}{honest:#?}",
            ops.to_edn()
        );
        assert!(
            brute_force(&Lists, &calls),
            "seed {seed}: the oracle refuses a correct store"
        );
        mutate(random, &mut calls);
        let ops = history(&calls);
        let results = check(Workload::TxnListAppend, &ops, &options);
        if brute_force(&Lists, &calls) {
            let found = &results.workload.verdict();
            assert_ne!(
                *found,
                Verdict::Invalid,
                "seed {seed}:\n{}{}",
                ops.to_edn(),
                results.story()
            );
        } else {
            invalid += 1;
            let told = format!("seed {seed}:\n{}{}", ops.to_edn(), results.story());
            assert_ne!(results.verdict(), Verdict::Valid, "{told}");
        }
    }
    println!("3000 mutated lists, {invalid} of them not serializable");
    assert!(invalid > 1000, "mutations must matter: {invalid}");
}

#[test]
fn the_strongest_models_that_nothing_rules_out_are_told() {
    let history = History::parse(
        "{:process 0 :type :invoke :f :txn :value [[:r x nil] [:append y 1]]}
         {:process 1 :type :invoke :f :txn :value [[:r y nil] [:append x 1]]}
         {:process 0 :type :ok :f :txn :value [[:r x []] [:append y 1]]}
         {:process 1 :type :ok :f :txn :value [[:r y []] [:append x 1]]}",
    )
    .unwrap();
    let ask = |model: &str| {
        let models = vec![model.parse().unwrap()];
        transactions(
            &history,
            TxnObjects::Lists,
            &TxnOptions {
                models,
                ..Default::default()
            },
        )
    };
    assert!(
        ask("strict-serializable")
            .strongest
            .contains(&"strong-snapshot-isolation".into())
    );
    let weak = ask("read-committed");
    assert_eq!(weak.valid, Verdict::Valid);
    assert!(
        weak.strongest.contains(&"snapshot-isolation".into()),
        "{:?}",
        weak.strongest
    );
    let story = ask("serializable").tell().join("\n");
    assert!(story.contains("G2-item"), "{story}");
    assert!(story.contains("which closes the circle"), "{story}");
    assert!(story.contains("So it is not repeatable-read"), "{story}");
}

#[test]
fn keys_and_elements_may_be_anything() {
    let history = History::parse(
        r#"{:process 0 :type :invoke :f :txn :value [[:append [:a 1] nil] [:append "¶" :b]]}
           {:process 0 :type :ok :f :txn :value [[:append [:a 1] nil] [:append "¶" :b]]}
           {:process 1 :type :invoke :f :txn :value [[:r [:a 1] nil] [:r "¶" nil]]}
           {:process 1 :type :ok :f :txn :value [[:r [:a 1] [nil nil]] [:r "¶" [:b]]]}"#,
    )
    .unwrap();
    let found = transactions(&history, TxnObjects::Lists, &TxnOptions::default());
    assert_eq!(found.anomaly_types, ["duplicate-elements"]);
    let story = found.tell().join("\n");
    assert!(
        !story.contains("\"¶[") && !story.contains("\"¶nil"),
        "{story}"
    );
}

#[test]
fn every_model_has_a_name_that_is_read_again() {
    for model in ConsistencyModel::all() {
        assert_eq!(model.name().parse::<ConsistencyModel>().unwrap(), model);
    }
    let strict = ConsistencyModel::STRICT_SERIALIZABLE;
    assert!(strict.implies(ConsistencyModel::SERIALIZABLE) && strict.prohibits("G0-realtime"));
    let error = "serialisable"
        .parse::<ConsistencyModel>()
        .unwrap_err()
        .to_string();
    assert!(error.contains("did you mean serializable?"), "{error}");
}

fn told(workload: Workload, text: &str) -> (Verdict, String) {
    let options = Options {
        consistency_models: vec!["read-committed".parse().unwrap()],
        ..Options::default()
    };
    let results = check(workload, &History::parse(text).unwrap(), &options);
    (results.maelstrom, results.story())
}

#[test]
fn what_is_no_such_transaction_is_unknown_and_says_why() {
    let (lists, registers) = (Workload::TxnListAppend, Workload::TxnRwRegister);
    for (workload, first, second, why) in [
        (lists, "[:append x 1 2]", "[:r x []]", "is no step [f k v]"),
        (
            lists,
            "[:append x 1]",
            "[:append x 1]",
            "operations 0 and 2 both wrote 1 to x",
        ),
        (
            lists,
            "[:w x 1]",
            "[:r x 1]",
            "neither append of an element",
        ),
        (
            lists,
            "[:append x 1]",
            "[:r x [1 9]]",
            "read 9 in x, which nobody appended",
        ),
        (
            registers,
            "[:w x 1]",
            "[:w x 1]",
            "operations 1 and 3 both wrote 1 to x",
        ),
        (
            registers,
            "[:w x 1]",
            "[:r 1 1]",
            "1 is a key of another type than x",
        ),
    ] {
        let text = format!(
            "{{:process 0 :type :invoke :f :txn :value [{first}]}}
             {{:process 0 :type :ok :f :txn :value [{first}]}}
             {{:process 1 :type :invoke :f :txn :value [{second}]}}
             {{:process 1 :type :ok :f :txn :value [{second}]}}"
        );
        let (verdict, story) = told(workload, &text);
        assert_eq!(verdict, Verdict::Unknown, "{text}");
        assert!(story.contains(why), "{story}");
    }
}

#[test]
fn a_register_that_is_read_as_a_list_is_a_value_as_any_other() {
    let text = "{:process 0 :type :invoke :f :txn :value [[:w x 1] [:r x nil]]}
                {:process 0 :type :ok :f :txn :value [[:w x 1] [:r x [1]]]}";
    let history = History::parse(text).unwrap();
    let results = check(Workload::TxnRwRegister, &history, &Options::default());
    assert_eq!(results.maelstrom, Verdict::Invalid);
    assert!(
        results.anomalies().contains("internal"),
        "{}",
        results.story()
    );
}

/// The verdict and anomalies of transactions that were answered so, one after the other, under a model.
fn judged(workload: Workload, model: &str, txns: &[&str]) -> (Verdict, Vec<String>) {
    let text: String = (0..)
        .zip(txns)
        .flat_map(|(process, txn)| {
            ["invoke", "ok"].map(|kind| {
                format!("{{:process {process} :type :{kind} :f :txn :value [{txn}]}}\n")
            })
        })
        .collect();
    let options = Options {
        consistency_models: vec![model.parse().unwrap()],
        strict: false,
        ..Options::default()
    };
    let results = check(workload, &History::parse(&text).unwrap(), &options);
    let WorkloadResults::Txn(found) = results.workload else {
        panic!("transactions were checked")
    };
    (results.maelstrom, found.anomaly_types)
}

#[test]
fn what_shows_inside_a_transaction_is_told_as_elle_does() {
    let (lists, registers) = (Workload::TxnListAppend, Workload::TxnRwRegister);
    let (committed, atomic) = ("read-committed", "read-atomic");
    for (workload, model, steps, types) in [
        // A wrong read does not hide that it holds what is appended later.
        (
            lists,
            committed,
            "[:append x 1] [:r x [1 2]] [:append x 2]",
            vec!["future-read"],
        ),
        // nil is an empty list, but not the same.
        (
            lists,
            atomic,
            "[:append y 1] [:r x []] [:r x nil]",
            vec!["internal"],
        ),
        (lists, atomic, "[:append y 1] [:r x nil] [:r x []]", vec![]),
        (
            lists,
            atomic,
            "[:append y 1] [:r x nil] [:append x 1] [:r x [1]]",
            vec![],
        ),
        (
            lists,
            atomic,
            "[:append y 1] [:r x nil] [:append x 1] [:r x [0 1]]",
            vec!["internal"],
        ),
        (
            lists,
            atomic,
            "[:append x 1] [:r x [0 1]] [:r x [0 1]]",
            vec![],
        ),
        // Of a register nil says nothing.
        (
            registers,
            atomic,
            "[:w x 1] [:r x 1] [:r y nil] [:r y 2]",
            vec![],
        ),
        (registers, atomic, "[:w x 1] [:r x 2]", vec!["internal"]),
        (registers, atomic, "[:r y 2] [:r y nil]", vec!["internal"]),
    ] {
        let second = match workload {
            Workload::TxnListAppend => "[:append x 0]",
            _ => "[:w x 0]",
        };
        let (_, mut found) = judged(workload, model, &[steps, second]);
        found.retain(|kind| kind != "empty-transaction-graph");
        assert_eq!(found, types, "{steps}");
    }
}

#[test]
fn a_transaction_that_reads_a_register_and_then_writes_it_depends_on_itself() {
    let judged = |txns: &[_]| judged(Workload::TxnRwRegister, "read-committed", txns);
    // What it reads it writes only later, and another read it too.
    let own = "[:r x 1] [:w x 1]";
    let circle = (Verdict::Invalid, vec!["G1c".to_owned()]);
    assert_eq!(judged(&[own, "[:r x 1]"]), circle);
    assert_eq!(judged(&["[:w x 1] [:r x 1]", "[:r x 1]"]).0, Verdict::Valid);
    // Elle does not look at one that nobody else has to do with.
    assert_eq!(judged(&[own, "[:r y nil]"]).0, Verdict::Valid);
    // Where no two transactions depend on each other, the graph is not empty all the same.
    assert_eq!(judged(&["[:r x nil] [:w x 1]"]).0, Verdict::Valid);
    assert_eq!(judged(&["[:w x 1] [:r x 1]"]).0, Verdict::Invalid);
}

#[test]
fn a_list_of_two_longest_reads_is_judged_by_the_one_whose_elements_were_appended() {
    let lists = Workload::TxnListAppend;
    let (appends, phantom) = ("[:append x 1] [:append x 2]", "[:r x [2 9]]");
    let judged = |reads: &[_]| judged(lists, "read-committed", &[&[appends], reads].concat());
    assert_eq!(judged(&[phantom]).0, Verdict::Unknown);
    let (verdict, found) = judged(&[phantom, "[:r x [1 2]]"]);
    assert_eq!(verdict, Verdict::Invalid);
    assert!(
        found.contains(&"incompatible-order".to_owned()),
        "{found:?}"
    );
}

#[test]
fn an_order_in_time_is_a_graph_though_only_a_failure_comes_later() {
    let text = "{:process 0 :type :invoke :f :txn :value [[:append x 1]]}
                {:process 0 :type :ok :f :txn :value [[:append x 1]]}
                {:process 0 :type :invoke :f :txn :value [[:append x 2]]}
                {:process 0 :type :fail :f :txn :value [[:append x 2]]}";
    let history = History::parse(text).unwrap();
    for (model, verdict) in [
        ("strict-serializable", Verdict::Valid),
        ("serializable", Verdict::Unknown),
    ] {
        let models = vec![model.parse().unwrap()];
        let options = TxnOptions {
            models,
            ..Default::default()
        };
        let found = transactions(&history, TxnObjects::Lists, &options);
        assert_eq!(found.valid, verdict, "{model}");
    }
}
