//! A set that only grows: Maelstrom's workload g-set, on any number of nodes.

use std::collections::BTreeSet;
use std::sync::Mutex;

use maelstrom_node::proto::g_set;
use maelstrom_node::{Context, Node, Retry, handler};

type Request = g_set::Request<u64>;
type Response = g_set::Response<u64>;

/// Tells each peer what a client told it, again and again until the peer
/// acknowledges it.
pub fn g_set(_: Context) -> impl Node {
    let known = Mutex::new(BTreeSet::new());
    handler(move |ctx: Context, request: Request| {
        let mut known = known.lock().expect("no handler panics while it holds this");
        let response = match request {
            Request::Read => Response::ReadOk {
                value: known.iter().copied().collect(),
            },
            Request::Add { element } => {
                known.insert(element);
                if ctx.sender().is_client() {
                    tell_all(&ctx, element);
                }
                Response::AddOk
            }
        };
        async { Ok(response) }
    })
}

fn tell_all(ctx: &Context, element: u64) {
    for peer in ctx.peers() {
        let (node, peer) = (ctx.clone(), peer.clone());
        ctx.spawn(async move {
            let add = Request::Add { element };
            // Without a deadline it ends with an answer, or with the node.
            let _: Result<Response, _> = node.rpc_retried(&peer, &add, Retry::default()).await;
        });
    }
}
