//! Sequence: the node's own name and a number that only this node counts.
//!
//! No two nodes share a name, and no node gives a number twice, so the ids
//! differ however the network is cut. A node that was restarted with empty
//! memory counts from the start again.

use std::sync::atomic::{AtomicU64, Ordering};

use maelstrom_node::proto::unique_ids::{Request, Response};
use maelstrom_node::{Context, Node, NodeId, Result};

/// Hands out `<node>-<number>`; a node by itself, as short as one can be.
#[derive(Debug, Default)]
pub struct Sequence {
    next: AtomicU64,
}

impl Sequence {
    /// A new id of the node.
    pub fn next(&self, node: &NodeId) -> String {
        format!("{node}-{}", self.next.fetch_add(1, Ordering::Relaxed))
    }
}

impl Node for Sequence {
    type Request = Request;
    type Response = Response;

    async fn handle(&self, ctx: Context, Request::Generate: Request) -> Result<Response> {
        let id = self.next(ctx.id()).into();
        Ok(Response::GenerateOk { id })
    }
}
