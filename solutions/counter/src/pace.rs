//! When to speak to whom: seldom, and only if there is something to say.

use std::collections::BTreeMap;
use std::time::Duration;

use maelstrom_node::NodeId;

/// How long a node that starts is silent. Maelstrom may not have registered its
/// peers before, and hears nothing more from a node that spoke to a stranger.
const QUIET: Duration = Duration::from_millis(100);

/// For each peer, whether there is something to say, and since when it may be
/// said.
///
/// A message opens a pause of one period, in which everything new is gathered
/// for the next one. What is not acknowledged stays to be said, and so is
/// repeated each period: the pause of a batch and that of a retry are the same.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    period: Duration,
    peers: BTreeMap<NodeId, Line>,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    pressing: bool,
    pause_ends: Duration,
}

impl Pace {
    /// Nothing to say to anybody, and a short silence before there may be.
    pub(crate) fn new(period: Duration, peers: impl IntoIterator<Item = NodeId>) -> Self {
        let line = Line {
            pressing: false,
            pause_ends: QUIET,
        };
        let peers = peers.into_iter().map(|peer| (peer, line));
        Self {
            period,
            peers: peers.collect(),
        }
    }

    /// There may be something to say to everybody.
    pub(crate) fn press_all(&mut self) {
        for line in self.peers.values_mut() {
            line.pressing = true;
        }
    }

    /// There may be something to say to this peer.
    pub(crate) fn press(&mut self, peer: &NodeId) {
        if let Some(line) = self.peers.get_mut(peer) {
            line.pressing = true;
        }
    }

    /// Those to whom there may be something to say now. Each is to be told
    /// ([`spoke`](Self::spoke)) or left alone ([`rest`](Self::rest)).
    pub(crate) fn due(&self, now: Duration) -> Vec<NodeId> {
        let due = |line: &Line| line.pressing && line.pause_ends <= now;
        let peers = self.peers.iter().filter(|(_, line)| due(line));
        peers.map(|(peer, _)| peer.clone()).collect()
    }

    /// The peer was told. Unless it `owes` an acknowledgement, that was all.
    pub(crate) fn spoke(&mut self, now: Duration, peer: &NodeId, owes: bool) {
        if let Some(line) = self.peers.get_mut(peer) {
            line.pressing = owes;
            line.pause_ends = now + self.period;
        }
    }

    /// There was nothing to say after all.
    pub(crate) fn rest(&mut self, peer: &NodeId) {
        if let Some(line) = self.peers.get_mut(peer) {
            line.pressing = false;
        }
    }

    /// When somebody is due; `None` while there is nothing to say.
    pub(crate) fn next(&self) -> Option<Duration> {
        let pressing = self.peers.values().filter(|line| line.pressing);
        pressing.map(|line| line.pause_ends).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_a_period_and_silence_when_nothing_presses() {
        let (second, n1) = (Duration::from_secs(1), NodeId::from("n1"));
        let mut pace = Pace::new(second, [n1.clone()]);
        assert_eq!(pace.next(), None);
        pace.press_all();
        assert_eq!(
            pace.due(QUIET),
            std::slice::from_ref(&n1),
            "the first after a short silence"
        );
        pace.spoke(Duration::ZERO, &n1, true);
        assert!(pace.due(second / 2).is_empty());
        assert_eq!(pace.next(), Some(second));
        assert_eq!(
            pace.due(second),
            std::slice::from_ref(&n1),
            "again, for it owes an ack"
        );
        pace.spoke(second, &n1, false);
        assert_eq!(pace.next(), None);
        pace.press(&n1);
        assert_eq!(pace.next(), Some(second * 2));
        pace.rest(&n1);
        assert_eq!(pace.next(), None);
    }
}
