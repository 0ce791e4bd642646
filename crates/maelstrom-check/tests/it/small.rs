//! Stats, availability, exceptions, network, echo, unique ids: a history for each verdict.

use maelstrom_check::{
    Availability, EdnReader, History, KafkaOptions, KafkaResults, NetEvent, NetEventKind, Op,
    Options, Value, Verdict, Workload, availability, check, counter, echo, exceptions, kafka, net,
    stats, unique_ids,
};
use serde_json::json;

fn history(ops: impl IntoIterator<Item = Op>) -> History {
    History::from_ops(ops).unwrap()
}

fn reply(echo: &str) -> Value {
    Value::map([("type", "echo_ok"), ("echo", echo)])
}

#[test]
fn stats_need_an_ok_of_each_kind() {
    assert_eq!(stats(&history([])).all.valid, Verdict::Valid);
    let ops = [
        Op::info(maelstrom_check::Process::Nemesis, "start", ()),
        Op::invoke(0, "crash", ()),
        Op::info(0, "crash", ()),
        Op::invoke(1, "read", ()),
        Op::ok(1, "read", 1),
    ];
    let good = stats(&history(ops.clone()));
    assert_eq!(good.all.valid, Verdict::Valid);
    assert_eq!((good.all.count, good.all.info_count), (2, 1));
    let bad = ops
        .into_iter()
        .chain([Op::invoke(1, "write", 1), Op::fail(1, "write", 1)]);
    let results = stats(&history(bad));
    assert_eq!(results.all.valid, Verdict::Invalid);
    let json = serde_json::to_value(&results).unwrap();
    assert_eq!(json["by-f"]["write"]["fail-count"], json!(1));
    assert_eq!(json["valid?"], json!(false));
}

#[test]
fn availability_is_ok_over_invoked() {
    let h = history([
        Op::invoke(0, "read", ()),
        Op::ok(0, "read", 1),
        Op::invoke(0, "read", ()),
        Op::fail(0, "read", ()),
    ]);
    let at = |asked| availability(&h, asked);
    assert_eq!(at(Availability::Any).ok_fraction, 0.5);
    assert_eq!(at(Availability::Any).valid, Verdict::Valid);
    assert_eq!(at(Availability::Total).valid, Verdict::Invalid);
    assert_eq!(at(Availability::AtLeast(0.5)).valid, Verdict::Valid);
    assert_eq!(at(Availability::AtLeast(0.51)).valid, Verdict::Invalid);
    assert_eq!(
        availability(&history([]), Availability::Total).valid,
        Verdict::Valid
    );
}

#[test]
fn a_node_that_never_answers_fails_availability() {
    let h = history([Op::invoke(0, "echo", "x"), Op::info(0, "echo", "x")]);
    let options = Options {
        availability: Availability::Total,
        ..Options::default()
    };
    let results = check(Workload::Echo, &h, &options);
    assert_eq!(results.availability.valid, Verdict::Invalid);
    assert_eq!(results.verdict(), Verdict::Invalid);
    assert!(
        results
            .story()
            .contains("Not one of 1 echo operations succeeded.")
    );
}

#[test]
fn exceptions_are_counted_by_class() {
    let crash = |p: u64, class: &str| {
        let via = Value::map([("via", Value::vector([Value::map([("type", class)])]))]);
        Op::info(p, "read", ()).with("exception", via)
    };
    let results = exceptions(&history([crash(0, "a"), crash(1, "b"), crash(2, "b")]));
    assert_eq!(results.exceptions.len(), 2);
    assert_eq!(
        (
            results.exceptions[0].count,
            results.exceptions[0].example.index
        ),
        (2, 1)
    );
    assert_eq!(results.valid, Verdict::Valid);
}

#[test]
fn messages_are_counted_once_however_often_they_are_seen() {
    let h = history([Op::invoke(0, "echo", "x"), Op::invoke(1, "echo", "y")]);
    use NetEventKind::{Received, Sent};
    let events = [
        (0, Sent, true),
        (0, Received, true),
        (1, Sent, false),
        (2, Sent, false),
    ];
    let events = events.map(|(id, kind, involves_client)| NetEvent {
        id,
        kind,
        involves_client,
    });
    let json = serde_json::to_value(net(events, &h)).unwrap();
    assert_eq!(
        json,
        json!({"valid?": true,
            "all": {"send-count": 3, "recv-count": 1, "msg-count": 3, "msgs-per-op": 1.5},
            "clients": {"send-count": 1, "recv-count": 1, "msg-count": 1},
            "servers": {"send-count": 2, "recv-count": 0, "msg-count": 2, "msgs-per-op": 1.0}})
    );
    assert_eq!(net([], &history([])).all.msgs_per_op, None);
}

#[test]
fn echo_must_come_back_unchanged() {
    let run = |completion: Op| echo(&history([Op::invoke(0, "echo", "hi"), completion]));
    assert_eq!(run(Op::ok(0, "echo", reply("hi"))).valid, Verdict::Valid);
    assert_eq!(run(Op::info(0, "echo", "hi")).valid, Verdict::Valid);
    let wrong = run(Op::ok(0, "echo", reply("ho")));
    assert_eq!(wrong.valid, Verdict::Invalid);
    assert_eq!(
        serde_json::to_value(&wrong.errors).unwrap(),
        json!([["Expected a message with :echo", "hi", "But received",
            {"type": "echo_ok", "echo": "ho"}]])
    );
    assert_eq!(run(Op::fail(0, "echo", "hi")).valid, Verdict::Invalid);
}

fn ids(ids: impl IntoIterator<Item = Value>) -> History {
    history(
        ids.into_iter()
            .flat_map(|id| [Op::invoke(0, "generate", ()), Op::ok(0, "generate", id)]),
    )
}

#[test]
fn ids_must_differ() {
    let good = unique_ids(&ids([2.into(), 10.into(), 1.into()]));
    assert_eq!((good.valid, good.duplicated_count), (Verdict::Valid, 0));
    assert_eq!(good.range, (1.into(), 10.into()));
    let bad = unique_ids(&ids(["a".into(), "b".into(), "a".into()]));
    assert_eq!(
        (bad.valid, bad.duplicated),
        (Verdict::Invalid, vec![("a".into(), 2)])
    );
    assert_eq!(unique_ids(&history([])).range, (Value::Nil, Value::Nil));
    // As for Tesser's range, which upstream uses.
    let with_nil = unique_ids(&ids([2.into(), Value::Nil, 1.into()]));
    assert_eq!(with_nil.range, (1.into(), 2.into()));
    assert_eq!(
        unique_ids(&ids([Value::Nil])).range,
        (Value::Nil, Value::Nil)
    );
}

#[test]
fn ids_that_have_no_order_are_unknown() {
    assert_eq!(
        unique_ids(&ids([1.into(), "a".into()])).valid,
        Verdict::Unknown
    );
    let object = |i: i64| Value::map([("id", i)]);
    assert_eq!(
        unique_ids(&ids([object(1), object(2)])).valid,
        Verdict::Unknown
    );
    let pair = |a: i64, b: &str| Value::vector([Value::from(a), b.into()]);
    assert_eq!(
        unique_ids(&ids([pair(1, "a"), pair(2, "b")])).valid,
        Verdict::Valid
    );
    let mixed = [Value::vector([Value::from(1)]), Value::vector(["x"])];
    assert_eq!(unique_ids(&ids(mixed)).valid, Verdict::Unknown);
}

#[test]
fn a_run_that_did_nothing_is_unknown_unless_upstream_is_all_that_counts() {
    let empty = history([]);
    for workload in [Workload::Echo, Workload::UniqueIds] {
        let results = check(workload, &empty, &Options::default());
        assert_eq!(
            (results.maelstrom, results.verdict()),
            (Verdict::Valid, Verdict::Unknown)
        );
        assert!(results.story().contains("nothing was tested"));
        let lenient = Options {
            strict: false,
            ..Options::default()
        };
        assert_eq!(check(workload, &empty, &lenient).verdict(), Verdict::Valid);
    }
}

fn final_read(process: u64, value: i64) -> [Op; 2] {
    [
        Op::invoke(process, "read", ()).with("final?", true),
        Op::ok(process, "read", value).with("final?", true),
    ]
}

#[test]
fn counters_count_what_happened_and_allow_what_may_have() {
    let adds = [
        Op::invoke(0, "add", 2),
        Op::ok(0, "add", 2),
        Op::invoke(0, "add", 100),
        Op::fail(0, "add", 100),
        Op::invoke(1, "add", 3),
        Op::info(1, "add", 3),
        Op::invoke(2, "add", -1),
        Op::info(2, "add", -1),
    ];
    let run = |value| counter(&history(adds.iter().cloned().chain(final_read(5, value))));
    assert_eq!(run(2).acceptable, [(1, 2), (4, 5)]);
    for value in [1, 2, 4, 5] {
        assert_eq!(run(value).valid, Verdict::Valid, "{value}");
    }
    for value in [0, 3, 6, 102] {
        assert_eq!(run(value).errors.len(), 1, "{value}");
        assert_eq!(run(value).valid, Verdict::Invalid, "{value}");
    }
    // Reads before the end are not judged, but strictly one may not be beyond all adds.
    let early = [Op::invoke(7, "read", ()), Op::ok(7, "read", 6)];
    let h = history(adds.iter().cloned().chain(early).chain(final_read(5, 2)));
    assert_eq!(counter(&h).valid, Verdict::Valid);
    let results = check(Workload::PnCounter, &h, &Options::default());
    assert_eq!(
        (results.maelstrom, results.verdict()),
        (Verdict::Valid, Verdict::Invalid)
    );
    assert!(results.story().contains("impossible-read"));
}

#[test]
fn a_counter_that_nobody_reads_in_the_end_is_valid_upstream_and_unknown_here() {
    let ops = [
        Op::invoke(0, "add", 2),
        Op::ok(0, "add", 2),
        Op::invoke(0, "read", ()),
        Op::ok(0, "read", 2),
    ];
    let results = check(Workload::GCounter, &history(ops), &Options::default());
    assert_eq!(
        (results.maelstrom, results.verdict()),
        (Verdict::Valid, Verdict::Unknown)
    );
    let odd = counter(&history(final_read(0, 0).map(|mut op| {
        op.value = 0.5.into();
        op
    })));
    assert_eq!(odd.valid, Verdict::Unknown);
}

#[test]
fn a_history_without_keys_is_that_of_one_register() {
    let run = |read: i64| {
        let ops = [
            Op::invoke(0, "write", 1),
            Op::ok(0, "write", 1),
            Op::invoke(0, "cas", vec![1, 2]),
            Op::ok(0, "cas", vec![1, 2]),
            Op::invoke(0, "read", ()),
            Op::ok(0, "read", read),
        ];
        check(Workload::LinKv, &history(ops), &Options::default()).verdict()
    };
    assert_eq!((run(2), run(1)), (Verdict::Valid, Verdict::Invalid));
    let odd = [
        Op::invoke(0, "write", vec![1, 2]),
        Op::invoke(1, "write", 3),
    ];
    assert_eq!(
        check(Workload::LinKv, &history(odd), &Options::default()).verdict(),
        Verdict::Unknown
    );
}

#[test]
fn an_ok_write_did_what_its_completion_says() {
    let written_and_read = |read: i64| {
        let pair = |value: i64| Value::vector([0, value]);
        history([
            Op::invoke(0, "write", pair(1)),
            Op::ok(0, "write", pair(2)),
            Op::invoke(0, "read", Value::vector([Value::from(0), Value::Nil])),
            Op::ok(0, "read", pair(read)),
        ])
    };
    for (read, verdict) in [(2, Verdict::Valid), (1, Verdict::Invalid)] {
        let found = check(
            Workload::LinKv,
            &written_and_read(read),
            &Options::default(),
        );
        assert_eq!(found.maelstrom, verdict, "{read}");
    }
}

#[test]
fn an_ok_cas_counts_whatever_its_completion_says() {
    let pair = |value: Value| Value::vector([Value::from(0), value]);
    let ops = history([
        Op::invoke(0, "write", Value::vector([0, 1])),
        Op::ok(0, "write", Value::vector([0, 1])),
        Op::invoke(0, "cas", pair(Value::vector([5, 6]))),
        Op::ok(0, "cas", pair(Value::Nil)),
    ]);
    let found = check(Workload::LinKv, &ops, &Options::default());
    assert_eq!(found.maelstrom, Verdict::Invalid);
}

#[test]
fn offsets_that_maelstrom_has_no_room_for_are_unknown() {
    let sent = |offset: i64| {
        let text = format!(
            "{{:process 0 :type :invoke :f :send :value [[:send \"k\" 7]]}}
             {{:process 0 :type :ok :f :send :value [[:send \"k\" [{offset} 7]]]}}
             {{:process 1 :type :invoke :f :poll :value [[:poll]]}}
             {{:process 1 :type :ok :f :poll :value [[:poll {{\"k\" [[{offset} 7]]}}]]}}"
        );
        check(
            Workload::Kafka,
            &History::parse(&text).unwrap(),
            &Options::default(),
        )
    };
    assert_eq!(sent(100_000_000).maelstrom, Verdict::Valid);
    let far = sent(1_795_302_798_131_245_743);
    assert_eq!(far.maelstrom, Verdict::Unknown);
    assert!(
        far.story().contains("the offset 1795302798131245743"),
        "{}",
        far.story()
    );
}

#[test]
fn a_key_that_was_polled_and_never_had_a_message_is_unknown() {
    let polled = |first: &str, then: &str| {
        let text = format!(
            "{{:process 0 :type :invoke :f :send :value [[:send \"k\" 7]]}}
             {{:process 0 :type :ok :f :send :value [[:send \"k\" [0 7]]]}}
             {{:process 1 :type :invoke :f :poll :value [[:poll]]}}
             {{:process 1 :type :ok :f :poll :value [[:poll {first}]]}}
             {{:process 1 :type :invoke :f :poll :value [[:poll]]}}
             {{:process 1 :type :ok :f :poll :value [[:poll {then}]]}}"
        );
        let history = History::parse(&text).unwrap();
        let results = check(Workload::Kafka, &history, &Options::default());
        (results.maelstrom, results.story())
    };
    let (full, other) = (r#"{"k" [[0 7]]}"#, r#"{"k" [] "x" []}"#);
    assert_eq!(polled("{}", full).0, Verdict::Valid);
    assert_eq!(polled(r#"{"k" []}"#, full).0, Verdict::Valid);
    let (verdict, story) = polled(other, full);
    assert_eq!(verdict, Verdict::Unknown);
    let why = "operation 3 polled \"x\" and got an empty list";
    assert!(story.contains(why), "{story}");
}

#[test]
fn ids_beyond_64_bits_are_ordered_as_numbers() {
    let numbers = [
        "-200000000000000000000",
        "-99999999999999999999",
        "99999999999999999999",
        "340282366920938463463374607431768211455",
    ];
    let given = [2, 0, 3, 1].map(|i| Value::from_json(numbers[i]).unwrap());
    let results = unique_ids(&ids(given));
    let ends = [0, 3].map(|i| Value::from_json(numbers[i]).unwrap());
    assert_eq!(results.range, ends.into());
}

/// Logs of one key: what each of these operations, one after the other, sent or polled.
fn logs(steps: &[(u64, &str)]) -> KafkaResults {
    let ops = (0i64..).zip(steps).flat_map(|(at, (process, step))| {
        let f = if step.contains("send") {
            "send"
        } else {
            "poll"
        };
        let value = EdnReader::new(step).next_form().unwrap().unwrap();
        [
            Op::invoke(*process, f, Value::vector(Vec::<Value>::new())).at(2 * at * 1_000_000_000),
            Op::ok(*process, f, value).at((2 * at + 1) * 1_000_000_000),
        ]
    });
    kafka(&history(ops), KafkaOptions::default())
}

#[test]
fn of_two_messages_at_an_offset_the_first_of_a_hash_set_counts() {
    let twice = |second: i64| {
        let (sent, polled) = (
            format!("[[:send \"k\" [0 {second}]]]"),
            format!("[[:poll {{\"k\" [[0 {second}]]}}]]"),
        );
        let first = r#"[[:send "k" [0 1]]]"#;
        logs(&[(0, first), (0, &sent), (1, &polled), (1, &polled)]).error_types
    };
    let back = "nonmonotonic-poll".to_owned();
    assert!(twice(7).contains(&back));
    assert!(!twice(2).contains(&back));
}

#[test]
fn a_poll_in_vain_is_as_late_as_the_first_message_is_old() {
    let sent = r#"[[:send "k" [0 1]]]"#;
    let found = logs(&[
        (0, sent),
        (1, r#"[[:poll {}]]"#),
        (1, r#"[[:poll {"k" []}]]"#),
        (2, r#"[[:poll {"k" [[0 1]]}]]"#),
    ]);
    assert_eq!(found.worst_realtime_lag.lag, 3.0);
}
