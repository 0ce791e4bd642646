//! Anti-entropy: what each peer has yet to receive.

use crate::Join;
use alloc::collections::{BTreeMap, VecDeque};

/// A replica's state with the deltas that its peers have yet to receive.
///
/// Drive it from whatever moves messages: [`update`](DeltaBuffer::update) the state,
/// send each peer its [`message_for`](DeltaBuffer::message_for) now and then, give what arrives to
/// [`receive`](DeltaBuffer::receive), send the [`Ack`] back, and give that to [`acknowledge`](DeltaBuffer::acknowledge).
/// It is a plain value: no clock, no I/O, no randomness. Messages and acks may be lost, repeated and reordered.
///
/// **What is sent.** The join of the deltas since the peer's last ack, less those that came from that peer;
/// the full state if those deltas are no longer all kept, or to a peer that never acknowledged any.
/// A full state that brought news is passed on as the full state, too.
/// What was not acknowledged is sent again by the next `message_for`; how often is the caller's choice.
/// The first message to a peer is due even if there is nothing in it, because it tells the peer that this
/// replica has started.
///
/// **Causal delivery.** A message says at which position it starts, and a receiver that is not yet there refuses it and
/// says where it is; so does one that has restarted since the message was made. So a replica joins an interval of deltas only into a state that has all that came before
/// (the causal delta-merging condition), and what its user reads is causally consistent:
/// an [`OrSet`](crate::OrSet) driven this way never has a gap in its context.
///
/// **Crashes.** A replica that comes back passes its stored state (or the bottom, under a **new replica id**) to
/// [`new`](DeltaBuffer::new) with a higher `epoch` than ever before: a count of starts, say. Acks meant for an earlier
/// life are then ignored, and by its first message or ack its peers learn that it may lack what they sent. A peer
/// whose epoch says nothing of a loss refuses the next interval, and gets the full state.
///
/// **Memory.** The state, up to `capacity` deltas ([`DEFAULT_CAPACITY`](DeltaBuffer::DEFAULT_CAPACITY) if not said
/// otherwise) and a few numbers a peer. A delta is one of this replica's own, or an interval as a peer sent it; never
/// a full state. Deltas that all peers have acknowledged are dropped, and all of them if there is no peer.
/// Beyond the capacity the oldest go, and whoever still lacked them gets the full state: a peer that stays away costs
/// nothing more. For a peer that has to get a full state, the deltas after it are kept all the same,
/// so that it goes on with those.
///
/// **Cost.** A message joins the deltas that it carries; an ack takes a look-up in the list of peers.
///
/// **Source.** Almeida, Shoker, Baquero: *Delta state replicated data types*, JPDC 111, 2018: definitions 4 to 6 and
/// algorithm 2 (causal anti-entropy with delta-intervals). Not sending a delta back to where it came from:
/// V. Enes, P. S. Almeida, C. Baquero, J. Leitão: *Efficient Synchronization of State-based CRDTs*, ICDE 2019.
///
/// ```
/// use crdt::{DeltaBuffer, GSet};
///
/// let mut a: DeltaBuffer<GSet<&str>, &str> = DeltaBuffer::new(GSet::new(), 0);
/// let mut b: DeltaBuffer<GSet<&str>, &str> = DeltaBuffer::new(GSet::new(), 0);
/// a.add_peer("b");
/// b.add_peer("a");
///
/// a.update(|set| set.insert("x"));
/// let message = a.message_for(&"b").expect("b has not acknowledged x");
/// let received = b.receive(&"a", &message);
/// a.acknowledge(&"b", received.ack);
///
/// assert!(b.state().contains(&"x"));
/// assert!(a.message_for(&"b").is_none()); // nothing new
/// assert!(b.message_for(&"a").is_some_and(|first| first.is_full()));
/// assert_eq!(a.pending(), 0); // no delta is kept for anybody
///
/// // Who leaves is forgotten, and what is left is a plain state.
/// assert!(a.peers().eq(&["b"]));
/// a.remove_peer(&"b");
/// assert!(a.into_state().contains(&"x"));
///
/// // A small buffer keeps few deltas; whoever is further behind gets a full state.
/// let small: DeltaBuffer<GSet<&str>, &str> = DeltaBuffer::with_capacity(GSet::new(), 0, 16);
/// assert!(small.state().is_empty() && 16 < DeltaBuffer::<GSet<&str>, &str>::DEFAULT_CAPACITY);
/// ```
#[derive(Clone, Debug)]
pub struct DeltaBuffer<T, P> {
    state: T,
    epoch: u64,
    /// The deltas at positions `first..first + deltas.len()`.
    deltas: VecDeque<Kept<T, P>>,
    first: u64,
    capacity: usize,
    peers: BTreeMap<P, Peer>,
}

/// A delta, and the peer that it came from.
#[derive(Clone, Debug)]
struct Kept<T, P> {
    delta: T,
    origin: Option<P>,
}

/// Where we stand with a peer.
#[derive(Clone, Debug, Default)]
struct Peer {
    /// Our position that it says it has reached; 0: it never said anything.
    confirmed: u64,
    /// Our first position that it lacks: the deltas from `confirmed` up to here came from the peer.
    lacks: u64,
    /// Its epoch, and its position up to which we have its deltas.
    received: Option<(u64, u64)>,
}

/// A full state or an interval of deltas, on its way to one peer.
///
/// ```
/// use crdt::{Message, DeltaBuffer, GSet};
///
/// let mut a: DeltaBuffer<GSet<u8>, &str> = DeltaBuffer::new(GSet::new(), 0);
/// a.add_peer("b");
/// a.update(|set| set.insert(7));
/// let first: Message<GSet<u8>> = a.message_for(&"b").expect("b knows nothing yet");
/// assert!(first.is_full() && first.payload.contains(&7));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Message<T> {
    /// The sender's epoch.
    pub epoch: u64,
    /// The receiver's epoch, as far as the sender knows it. An interval leaves out what came from the
    /// receiver, and so it is of use in that epoch alone.
    pub receiver: u64,
    /// The sender's position that the receiver must have reached; 0 of a full state.
    pub from: u64,
    /// The sender's position that the receiver reaches by this message.
    pub to: u64,
    /// What to join.
    pub payload: T,
}

impl<T> Message<T> {
    /// Whether the payload is the sender's full state, which fits any receiver.
    pub const fn is_full(&self) -> bool {
        self.from == 0
    }
}

/// How far a receiver has got.
///
/// ```
/// use crdt::{Ack, DeltaBuffer, GSet};
///
/// let mut a: DeltaBuffer<GSet<u8>, &str> = DeltaBuffer::new(GSet::new(), 0);
/// let mut b = a.clone();
/// a.add_peer("b");
/// a.update(|set| set.insert(7));
/// let message = a.message_for(&"b").expect("b knows nothing yet");
/// let ack: Ack = b.receive(&"a", &message).ack;
/// assert_eq!((ack.position, ack.gap), (message.to, false));
/// a.acknowledge(&"b", ack);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ack {
    /// The epoch of the sender that the position belongs to.
    pub epoch: u64,
    /// The sender's position that the receiver has reached.
    pub position: u64,
    /// Whether the message was refused because it starts beyond that position.
    pub gap: bool,
    /// The receiver's own epoch.
    pub receiver: u64,
}

/// What became of a message.
///
/// ```
/// use crdt::{Received, DeltaBuffer, GSet};
///
/// let mut a: DeltaBuffer<GSet<u8>, &str> = DeltaBuffer::new(GSet::new(), 0);
/// let mut b = a.clone();
/// a.add_peer("b");
/// a.update(|set| set.insert(7));
/// let message = a.message_for(&"b").expect("b knows nothing yet");
/// let first: Received = b.receive(&"a", &message);
/// let second = b.receive(&"a", &message); // It was sent twice.
/// assert!(first.changed && !second.changed && first.ack == second.ack);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Whether it changed the state.
    pub changed: bool,
    /// To be sent to the peer that sent the message.
    pub ack: Ack,
}

impl<T: Join + Clone + PartialEq, P: Ord + Clone> DeltaBuffer<T, P> {
    /// How many deltas are kept if not said otherwise.
    pub const DEFAULT_CAPACITY: usize = 1024;

    /// A buffer around a state, new or stored, with no peers yet.
    ///
    /// `epoch` has to be higher each time that this replica starts.
    pub fn new(state: T, epoch: u64) -> Self {
        Self::with_capacity(state, epoch, Self::DEFAULT_CAPACITY)
    }

    /// The same, keeping at most `capacity` deltas. With none, every message is a full state.
    pub fn with_capacity(state: T, epoch: u64, capacity: usize) -> Self {
        // Position 0 is before the initial state: a peer there gets everything.
        Self {
            state,
            epoch,
            deltas: VecDeque::new(),
            first: 1,
            capacity,
            peers: BTreeMap::new(),
        }
    }

    /// The state.
    pub const fn state(&self) -> &T {
        &self.state
    }

    /// The state, for good.
    pub fn into_state(self) -> T {
        self.state
    }

    /// How many deltas are kept for peers that lack them.
    pub fn pending(&self) -> usize {
        self.deltas.len()
    }

    /// Counts the peer among those for whom deltas are kept. One that is known already is left as it is.
    ///
    /// A peer that sends something, an ack too, is added by itself.
    pub fn add_peer(&mut self, peer: P) {
        self.peers.entry(peer).or_default();
    }

    /// Forgets the peer, and what was kept for it alone.
    pub fn remove_peer(&mut self, peer: &P) {
        self.peers.remove(peer);
        self.trim();
    }

    /// The peers for whom deltas are kept.
    pub fn peers(&self) -> impl Iterator<Item = &P> {
        self.peers.keys()
    }

    /// Changes the state by a mutator, which returns its delta, and keeps that for the peers.
    /// Returns the delta as well, for whoever wants to send it at once.
    pub fn update(&mut self, mutate: impl FnOnce(&mut T) -> T) -> T {
        let delta = mutate(&mut self.state);
        if !delta.is_bottom() {
            self.keep(delta.clone(), None);
        }
        delta
    }

    /// What the peer lacks, as far as it has acknowledged; `None` if that is nothing.
    pub fn message_for(&self, peer: &P) -> Option<Message<T>> {
        let unknown = Peer::default();
        let known = self.peers.get(peer).unwrap_or(&unknown);
        let receiver = known.received.map_or(0, |(epoch, _)| epoch);
        let message = |from, payload| Message {
            epoch: self.epoch,
            receiver,
            from,
            to: self.end(),
            payload,
        };
        if known.lacks < self.first {
            // Anyone may join this, so it leaves nothing out, not even what came from the peer:
            // it may have forgotten.
            return Some(message(0, self.state.clone()));
        }
        let mut group: Option<T> = None;
        for kept in self.deltas.range(self.index(known.lacks)..) {
            if kept.origin.as_ref() == Some(peer) {
                continue;
            }
            if let Some(group) = &mut group {
                group.join(&kept.delta);
            } else {
                group = Some(kept.delta.clone());
            }
        }
        group.map(|group| message(known.confirmed, group))
    }

    /// Joins what a peer sent, unless it starts beyond what we have of that peer.
    ///
    /// The ack is to be sent back in either case. What was new is passed on to the other peers: an interval
    /// is kept for them as a delta; after a full state they get ours.
    pub fn receive(&mut self, from: &P, message: &Message<T>) -> Received {
        let (epoch, reached) = self.meet(from, message.epoch);
        // From an earlier life, and its sender may have forgotten what is in it.
        let late = epoch > message.epoch;
        let reached = if late { 0 } else { reached };
        let gap = message.from > reached || (!message.is_full() && message.receiver != self.epoch);
        let mut changed = false;
        let mut position = reached;
        if !gap {
            position = reached.max(message.to);
            let mut origin = None;
            if !late && let Some(peer) = self.peers.get_mut(from) {
                peer.received = Some((message.epoch, position));
                origin = Some(from.clone());
            }
            changed = self.state.join(&message.payload);
            if changed && message.is_full() {
                self.drop_deltas(origin.as_ref());
            } else if changed {
                self.keep(message.payload.clone(), origin);
            }
        }
        let ack = Ack {
            epoch: message.epoch,
            position,
            gap,
            receiver: self.epoch,
        };
        Received { changed, ack }
    }

    /// Notes how far a peer has got. Acks that belong to an earlier life of either side are ignored.
    pub fn acknowledge(&mut self, from: &P, ack: Ack) {
        if ack.epoch != self.epoch
            || ack.position > self.end()
            || self.meet(from, ack.receiver).0 > ack.receiver
        {
            return;
        }
        if ack.gap {
            self.send_anew(from, ack.position);
        } else if let Some(peer) = self.peers.get_mut(from) {
            // Acks overtake each other, so only a refusal sets the position back.
            peer.confirmed = peer.confirmed.max(ack.position);
            peer.lacks = peer.lacks.max(peer.confirmed);
            self.pass_over(from);
            self.trim();
        }
    }

    /// Takes note of a peer's epoch; returns the highest known, and how far we have its deltas in that.
    fn meet(&mut self, peer: &P, epoch: u64) -> (u64, u64) {
        self.add_peer(peer.clone());
        let known = self.peers.get(peer).and_then(|peer| peer.received);
        if let Some(known) = known.filter(|known| known.0 >= epoch) {
            return known;
        }
        if known.is_some() {
            self.send_anew(peer, 0);
        }
        if let Some(peer) = self.peers.get_mut(peer) {
            peer.received = Some((epoch, 0));
        }
        (epoch, 0)
    }

    /// Moves on to the first delta that the peer lacks and did not send itself.
    fn pass_over(&mut self, origin: &P) {
        let end = self.end();
        if let Some(peer) = self.peers.get_mut(origin)
            && peer.confirmed > 0
            && peer.lacks >= self.first
        {
            while peer.lacks < end {
                let at = usize::try_from(peer.lacks - self.first).unwrap_or(usize::MAX);
                if self
                    .deltas
                    .get(at)
                    .is_none_or(|kept| kept.origin.as_ref() != Some(origin))
                {
                    break;
                }
                peer.lacks += 1;
            }
        }
    }

    /// Sets a peer back that may have lost what it had, its own deltas included.
    fn send_anew(&mut self, peer: &P, position: u64) {
        if let Some(known) = self.peers.get_mut(peer) {
            known.confirmed = position;
            known.lacks = position;
        }
        for kept in &mut self.deltas {
            if kept.origin.as_ref() == Some(peer) {
                kept.origin = None;
            }
        }
    }

    /// The position after the last delta.
    fn end(&self) -> u64 {
        self.first + self.deltas.len() as u64
    }

    /// Where in the list the delta of a kept position is.
    fn index(&self, position: u64) -> usize {
        // No more than `capacity` positions are kept.
        usize::try_from(position - self.first)
            .unwrap_or(usize::MAX)
            .min(self.deltas.len())
    }

    fn keep(&mut self, delta: T, origin: Option<P>) {
        self.deltas.push_back(Kept {
            delta,
            origin: origin.clone(),
        });
        if let Some(origin) = &origin {
            self.pass_over(origin);
        }
        self.trim();
    }

    /// Moves past a full state that came in: it may be as large as ours, so it is not kept, nor is what came before it.
    fn drop_deltas(&mut self, origin: Option<&P>) {
        let before = self.end();
        self.deltas.clear();
        self.first = before + 1;
        if let Some(sender) = origin.and_then(|origin| self.peers.get_mut(origin))
            && sender.confirmed > 0
            && sender.lacks == before
        {
            sender.lacks = self.first;
        }
    }

    /// Drops what all peers have, and what exceeds the capacity.
    fn trim(&mut self) {
        let lacking = self.peers.values().map(|peer| peer.lacks).min();
        let everywhere = lacking.unwrap_or(self.end());
        while !self.deltas.is_empty()
            && (self.first < everywhere || self.deltas.len() > self.capacity)
        {
            self.deltas.pop_front();
            self.first += 1;
        }
    }
}
