//! Owner: a hash of the log's name and the node's decides who owns the log.
//!
//! Rendezvous hashing (Thaler and Ravishankar, "Using name-based mappings to
//! increase hit rates", 1998): each node gets a score for each log, and the
//! highest wins. All nodes come to the same result without a word, logs are
//! spread evenly, and were the list one node shorter, only that node's logs
//! would move. The price is that of a fixed leader, with the load shared.

use maelstrom_node::NodeId;

/// The owner of a log.
pub(crate) fn owner<'a>(nodes: &'a [NodeId], key: &str) -> Option<&'a NodeId> {
    nodes.iter().max_by_key(|node| (score(node, key), *node))
}

/// FNV-1a over both names, which is the same on every machine, with a last
/// step that lets each bit stir all others (the finaliser of MurmurHash3).
fn score(node: &NodeId, key: &str) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in node.as_str().bytes().chain([0xff]).chain(key.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_spread_and_move_only_when_their_node_goes() {
        let nodes: Vec<NodeId> = (0..5).map(|i| NodeId::new(format!("n{i}"))).collect();
        let mut owned = [0; 5];
        for key in 0..1000 {
            let key = key.to_string();
            let found = owner(&nodes, &key).unwrap();
            owned[nodes.iter().position(|node| node == found).unwrap()] += 1;
            if *found != nodes[4] {
                assert_eq!(owner(&nodes[..4], &key), Some(found));
            }
        }
        assert!(
            owned.iter().all(|count| (140..260).contains(count)),
            "{owned:?}"
        );
    }
}
