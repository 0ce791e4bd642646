//! Requests from node to node: replies, errors, silence, repetition.

use std::collections::BTreeMap;
use std::time::Duration;

use maelstrom_node::{Context, Error, ErrorCode, Node, Retry, RpcError, handler};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::wire::Wire;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Request {
    /// Asks n1 once, with a timeout of 400 ms.
    Once,
    /// Asks n1 until it answers.
    Until,
    /// Asks n1 until it answers or two seconds are over.
    For,
    /// How many requests are in flight?
    InFlight,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Response {
    Done { value: u64 },
}

fn asker(_: Context) -> impl Node {
    handler(async |ctx: Context, request: Request| {
        let peer = ctx.node_ids()[1].clone();
        let question = json!({"type": "question"});
        let retry = Retry::default();
        let answer: Result<Response, RpcError> = match request {
            Request::Once => ctx.rpc(&peer, &question, Duration::from_millis(400)).await,
            Request::Until => ctx.rpc_retried(&peer, &question, retry).await,
            Request::For => {
                let retry = retry.deadline(Duration::from_secs(2));
                ctx.rpc_retried(&peer, &question, retry).await
            }
            Request::InFlight => {
                let value = ctx.rpcs_in_flight() as u64;
                Ok(Response::Done { value })
            }
        };
        answer.map_err(Error::from)
    })
}

/// The next question that the node asked n1.
async fn question(wire: &mut Wire) -> Value {
    let asked = wire.receive().await;
    assert_eq!(
        (&asked["dest"], &asked["body"]["type"]),
        (&json!("n1"), &json!("question"))
    );
    asked["body"]["msg_id"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_reply_reaches_the_handler_that_asked() {
    let mut wire = Wire::ready(asker).await;
    wire.send("c1", r#"{"type":"once","msg_id":1}"#).await;
    wire.send("c2", r#"{"type":"once","msg_id":1}"#).await;
    let (first, second) = (question(&mut wire).await, question(&mut wire).await);
    assert_ne!(first, second);
    wire.send(
        "n1",
        &json!({"type":"done","value":22,"in_reply_to":second}).to_string(),
    )
    .await;
    wire.send(
        "n1",
        &json!({"type":"done","value":11,"in_reply_to":first}).to_string(),
    )
    .await;
    wire.send(
        "n1",
        &json!({"type":"done","value":99,"in_reply_to":first}).to_string(),
    )
    .await;
    for (client, value) in [("c2", 22), ("c1", 11)] {
        let reply = wire.receive().await;
        assert_eq!(
            (&reply["dest"], &reply["body"]["value"]),
            (&json!(client), &json!(value))
        );
    }
    assert!(
        wire.end().await.is_empty(),
        "a second reply changes nothing"
    );
}

#[tokio::test(start_paused = true)]
async fn silence_is_a_timeout_and_frees_its_place() {
    let mut wire = Wire::ready(asker).await;
    for round in 0..50 {
        wire.send("c1", &json!({"type":"once","msg_id":round}).to_string())
            .await;
        question(&mut wire).await;
        let start = Instant::now();
        let reply = wire.receive().await;
        assert_eq!(start.elapsed().as_millis(), 400);
        assert_eq!(reply["body"]["code"], ErrorCode::Timeout.code());
        let text = reply["body"]["text"].as_str().unwrap().to_owned();
        assert!(
            text.contains("n1") && text.contains("`question`") && text.contains("400ms"),
            "{text}"
        );
    }
    wire.send("c1", r#"{"type":"in_flight","msg_id":9}"#).await;
    assert_eq!(wire.receive().await["body"]["value"], 0);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_other_side_keeps_its_code() {
    let mut wire = Wire::ready(asker).await;
    wire.send("c1", r#"{"type":"until","msg_id":1}"#).await;
    let id = question(&mut wire).await;
    wire.send(
        "n1",
        &json!({"type":"error","code":22,"text":"no","in_reply_to":id}).to_string(),
    )
    .await;
    assert_eq!(wire.receive().await["body"]["code"], 22);
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_does_not_fit_is_said_to_be_one() {
    let mut wire = Wire::ready(asker).await;
    wire.send("c1", r#"{"type":"once","msg_id":1}"#).await;
    let id = question(&mut wire).await;
    wire.send(
        "n1",
        &json!({"type":"done","value":"x","in_reply_to":id}).to_string(),
    )
    .await;
    let reply = wire.receive().await;
    assert_eq!(reply["body"]["code"], ErrorCode::Crash.code());
    assert!(
        reply["body"]["text"]
            .as_str()
            .unwrap()
            .contains("does not fit"),
        "{reply}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_retried_request_backs_off_until_it_is_answered() {
    let mut wire = Wire::ready(asker).await;
    wire.send("c1", r#"{"type":"until","msg_id":1}"#).await;
    let start = Instant::now();
    let mut ids = Vec::new();
    let mut waits = Vec::new();
    for _ in 0..6 {
        ids.push(question(&mut wire).await);
        waits.push(start.elapsed().as_millis());
    }
    let gaps: Vec<u128> = waits.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let spans = [200, 400, 800, 1600, 2000];
    assert!(
        gaps.iter()
            .zip(spans)
            .all(|(gap, span)| (span / 2..=span + 1).contains(gap)),
        "{gaps:?}"
    );
    let last = ids.last().unwrap();
    wire.send(
        "n1",
        &json!({"type":"done","value":7,"in_reply_to":last}).to_string(),
    )
    .await;
    assert_eq!(wire.receive().await["body"]["value"], 7);
}

#[tokio::test(start_paused = true)]
async fn a_reply_to_an_earlier_attempt_will_do() {
    let mut wire = Wire::ready(asker).await;
    wire.send("c1", r#"{"type":"until","msg_id":1}"#).await;
    let first = question(&mut wire).await;
    assert_eq!(question(&mut wire).await, first, "the same request again");
    let late = json!({"type":"done","value":5,"in_reply_to":first});
    wire.send("n1", &late.to_string()).await;
    assert_eq!(wire.receive().await["body"]["value"], 5);
    wire.send("n1", &late.to_string()).await;
    assert!(wire.end().await.is_empty());
}

/// n1's answer "busy" to a question.
async fn refuse(wire: &mut Wire, question: &Value) {
    let busy = json!({"type":"error","code":11,"text":"busy","in_reply_to":question});
    wire.send("n1", &busy.to_string()).await;
}

#[tokio::test(start_paused = true)]
async fn a_reply_to_an_earlier_attempt_will_do_after_a_refusal_too() {
    let mut wire = Wire::ready(asker).await;
    wire.send("c1", r#"{"type":"until","msg_id":1}"#).await;
    question(&mut wire).await;
    let again = question(&mut wire).await;
    refuse(&mut wire, &again).await;
    let start = Instant::now();
    let late = json!({"type":"done","value":5,"in_reply_to":again});
    wire.send("n1", &late.to_string()).await;
    assert_eq!(wire.receive().await["body"]["value"], 5);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_the_last_word_only_if_it_was_every_attempts() {
    for (answered, code) in [
        (1, ErrorCode::TemporarilyUnavailable),
        (2, ErrorCode::Timeout),
    ] {
        let mut wire = Wire::ready(asker).await;
        wire.send("c1", r#"{"type":"for","msg_id":1}"#).await;
        let start = Instant::now();
        let mut attempts = 0;
        let reply = loop {
            let line = wire.receive().await;
            if line["dest"] == "c1" {
                break line;
            }
            attempts += 1;
            // The first may have been carried out, its answer lost.
            if attempts >= answered {
                refuse(&mut wire, &line["body"]["msg_id"]).await;
            }
        };
        assert_eq!(reply["body"]["code"], code.code(), "{reply}");
        assert!(attempts > 3);
        assert_eq!(start.elapsed().as_millis(), 2000);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_without_end_is_one_and_a_wait_of_nothing_is_none() {
    let (never, start) = (Duration::MAX, Instant::now());
    let mut wire = Wire::ready(move |ctx: Context| {
        let patient = Retry::new().first_wait(never).deadline(never);
        let hasty = Retry::new().first_wait(Duration::ZERO);
        for (peer, retry) in [(1, patient), (2, hasty.longest_wait(Duration::ZERO))] {
            let task = ctx.clone();
            ctx.spawn(async move {
                let question = json!({"type": "question"});
                let peer = &task.node_ids()[peer];
                let _ = task.rpc_retried::<_, Value>(peer, &question, retry).await;
            });
        }
        ctx.every(never, || async { panic!("this does not come") });
        let task = ctx.clone();
        ctx.spawn(async move {
            let question = json!({"type": "question"});
            let _ = task.rpc::<_, Value>(&"n3".into(), &question, never).await;
        });
        asker(ctx)
    })
    .await;
    let mut asked = BTreeMap::<String, u32>::new();
    while start.elapsed() < Duration::from_millis(100) {
        let line = wire.receive().await;
        let dest = line["dest"].as_str().unwrap().to_owned();
        *asked.entry(dest).or_default() += 1;
    }
    let hasty = asked.remove("n2").unwrap();
    assert!((50..=201).contains(&hasty), "{hasty}");
    let patient = BTreeMap::from([("n1".to_owned(), 1), ("n3".to_owned(), 1)]);
    assert_eq!(asked, patient);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_retries() {
    let mut wire = Wire::ready(asker).await;
    wire.send("c1", r#"{"type":"for","msg_id":1}"#).await;
    let start = Instant::now();
    let reply = loop {
        let line = wire.receive().await;
        if line["dest"] == "c1" {
            break line;
        }
    };
    assert_eq!(reply["body"]["code"], ErrorCode::Timeout.code());
    assert_eq!(start.elapsed().as_millis(), 2000);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_input_fails_requests_in_flight_and_answers_their_callers() {
    let mut wire = Wire::ready(asker).await;
    wire.send("c1", r#"{"type":"until","msg_id":1}"#).await;
    question(&mut wire).await;
    let rest = wire.end().await;
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(rest[0]["body"]["code"], ErrorCode::Timeout.code());
}
