//! Gossip Glomers 1: a node that sends back what it was sent.

use maelstrom_node::proto::echo::{Request, Response};
use maelstrom_node::{Context, Node, Result};

/// Answers `echo` with the same value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Echo;

impl Node for Echo {
    type Request = Request;
    type Response = Response;

    async fn handle(&self, _: Context, Request::Echo { echo }: Request) -> Result<Response> {
        Ok(Response::EchoOk { echo })
    }
}
