//! What a message costs in memory, with no lines and no processes: 25 nodes
//! flood values to one another through `Server::deliver`, as a simulation does.
#![allow(clippy::print_stdout)] // What a bench is for.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use maelstrom_node::proto::broadcast::{Request, Response};
use maelstrom_node::{Body, Context, Environment, Message, Node, Server, handler};
use serde_json::json;

const NODES: usize = 25;
const VALUES: u64 = 200;

/// Tells every peer each value that is new to it.
fn flood(_: Context) -> impl Node {
    let seen = Mutex::new(BTreeSet::new());
    handler(move |ctx: Context, request: Request| {
        if let Request::Broadcast { message } = request
            && seen
                .lock()
                .expect("nobody panics while holding it")
                .insert(message)
        {
            for peer in ctx.peers() {
                ctx.send(peer, &request);
            }
        }
        async { Ok(Response::BroadcastOk) }
    })
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O");
    let _entered = runtime.enter();
    let queue = Arc::new(Mutex::new(VecDeque::<Message>::new()));
    let ids: Vec<String> = (0..NODES).map(|node| format!("n{node}")).collect();
    let mut servers: Vec<_> = (0..NODES)
        .map(|seed| {
            let queue = queue.clone();
            let environment = Environment::seeded(seed as u64, || Duration::ZERO);
            Server::new(flood, environment, move |message| {
                queue.lock().expect("one thread").push_back(message);
            })
        })
        .collect();
    for (server, id) in servers.iter_mut().zip(&ids) {
        let init = json!({"type": "init", "node_id": id, "node_ids": ids});
        let init = Body::one_way(&init).expect("an object");
        server.deliver(Message::new("c0", id.as_str(), init));
    }
    for round in 0..5 {
        queue.lock().expect("one thread").clear();
        let (start, mut messages) = (Instant::now(), 0_u32);
        // New values each round: old ones are seen already.
        for value in round * VALUES..(round + 1) * VALUES {
            let request = Request::Broadcast { message: value };
            let body = Body::one_way(&request).expect("an object");
            queue
                .lock()
                .expect("one thread")
                .push_back(Message::new("c1", "n0", body));
        }
        loop {
            let Some(message) = queue.lock().expect("one thread").pop_front() else {
                break;
            };
            messages += 1;
            let node: usize = message.dest.as_str()[1..].parse().expect("a node");
            servers[node].deliver(message);
        }
        let took = start.elapsed();
        println!(
            "{messages} messages in {took:?}, {:?} each",
            took / messages
        );
    }
}
