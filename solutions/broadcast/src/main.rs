//! Serves the broadcast node on standard input and output.

use broadcast::{Broadcast, Strategy};
use clap::Parser;

/// A node for the broadcast challenges.
#[derive(Parser)]
struct Arguments {
    /// How values spread. The default meets every limit of challenges 3a to 3e.
    #[arg(long, value_enum, default_value_t)]
    strategy: Strategy,
}

fn main() -> std::io::Result<()> {
    let Arguments { strategy } = Arguments::parse();
    maelstrom_node::run(move |ctx| Broadcast::new(strategy, &ctx))
}
