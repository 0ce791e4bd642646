//! Broadcast on a single node: remember what one is told.

use maelstrom_node::proto::broadcast::{Request, Response};
use maelstrom_node::{run, stateful};

fn main() -> std::io::Result<()> {
    let mut seen = Vec::new();
    run(|_| {
        stateful(move |_, request| {
            Ok(match request {
                Request::Topology { .. } => Response::TopologyOk,
                Request::Broadcast { message } => {
                    seen.push(message);
                    Response::BroadcastOk
                }
                Request::Read => Response::ReadOk {
                    messages: seen.clone(),
                },
            })
        })
    })
}
