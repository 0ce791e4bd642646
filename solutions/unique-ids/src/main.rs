//! Serves the id generator on standard input and output.

use clap::Parser;
use unique_ids::{Strategy, UniqueIds};

/// A node for the challenge unique-ids.
#[derive(Parser)]
struct Arguments {
    /// How ids are made: sequence, snowflake, object-id, uuid or uuid-v7.
    #[arg(long, default_value = "sequence")]
    strategy: Strategy,
}

fn main() -> std::io::Result<()> {
    let Arguments { strategy } = Arguments::parse();
    maelstrom_node::run(move |ctx| UniqueIds::new(strategy, &ctx))
}
