//! Who was asked, and who was killed: what an oracle of one's own needs to know
//! of a run to say what may be lost.

use maelstrom_check::{Op, Process};
use maelstrom_proto::NodeId;

use crate::Outcome;

impl Outcome {
    /// The node that a client's operation was sent to; `None` of one that the
    /// nemesis did.
    pub fn asked(&self, op: &Op) -> Option<&NodeId> {
        let Process::Client(process) = op.process else {
            return None;
        };
        let nodes = &self.settings.nodes;
        let threads = self.settings.concurrency.threads(nodes.len()).max(1);
        let thread = usize::try_from(process).ok()? % threads;
        nodes.get(thread % nodes.len())
    }

    /// Every kill: when it was, in nanoseconds since the run began, and whose.
    pub fn kills(&self) -> Vec<(i64, &NodeId)> {
        let ops = self.history.ops().iter();
        let kills = ops.filter(|op| op.process == Process::Nemesis && op.f.as_str() == "kill");
        // What was to be killed is said before, and what was, node by node, after.
        let killed = kills.flat_map(|op| {
            let nodes = self.settings.nodes.iter();
            let nodes = nodes.filter(|id| op.value.get(id.as_str()).is_some());
            nodes.map(|id| (op.time, id))
        });
        killed.collect()
    }

    /// Whether a node that was alive at this time was never killed after it.
    pub fn outlives(&self, node: &NodeId, time: i64) -> bool {
        let mut kills = self.kills().into_iter();
        !kills.any(|(when, killed)| killed == node && when >= time)
    }
}
