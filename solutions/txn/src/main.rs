//! Serves the node for transactions on standard input and output.

use clap::Parser;
use txn::{Strategy, Txn};

/// A node for the challenges of transactions.
#[derive(Parser)]
struct Arguments {
    /// How transactions are carried out: single, lww-broadcast, lin-kv-lock or
    /// lww-delta.
    #[arg(long, default_value = "lww-delta")]
    strategy: Strategy,
}

fn main() -> std::io::Result<()> {
    let Arguments { strategy } = Arguments::parse();
    maelstrom_node::run(move |ctx| Txn::new(strategy, &ctx))
}
