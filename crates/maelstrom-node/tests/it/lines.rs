//! What the node makes of its input, good and bad.

use std::time::Duration;

use maelstrom_node::proto::echo::{Request, Response};
use maelstrom_node::{Context, Node, handler};
use rand::RngExt;
use serde_json::json;

use crate::wire::{INIT, Wire};

/// Echoes; takes its time, panics or fails when asked to.
fn moody(_: Context) -> impl Node {
    handler(async |_: Context, Request::Echo { echo }: Request| {
        match echo.as_str() {
            Some("panic") => panic!("as asked"),
            Some("slow") => tokio::time::sleep(Duration::from_millis(300)).await,
            _ => {}
        }
        Ok(Response::EchoOk { echo })
    })
}

fn body(line: &serde_json::Value) -> &serde_json::Value {
    &line["body"]
}

#[tokio::test(start_paused = true)]
async fn messages_before_init_wait_for_it_in_order() {
    let mut wire = Wire::new(moody);
    wire.send("c1", r#"{"type":"echo","msg_id":1,"echo":"a"}"#)
        .await;
    wire.send("c2", r#"{"type":"echo","msg_id":1,"echo":"b"}"#)
        .await;
    wire.send("c0", INIT).await;
    for expected in [
        json!({"src":"n0","dest":"c0","body":{"type":"init_ok","in_reply_to":1}}),
        json!({"src":"n0","dest":"c1","body":{"type":"echo_ok","echo":"a","in_reply_to":1}}),
        json!({"src":"n0","dest":"c2","body":{"type":"echo_ok","echo":"b","in_reply_to":1}}),
    ] {
        assert_eq!(wire.receive().await, expected);
    }
    assert!(wire.end().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn bad_input_is_answered_where_it_can_be_and_never_ends_the_node() {
    let mut wire = Wire::ready(moody).await;
    wire.line("this is not JSON").await;
    wire.line(r#"{"src":"c1","dest":"n0"}"#).await;
    wire.line("\u{0}\u{1}").await;
    wire.line("").await;
    wire.send("c1", r#"{"type":"shout","msg_id":2}"#).await;
    wire.send("c1", r#"{"type":"shout"}"#).await;
    wire.send("c1", r#"{"type":"echo","msg_id":3}"#).await;
    wire.send("c1", r#"{"msg_id":4}"#).await;
    wire.send("c1", r#"{"type":"echo","msg_id":5,"echo":"panic"}"#)
        .await;
    wire.send("c1", INIT).await;
    wire.send("c1", r#"{"type":"echo_ok","in_reply_to":99}"#)
        .await;
    wire.send("c1", r#"{"type":"echo","msg_id":6,"echo":"alive"}"#)
        .await;
    let mut answers = Vec::new();
    for _ in 0..6 {
        let line = wire.receive().await;
        answers.push((
            body(&line)["in_reply_to"].clone(),
            body(&line)["code"].clone(),
        ));
    }
    let expected = [
        (2, json!(10)),
        (3, json!(12)),
        (4, json!(12)),
        (5, json!(13)),
        (1, json!(12)),
        (6, json!(null)),
    ];
    assert_eq!(answers, expected.map(|(id, code)| (json!(id), code)));
    assert!(wire.end().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_waits_holds_up_nobody() {
    let mut wire = Wire::ready(moody).await;
    wire.send("c1", r#"{"type":"echo","msg_id":1,"echo":"slow"}"#)
        .await;
    wire.send("c2", r#"{"type":"echo","msg_id":1,"echo":"quick"}"#)
        .await;
    assert_eq!(wire.receive().await["dest"], "c2");
    assert_eq!(wire.receive().await["dest"], "c1");
}

#[tokio::test(start_paused = true)]
async fn pending_replies_are_written_before_the_end() {
    let mut wire = Wire::ready(moody).await;
    wire.send("c1", r#"{"type":"echo","msg_id":1,"echo":"slow"}"#)
        .await;
    wire.send("c1", r#"{"type":"echo","msg_id":2,"echo":"quick"}"#)
        .await;
    let rest = wire.end().await;
    assert_eq!(rest.len(), 2, "{rest:?}");
}

#[tokio::test(start_paused = true)]
async fn a_last_line_without_a_newline_counts() {
    let mut wire = Wire::ready(moody).await;
    for part in [
        r#"{"src":"c1","dest":"n0","bo"#,
        r#"dy":{"type":"echo","msg_id":1,"echo":"ü"}}"#,
    ] {
        wire.raw(part).await;
    }
    let rest = wire.end().await;
    assert_eq!(body(&rest[0])["echo"], "ü");
}

#[tokio::test(start_paused = true)]
async fn background_tasks_end_with_the_node() {
    let wire = Wire::ready(|ctx| {
        let peer = ctx.node_ids()[1].clone();
        let gossip = ctx.clone();
        ctx.every(Duration::from_secs(1), move || {
            gossip.send(&peer, &json!({"type": "tick"}));
            async {}
        });
        ctx.spawn(std::future::pending());
        ctx.spawn(async { panic!("a task may fail without taking the node along") });
        moody(ctx)
    });
    let mut wire = wire.await;
    for _ in 0..3 {
        assert_eq!(wire.receive().await["body"], json!({"type": "tick"}));
    }
    let start = tokio::time::Instant::now();
    assert!(wire.end().await.is_empty());
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_stream() {
    fn draw(ctx: Context) -> impl Node {
        let drawn: u64 = ctx.rng().random();
        handler(move |_, Request::Echo { .. }| async move {
            Ok(Response::EchoOk { echo: drawn.into() })
        })
    }
    let mut drawn = Vec::new();
    for _ in 0..2 {
        let mut wire = Wire::ready(draw).await;
        wire.send("c1", r#"{"type":"echo","msg_id":1,"echo":0}"#)
            .await;
        drawn.push(wire.receive().await["body"]["echo"].as_u64().unwrap());
    }
    assert_eq!(drawn[0], drawn[1]);
}

#[tokio::test]
async fn a_task_that_never_rests_keeps_no_line_from_being_read() {
    let mut wire = Wire::ready(|ctx: Context| {
        ctx.spawn(std::future::poll_fn(|cx| {
            cx.waker().wake_by_ref();
            std::task::Poll::<()>::Pending
        }));
        moody(ctx)
    })
    .await;
    wire.send("c1", r#"{"type":"echo","msg_id":1,"echo":"a"}"#)
        .await;
    assert_eq!(wire.receive().await["body"]["echo"], "a");
    assert!(wire.end().await.is_empty());
}
