//! LWW by deltas: committed writes in batches, until they are acknowledged.
//!
//! A transaction runs on what its node knows, and is answered at once. What it
//! wrote is a delta of the registers; a [`DeltaBuffer`] keeps for each peer
//! those that it has not acknowledged. Every [`PERIOD`] at most, a peer is sent
//! their join, and the acknowledgement of what it sent travels along. Of a
//! register written ten times in that period the last write alone is sent: the
//! others could never be read there, since a batch is taken in at once.
//!
//! A batch is taken in only on top of all batches before it, and what a node
//! learns of one peer it passes on to the others. So whoever sees a transaction
//! sees all that it built on: what is read is causally consistent.

use std::collections::BTreeMap;
use std::time::Duration;

use crdt::{Ack, DeltaBuffer, Join, Message};
use maelstrom_node::{NodeId, Protocol, Result};

use crate::message::{Map, Request, Response, Transaction, foreign};
use crate::registers::Registers;

/// The shortest time between two messages to the same peer.
const PERIOD: Duration = Duration::from_millis(100);

/// How many transactions are kept for a peer that does not answer. One that
/// lacks more is sent all registers.
const CAPACITY: usize = 4096;

/// A replica that sends deltas: a plain value. Times are those of the node's own
/// clock, from its start on.
#[derive(Debug)]
pub struct Delta {
    registers: Registers,
    /// The same registers, and who has yet to be told of what.
    buffer: DeltaBuffer<Map, NodeId>,
    peers: BTreeMap<NodeId, Line>,
}

/// Where we stand with a peer.
#[derive(Clone, Debug)]
struct Line {
    /// Whether there may be something to say.
    pressing: bool,
    /// Since when it may be said.
    pause_ends: Duration,
    /// To go with the next message.
    ack: Option<Ack>,
}

impl Delta {
    /// A replica that knows of no write. `life` is higher each time that the
    /// node starts.
    pub fn new(node: &NodeId, life: u64, peers: Vec<NodeId>) -> Self {
        let mut buffer = DeltaBuffer::with_capacity(Map::new(), life, CAPACITY);
        for peer in &peers {
            buffer.add_peer(peer.clone());
        }
        // It may have been here before, and lack what it is believed to have:
        // its first message, which is due even if empty, tells its peers.
        // Not at once: Maelstrom may not have registered the peers yet, and hears
        // nothing more from a node that spoke to a stranger.
        let greeting = Line {
            pressing: true,
            pause_ends: PERIOD,
            ack: None,
        };
        let peers = peers.into_iter().map(|peer| (peer, greeting.clone()));
        Self {
            // With empty memory the clock begins again; under the old name it
            // would give stamps a second time.
            registers: Registers::new(NodeId::new(format!("{node}/{life}"))),
            buffer,
            peers: peers.collect(),
        }
    }

    /// Carries a transaction out, which fills in what it reads.
    pub fn execute(&mut self, txn: &mut Transaction) {
        let writes = self.registers.execute(txn);
        if writes.is_bottom() {
            return;
        }
        self.buffer.update(|map| {
            map.join(&writes);
            writes
        });
        self.press_all();
    }

    /// Takes in what a peer said.
    fn receive(&mut self, from: &NodeId, news: Option<Message<Map>>, ack: Option<Ack>) {
        if let Some(ack) = ack {
            self.buffer.acknowledge(from, ack);
        }
        let mut owed = None;
        if let Some(news) = news {
            let received = self.buffer.receive(from, &news);
            owed = Some(received.ack);
            // What the buffer refused is not taken in here either.
            if received.changed {
                self.registers.merge(&news.payload);
                self.press_all();
            }
        }
        if let Some(line) = self.peers.get_mut(from) {
            // An acknowledgement is owed, or the peer is back and lacks something.
            line.pressing = true;
            line.ack = owed.or(line.ack);
        }
    }

    fn press_all(&mut self) {
        for line in self.peers.values_mut() {
            line.pressing = true;
        }
    }

    /// The registers as they are read here.
    pub fn registers(&self) -> &Registers {
        &self.registers
    }
}

impl Protocol for Delta {
    type Request = Request;
    type Response = Response;

    fn on_message(&mut self, _: Duration, from: &NodeId, request: Request) -> Result<Response> {
        match request {
            Request::Txn { mut txn } => {
                self.execute(&mut txn);
                Ok(Response::TxnOk { txn })
            }
            Request::Deltas { news, ack } if self.peers.contains_key(from) => {
                self.receive(from, news, ack);
                // One-way: whatever there is to answer goes its own way.
                Ok(Response::WritesOk)
            }
            _ => Err(foreign()),
        }
    }

    fn wake(&mut self, now: Duration) -> Vec<(NodeId, Request)> {
        let mut outgoing = Vec::new();
        for (peer, line) in &mut self.peers {
            if !line.pressing || now < line.pause_ends {
                continue;
            }
            let news = self.buffer.message_for(peer);
            let ack = line.ack.take();
            // What is not acknowledged is said again after the pause.
            line.pressing = news.is_some();
            if news.is_some() || ack.is_some() {
                line.pause_ends = now + PERIOD;
                outgoing.push((peer.clone(), Request::Deltas { news, ack }));
            }
        }
        outgoing
    }

    fn next_wake(&self) -> Option<Duration> {
        let pressing = self.peers.values().filter(|line| line.pressing);
        pressing.map(|line| line.pause_ends).min()
    }
}
