//! The test support, and what a node promises, seen through it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use maelstrom_node::proto::echo::{Request, Response};
use maelstrom_node::testing::{Setup, TestNode};
use maelstrom_node::{
    Context, Driver, ErrorCode, Message, Node, NodeId, Protocol, Result, Retry, handler,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Does what it is told, at length.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Task {
    Sleep { ms: u64 },
    Ask { whom: String },
    AskTwice { whom: String },
    Identify,
    Pending,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Done {
    Slept { uptime: u64, wall_clock: u64 },
    Told { value: Value },
    Identity { id: String, peers: Vec<String> },
}

fn worker(_: Context) -> impl Node {
    handler(async |ctx: Context, task: Task| {
        let question = json!({"type": "question"});
        Ok(match task {
            Task::Sleep { ms } => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Done::Slept {
                    uptime: ctx.uptime().as_millis() as u64,
                    wall_clock: ctx.wall_clock().as_secs(),
                }
            }
            Task::Ask { whom } => Done::Told {
                value: ctx
                    .rpc(&whom.into(), &question, Duration::from_secs(1))
                    .await?,
            },
            Task::AskTwice { whom } => {
                let retry = Retry::default().deadline(Duration::from_secs(10));
                let whom = whom.into();
                let asked = ctx.rpc_retried(&whom, &question, retry);
                // The caller gives up sooner than the policy would.
                match tokio::time::timeout(Duration::from_secs(1), asked).await {
                    Ok(value) => Done::Told { value: value? },
                    Err(_) => Done::Told { value: json!(null) },
                }
            }
            Task::Identify => Done::Identity {
                id: ctx.id().to_string(),
                peers: ctx.peers().map(ToString::to_string).collect(),
            },
            Task::Pending => Done::Told {
                value: ctx.rpcs_in_flight().into(),
            },
        })
    })
}

#[test]
fn identity_time_and_wall_clock_come_from_the_setup() {
    let setup = Setup::default()
        .id("n7")
        .node_ids(["n6", "n7", "n8"])
        .wall_clock(Duration::from_secs(5_000));
    let mut node = setup.start(worker);
    let done = node.ask::<_, Done>("c1", &Task::Identify).unwrap();
    let (id, peers) = ("n7".to_owned(), vec!["n6".to_owned(), "n8".to_owned()]);
    assert_eq!(done, Done::Identity { id, peers });
    let slept = node.ask::<_, Done>("c1", &Task::Sleep { ms: 2000 });
    let (uptime, wall_clock) = (2000, 5_002);
    assert_eq!(slept, Ok(Done::Slept { uptime, wall_clock }));
}

#[test]
fn messages_before_init_are_answered_after_it() {
    let mut node = Setup::default().start_uninitialised(worker);
    node.feed("n1", &json!({"type": "identify"}));
    node.request("c1", &Task::Identify);
    node.expect_silence();
    node.initialise();
    let answer = node.sent();
    assert_eq!(answer.len(), 1);
    assert_eq!(answer[0].dest, "c1");
}

#[test]
fn replies_go_to_whoever_asked_and_second_ones_to_nobody() {
    let mut node = TestNode::new(worker);
    node.request("c1", &Task::Ask { whom: "n1".into() });
    node.request("c2", &Task::Ask { whom: "n2".into() });
    let (first, second) = (
        node.expect("n1", &json!({"type": "question"})),
        node.expect("n2", &json!({"type": "question"})),
    );
    node.reply(&second, &json!({"type": "answer", "n": 2}));
    let told = node.sent();
    assert_eq!(told[0].dest, "c2");
    node.reply(&second, &json!({"type": "answer", "n": 3}));
    node.reply(&first, &json!({"type": "answer", "n": 1}));
    let told = node.sent();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].dest, "c1");
    // A reply to a number that was never used, and one to the past.
    let stray = Message::new(
        "n1",
        "n0",
        maelstrom_node::Body::reply(&json!({"type": "x"}), 999).unwrap(),
    );
    node.deliver(stray);
    node.reply(&first, &json!({"type": "answer", "n": 1}));
    node.expect_silence();
}

#[test]
fn a_message_to_oneself_is_a_message_like_any_other() {
    let mut node = TestNode::new(worker);
    node.request("c1", &Task::Ask { whom: "n0".into() });
    let question = node.expect("n0", &json!({"type": "question"}));
    assert_eq!(
        (&question.src, &question.dest),
        (&"n0".into(), &"n0".into())
    );
    node.deliver(question);
    // It does not know such questions, and tells itself so.
    let refusal = node.sent().remove(0);
    assert_eq!(refusal.dest, "n0");
    node.deliver(refusal);
    let answer = node.sent().remove(0);
    assert_eq!(answer.dest, "c1");
    let error: maelstrom_node::Error = answer.body.decode().unwrap();
    assert_eq!(error.code, ErrorCode::NotSupported);
}

#[test]
fn whoever_gives_up_frees_the_place_and_ends_the_retries() {
    let mut node = TestNode::new(worker);
    let given_up = node.ask::<_, Done>("c1", &Task::AskTwice { whom: "n1".into() });
    assert_eq!(given_up, Ok(Done::Told { value: json!(null) }));
    let asked = node.sent();
    assert!((2..=4).contains(&asked.len()), "{asked:?}");
    node.advance(Duration::from_secs(60));
    node.expect_silence();
    let pending = node.ask::<_, Done>("c1", &Task::Pending);
    assert_eq!(pending, Ok(Done::Told { value: json!(0) }));
}

#[test]
fn a_handler_that_outlasts_its_callers_patience_is_dropped() {
    struct Gauge(Arc<AtomicUsize>);
    impl Drop for Gauge {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let count = dropped.clone();
    let mut node = TestNode::new(move |_| {
        handler(move |_, Request::Echo { echo }| {
            let gauge = Gauge(count.clone());
            async move {
                let _gauge = gauge;
                tokio::time::sleep(Duration::from_secs(echo.as_u64().unwrap())).await;
                Ok(Response::EchoOk { echo })
            }
        })
        .patience(Duration::from_secs(5))
    });
    let quick = node.ask::<_, Response>("c1", &Request::Echo { echo: json!(4) });
    assert!(quick.is_ok());
    let error = node.ask::<_, Response>("c1", &Request::Echo { echo: json!(50) });
    let error = error.unwrap_err();
    assert_eq!(error.code, ErrorCode::Timeout);
    assert!(error.text.contains("5s"), "{error}");
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
    node.advance(Duration::from_secs(100));
    node.expect_silence();
}

#[test]
fn an_hour_of_silence_does_not_make_the_node_grow() {
    // Gossip to a peer behind a partition: three requests a second.
    let mut node = TestNode::new(|ctx: Context| {
        let gossip = ctx.clone();
        ctx.every(Duration::from_millis(333), move || {
            let ctx = gossip.clone();
            gossip.spawn(async move {
                let question = json!({"type": "question"});
                let peer = ctx.node_ids()[1].clone();
                let asked = ctx.rpc::<_, Value>(&peer, &question, Duration::from_secs(5));
                assert!(asked.await.is_err());
            });
            async {}
        });
        worker(ctx)
    });
    for _ in 0..60 {
        node.advance(Duration::from_secs(60));
        assert!(node.sent().len() > 150);
        let pending = node.ask::<_, Done>("c1", &Task::Pending).unwrap();
        let Done::Told { value } = pending else {
            panic!()
        };
        assert!(value.as_u64().unwrap() <= 16, "{value} in flight");
    }
}

#[test]
fn ten_thousand_requests_in_flight_find_their_replies() {
    let mut node = TestNode::new(|_| {
        handler(async |ctx: Context, Request::Echo { echo }| {
            let peer = ctx.node_ids()[1].clone();
            let question = json!({"type": "question", "of": echo});
            let value: Value = ctx.rpc(&peer, &question, Duration::from_secs(60)).await?;
            Ok(Response::EchoOk {
                echo: value["of"].clone(),
            })
        })
    });
    for number in 0..10_000 {
        let body = json!({"type": "echo", "echo": number, "msg_id": number});
        node.feed("c1", &body);
    }
    let mut asked = node.sent();
    assert_eq!(asked.len(), 10_000);
    asked.reverse();
    for question in &asked {
        let body: Value = question.body.decode().unwrap();
        node.reply(question, &json!({"type": "answer", "of": body["of"]}));
    }
    let told = node.sent();
    assert_eq!(told.len(), 10_000);
    for message in told {
        let body: Value = message.body.decode().unwrap();
        assert_eq!(body["echo"], body["in_reply_to"]);
    }
}

#[test]
fn a_killed_node_says_and_does_nothing_more() {
    let mut node = TestNode::new(|ctx: Context| {
        let ticker = ctx.clone();
        ctx.every(Duration::from_secs(1), move || {
            ticker.send(&"n1".into(), &json!({"type": "tick"}));
            async {}
        });
        worker(ctx)
    });
    node.request("c1", &Task::Sleep { ms: 1500 });
    node.request("c1", &Task::Ask { whom: "n1".into() });
    node.advance(Duration::from_secs(1));
    assert_eq!(node.sent().len(), 3);
    node.kill();
    node.advance(Duration::from_secs(10));
    node.request("c1", &Task::Identify);
    node.expect_silence();
}

#[test]
fn the_end_of_input_answers_those_who_wait() {
    let mut node = TestNode::new(worker);
    node.request("c1", &Task::Sleep { ms: 500 });
    node.request("c2", &Task::Ask { whom: "n1".into() });
    node.request("c3", &Task::Sleep { ms: 5000 });
    node.expect("n1", &json!({"type": "question"}));
    let last = node.finish();
    let whom: Vec<_> = last.iter().map(|message| message.dest.as_str()).collect();
    assert_eq!(whom, ["c2", "c1"]);
}

#[test]
fn a_run_is_the_same_each_time() {
    let run = |seed| {
        let mut node = Setup::default().seed(seed).start(worker);
        for whom in ["n1", "n2", "n1"] {
            node.request("c1", &Task::AskTwice { whom: whom.into() });
            node.advance(Duration::from_millis(313));
        }
        node.advance(Duration::from_secs(20));
        node.sent()
    };
    assert_eq!(run(3), run(3));
}

/// Wants to be woken in 100 ms by each message, and else when all is over.
struct Patient(Arc<AtomicUsize>, Duration);

impl Protocol for Patient {
    type Request = Request;
    type Response = Response;

    fn on_message(
        &mut self,
        now: Duration,
        _: &NodeId,
        Request::Echo { echo }: Request,
    ) -> Result<Response> {
        self.1 = now + Duration::from_millis(100);
        Ok(Response::EchoOk { echo })
    }

    fn wake(&mut self, now: Duration) -> Vec<(NodeId, Request)> {
        if now >= self.1 {
            self.0.fetch_add(1, Ordering::Relaxed);
            self.1 = Duration::MAX;
        }
        Vec::new()
    }

    fn next_wake(&self) -> Option<Duration> {
        Some(self.1)
    }
}

#[test]
fn a_protocol_may_wish_to_be_woken_when_all_is_over() {
    let woken = Arc::new(AtomicUsize::new(0));
    let count = woken.clone();
    let mut node =
        TestNode::new(move |ctx: Context| Driver::new(&ctx, Patient(count, Duration::MAX)));
    for times in 1..3 {
        let echo = json!(times);
        node.request("c1", &Request::Echo { echo });
        node.advance(Duration::from_secs(1));
        assert_eq!(woken.load(Ordering::Relaxed), times);
    }
}
