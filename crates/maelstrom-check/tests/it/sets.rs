//! Growing sets: a history for each verdict, upstream's part and ours.

use maelstrom_check::{
    History, Op, Options, Process, Quantiles, SetFullResults, Verdict, Workload, check, set_full,
};
use proptest::prelude::*;

const S: i64 = 1_000_000_000;

/// Acknowledged adds, one a second, by process 0.
fn adds(n: i64) -> Vec<Op> {
    (0..n)
        .flat_map(|i| {
            [
                Op::invoke(0, "add", i).at(i * S),
                Op::ok(0, "add", i).at(i * S + S / 2),
            ]
        })
        .collect()
}

fn read(process: u64, from: i64, values: &[i64]) -> [Op; 2] {
    [
        Op::invoke(process, "read", ())
            .at(from)
            .with("final?", true),
        Op::ok(process, "read", values.to_vec())
            .at(from + S / 10)
            .with("final?", true),
    ]
}

fn run(ops: Vec<Op>) -> History {
    History::from_ops(ops).unwrap()
}

fn strict_names(history: &History) -> Vec<&'static str> {
    let results = check(Workload::Broadcast, history, &Options::default());
    results
        .strict
        .unwrap()
        .findings
        .iter()
        .map(|f| f.name)
        .collect()
}

#[test]
fn an_element_seen_to_the_end_is_stable() {
    let history = run([adds(2), read(1, 10 * S, &[1, 0]).to_vec()].concat());
    let results = set_full(&history);
    assert_eq!((results.valid, results.stable_count), (Verdict::Valid, 2));
    assert_eq!(results.stable_latencies, Some(Quantiles([0; 5])));
    assert!(strict_names(&history).is_empty());
}

#[test]
fn an_element_missed_at_the_end_is_lost_and_the_story_says_where() {
    let mut ops = adds(2);
    ops.extend(read(2, 10 * S, &[0, 1]));
    ops.extend(read(1, 11 * S, &[0]));
    let history = run(ops);
    let results = set_full(&history);
    assert_eq!((results.valid, results.lost_count), (Verdict::Invalid, 1));
    let lost = &results.lost_elements[0];
    assert_eq!(lost.missing_from, [Process::Client(1)]);
    assert_eq!(lost.present_at, [Process::Client(2)]);
    // Known at 1.5 s, seen by a read that began at 10 s.
    assert_eq!(results.lost_latencies, Some(Quantiles([8500; 5])));
    let story = check(Workload::GSet, &history, &Options::default()).story();
    assert!(
        story.contains(
            "1 was added by process 0 at 1.000 s, known at 1.500 s, last seen by process 2 \
             at 10.000 s, missing from the final reads of 1, present in those of 2"
        ),
        "{story}"
    );
}

#[test]
fn an_element_missed_for_a_while_is_stale() {
    let mut ops = adds(1);
    ops.extend(read(1, 2 * S, &[]));
    ops.extend(read(1, 3 * S, &[0]));
    let results = set_full(&run(ops));
    assert_eq!((results.valid, results.stale_count), (Verdict::Valid, 1));
    assert_eq!(results.worst_stale[0].stable_latency, Some(1500));
}

#[test]
fn nothing_seen_to_stay_is_unknown() {
    assert_eq!(set_full(&run(adds(3))).valid, Verdict::Unknown);
    assert_eq!(set_full(&run(adds(3))).never_read_count, 3);
    // A read that began before the add was acknowledged may miss it.
    let early = [
        Op::invoke(0, "add", 0),
        Op::invoke(1, "read", ()),
        Op::ok(0, "add", 0),
        Op::ok(1, "read", Vec::<i64>::new()),
    ];
    assert_eq!(set_full(&run(early.to_vec())).valid, Verdict::Unknown);
}

#[test]
fn an_unacknowledged_element_may_vanish_unless_it_was_seen() {
    let add = vec![Op::invoke(0, "add", 0).at(0), Op::info(0, "add", 0).at(S)];
    let unseen = [add.clone(), read(1, 10 * S, &[]).to_vec()].concat();
    assert_eq!(set_full(&run(unseen)).never_read_count, 1);
    let seen = [
        add,
        read(1, 2 * S, &[0]).to_vec(),
        read(1, 10 * S, &[]).to_vec(),
    ]
    .concat();
    assert_eq!(set_full(&run(seen)).lost_count, 1);
}

#[test]
fn strict_sees_an_element_twice_in_a_read() {
    let history = run([adds(1), read(1, 10 * S, &[0, 0]).to_vec()].concat());
    assert_eq!(set_full(&history).valid, Verdict::Valid);
    assert_eq!(strict_names(&history), ["duplicate-elements"]);
}

#[test]
fn strict_sees_an_element_that_nobody_added() {
    let history = run([adds(1), read(1, 10 * S, &[0, 9]).to_vec()].concat());
    assert_eq!(set_full(&history).valid, Verdict::Valid);
    assert_eq!(strict_names(&history), ["phantom-elements"]);
}

#[test]
fn strict_sees_a_node_that_misses_an_element_whatever_the_order_of_final_reads() {
    let late = [
        adds(1),
        read(1, 10 * S, &[]).to_vec(),
        read(2, 11 * S, &[0]).to_vec(),
    ]
    .concat();
    let history = run(late);
    assert_eq!(set_full(&history).valid, Verdict::Valid);
    assert_eq!(strict_names(&history), ["missing-at-the-end"]);
    let results = check(Workload::Broadcast, &history, &Options::default());
    assert_eq!(
        (results.maelstrom, results.verdict()),
        (Verdict::Valid, Verdict::Invalid)
    );
    assert!(
        results
            .story()
            .contains("missing from the final read of process 1")
    );
    // Upstream's part alone.
    let lenient = Options {
        strict: false,
        ..Options::default()
    };
    assert_eq!(
        check(Workload::Broadcast, &history, &lenient).verdict(),
        Verdict::Valid
    );
}

#[test]
fn reads_after_a_long_silence_are_final_though_nothing_marks_them() {
    let plain = |ops: [Op; 2]| {
        ops.map(|mut op| {
            op.extra.clear();
            op
        })
    };
    let finals = [plain(read(1, 20 * S, &[])), plain(read(2, 21 * S, &[0]))].concat();
    assert_eq!(
        strict_names(&run([adds(1), finals.clone()].concat())),
        ["missing-at-the-end"]
    );
    // The same reads soon after the add are not final.
    let soon = finals.into_iter().map(|mut op| {
        op.time -= 19 * S;
        op
    });
    assert!(strict_names(&run(adds(1).into_iter().chain(soon).collect())).is_empty());
}

#[test]
fn results_have_upstreams_keys() {
    let mut ops = adds(1);
    ops.extend(read(1, 2 * S, &[]));
    ops.extend(read(1, 3 * S, &[0]));
    let results = check(Workload::Broadcast, &run(ops), &Options::default());
    let json = results.to_json();
    for key in [
        "stats",
        "availability",
        "exceptions",
        "workload",
        "valid?",
        "maelstrom",
        "strict",
    ] {
        assert!(json.get(key).is_some(), "{key}");
    }
    assert_eq!(json["workload"]["stable-latencies"]["0.99"], 1500);
    assert_eq!(json["workload"]["lost-count"], 0);
    assert_eq!(
        json["workload"]["worst-stale"][0]["last-absent"]["f"],
        "read"
    );
    assert_eq!(json["availability"]["ok-fraction"], 1.0);
}

/// Upstream's rule, element by element, without any of the shortcuts.
fn by_the_book(history: &History) -> Vec<(i64, &'static str)> {
    let ops = history.ops();
    let mut out = Vec::new();
    for add in ops.iter().filter(|op| op.f == *"add" && op.is_invoke()) {
        let (mut known, mut present, mut absent) = (None, None, None);
        for op in &ops[add.index + 1..] {
            if op.f == *"add" && op.is_ok() && op.value == add.value {
                known = known.or(Some(op.index));
            }
            if op.f == *"read" && op.is_ok() {
                let begin = history.invocation(op.index).unwrap().index;
                if op.value.items().contains(&add.value) {
                    known = known.or(Some(op.index));
                    present = present.max(Some(begin));
                } else {
                    absent = absent.max(Some(begin));
                }
            }
        }
        let outcome = if present.is_some() && absent < present {
            "stable"
        } else if known.is_some() && absent > present && absent > known {
            "lost"
        } else {
            "never-read"
        };
        out.push((add.value.as_int().unwrap(), outcome));
    }
    out.sort_unstable();
    out
}

fn outcomes(r: &SetFullResults, attempts: &[(i64, &'static str)]) -> Vec<(i64, &'static str)> {
    attempts
        .iter()
        .map(|(v, _)| {
            let value = (*v).into();
            let outcome = if r.lost.contains(&value) {
                "lost"
            } else if r.never_read.contains(&value) {
                "never-read"
            } else {
                "stable"
            };
            (*v, outcome)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn agrees_with_the_rule_applied_naively(steps in prop::collection::vec((0u64..4, any::<u8>()), 0..40)) {
        let mut history = History::new();
        let mut busy: [Option<Op>; 4] = [None, None, None, None];
        let mut next = 0i64;
        for (p, r) in steps {
            match busy[p as usize].take() {
                None => {
                    let op = if r % 2 == 0 {
                        next += 1;
                        Op::invoke(p, "add", next - 1)
                    } else {
                        Op::invoke(p, "read", ())
                    };
                    busy[p as usize] = Some(op.clone());
                    history.push(op).unwrap();
                }
                Some(op) if op.f == *"add" => {
                    let done = if r % 4 == 0 { Op::info(p, "add", op.value) } else { Op::ok(p, "add", op.value) };
                    history.push(done).unwrap();
                }
                Some(_) => {
                    let seen: Vec<i64> = (0..next).filter(|i| (u32::from(r) >> (i % 8)) & 1 == 0).collect();
                    history.push(Op::ok(p, "read", seen)).unwrap();
                }
            }
        }
        let expected = by_the_book(&history);
        let results = set_full(&history);
        prop_assert_eq!(outcomes(&results, &expected), expected);
    }
}
