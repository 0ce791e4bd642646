//! The node as a program: `glomers test -w g-set --bin target/debug/stranger`.

fn main() -> std::io::Result<()> {
    maelstrom_node::run(stranger::g_set)
}
