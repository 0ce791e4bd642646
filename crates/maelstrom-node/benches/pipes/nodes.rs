//! The nodes measured: the runtime with all that it offers, and the bare loop.

use std::io;
use std::time::Duration;

use maelstrom_node::proto::{counter, echo, kv};
use maelstrom_node::{Context, Error, ErrorCode, NodeId, handler, run};

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
async fn add(ctx: Context, request: counter::Request) -> Result<counter::Response, Error> {
    let counter::Request::Add { delta } = request else {
        return Err(Error::new(ErrorCode::NotSupported, "adds only"));
    };
    let (kv, key) = (NodeId::from("seq-kv"), "counter");
    let timeout = Duration::from_secs(1);
    let read = kv::Request::<_, i64>::Read { key };
    let kv::Response::<i64>::ReadOk { value } = ctx.rpc(&kv, &read, timeout).await? else {
        return Err(Error::new(ErrorCode::Crash, "not an answer to a read"));
    };
    let cas = kv::Request::Cas {
        key,
        from: value,
        to: value + delta,
        create_if_not_exists: false,
    };
    let _: kv::Response<i64> = ctx.rpc(&kv, &cas, timeout).await?;
    Ok(counter::Response::AddOk)
}
