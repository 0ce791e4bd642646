//! The network: queues, latency, partitions, and the clients' mailboxes.
//!
//! It behaves as Maelstrom's `net.clj` does. Each receiver has a queue ordered
//! by the time at which messages are due. It takes the first one out, drops it
//! if a partition stands between sender and receiver *at that moment*, and else
//! holds it until it is due before it takes the next. So a message that was
//! taken out before a partition began still arrives, and one that is due early
//! but was sent late waits its turn.

mod links;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::channel::oneshot;
use maelstrom_check::Value;
use maelstrom_proto::{Body, Message, NodeId, NodeKind};
use rand::rngs::ChaCha8Rng;
use rustc_hash::FxHashMap;

use crate::clock::{Clock, Signal};
use crate::journal::{EventKind, Journal, Recorder, Tell};
use crate::nemesis::LinkFault;
use crate::problem::{Problem, ProblemKind};
use crate::settings::Latency;
use links::Links;

/// What a message takes beside its body, in the queues and in the journal.
const MESSAGE_SIZE: u64 = 250;

/// A handle on the network, shared by all who send.
#[derive(Clone)]
pub(crate) struct Network {
    state: Arc<Mutex<State>>,
    changed: Arc<Signal>,
    clock: Clock,
}

struct State {
    links: Links,
    /// The number of each.
    parties: FxHashMap<NodeId, usize>,
    inboxes: Vec<Inbox>,
    /// When the message that each receiver holds is due.
    due: BinaryHeap<Reverse<(u64, u64, usize)>>,
    /// When a client's patience ends.
    timeouts: BinaryHeap<Reverse<(u64, usize, u64)>>,
    /// Which senders each receiver drops messages from.
    blocked: BTreeMap<usize, BTreeSet<usize>>,
    /// Breaks ties between messages due at the same time: first come, first served.
    sequence: u64,
    clients: u64,
    recorder: Recorder,
    /// How many more bytes the messages may take before they are a flood.
    room: u64,
    problems: Vec<Problem>,
    /// Nodes of which it was told that they send clients what answers nothing.
    unanswering: BTreeSet<NodeId>,
    /// Whether something was sent since [`Network::next_due`] was asked.
    has_changed: bool,
}

struct Inbox {
    id: NodeId,
    /// When messages are due, their places in the sequence, and their numbers.
    queue: BinaryHeap<Reverse<(u64, u64, u64)>>,
    /// The message taken out of the queue: its place in the sequence, when it
    /// is due, and its number.
    held: Option<(u64, u64, u64)>,
    /// While a node is stopped, nothing is handed to it, and what it says is
    /// kept back.
    stopped: Option<Vec<Message>>,
    owner: Owner,
}

enum Owner {
    Node {
        /// A node that broke the protocol is not listened to any more.
        muted: bool,
        /// Whether it has said anything yet.
        has_spoken: bool,
    },
    Client {
        open: bool,
        next_msg_id: u64,
        waiting: Option<(u64, oneshot::Sender<Body>)>,
        /// Replies that came when nobody waited for any.
        unread: Vec<u64>,
    },
}

/// A client's own name on the network.
#[derive(Clone, Debug)]
pub(crate) struct ClientAddress {
    index: usize,
    id: NodeId,
}

impl ClientAddress {
    pub(crate) fn id(&self) -> &NodeId {
        &self.id
    }
}

impl Network {
    /// A network without parties, whose messages may take `room` bytes.
    pub(crate) fn new(
        latency: Latency,
        rng: ChaCha8Rng,
        luck: ChaCha8Rng,
        room: u64,
        clock: Clock,
    ) -> Self {
        let state = State {
            links: Links::new(latency, rng, luck),
            parties: FxHashMap::default(),
            inboxes: Vec::new(),
            due: BinaryHeap::new(),
            timeouts: BinaryHeap::new(),
            blocked: BTreeMap::new(),
            sequence: 0,
            clients: 0,
            recorder: Recorder::default(),
            room,
            problems: Vec::new(),
            unanswering: BTreeSet::new(),
            has_changed: false,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            changed: Arc::default(),
            clock,
        }
    }

    /// Has every event told as it happens.
    pub(crate) fn tell(&self, tell: Tell) {
        self.lock().recorder.tell = Some(tell);
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Wakes when something was sent, or a problem reported.
    pub(crate) fn changed(&self) -> &Signal {
        &self.changed
    }

    /// Registers a node or a service. Its number is its place in order of
    /// registration, clients included.
    pub(crate) fn add_node(&self, id: &NodeId) -> usize {
        let owner = Owner::Node {
            muted: false,
            has_spoken: false,
        };
        self.lock().add(id.clone(), owner)
    }

    /// Registers a new client, `c0`, `c1`, … in order.
    pub(crate) fn open_client(&self) -> ClientAddress {
        let mut state = self.lock();
        let id = NodeId::new(format!("c{}", state.clients));
        state.clients += 1;
        let owner = Owner::Client {
            open: true,
            next_msg_id: 1,
            waiting: None,
            unread: Vec::new(),
        };
        let index = state.add(id.clone(), owner);
        ClientAddress { index, id }
    }

    /// Takes a client off the network. A message to it is an error from now on.
    pub(crate) fn close_client(&self, client: &ClientAddress) {
        if let Owner::Client { open, waiting, .. } = &mut self.lock().inboxes[client.index].owner {
            *open = false;
            *waiting = None;
        }
    }

    /// The `msg_id` of a client's next request.
    pub(crate) fn next_msg_id(&self, client: &ClientAddress) -> u64 {
        match &mut self.lock().inboxes[client.index].owner {
            Owner::Client { next_msg_id, .. } => {
                *next_msg_id += 1;
                *next_msg_id - 1
            }
            Owner::Node { .. } => 0,
        }
    }

    /// Sends a client's request. The receiver given back yields the reply, or
    /// an error once `timeout` nanoseconds have passed.
    pub(crate) fn request(
        &self,
        client: &ClientAddress,
        dest: &NodeId,
        body: Body,
        msg_id: u64,
        timeout: u64,
    ) -> oneshot::Receiver<Body> {
        let (sender, receiver) = oneshot::channel();
        let now = self.clock.now();
        let mut state = self.lock();
        let state = &mut *state;
        if let Owner::Client {
            waiting, unread, ..
        } = &mut state.inboxes[client.index].owner
        {
            *waiting = Some((msg_id, sender));
            for message in unread.drain(..) {
                state.recorder.note(now, EventKind::Receive, message);
            }
        }
        state
            .timeouts
            .push(Reverse((now + timeout, client.index, msg_id)));
        // Both ends are registered.
        if let Some(dest_number) = state.party(dest) {
            state.send(now, dest_number, Message::new(&client.id, dest, body));
        }
        self.changed.raise();
        receiver
    }

    /// Sends what a node says.
    pub(crate) fn send(&self, node: usize, message: Message) {
        let now = self.clock.now();
        let mut state = self.lock();
        let is_first_word = match &mut state.inboxes[node].owner {
            Owner::Node { has_spoken, .. } => !std::mem::replace(has_spoken, true),
            Owner::Client { .. } => false,
        };
        if let Some(kept) = &mut state.inboxes[node].stopped {
            kept.push(message);
        } else if !state.is_muted(node) {
            state.send_from_node(now, node, message);
            // Whoever is about to wait asks what is due last of all. It has looked
            // for problems and first words before that.
            let is_told = std::mem::replace(&mut state.has_changed, true);
            if !is_told || is_first_word || !state.problems.is_empty() {
                self.changed.raise();
            }
        }
    }

    /// Whether a node has said anything in its present life.
    pub(crate) fn has_spoken(&self, node: usize) -> bool {
        matches!(
            self.lock().inboxes[node].owner,
            Owner::Node {
                has_spoken: true,
                ..
            }
        )
    }

    /// Reports what is wrong with a node.
    pub(crate) fn report(&self, node: NodeId, kind: ProblemKind) {
        let time = self.clock.now();
        self.lock().problems.push(Problem { time, node, kind });
        self.changed.raise();
    }

    pub(crate) fn take_problems(&self) -> Vec<Problem> {
        std::mem::take(&mut self.lock().problems)
    }

    /// Hands nothing to a node from now on, and keeps back what it says.
    pub(crate) fn stop(&self, node: usize) {
        self.lock().inboxes[node].stopped.get_or_insert_default();
    }

    /// Lets a node go on that was stopped: what it said meanwhile is sent, and
    /// what was sent to it arrives.
    pub(crate) fn resume(&self, node: usize) {
        let now = self.clock.now();
        let mut state = self.lock();
        let kept = state.inboxes[node].stopped.take().unwrap_or_default();
        for message in kept {
            if !state.is_muted(node) {
                state.send_from_node(now, node, message);
            }
        }
        if let Some((sequence, time, _)) = state.inboxes[node].held {
            state.due.push(Reverse((time.max(now), sequence, node)));
        }
        self.changed.raise();
    }

    /// Begins a new life of a node: whatever waits for the old one is lost.
    pub(crate) fn restart(&self, node: usize) {
        let now = self.clock.now();
        let mut state = self.lock();
        let state = &mut *state;
        let inbox = &mut state.inboxes[node];
        inbox.stopped = None;
        inbox.owner = Owner::Node {
            muted: false,
            has_spoken: false,
        };
        let held = inbox.held.take().map(|(.., number)| number);
        let queue = std::mem::take(&mut inbox.queue).into_sorted_vec();
        let queued = queue.into_iter().rev().map(|Reverse((.., number))| number);
        for number in held.into_iter().chain(queued) {
            state.recorder.note(now, EventKind::Drop, number);
        }
    }

    /// Breaks or mends the links between servers.
    pub(crate) fn set_links(&self, fault: LinkFault, broken: bool) {
        self.lock().links.set(fault, broken);
    }

    /// From now on each receiver drops what comes from the senders given.
    pub(crate) fn partition(&self, grudge: &BTreeMap<NodeId, BTreeSet<NodeId>>) {
        let mut state = self.lock();
        for (receiver, senders) in grudge {
            let Some(receiver) = state.party(receiver) else {
                continue;
            };
            let senders = senders.iter().filter_map(|id| state.party(id));
            let senders: Vec<usize> = senders.collect();
            state.blocked.entry(receiver).or_default().extend(senders);
        }
    }

    /// Ends every partition.
    pub(crate) fn heal(&self) {
        self.lock().blocked.clear();
    }

    /// When the next message or timeout is due.
    pub(crate) fn next_due(&self) -> Option<u64> {
        let mut state = self.lock();
        state.has_changed = false;
        let message = state.due.peek().map(|Reverse((time, ..))| *time);
        let timeout = state.timeouts.peek().map(|Reverse((time, ..))| *time);
        message.into_iter().chain(timeout).min()
    }

    /// Carries out the next thing that is due `now`: a message for a node or a
    /// service is given back with the number of its receiver, and one for a
    /// client has been handed over. Nothing when nothing is due, or there is a
    /// problem to be looked at first.
    pub(crate) fn next_delivery(&self, now: u64) -> Option<Option<(usize, Message)>> {
        let mut state = self.lock();
        if !state.problems.is_empty() {
            return None;
        }
        if state.expire(now) {
            return Some(None);
        }
        let (receiver, message) = state.pop_due(now)?;
        match state.inboxes[receiver].owner {
            Owner::Node { .. } => Some(Some((receiver, message))),
            Owner::Client { .. } => {
                state.hand_to_client(now, receiver, message);
                Some(None)
            }
        }
    }

    /// How many events the journal has.
    pub(crate) fn events(&self) -> usize {
        self.lock().recorder.journal.events.len()
    }

    /// The record of the run so far, leaving an empty one.
    pub(crate) fn take_journal(&self) -> Journal {
        std::mem::take(&mut self.lock().recorder.journal)
    }

    /// Nothing is left half done when a panic strikes: a state that a test
    /// has seen break is only ever read again to be reported.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, id: NodeId, owner: Owner) -> usize {
        let index = self.inboxes.len();
        self.parties.insert(id.clone(), index);
        self.inboxes.push(Inbox {
            id,
            queue: BinaryHeap::new(),
            held: None,
            stopped: None,
            owner,
        });
        index
    }

    fn party(&self, id: &NodeId) -> Option<usize> {
        self.parties.get(id).copied()
    }

    /// Whether there is somebody of this name, and not a client that is gone.
    fn is_present(&self, id: &NodeId) -> bool {
        self.party(id).is_some_and(|party| {
            !matches!(self.inboxes[party].owner, Owner::Client { open: false, .. })
        })
    }

    fn is_muted(&self, node: usize) -> bool {
        matches!(self.inboxes[node].owner, Owner::Node { muted: true, .. })
    }

    fn send_from_node(&mut self, now: u64, node: usize, message: Message) {
        let dest = self.party(&message.dest);
        let gone =
            |dest: usize| matches!(self.inboxes[dest].owner, Owner::Client { open: false, .. });
        let is_known = |src: &NodeId| *src == self.inboxes[node].id || self.is_present(src);
        let kind = match dest {
            None => ProblemKind::UnknownDestination { message },
            Some(dest) if gone(dest) => ProblemKind::LateReply { message },
            Some(_) if !is_known(&message.src) => ProblemKind::UnknownSource { message },
            Some(dest) => return self.send(now, dest, message),
        };
        let inbox = &mut self.inboxes[node];
        if let Owner::Node { muted, .. } = &mut inbox.owner {
            *muted = true;
        }
        self.problems.push(Problem {
            time: now,
            node: inbox.id.clone(),
            kind,
        });
    }

    fn send(&mut self, now: u64, dest: usize, message: Message) {
        let size = MESSAGE_SIZE + message.body.as_str().len() as u64;
        let had_room = self.room > 0;
        self.room = self.room.saturating_sub(size);
        if self.room == 0 {
            if had_room {
                self.report_flood(now, message.src);
            }
            return;
        }
        let involves_client = message.involves_client();
        let number = self.recorder.send(now, message);
        if involves_client {
            return self.queue(now, dest, 0, number);
        }
        let latency = self.links.latency();
        if self.links.loses() {
            return self.recorder.note(now, EventKind::Drop, number);
        }
        if self.links.duplicates() {
            let latency = self.links.latency();
            self.queue(now, dest, latency, number);
        }
        self.queue(now, dest, latency, number);
    }

    /// Names the node that has said most, or else whoever spoke last.
    fn report_flood(&mut self, now: u64, last: NodeId) {
        let mut said: BTreeMap<&NodeId, (u64, u64)> = BTreeMap::new();
        let messages = self.recorder.journal.messages.iter();
        for message in messages.filter(|message| message.src.kind() == NodeKind::Node) {
            let (bytes, messages) = said.entry(&message.src).or_default();
            *bytes += message.body.as_str().len() as u64;
            *messages += 1;
        }
        let most = said.into_iter().max_by_key(|(_, amount)| *amount);
        let most = most.map(|(node, amount)| (node.clone(), amount));
        let (node, (bytes, messages)) = most.unwrap_or((last, (0, 0)));
        self.problems.push(Problem {
            time: now,
            node,
            kind: ProblemKind::Flood { messages, bytes },
        });
    }

    fn queue(&mut self, now: u64, dest: usize, latency: u64, number: u64) {
        self.sequence += 1;
        let queued = (now + latency, self.sequence, number);
        self.inboxes[dest].queue.push(Reverse(queued));
        if self.inboxes[dest].held.is_none() {
            self.hold_next(now, dest);
        }
    }

    /// A receiver that holds nothing takes the first message out of its queue.
    fn hold_next(&mut self, now: u64, receiver: usize) {
        while let Some(Reverse((deadline, sequence, number))) = self.inboxes[receiver].queue.pop() {
            let dropped = self.blocked.get(&receiver).is_some_and(|senders| {
                let sender = self.party(&self.recorder.numbered(number).src);
                sender.is_some_and(|sender| senders.contains(&sender))
            });
            if dropped {
                self.recorder.note(now, EventKind::Drop, number);
                continue;
            }
            let time = deadline.max(now);
            self.due.push(Reverse((time, sequence, receiver)));
            self.inboxes[receiver].held = Some((sequence, time, number));
            return;
        }
    }

    /// The next message that is due, handed over by its receiver's queue.
    fn pop_due(&mut self, now: u64) -> Option<(usize, Message)> {
        let (receiver, number) = loop {
            let Reverse((time, sequence, receiver)) = *self.due.peek()?;
            if time > now {
                return None;
            }
            self.due.pop();
            let inbox = &mut self.inboxes[receiver];
            // A node that is stopped gets it when it goes on, and one that was
            // restarted never.
            let is_held = inbox.held.as_ref().is_some_and(|held| held.0 == sequence);
            if is_held
                && inbox.stopped.is_none()
                && let Some((.., number)) = inbox.held.take()
            {
                break (receiver, number);
            }
        };
        self.hold_next(now, receiver);
        if matches!(self.inboxes[receiver].owner, Owner::Node { .. }) {
            self.recorder.note(now, EventKind::Receive, number);
        }
        Some((receiver, self.recorder.numbered(number).clone()))
    }

    fn hand_to_client(&mut self, now: u64, receiver: usize, message: Message) {
        let Owner::Client {
            open,
            waiting,
            unread,
            ..
        } = &mut self.inboxes[receiver].owner
        else {
            return;
        };
        let number = message.id.unwrap_or_default();
        if waiting.is_none() {
            if *open {
                unread.push(number);
            }
            return;
        }
        let answers = in_reply_to(&message.body);
        if answers.is_none() && self.unanswering.insert(message.src.clone()) {
            self.problems.push(Problem {
                time: now,
                node: message.src.clone(),
                kind: ProblemKind::NoAnswer {
                    message: message.clone(),
                },
            });
        }
        if let Some((_, caller)) = waiting.take_if(|(msg_id, _)| Some(*msg_id) == answers) {
            // A caller that is gone is a run that is ending.
            let _ = caller.send(message.body);
        }
        self.recorder.note(now, EventKind::Receive, number);
    }

    /// Ends the wait of clients whose time is up. `true` when there was any.
    fn expire(&mut self, now: u64) -> bool {
        let mut any = false;
        while let Some(Reverse((time, client, msg_id))) = self.timeouts.peek().copied() {
            if time > now {
                break;
            }
            self.timeouts.pop();
            if let Owner::Client { waiting, .. } = &mut self.inboxes[client].owner {
                // Dropping the sender is what tells the caller.
                any |= waiting
                    .take_if(|(waits_for, _)| *waits_for == msg_id)
                    .is_some();
            }
        }
        any
    }
}

/// What a reply answers. The rest of the body may be wrong in any way: that is
/// for the client to say.
fn in_reply_to(body: &Body) -> Option<u64> {
    match body.header() {
        Ok(header) => header.in_reply_to,
        Err(_) => Value::from_json(body.as_str())
            .ok()?
            .get("in_reply_to")
            .and_then(Value::as_int)
            .and_then(|number| u64::try_from(number).ok()),
    }
}
