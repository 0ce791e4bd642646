//! Clients: timeouts, errors, outcomes, and what a process does after each.

use std::time::Duration;

use maelstrom_check::{Op, OpType, Process, Value};
use maelstrom_node::proto::{broadcast, unique_ids};
use maelstrom_node::{Context, Error, ErrorCode, Node, handler};
use maelstrom_sim::{
    Availability, Concurrency, InProcess, Outcome, ProblemKind, Run, Settings, Verdict, Workload,
};
use serde::Deserialize;
use serde_json::{Value as Json, json};

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(dead_code)] // Some tests look at the request, others answer whatever comes.
enum Any {
    Echo { echo: Json },
    Generate,
    Topology,
    Broadcast { message: u64 },
    Read,
}

fn run<N: Node>(
    workload: Workload,
    make: impl Fn(Context) -> N + Clone + Send + Sync + 'static,
) -> Outcome {
    let settings = Settings::new(workload)
        .node_count(1)
        .time_limit(30)
        .rate(2.0);
    Run::new(settings, 9, InProcess::new(make)).execute()
}

#[test]
fn an_answer_that_names_no_question_is_told_of_once() {
    let outcome = run(Workload::Echo, |_| {
        handler(|ctx: Context, any: Any| async move {
            let Any::Echo { echo } = any else {
                unreachable!("clients only echo")
            };
            ctx.send(ctx.sender(), &json!({"type": "echo_ok", "echo": echo}));
            std::future::pending::<Result<Json, Error>>().await
        })
    });
    let notices: Vec<String> = outcome.notices.iter().map(ToString::to_string).collect();
    let [notice] = &notices[..] else {
        panic!("{notices:?}");
    };
    assert!(
        notice.starts_with("n0 sent c2 a message at ")
            && notice.contains("`in_reply_to` is missing"),
        "{notice}"
    );
    assert_eq!(outcome.check().verdict(), Verdict::Invalid);
}

fn completions(outcome: &Outcome) -> Vec<&Op> {
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    let ops: Vec<&Op> = outcome
        .history
        .ops()
        .iter()
        .filter(|op| !op.is_invoke())
        .collect();
    assert!(!ops.is_empty());
    ops
}

#[test]
fn silence_is_a_timeout_after_five_seconds_and_a_new_process() {
    let outcome = run(Workload::Echo, |_| {
        handler(async |_: Context, _: Any| -> maelstrom_node::Result<Json> {
            std::future::pending().await
        })
    });
    let ops = completions(&outcome);
    for (turn, op) in ops.iter().enumerate() {
        assert_eq!(op.kind, OpType::Info);
        assert_eq!(op.process, Process::Client(turn as u64));
        assert_eq!(op.error, Some(Value::keyword("net-timeout")));
    }
    for (position, op) in outcome
        .history
        .client_ops()
        .filter(|(_, op)| op.is_invoke())
    {
        let completion = outcome.history.completion(position).unwrap();
        assert_eq!(completion.time - op.time, 5_000_000_000);
    }
    // Each new process is a new client: n0's init client is c0, the one that
    // set up c1, and the workers follow.
    let clients: Vec<String> = outcome
        .journal
        .messages
        .iter()
        .filter(|message| message.src.is_client())
        .map(|message| message.src.to_string())
        .collect();
    assert_eq!(clients[..4], ["c0", "c2", "c3", "c4"]);
    assert_eq!(
        outcome.check().verdict(),
        Verdict::Invalid,
        "no echo was ever answered"
    );
}

#[test]
fn a_node_that_never_answers_fails_availability() {
    let settings = Settings::new(Workload::Echo)
        .rate(20.0)
        .availability(Availability::Total);
    // One node of five is silent.
    let host = InProcess::new(|ctx: Context| {
        let silent = ctx.id() == &ctx.node_ids()[2];
        handler(move |_, request: Any| async move {
            match request {
                Any::Echo { echo } if !silent => Ok(json!({"type": "echo_ok", "echo": echo})),
                _ => std::future::pending().await,
            }
        })
    });
    let results = Run::new(settings, 1, host).execute().check();
    assert_eq!(results.availability.valid, Verdict::Invalid);
    assert!(results.availability.ok_fraction < 1.0);
    assert_eq!(results.verdict(), Verdict::Invalid);
}

#[test]
fn a_definite_error_is_a_failure_and_keeps_the_process() {
    let outcome = run(Workload::Echo, |_| {
        handler(async |_: Context, _: Any| -> maelstrom_node::Result<Json> {
            Err(Error::new(ErrorCode::TemporarilyUnavailable, "not now"))
        })
    });
    for op in completions(&outcome) {
        assert_eq!((op.kind, &op.process), (OpType::Fail, &Process::Client(0)));
        let error = Value::vector([Value::keyword("temporarily-unavailable"), "not now".into()]);
        assert_eq!(op.error, Some(error));
    }
}

#[test]
fn an_indefinite_error_leaves_a_broadcast_open_and_a_read_failed() {
    let outcome = run(Workload::Broadcast, |_| {
        handler(async |_: Context, request: Any| match request {
            Any::Topology => Ok(json!({"type": "topology_ok"})),
            _ => Err(Error::new(ErrorCode::Crash, "oops")),
        })
    });
    for op in completions(&outcome) {
        let read = op.f.as_str() == "read";
        let expected = if read { OpType::Fail } else { OpType::Info };
        assert_eq!(op.kind, expected, "{op:?}");
    }
}

#[test]
fn a_reply_with_an_extra_field_crashes_the_operation() {
    let outcome = run(Workload::UniqueIds, |_| {
        handler(async |_: Context, _: unique_ids::Request| {
            Ok(json!({"type": "generate_ok", "id": 1, "node": "n0"}))
        })
    });
    for op in completions(&outcome) {
        assert_eq!(op.kind, OpType::Info);
        let error = op.error.clone().unwrap().to_string();
        assert!(
            error.contains("wrong: `node` is not defined for it") && error.contains("n0"),
            "{error}"
        );
        assert!(op.field("exception").is_some());
    }
}

#[test]
fn a_reply_of_the_wrong_type_crashes_the_operation() {
    let outcome = run(Workload::UniqueIds, |_| {
        handler(async |_: Context, _: unique_ids::Request| Ok(json!({"type": "ok", "id": 1})))
    });
    assert!(
        completions(&outcome)
            .iter()
            .all(|op| op.kind == OpType::Info)
    );
}

#[test]
fn a_late_reply_to_a_client_that_is_gone_mutes_the_node_and_is_told() {
    let outcome = run(Workload::Echo, |_| {
        handler(async |ctx: Context, request: Any| {
            let Any::Echo { echo } = request else {
                return Err(Error::new(ErrorCode::NotSupported, ""));
            };
            if ctx.uptime() > Duration::from_secs(3) && ctx.uptime() < Duration::from_secs(6) {
                tokio::time::sleep(Duration::from_secs(7)).await;
            }
            Ok(json!({"type": "echo_ok", "echo": echo}))
        })
    });
    let late = outcome.notices.first().expect("the late reply is told");
    assert!(matches!(late.kind, ProblemKind::LateReply { .. }), "{late}");
    assert!(late.to_string().contains("n0 answered c"), "{late}");
    let heard_after = completions(&outcome).into_iter();
    let heard_after =
        heard_after.filter(|op| op.is_ok() && op.time > i64::try_from(late.time).unwrap());
    assert_eq!(heard_after.count(), 0, "a muted node is not heard");
}

#[test]
fn a_late_reply_before_the_next_operation_still_finds_its_client() {
    // A client that gave up is there until its thread needs another.
    let settings = Settings::new(Workload::Echo)
        .node_count(1)
        .concurrency(Concurrency::Total(20))
        .time_limit(60)
        .rate(1.0);
    let host = InProcess::new(|_| {
        handler(async |_: Context, request: Any| {
            let Any::Echo { echo } = request else {
                return Err(Error::new(ErrorCode::NotSupported, ""));
            };
            tokio::time::sleep(Duration::from_millis(5001)).await;
            Ok(json!({"type": "echo_ok", "echo": echo}))
        })
    });
    let outcome = Run::new(settings, 3, host).execute();
    assert!(outcome.notices.is_empty(), "{:?}", outcome.notices);
    let timeouts = completions(&outcome).len();
    let messages = outcome.journal.messages.iter();
    let answers = messages.filter(|message| message.src == "n0" && message.dest.is_client());
    assert!(timeouts > 30 && answers.count() > 20, "late, and sent");
}

#[test]
fn a_client_that_is_kept_outlives_a_late_reply() {
    // unique-ids keeps its clients, so there is always somebody to take the
    // reply, late as it may be.
    let outcome = run(Workload::UniqueIds, |_| {
        handler(async |ctx: Context, _: unique_ids::Request| {
            if ctx.uptime() < Duration::from_secs(2) {
                tokio::time::sleep(Duration::from_secs(7)).await;
            }
            let id = json!(format!("{:?}", ctx.uptime()));
            Ok(json!({"type": "generate_ok", "id": id}))
        })
    });
    assert!(outcome.notices.is_empty(), "{:?}", outcome.notices);
    let ops = completions(&outcome);
    assert_eq!(ops[0].kind, OpType::Info);
    assert!(ops.last().unwrap().is_ok());
}

#[test]
fn a_message_to_nobody_ends_the_run_and_names_the_node() {
    let outcome = run(Workload::Broadcast, |_| {
        handler(async |ctx: Context, request: broadcast::Request| {
            ctx.send(&"n99".into(), &json!({"type": "hello"}));
            Ok(match request {
                broadcast::Request::Topology { .. } => json!({"type": "topology_ok"}),
                _ => json!({"type": "broadcast_ok"}),
            })
        })
    });
    let failure = outcome.failure.expect("the run can't go on").to_string();
    assert!(failure.contains("n0 sent a message to `n99`"), "{failure}");
}

#[test]
fn a_node_that_refuses_init_or_topology_ends_the_run() {
    let refusing = |_| handler(async |_: Context, _: unique_ids::Request| Ok(json!({"type": "x"})));
    let failure = run(Workload::Broadcast, refusing)
        .failure
        .unwrap()
        .to_string();
    assert!(
        failure.contains("n0") && failure.contains("not-supported"),
        "{failure}"
    );
}
