//! Echo: a node sends back what it was sent.

use maelstrom_node::proto::echo::{Request, Response};
use maelstrom_node::{handler, run};

fn main() -> std::io::Result<()> {
    run(|_| handler(async |_, Request::Echo { echo }| Ok(Response::EchoOk { echo })))
}
