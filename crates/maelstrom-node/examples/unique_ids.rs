//! Unique ids: the node's own id and a counter, with nobody to ask.

use std::sync::atomic::{AtomicU64, Ordering};

use maelstrom_node::proto::unique_ids::{Request, Response};
use maelstrom_node::{handler, run};

fn main() -> std::io::Result<()> {
    let next = AtomicU64::new(0);
    run(|_| {
        handler(move |ctx, Request::Generate| {
            let id = format!("{}-{}", ctx.id(), next.fetch_add(1, Ordering::Relaxed));
            async { Ok(Response::GenerateOk { id: id.into() }) }
        })
    })
}
