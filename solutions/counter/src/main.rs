//! Serves the counter node on standard input and output.

use clap::Parser;
use counter::{Counter, Strategy};

/// A node for the counter challenge.
#[derive(Parser)]
struct Arguments {
    /// How nodes come to the same sum: crdt, delta-crdt, op-log, seq-kv-cas or
    /// seq-kv-own-key.
    #[arg(long, default_value = "delta-crdt")]
    strategy: Strategy,
}

fn main() -> std::io::Result<()> {
    let Arguments { strategy } = Arguments::parse();
    maelstrom_node::run(move |ctx| Counter::new(strategy, &ctx))
}
