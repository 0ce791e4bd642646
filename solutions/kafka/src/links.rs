//! Streams between nodes: what is queued for a peer arrives there exactly once
//! and in order, whatever the network loses, repeats or reorders.
//!
//! Items are numbered. A [`Batch`] begins with the first item that the peer has
//! not acknowledged, so a late or lost batch leaves no hole; the receiver skips
//! what it has. Acknowledgements ride on the batches of the other direction, and
//! travel alone when there is nothing else to say.
//!
//! A node that is restarted with an empty memory draws a new *life*. Its peers
//! see it, begin their streams anew with all that it ought to know, and ignore
//! what is still under way from its former life.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use maelstrom_node::NodeId;

use crate::message::{Batch, Item};

/// The most items in a batch. What is beyond waits for the acknowledgement: a
/// long partition must not make each attempt longer than the last.
const CHUNK: u64 = 512;

/// How long a batch waits for its acknowledgement before it is sent again.
const RESEND: Duration = Duration::from_millis(400);

/// How long a node that has just started waits for its peers to tell it what
/// it knew in a former life. Not for ever: it may be the first life, and the
/// peers cut off.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

/// A message to be sent.
pub type Outgoing = (NodeId, Batch);

/// The streams of one node to and from each peer.
#[derive(Debug)]
pub struct Links {
    life: u64,
    peers: BTreeMap<NodeId, Link>,
}

#[derive(Debug, Default)]
struct Link {
    /// The peer's life, once it was heard of, and those that are over.
    life: Option<u64>,
    past: BTreeSet<u64>,
    /// What the peer has not acknowledged, and the number of the first of it.
    queue: VecDeque<Item>,
    first: u64,
    /// The number after the last item sent, and when.
    sent: u64,
    sent_at: Option<Duration>,
    /// How many items of the peer's were taken in.
    taken: u64,
    /// The peer waits for an acknowledgement.
    owes: bool,
    /// All that the peer had to tell at the beginning of this life is here.
    caught_up: bool,
}

/// What a batch brought.
#[derive(Debug, Default, PartialEq)]
pub struct Received {
    /// The new items, in order.
    pub items: Vec<Item>,
    /// The peer has lost its memory: whoever keeps the logs has to
    /// [`push`](Links::push) to it what it ought to know.
    pub restarted: bool,
    /// The peer does not know this node's life yet, and should at once.
    pub answer: bool,
}

impl Links {
    /// Links to `peers`; `life` tells this node's lives apart.
    pub fn new(life: u64, peers: impl IntoIterator<Item = NodeId>) -> Self {
        let peers = peers.into_iter().map(|peer| (peer, Link::default()));
        Self {
            life,
            peers: peers.collect(),
        }
    }

    /// The peers.
    pub fn peers(&self) -> impl Iterator<Item = &NodeId> {
        self.peers.keys()
    }

    /// Queues an item for one peer.
    pub fn push(&mut self, peer: &NodeId, item: Item) {
        if let Some(link) = self.peers.get_mut(peer) {
            link.queue.push_back(item);
        }
    }

    /// Queues an item for every peer.
    pub fn push_to_all(&mut self, item: &Item) {
        for link in self.peers.values_mut() {
            link.queue.push_back(item.clone());
        }
    }

    /// Whether this node knows all that it may have known in a former life, or
    /// has waited for that long enough.
    pub fn ready(&self, now: Duration) -> bool {
        now >= GRACE || self.peers.values().all(|link| link.caught_up)
    }

    /// Takes in a batch.
    pub fn receive(&mut self, from: &NodeId, batch: Batch) -> Received {
        let mut received = Received::default();
        let Some(link) = self.peers.get_mut(from) else {
            return received;
        };
        if link.past.contains(&batch.life) {
            return received;
        }
        if link.life != Some(batch.life) {
            if let Some(over) = link.life.replace(batch.life) {
                received.restarted = true;
                let mut past = std::mem::take(&mut link.past);
                past.insert(over);
                *link = Link {
                    life: Some(batch.life),
                    past,
                    caught_up: link.caught_up,
                    ..Link::default()
                };
            }
            link.owes = true;
        }
        if batch.to != Some(self.life) {
            // Numbers meant for nobody, or for a former life of this node.
            link.owes = true;
            received.answer = true;
            return received;
        }
        while link.first < batch.ack && link.queue.pop_front().is_some() {
            link.first += 1;
        }
        link.owes |= !batch.items.is_empty();
        if let Some(known) = link.taken.checked_sub(batch.first) {
            let known = usize::try_from(known).unwrap_or(usize::MAX);
            received.items = batch.items.into_iter().skip(known).collect();
            link.taken += received.items.len() as u64;
            link.caught_up |= link.taken >= batch.end;
        }
        received
    }

    /// The batches that are due: new items, old ones that were not acknowledged
    /// in time, acknowledgements.
    pub fn tick(&mut self, now: Duration) -> Vec<Outgoing> {
        let due = self.peers.iter().filter(|(_, link)| link.is_due(now));
        let due: Vec<_> = due.map(|(peer, _)| peer.clone()).collect();
        due.into_iter()
            .filter_map(|peer| Some((peer.clone(), self.batch(&peer, now)?)))
            .collect()
    }

    /// The batch for a peer, due or not.
    pub fn batch(&mut self, peer: &NodeId, now: Duration) -> Option<Batch> {
        let life = self.life;
        let link = self.peers.get_mut(peer)?;
        // Items have numbers only towards a life that is known.
        let chunk = if link.life.is_some() { CHUNK } else { 0 };
        let items: Vec<_> = link.queue.iter().take(chunk as usize).cloned().collect();
        link.sent = link.sent.max(link.first + items.len() as u64);
        link.sent_at = Some(now);
        link.owes = false;
        Some(Batch {
            life,
            to: link.life,
            ack: link.taken,
            first: link.first,
            end: link.first + link.queue.len() as u64,
            items,
        })
    }
}

impl Link {
    fn is_due(&self, now: Duration) -> bool {
        let end = self.first + self.queue.len() as u64;
        let known = self.life.is_some();
        let fresh = known && self.sent < end && self.sent < self.first + CHUNK;
        let overdue = (!known || !self.queue.is_empty())
            && self.sent_at.is_none_or(|sent| now >= sent + RESEND);
        fresh || overdue || self.owes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promise(offset: u64) -> Item {
        Item::Promise("k".into(), offset)
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Two nodes that have heard of each other.
    fn pair() -> (Links, Links) {
        let mut a = Links::new(1, [NodeId::from("b")]);
        let mut b = Links::new(2, [NodeId::from("a")]);
        for _ in 0..3 {
            exchange(&mut a, &mut b, ms(0));
        }
        assert!(a.ready(ms(0)) && b.ready(ms(0)));
        (a, b)
    }

    /// Each speaks once and hears the other; returns what each learnt.
    fn exchange(a: &mut Links, b: &mut Links, now: Duration) -> [Vec<Item>; 2] {
        let (to_b, to_a) = (a.tick(now), b.tick(now));
        let at_b = to_b
            .into_iter()
            .map(|(_, batch)| b.receive(&"a".into(), batch));
        let at_b = at_b.flat_map(|received| received.items).collect();
        let at_a = to_a
            .into_iter()
            .map(|(_, batch)| a.receive(&"b".into(), batch));
        let at_a = at_a.flat_map(|received| received.items).collect();
        [at_a, at_b]
    }

    #[test]
    fn an_item_arrives_once_and_then_there_is_silence() {
        let (mut a, mut b) = pair();
        a.push(&"b".into(), promise(1));
        let batch = a.tick(ms(100)).remove(0).1;
        assert_eq!(b.receive(&"a".into(), batch.clone()).items, [promise(1)]);
        assert_eq!(b.receive(&"a".into(), batch).items, []);
        let (_, ack) = b.tick(ms(100)).remove(0);
        assert_eq!(ack.items, []);
        a.receive(&"b".into(), ack);
        assert_eq!(a.tick(ms(9000)), []);
        assert_eq!(b.tick(ms(9000)), []);
    }

    #[test]
    fn what_is_lost_is_sent_again_and_a_late_batch_does_no_harm() {
        let (mut a, mut b) = pair();
        a.push(&"b".into(), promise(1));
        let late = a.tick(ms(100)).remove(0).1;
        assert_eq!(a.tick(ms(200)), [], "it waits for the acknowledgement");
        a.push(&"b".into(), promise(2));
        let next = a.tick(ms(300)).remove(0).1;
        assert_eq!(b.receive(&"a".into(), next).items, [promise(1), promise(2)]);
        assert_eq!(b.receive(&"a".into(), late).items, []);
        assert_eq!(a.tick(ms(700)).len(), 1, "no acknowledgement came");
    }

    #[test]
    fn a_long_queue_goes_out_in_chunks() {
        let (mut a, mut b) = pair();
        for number in 0..1200 {
            a.push(&"b".into(), promise(number));
        }
        let mut arrived = Vec::new();
        for round in 1..6 {
            let [_, items] = exchange(&mut a, &mut b, ms(100 * round));
            assert!(items.len() <= 512);
            arrived.extend(items);
        }
        assert_eq!(arrived, (0..1200).map(promise).collect::<Vec<_>>());
    }

    #[test]
    fn a_restarted_peer_is_noticed_and_its_former_life_ignored() {
        let (mut a, mut b) = pair();
        b.push(&"a".into(), promise(1));
        let old = b.tick(ms(50)).remove(0).1;
        let mut b = Links::new(3, [NodeId::from("a")]);
        assert!(!b.ready(ms(0)));
        let hello = b.tick(ms(0)).remove(0).1;
        let received = a.receive(&"b".into(), hello);
        assert!(received.restarted && received.answer);
        a.push(&"b".into(), promise(7));
        assert_eq!(a.receive(&"b".into(), old), Received::default());
        let answer = a.batch(&"b".into(), ms(60)).unwrap();
        assert_eq!(b.receive(&"a".into(), answer).items, [promise(7)]);
        assert!(b.ready(ms(60)));
    }
}
