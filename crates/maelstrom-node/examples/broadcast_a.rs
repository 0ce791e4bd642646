//! Broadcast on a single node: remember what one is told.

use std::sync::Mutex;

use maelstrom_node::proto::broadcast::{Request, Response};
use maelstrom_node::{handler, run};

fn main() -> std::io::Result<()> {
    let seen = Mutex::new(Vec::new());
    run(|_| {
        handler(move |_, request| {
            let mut seen = seen.lock().expect("nobody panics while holding it");
            let response = match request {
                Request::Topology { .. } => Response::TopologyOk,
                Request::Broadcast { message } => {
                    seen.push(message);
                    Response::BroadcastOk
                }
                Request::Read => Response::ReadOk {
                    messages: seen.clone(),
                },
            };
            async { Ok(response) }
        })
    })
}
