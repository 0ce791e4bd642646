//! Serves the log node on standard input and output.

use clap::Parser;
use kafka::{Kafka, Strategy};

/// A node for the log challenges.
#[derive(Parser)]
struct Arguments {
    /// How logs are kept: single, lin-kv-cas, lin-kv-lock, leader,
    /// fixed-leader, owner or lanes.
    #[arg(long, default_value_t = Strategy::Lanes)]
    strategy: Strategy,
}

fn main() -> std::io::Result<()> {
    let Arguments { strategy } = Arguments::parse();
    maelstrom_node::run(move |ctx| Kafka::new(strategy, &ctx))
}
