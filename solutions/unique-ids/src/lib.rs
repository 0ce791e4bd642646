//! Gossip Glomers 2: ids that are unique without any coordination.
//!
//! An id is the node's own name and a number that only this node counts:
//! `n2-17`. No two nodes share a name, and no node gives a number twice, so the
//! ids differ however the network is cut, and no message is needed.

use std::sync::atomic::{AtomicU64, Ordering};

use maelstrom_node::proto::unique_ids::{Request, Response};
use maelstrom_node::{Context, Node, Result};

/// Hands out `<node>-<number>`.
///
/// A node that was restarted with empty memory would count from the start
/// again; nothing in the challenge restarts nodes.
#[derive(Debug, Default)]
pub struct Sequence {
    next: AtomicU64,
}

impl Node for Sequence {
    type Request = Request;
    type Response = Response;

    async fn handle(&self, ctx: Context, Request::Generate: Request) -> Result<Response> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = format!("{}-{number}", ctx.id()).into();
        Ok(Response::GenerateOk { id })
    }
}
