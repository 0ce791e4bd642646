//! Serves the echo node on standard input and output.

fn main() -> std::io::Result<()> {
    maelstrom_node::run(|_| echo::Echo)
}
