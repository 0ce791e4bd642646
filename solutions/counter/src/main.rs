//! Serves the counter node on standard input and output.

use clap::Parser;
use counter::{Counter, Strategy};

/// A node for the counter challenge.
#[derive(Parser)]
struct Arguments {
    /// How nodes come to the same sum. The default costs the fewest messages of
    /// those whose news does not walk from node to node.
    #[arg(long, value_enum, default_value_t)]
    strategy: Strategy,
}

fn main() -> std::io::Result<()> {
    let Arguments { strategy } = Arguments::parse();
    maelstrom_node::run(move |ctx| Counter::new(strategy, &ctx))
}
