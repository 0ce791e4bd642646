//! The graphs of neighbours that Maelstrom offers for the broadcast workload.
//!
//! After `topologies` in its `workload/broadcast.clj`, down to the order in
//! which neighbours are listed.

use maelstrom_proto::NodeId;
use maelstrom_proto::broadcast::Topology;

use crate::settings::TopologyKind;

/// The neighbours of each node.
///
/// ```
/// use maelstrom_sim::{TopologyKind, topology};
///
/// let nodes = ["n0", "n1", "n2"].map(Into::into);
/// let line = topology(TopologyKind::Line, &nodes);
/// assert_eq!(line[&"n1".into()], ["n0", "n2"]);
/// ```
pub fn topology(kind: TopologyKind, nodes: &[NodeId]) -> Topology {
    match kind {
        TopologyKind::Line => line(nodes),
        TopologyKind::Grid => grid(nodes),
        TopologyKind::Tree | TopologyKind::Tree2 => tree(2, nodes),
        TopologyKind::Tree3 => tree(3, nodes),
        TopologyKind::Tree4 => tree(4, nodes),
        TopologyKind::Total => total(nodes),
    }
}

/// A node that stands alone is missing from it.
fn line(nodes: &[NodeId]) -> Topology {
    if nodes.len() < 2 {
        return Topology::new();
    }
    collect(nodes, |i| vec![i.checked_sub(1), Some(i + 1)])
}

fn grid(nodes: &[NodeId]) -> Topology {
    let side = (1..).find(|side| side * side >= nodes.len()).unwrap_or(1);
    collect(nodes, |i| {
        let column = i % side;
        vec![
            Some(i + side),
            i.checked_sub(side),
            (column + 1 < side).then_some(i + 1),
            (column > 0).then(|| i - 1),
        ]
    })
}

fn tree(branching: usize, nodes: &[NodeId]) -> Topology {
    collect(nodes, |i| {
        let parent = i.checked_sub(1).map(|before| before / branching);
        let children = (1..=branching).map(|child| Some(branching * i + child));
        std::iter::once(parent).chain(children).collect()
    })
}

fn total(nodes: &[NodeId]) -> Topology {
    collect(nodes, |i| {
        (0..nodes.len()).filter(|j| *j != i).map(Some).collect()
    })
}

/// Turns neighbours by position into neighbours by name, absent ones skipped.
fn collect(nodes: &[NodeId], neighbours: impl Fn(usize) -> Vec<Option<usize>>) -> Topology {
    let named = |i: usize| {
        let present = neighbours(i).into_iter().flatten();
        present.filter_map(|j| nodes.get(j).cloned()).collect()
    };
    nodes
        .iter()
        .cloned()
        .enumerate()
        .map(|(i, id)| (id, named(i)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: TopologyKind, count: usize, expected: &str) {
        let nodes: Vec<NodeId> = (0..count).map(|i| NodeId::new(format!("n{i}"))).collect();
        assert_eq!(
            format!("{:?}", topology(kind, &nodes)),
            expected,
            "{kind} of {count}"
        );
    }

    #[test]
    fn graphs_are_maelstroms() {
        use TopologyKind::{Grid, Line, Total, Tree2, Tree4};
        check(Line, 1, "{}");
        check(Line, 2, "{n0: [n1], n1: [n0]}");
        check(Line, 4, "{n0: [n1], n1: [n0, n2], n2: [n1, n3], n3: [n2]}");
        check(Grid, 1, "{n0: []}");
        // As seen on the real Maelstrom.
        check(
            Grid,
            5,
            "{n0: [n3, n1], n1: [n4, n2, n0], n2: [n1], n3: [n0, n4], n4: [n1, n3]}",
        );
        check(Tree2, 1, "{n0: []}");
        check(Tree2, 4, "{n0: [n1, n2], n1: [n0, n3], n2: [n0], n3: [n1]}");
        check(
            Tree4,
            6,
            "{n0: [n1, n2, n3, n4], n1: [n0, n5], n2: [n0], n3: [n0], n4: [n0], n5: [n1]}",
        );
        check(Total, 3, "{n0: [n1, n2], n1: [n0, n2], n2: [n0, n1]}");
    }
}
