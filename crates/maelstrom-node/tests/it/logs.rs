//! A log line can be followed from node to node.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use maelstrom_node::testing::{Setup, TestNode};
use maelstrom_node::{Context, Node, handler};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Request {
    Hop { left: u64 },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Response {
    HopOk,
}

/// Passes a message on until it has made its hops.
fn hopper(_: Context) -> impl Node {
    handler(async |ctx: Context, Request::Hop { left }| {
        tracing::info!(left, "hop");
        if left > 0 {
            let next = Request::Hop { left: left - 1 };
            let peer = ctx.peers().next().cloned().unwrap();
            let _: Response = ctx.rpc(&peer, &next, Duration::from_secs(1)).await?;
            tracing::info!("came back");
        }
        Ok(Response::HopOk)
    })
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn a_log_line_names_the_message_and_the_next_one_down_the_line() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("info,maelstrom_node::message=debug")
        .with_ansi(false)
        .without_time()
        .with_writer(log.clone())
        .finish();
    // For the whole process: one for this thread alone may be passed over while
    // other tests reach the same spans for the first time.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let mut n0 = TestNode::new(hopper);
    let mut n1 = Setup::default().id("n1").start(hopper);
    n0.request("c1", &Request::Hop { left: 1 });
    let onward = n0.expect("n1", &json!({"type": "hop", "left": 0}));
    let asked = onward.body.header().unwrap().msg_id.unwrap();
    n1.deliver(onward);
    let back = n1.sent().remove(0);
    n0.deliver(back);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    // Other tests may have their say too.
    let of_hops = |line: &&str| line.contains("kind=hop");
    let lines: Vec<&str> = log.lines().filter(of_hops).map(str::trim).collect();
    let span = |node, from, msg_id: u64| {
        format!("message{{node={node} from={from} kind=hop msg_id={msg_id}}}")
    };
    let (first, second) = (span("n0", "c1", 2), span("n1", "n0", asked));
    let sent = format!("request sent dest=n1 msg_id={asked}");
    for (line, parts) in lines.iter().zip([
        [first.as_str(), "hop left=1"],
        // The number under which the message is known to the next node.
        [first.as_str(), sent.as_str()],
        [second.as_str(), "hop left=0"],
        [first.as_str(), "came back"],
    ]) {
        assert!(
            parts.iter().all(|part| line.contains(part)),
            "{line}: {parts:?}"
        );
    }
    assert_eq!(lines.len(), 4, "{log}");
}
