//! Serves the id generator on standard input and output.

use clap::Parser;
use unique_ids::{Strategy, UniqueIds};

/// A node for the challenge unique-ids.
#[derive(Parser)]
struct Arguments {
    /// How ids are made. The default stays unique whatever becomes of nodes and
    /// clocks, and sorts by time.
    #[arg(long, value_enum, default_value_t)]
    strategy: Strategy,
}

fn main() -> std::io::Result<()> {
    let Arguments { strategy } = Arguments::parse();
    maelstrom_node::run(move |ctx| UniqueIds::new(strategy, &ctx))
}
