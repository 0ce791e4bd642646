//! The nodes measured: the runtime with all that it offers, and the bare loop.

use std::io;

use maelstrom_kv::SeqKv;
use maelstrom_node::proto::{counter, echo};
use maelstrom_node::{Context, Error, ErrorCode, Result, handler, run};

use crate::lean;

pub(crate) fn serve(name: &str) -> io::Result<()> {
    match name {
        "lean-echo" => lean::echo(),
        "lean-add" => lean::add(),
        "echo" => run(|_| {
            handler(|_, echo::Request::Echo { echo }| async { Ok(echo::Response::EchoOk { echo }) })
        }),
        "add" => run(|_| handler(add)),
        other => Err(io::Error::other(format!("no node is called {other}"))),
    }
}

/// Adds to a counter in seq-kv.
async fn add(ctx: Context, request: counter::Request) -> Result<counter::Response> {
    let counter::Request::Add { delta } = request else {
        return Err(Error::new(ErrorCode::NotSupported, "adds only"));
    };
    let kv = SeqKv::new(&ctx);
    let value: i64 = kv.get("counter").await?;
    kv.cas("counter", &value, &(value + delta)).await?;
    Ok(counter::Response::AddOk)
}
