//! Convergecast: one message up from each node and one down to each, a round.
//!
//! To bring what 25 nodes know to all 25 takes 24 messages that gather it and
//! 24 that spread it, and no fewer. So there is one *hub*, the first node in
//! the order that all were given, and the others are its *leaves*:
//!
//! - The hub speaks at the end of each round: to each leaf one message, with
//!   all that the leaf is not known to have.
//! - A leaf speaks just in time for that. It needs no clock in common with the
//!   hub: the hub's last message says how long a round is, and echoes the
//!   leaf's own last one, which gives the time of a round trip. The next flush
//!   is a round after the last one, so the leaf speaks a round trip (the
//!   longest of late, and a margin) before that would reach it.
//! - Every message carries a [`Digest`] and thereby acknowledges. What is not
//!   acknowledged is said again with whatever is said next, or by itself after
//!   some patience. A leaf with nothing to say and nothing to acknowledge keeps
//!   silent, and so does a hub when everybody has everything.
//!
//! Faults. A node that has had no answer from its hub for too long takes the
//! next node in order for its hub, until the first one answers again; a node
//! that comes to itself is hub, and speaks to everybody. A *deputy* that others
//! follow while it still follows the hub serves them between hub and leaf. It
//! is safe because of one rule: each node sees to it that its hub knows
//! everything that it knows, and a hub sees to it that everybody does, until
//! their digests say so. When the network is whole again all follow the first
//! node, and so it comes to know everything, and then everybody does.

use std::collections::VecDeque;
use std::time::Duration;

use maelstrom_node::NodeId;

use crate::knowledge::{Digest, Knowledge, Lane};
use crate::message::{Request, Round};
use crate::spread::{Outgoing, Spread};

/// How much earlier than needed a leaf speaks, for timers that are late.
const MARGIN: Duration = Duration::from_millis(50);

/// How long an acknowledgement may wait for something to go with.
const ANSWER: Duration = Duration::from_secs(1);

/// How many round trips a leaf remembers.
const TRIPS: usize = 8;

/// A node of the convergecast, as a plain value.
#[derive(Debug)]
pub struct Convergecast {
    me: usize,
    life: u32,
    period: Duration,
    knowledge: Knowledge,
    /// By place in the order of all nodes; the own one stays unused.
    peers: Vec<Peer>,
    /// As a hub: when to speak next. Nothing while all have everything.
    next_flush: Option<Duration>,
    /// As a leaf: what is known of the hub's rounds.
    phase: Option<Phase>,
    /// As a leaf: the last round trips to the hub.
    trips: VecDeque<Duration>,
}

#[derive(Debug)]
struct Peer {
    id: NodeId,
    life: Option<u32>,
    /// What it is known to know.
    have: Digest,
    /// When its last message was sent, by its clock, and when it came.
    last: Option<(u64, Duration)>,
    /// Since when it is owed an answer.
    owed: Option<Duration>,
    /// When it was spoken to last, and how much there was to know then.
    spoken: Option<Duration>,
    extent: usize,
    /// Since when it owes an answer.
    unanswered: Option<Duration>,
    /// It did not answer in time, and has not answered since.
    suspected: bool,
    /// Until when it counts as one that follows this node.
    follows: Option<Duration>,
}

/// When the hub flushes, as far as a leaf can tell.
#[derive(Debug)]
struct Phase {
    heard: Duration,
    period: Duration,
    /// When to speak, to be just in time.
    slot: Duration,
}

impl Convergecast {
    /// The node at place `me` of `nodes`, in the life `life` of it. A round
    /// takes `period`.
    pub fn new(nodes: &[NodeId], me: usize, life: u32, period: Duration) -> Self {
        let peer = |id: &NodeId| Peer {
            id: id.clone(),
            life: None,
            have: Digest::default(),
            last: None,
            owed: None,
            spoken: None,
            extent: 0,
            unanswered: None,
            suspected: false,
            follows: None,
        };
        Self {
            me,
            life,
            period,
            knowledge: Knowledge::new(Lane::new(me, life)),
            peers: nodes.iter().map(peer).collect(),
            next_flush: None,
            phase: None,
            trips: VecDeque::new(),
        }
    }

    /// The first node that is not suspected; oneself if need be.
    fn hub(&self) -> usize {
        let trusted = |place: &usize| *place == self.me || !self.peers[*place].suspected;
        let first = (0..self.peers.len()).find(trusted);
        first.unwrap_or(self.me)
    }

    /// How long to wait for an answer. A leaf may keep its acknowledgement for
    /// [`ANSWER`] and then to the end of the round.
    fn patience(&self) -> Duration {
        self.period + ANSWER + ANSWER / 2
    }

    /// Those whom this node serves as a hub: everybody, or a few that follow it.
    fn served(&self, now: Duration) -> impl Iterator<Item = usize> {
        (0..self.peers.len()).filter(move |place| self.serves(*place, now))
    }

    fn serves(&self, place: usize, now: Duration) -> bool {
        let follows = self.peers[place].follows.is_some_and(|until| until > now);
        place != self.me && (follows || self.hub() == self.me)
    }

    /// Whether there is anything to say to a peer, an answer only if it has
    /// been owed for `answer_after`.
    fn has_word_for(&self, place: usize, now: Duration, answer_after: Duration) -> bool {
        let peer = &self.peers[place];
        let past = |since: Option<Duration>, wait| since.is_some_and(|since| now >= since + wait);
        if past(peer.owed, answer_after) {
            return true;
        }
        let lacks = self.knowledge.exceeds(&peer.have);
        let new = self.knowledge.extent() > peer.extent;
        let silent = past(peer.unanswered, self.patience());
        let again = past(peer.spoken.or(Some(Duration::ZERO)), self.patience());
        (lacks && new && !silent) || (self.is_open(peer) && again)
    }

    /// Whether a peer is not known to know all that is known here.
    fn is_open(&self, peer: &Peer) -> bool {
        peer.life.is_none() || self.knowledge.exceeds(&peer.have)
    }

    /// Speaks to a peer.
    fn say(&mut self, place: usize, now: Duration, as_hub: bool) -> Outgoing {
        let follows = !as_hub && place == self.hub();
        let expects_answer = self.is_open(&self.peers[place]);
        let peer = &mut self.peers[place];
        let news = self.knowledge.missing_from(&peer.have);
        let held = |(sent, came): (u64, Duration)| (sent, micros(now.saturating_sub(came)));
        let round = Round {
            life: self.life,
            to: peer.life,
            have: self.knowledge.digest().clone(),
            news,
            sent: micros(now),
            echo: peer.last.map(held),
            follows,
            period: as_hub.then(|| micros(self.period)),
        };
        peer.owed = None;
        peer.spoken = Some(now);
        peer.extent = self.knowledge.extent();
        if expects_answer {
            peer.unanswered = peer.unanswered.or(Some(now));
        }
        (peer.id.clone(), Request::Round(round))
    }

    /// Gives up on a hub that has not answered.
    fn suspect(&mut self, now: Duration) {
        let hub = self.hub();
        let patience = self.patience();
        let peer = &mut self.peers[hub];
        if hub != self.me && peer.unanswered.is_some_and(|since| now >= since + patience) {
            peer.suspected = true;
            self.phase = None;
            self.trips.clear();
        }
    }

    /// As a hub: at the end of a round, a word for each that needs one.
    fn flush(&mut self, now: Duration, out: &mut Vec<Outgoing>) {
        let served: Vec<usize> = self.served(now).collect();
        let due = |node: &Self, place: &usize| node.has_word_for(*place, now, Duration::ZERO);
        let Some(flush) = self.next_flush else {
            // A first word after silence: gather a little, then begin rounds. One
            // who was spoken to a moment ago, by what was not a hub then, may
            // lack something and yet be due only in a later round.
            let lacks = |place: &usize| {
                let peer = &self.peers[*place];
                peer.life.is_some() && self.knowledge.exceeds(&peer.have)
            };
            if served.iter().any(|place| due(self, place) || lacks(place)) {
                self.next_flush = Some(now + self.period / 3);
            }
            return;
        };
        if flush > now {
            return;
        }
        for place in &served {
            if due(self, place) {
                out.push(self.say(*place, now, true));
            }
        }
        let open = |place: &usize| self.is_open(&self.peers[*place]);
        // From the time that was set, so that being late does not add up.
        let next = (flush + self.period).max(now + self.period / 2);
        self.next_flush = served.iter().any(open).then_some(next);
    }

    /// As a leaf: when to speak to the hub, if there is anything to say.
    fn slot(&mut self, hub: usize, now: Duration) -> Duration {
        if let Some(phase) = &mut self.phase {
            if now < phase.heard + phase.period * 5 / 2 {
                // A slot that passed in silence is over; one missed by a
                // late timer is not.
                while phase.slot + MARGIN < now {
                    phase.slot += phase.period;
                }
                return phase.slot;
            }
            self.phase = None;
        }
        // The hub's rounds are not known: it begins one when it hears of us.
        let peer = &self.peers[hub];
        peer.spoken.map_or(now, |spoken| spoken + self.period / 4)
    }

    /// Notes when the hub spoke, and when to speak so as to be in time.
    fn keep_step(&mut self, now: Duration, round: &Round, period: u64) {
        if let Some((sent, held)) = round.echo {
            let trip = now.saturating_sub(Duration::from_micros(sent.saturating_add(held)));
            self.trips.push_front(trip);
            self.trips.truncate(TRIPS);
        }
        let trip = self.trips.iter().max().copied().unwrap_or_default();
        let period = Duration::from_micros(period).max(MARGIN);
        let mut slot = now + period;
        while slot < now + trip + MARGIN {
            slot += period;
        }
        self.phase = Some(Phase {
            heard: now,
            period,
            slot: slot.saturating_sub(trip + MARGIN),
        });
    }

    fn hear(&mut self, now: Duration, place: usize, round: &Round) {
        let whole = self.knowledge.absorb(&round.news);
        let patience = self.patience();
        let peer = &mut self.peers[place];
        let reborn = peer.life != Some(round.life);
        if reborn {
            // What an earlier life knew is forgotten.
            peer.have = Digest::default();
            peer.life = Some(round.life);
            peer.extent = 0;
        }
        peer.have.merge(&round.have);
        peer.last = Some((round.sent, now));
        // What it says to another life, or to none that it knows of, it says in
        // ignorance of this one.
        if !whole || !round.news.is_empty() || round.to != Some(self.life) {
            peer.owed = peer.owed.or(Some(now));
        }
        if round.follows {
            peer.follows = Some(now + 2 * patience);
        }
        // Only an echo of what it was told since shows that it hears us.
        let asked = peer.unanswered.map_or(0, micros);
        if peer.unanswered.is_none() || round.echo.is_some_and(|(sent, _)| sent >= asked) {
            peer.unanswered = None;
            peer.suspected = false;
        }
        if let Some(period) = round.period
            && place == self.hub()
        {
            self.keep_step(now, round, period);
        }
    }
}

impl Spread for Convergecast {
    fn tell(&mut self, _: Duration, value: u64) {
        self.knowledge.tell(value);
    }

    fn receive(&mut self, now: Duration, from: &NodeId, message: Request) -> bool {
        let Request::Round(round) = message else {
            return false;
        };
        if let Some(place) = self.peers.iter().position(|peer| peer.id == *from) {
            let before = self.hub();
            self.hear(now, place, &round);
            if self.hub() != before && round.period.is_none() {
                self.phase = None;
            }
        }
        true
    }

    fn wake(&mut self, now: Duration) -> Vec<Outgoing> {
        let mut out = Vec::new();
        self.suspect(now);
        self.flush(now, &mut out);
        let hub = self.hub();
        if hub != self.me {
            let slot = self.slot(hub, now);
            // A new leaf says hello: if it lived before, others know its past.
            let hello = self.peers[hub].spoken.is_none();
            if hello || (slot <= now && self.has_word_for(hub, now, ANSWER)) {
                out.push(self.say(hub, now, false));
                if let Some(phase) = &mut self.phase {
                    phase.slot = phase.slot.max(now) + phase.period;
                }
            }
        }
        // Those who are neither hub nor served get answers, and nothing else.
        for place in 0..self.peers.len() {
            let owed = self.peers[place].owed;
            let due = owed.is_some_and(|since| now >= since + ANSWER);
            if due && place != hub && !self.serves(place, now) {
                out.push(self.say(place, now, false));
            }
        }
        out
    }

    fn next_wake(&self) -> Option<Duration> {
        let hub = self.hub();
        let mut times = Vec::new();
        times.extend(self.next_flush);
        for (place, peer) in self.peers.iter().enumerate() {
            if place == self.me {
                continue;
            }
            if place == hub {
                times.extend(peer.unanswered.map(|since| since + self.patience()));
                times.extend(self.next_word(place));
            } else if self.next_flush.is_none() {
                // With a flush ahead, answers wait for that.
                times.extend(peer.owed.map(|since| since + ANSWER));
            }
        }
        if hub == self.me && self.next_flush.is_none() {
            let unheard = self.peers.iter().enumerate();
            let unheard = unheard.filter(|(place, peer)| *place != self.me && peer.life.is_none());
            times.extend(
                unheard
                    .map(|(_, peer)| peer.spoken.unwrap_or_default() + self.patience())
                    .min(),
            );
        }
        times.into_iter().min()
    }

    fn values(&self) -> &[u64] {
        self.knowledge.values()
    }
}

impl Convergecast {
    /// As a leaf: when there will be something to say to the hub, at a time at
    /// which to say it.
    fn next_word(&self, hub: usize) -> Option<Duration> {
        let peer = &self.peers[hub];
        let lacks = self.knowledge.exceeds(&peer.have);
        let new = lacks && self.knowledge.extent() > peer.extent;
        let spoken = peer.spoken.unwrap_or_default();
        let again = self.is_open(peer).then_some(spoken + self.patience());
        let word = match (new, peer.owed) {
            (true, _) => Some(Duration::ZERO),
            (false, owed) => owed.map(|since| since + ANSWER),
        };
        let word = word.into_iter().chain(again).min()?;
        let Some(phase) = &self.phase else {
            return Some(word.max(spoken + self.period / 4));
        };
        let mut slot = phase.slot;
        while slot < word {
            slot += phase.period;
        }
        // If the hub falls silent before that, its rounds are not known any more.
        let over = phase.heard + phase.period * 5 / 2;
        Some(slot.min(over.max(word)))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
