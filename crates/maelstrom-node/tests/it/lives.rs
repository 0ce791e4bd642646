//! Where a node's life begins and ends, and what stays of it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use maelstrom_node::proto::echo::{Request, Response};
use maelstrom_node::proto::kv;
use maelstrom_node::testing::TestNode;
use maelstrom_node::{Body, Context, Environment, Message, Node, RpcError, Server, handler, serve};
use rand::RngExt;
use serde_json::json;

use crate::wire::INIT;

const MS: Duration = Duration::from_millis(1);

fn echo() -> impl Node {
    handler(async |_, Request::Echo { echo }| Ok(Response::EchoOk { echo }))
}

fn init(name: &str) -> Message {
    let body = json!({"type": "init", "node_id": name, "node_ids": ["n0", "n1"]});
    Message::new("c0", name, Body::request(&body, 1).unwrap())
}

/// Tells when it is dropped.
struct Told(Arc<AtomicBool>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A node with a ticker that sends, and that holds on to something.
fn ticking(dropped: &Arc<AtomicBool>) -> impl FnOnce(&Context) + use<> {
    let told = Told(dropped.clone());
    move |ctx| {
        let ticker = ctx.clone();
        ctx.every(100 * MS, move || {
            let _held = &told;
            ticker.send(&"n1".into(), &json!({"type": "gossip"}));
            async {}
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_dropped_ends_its_node_and_lets_go_of_it() {
    let (sent, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::default());
    let (out, ticking) = (sent.clone(), ticking(&dropped));
    let make = |ctx: Context| {
        ticking(&ctx);
        echo()
    };
    let environment = Environment::seeded(1, || Duration::ZERO);
    let mut server = Server::new(make, environment, move |_| {
        out.fetch_add(1, Ordering::Relaxed);
    });
    server.deliver(init("n0"));
    tokio::time::sleep(250 * MS).await;
    assert_eq!(sent.load(Ordering::Relaxed), 3, "init_ok and two ticks");
    assert!(!dropped.load(Ordering::Relaxed));
    drop(server);
    assert!(dropped.load(Ordering::Relaxed));
    tokio::time::sleep(1000 * MS).await;
    assert_eq!(sent.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn a_node_asks_its_environment_for_the_time() {
    let ahead = Arc::new(Mutex::new(Duration::ZERO));
    let (clock, contexts) = (ahead.clone(), Arc::new(Mutex::new(Vec::new())));
    let kept = contexts.clone();
    let make = move |ctx: Context| {
        kept.lock().unwrap().push(ctx);
        echo()
    };
    let start = tokio::time::Instant::now();
    let environment =
        Environment::seeded(1, || Duration::ZERO).instants(move || start + *clock.lock().unwrap());
    let mut server = Server::new(make, environment, |_| {});
    server.deliver(init("n0"));
    let ctx = contexts.lock().unwrap().pop().unwrap();
    *ahead.lock().unwrap() = 7 * MS;
    assert_eq!(ctx.uptime(), 7 * MS);
    // The deadline counts from there, and tokio's timer is what ends the wait.
    let answer: Result<Response, RpcError> = ctx.rpc(&"n1".into(), &json!({}), 5 * MS).await;
    assert!(matches!(answer, Err(RpcError::Timeout { .. })));
    assert_eq!(start.elapsed(), 12 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_given_up_lets_go_of_its_node() {
    let dropped = Arc::default();
    let ticking = ticking(&dropped);
    let make = |ctx: Context| {
        ticking(&ctx);
        echo()
    };
    let (mut stdin, input) = tokio::io::duplex(1 << 16);
    let line = format!(r#"{{"src":"c0","dest":"n0","body":{INIT}}}"#) + "\n";
    tokio::io::AsyncWriteExt::write_all(&mut stdin, line.as_bytes())
        .await
        .unwrap();
    let mut output = Vec::new();
    let served = serve(make, Environment::system(), input, &mut output);
    assert!(tokio::time::timeout(150 * MS, served).await.is_err());
    assert!(dropped.load(Ordering::Relaxed));
    let output = String::from_utf8(output).unwrap();
    assert_eq!(output.matches("gossip").count(), 1, "{output}");
}

#[tokio::test]
async fn a_node_that_ended_before_its_init_is_not_started_by_it() {
    let sent = Arc::new(AtomicUsize::new(0));
    let out = sent.clone();
    let mut server = Server::new(
        |_| echo(),
        Environment::system(),
        move |_| {
            out.fetch_add(1, Ordering::Relaxed);
        },
    );
    server.finish(MS).await;
    server.deliver(init("n0"));
    assert_eq!(sent.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn nodes_of_one_environment_draw_numbers_of_their_own() {
    let drawn = Mutex::new(Vec::new());
    let environment = Environment::system();
    for name in ["n0", "n1", "n1"] {
        let make = |ctx: Context| {
            drawn.lock().unwrap().push(ctx.rng().random::<u64>());
            echo()
        };
        let mut server = Server::new(make, environment.clone(), |_| ());
        server.deliver(init(name));
    }
    let drawn = drawn.into_inner().unwrap();
    assert!(drawn[0] != drawn[1] && drawn[1] != drawn[2], "{drawn:?}");
}

#[test]
fn a_node_of_another_name_draws_other_numbers_by_hand_too() {
    let draw = |name| {
        let drawn = Mutex::new(0);
        maelstrom_node::testing::Setup::default()
            .id(name)
            .start(|ctx: Context| {
                *drawn.lock().unwrap() = ctx.rng().random::<u64>();
                echo()
            });
        drawn.into_inner().unwrap()
    };
    assert_eq!(draw("n0"), draw("n0"));
    assert_ne!(draw("n0"), draw("n1"));
}

#[test]
fn a_reply_to_an_earlier_life_is_none_to_this_ones_request() {
    type Written = Result<kv::Response<u64>, RpcError>;
    // A node that writes 1 in its first life and 2 in its second.
    let live = |seed: u64, written: Arc<Mutex<Option<Written>>>| {
        maelstrom_node::testing::Setup::default()
            .seed(seed)
            .start(move |ctx| {
                let task = ctx.clone();
                ctx.spawn(async move {
                    let (key, value) = ("k", seed);
                    let write = kv::Request::Write { key, value };
                    let reply = task.rpc(&"lin-kv".into(), &write, 1000 * MS).await;
                    *written.lock().unwrap() = Some(reply);
                });
                echo()
            })
    };
    let (first, second) = (Arc::default(), Arc::default());
    let mut node = live(1, Arc::clone(&first));
    let asked = node.sent().remove(0);
    node.kill();
    let mut node = live(2, Arc::clone(&second));
    let again = node.sent().remove(0);
    let header = |message: &Message| message.body.header().unwrap().msg_id;
    assert_ne!(header(&asked), header(&again));
    // lin-kv has the first write only, and says so late.
    node.reply(&asked, &kv::Response::<u64>::WriteOk);
    assert!(second.lock().unwrap().is_none());
    node.reply(&again, &kv::Response::<u64>::WriteOk);
    assert!(matches!(
        &*second.lock().unwrap(),
        Some(Ok(kv::Response::WriteOk))
    ));
}

#[test]
fn a_tick_that_panics_is_not_the_last() {
    let ticks = Arc::new(AtomicUsize::new(0));
    let count = ticks.clone();
    let mut node = TestNode::new(move |ctx| {
        ctx.every(100 * MS, move || {
            let tick = count.fetch_add(1, Ordering::Relaxed);
            assert_ne!(tick, 2, "one bad tick");
            async move { assert_ne!(tick, 4, "and one that fails later") }
        });
        echo()
    });
    node.advance(1000 * MS);
    assert_eq!(ticks.load(Ordering::Relaxed), 10);
}
