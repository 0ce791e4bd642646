//! Serves the broadcast node on standard input and output.

use broadcast::{Broadcast, Strategy};
use clap::Parser;

/// A node for the broadcast challenges.
#[derive(Parser)]
struct Arguments {
    /// How values spread: flood, timeout-pool, direct, batch, anti-entropy,
    /// convergecast or convergecast-quick.
    #[arg(long, default_value = "flood")]
    strategy: Strategy,
}

fn main() -> std::io::Result<()> {
    let Arguments { strategy } = Arguments::parse();
    maelstrom_node::run(move |ctx| Broadcast::new(strategy, &ctx))
}
