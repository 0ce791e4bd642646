//! Serves the log node on standard input and output.

use clap::Parser;
use kafka::{Kafka, Strategy};

/// A node for the log challenges.
#[derive(Parser)]
struct Arguments {
    /// How logs are kept. The default costs the fewest messages, and answers in
    /// any partition.
    #[arg(long, value_enum, default_value_t)]
    strategy: Strategy,
}

fn main() -> std::io::Result<()> {
    let Arguments { strategy } = Arguments::parse();
    maelstrom_node::run(move |ctx| Kafka::new(strategy, &ctx))
}
