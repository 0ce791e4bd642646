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
//! what is still under way from its former life. Which of two lives is the later
//! one shows by what it has seen: only a node that lives can repeat what it was
//! told after the other life was heard of.

use std::collections::{BTreeMap, VecDeque};
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
    /// The peer's life, once it was heard of.
    life: Option<u64>,
    /// How many batches were sent to the peer, and how many before that life was
    /// heard of.
    turn: u64,
    before: u64,
    /// The last turn of that life's.
    seen: u64,
    /// Whether that life has spoken to this one.
    knows_me: bool,
    /// A life, and its turn, of which it is not known whether it is the next one.
    unsure: Option<(u64, u64)>,
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
    /// The peer waits to hear from this node's life, and should at once.
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
        let to_me = batch.to == Some(self.life);
        if link.life != Some(batch.life) {
            received.restarted = link.life.is_some();
            if received.restarted && !(to_me && batch.seen > link.before) {
                // Of the next life, which will say so when it is asked, or of a
                // former one, which won't.
                link.unsure = Some((batch.life, batch.turn));
                link.owes = true;
                return Received {
                    answer: true,
                    ..Received::default()
                };
            }
            let queue = std::mem::take(&mut link.queue);
            *link = Link {
                life: Some(batch.life),
                turn: link.turn,
                before: link.turn,
                // A former life had other numbers.
                queue: if received.restarted {
                    VecDeque::new()
                } else {
                    queue
                },
                caught_up: link.caught_up,
                ..Link::default()
            };
        }
        link.seen = link.seen.max(batch.turn);
        received.answer = !to_me || batch.asks || !link.knows_me;
        link.owes |= received.answer || !batch.items.is_empty();
        link.knows_me |= to_me;
        if !to_me {
            // Numbers meant for nobody, or for a former life of this node.
            return received;
        }
        while link.first < batch.ack && link.queue.pop_front().is_some() {
            link.first += 1;
        }
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
            .filter_map(|peer| self.batch(&peer, now))
            .collect()
    }

    /// The batch for a peer, due or not; or the question whether it is the life
    /// that was last heard of.
    pub fn batch(&mut self, peer: &NodeId, now: Duration) -> Option<Outgoing> {
        let life = self.life;
        let link = self.peers.get_mut(peer)?;
        link.turn += 1;
        if let Some((other, seen)) = link.unsure.take() {
            let question = Batch {
                life,
                to: Some(other),
                turn: link.turn,
                seen,
                // Whatever there is to tell it is still to come.
                end: 1,
                asks: true,
                ..Batch::default()
            };
            return Some((peer.clone(), question));
        }
        // Until the peer has spoken to this life, this is a question as well.
        let chunk = if link.knows_me { CHUNK } else { 0 };
        let items: Vec<_> = link.queue.iter().take(chunk as usize).cloned().collect();
        let end = link.first + link.queue.len() as u64;
        link.sent = link.sent.max(link.first + items.len() as u64);
        link.sent_at = Some(now);
        link.owes = false;
        let batch = Batch {
            life,
            to: link.life,
            turn: link.turn,
            seen: link.seen,
            ack: link.taken,
            first: link.first,
            end: if link.knows_me { end } else { end.max(1) },
            asks: !link.knows_me || !link.caught_up,
            items,
        };
        Some((peer.clone(), batch))
    }
}

impl Link {
    fn is_due(&self, now: Duration) -> bool {
        let end = self.first + self.queue.len() as u64;
        let fresh = self.knows_me && self.sent < end && self.sent < self.first + CHUNK;
        // What the peer has to tell at the beginning is asked for until it is here.
        let open = !self.knows_me || !self.caught_up || !self.queue.is_empty();
        let overdue = open && self.sent_at.is_none_or(|sent| now >= sent + RESEND);
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
        for _ in 0..5 {
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
        // It says who it is, is asked, and can answer.
        let hello = b.tick(ms(0)).remove(0).1;
        assert_eq!(a.receive(&"b".into(), hello), answer_it());
        let (_, question) = a.batch(&"b".into(), ms(60)).unwrap();
        assert_eq!(b.receive(&"a".into(), question), answer_it());
        let (_, reply) = b.batch(&"a".into(), ms(60)).unwrap();
        let received = a.receive(&"b".into(), reply);
        assert!(received.restarted && received.answer);
        a.push(&"b".into(), promise(7));
        // The former life has nothing to say any more, and does not answer.
        assert_eq!(a.receive(&"b".into(), old), answer_it());
        let (_, question) = a.batch(&"b".into(), ms(60)).unwrap();
        assert_eq!((question.to, question.items), (Some(2), vec![]));
        let (_, answer) = a.batch(&"b".into(), ms(60)).unwrap();
        assert_eq!(b.receive(&"a".into(), answer).items, [promise(7)]);
        assert!(b.ready(ms(60)));
    }

    #[test]
    fn a_new_life_whose_answer_is_lost_speaks_again() {
        let (mut a, _) = pair();
        let mut b = Links::new(3, [NodeId::from("a")]);
        let hello = b.tick(ms(0)).remove(0).1;
        a.receive(&"b".into(), hello);
        let (_, question) = a.batch(&"b".into(), ms(0)).unwrap();
        assert!(b.receive(&"a".into(), question).answer);
        let (_, _lost) = b.batch(&"a".into(), ms(0)).unwrap();
        assert_eq!(b.tick(ms(399)), []);
        let again = b.tick(ms(400)).remove(0).1;
        assert!(a.receive(&"b".into(), again).restarted);
        exchange(&mut a, &mut b, ms(400));
        assert!(b.ready(ms(400)));
        for _ in 0..2 {
            exchange(&mut a, &mut b, ms(500));
        }
        assert_eq!((a.tick(ms(9000)), b.tick(ms(9000))), (vec![], vec![]));
    }

    #[test]
    fn a_former_life_that_is_heard_of_first_gives_way() {
        let (_, mut b) = pair();
        b.push(&"a".into(), promise(1));
        let old = b.tick(ms(50)).remove(0).1;
        // Both are restarted, and what the one last said comes late.
        let mut a = Links::new(3, [NodeId::from("b")]);
        let mut b = Links::new(4, [NodeId::from("a")]);
        assert_eq!(a.receive(&"b".into(), old), answer_it());
        for _ in 0..5 {
            exchange(&mut a, &mut b, ms(60));
        }
        a.push(&"b".into(), promise(7));
        let [_, items] = exchange(&mut a, &mut b, ms(100));
        assert_eq!(items, [promise(7)]);
        assert!(a.ready(ms(100)) && b.ready(ms(100)));
    }

    fn answer_it() -> Received {
        Received {
            answer: true,
            ..Received::default()
        }
    }
}
