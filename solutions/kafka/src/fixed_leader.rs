//! Fixed leader: the first node of the list owns every log.
//!
//! No service, no agreement: all nodes were given the same list. Sends to other
//! nodes cost two messages, the leader carries the load of all, and whoever is
//! cut off from it can't send.

use maelstrom_node::NodeId;

/// The owner of every log.
pub(crate) fn owner(nodes: &[NodeId]) -> Option<&NodeId> {
    nodes.first()
}
