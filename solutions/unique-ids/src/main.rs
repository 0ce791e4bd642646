//! Serves the id generator on standard input and output.

fn main() -> std::io::Result<()> {
    maelstrom_node::run(|_| unique_ids::Sequence::default())
}
