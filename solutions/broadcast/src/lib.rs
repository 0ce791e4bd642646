//! Gossip Glomers 3: what one node is told, all nodes come to know.

mod flood;

pub use flood::Flood;
