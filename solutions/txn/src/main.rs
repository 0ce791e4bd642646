//! Serves the node for transactions on standard input and output.

use clap::Parser;
use txn::{Strategy, Txn};

/// A node for the challenges of transactions.
#[derive(Parser)]
struct Arguments {
    /// How transactions are carried out. The default answers in any partition,
    /// and costs the fewest messages of those that do.
    #[arg(long, value_enum, default_value_t)]
    strategy: Strategy,
}

fn main() -> std::io::Result<()> {
    let Arguments { strategy } = Arguments::parse();
    maelstrom_node::run(move |ctx| Txn::new(strategy, &ctx))
}
