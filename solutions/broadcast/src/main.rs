//! Serves the broadcast node on standard input and output.

fn main() -> std::io::Result<()> {
    maelstrom_node::run(|ctx| broadcast::Flood::new(&ctx))
}
