//! Unique ids: the node's own id and a counter, with nobody to ask.

use maelstrom_node::proto::unique_ids::{Request, Response};
use maelstrom_node::{run, stateful};

fn main() -> std::io::Result<()> {
    let mut given = 0;
    run(|_| {
        stateful(move |ctx, Request::Generate| {
            given += 1;
            let id = format!("{}-{given}", ctx.id()).into();
            Ok(Response::GenerateOk { id })
        })
    })
}
