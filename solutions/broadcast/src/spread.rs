//! A strategy as a plain value, and the thin shell that runs one.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use maelstrom_node::{Context, Error, ErrorCode, NodeId, Result};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::message::{Request, Response};

/// The resolution of timers.
const TICK: Duration = Duration::from_millis(1);

/// A message to be sent.
pub type Outgoing = (NodeId, Request);

/// A strategy with no runtime: what comes in changes it, and [`wake`] says what
/// to send. Times are those of the node's own clock, from its start on.
///
/// [`wake`]: Protocol::wake
pub trait Protocol: Send + fmt::Debug + 'static {
    /// Neighbours were suggested.
    fn suggest(&mut self, neighbours: Vec<NodeId>) {
        let _ = neighbours;
    }

    /// A client told a value.
    fn tell(&mut self, now: Duration, value: u64);

    /// A node said something. `false` when it is not of this strategy.
    fn receive(&mut self, now: Duration, from: &NodeId, message: Request) -> bool;

    /// Says what is to be sent now. Called after every change, and at
    /// [`next_wake`](Self::next_wake).
    fn wake(&mut self, now: Duration) -> Vec<Outgoing>;

    /// When it wants to be woken if nothing happens before; a time that is past
    /// means at once.
    fn next_wake(&self) -> Option<Duration>;

    /// The values known.
    fn values(&self) -> &[u64];
}

/// Runs a [`Protocol`] as a node: every message and every timer becomes a call,
/// and what it says is sent.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    protocol: Arc<Mutex<dyn Protocol>>,
    changed: Arc<Notify>,
}

impl Shell {
    pub(crate) fn new(ctx: &Context, protocol: impl Protocol) -> Self {
        let shell = Self {
            protocol: Arc::new(Mutex::new(protocol)),
            changed: Arc::new(Notify::new()),
        };
        ctx.spawn(shell.clone().keep_time(ctx.clone()));
        shell
    }

    /// Wakes the protocol whenever it asked to be.
    async fn keep_time(self, ctx: Context) {
        loop {
            self.step(&ctx, |_, _| ());
            let next = self.lock().next_wake();
            match next {
                None => self.changed.notified().await,
                Some(time) => {
                    // A time that is past and stays so must not spin.
                    let wait = time.saturating_sub(ctx.uptime()).max(TICK);
                    // Woken early or at the time: both lead round the loop.
                    let _ = timeout_at(Instant::now() + wait, self.changed.notified()).await;
                }
            }
        }
    }

    /// Changes the protocol, and sends what it says to that.
    fn step<T>(&self, ctx: &Context, change: impl FnOnce(&mut dyn Protocol, Duration) -> T) -> T {
        let now = ctx.uptime();
        let mut protocol = self.lock();
        let before = protocol.next_wake();
        let result = change(&mut *protocol, now);
        for (dest, message) in protocol.wake(now) {
            ctx.send(&dest, &message);
        }
        if protocol.next_wake() != before {
            self.changed.notify_one();
        }
        result
    }

    pub(crate) fn handle(&self, ctx: &Context, request: Request) -> Result<Response> {
        match request {
            Request::Topology { mut topology } => {
                let mut neighbours = topology.remove(ctx.id()).unwrap_or_default();
                neighbours.retain(|id| ctx.peers().any(|peer| peer == id));
                self.step(ctx, |protocol, _| protocol.suggest(neighbours));
                Ok(Response::TopologyOk)
            }
            Request::Broadcast { message } => {
                self.step(ctx, |protocol, now| protocol.tell(now, message));
                Ok(Response::BroadcastOk)
            }
            Request::Read => {
                let messages = self.lock().values().to_vec();
                Ok(Response::ReadOk { messages })
            }
            message => {
                let from = ctx.sender();
                let known = ctx.peers().any(|peer| peer == from);
                if known && self.step(ctx, |protocol, now| protocol.receive(now, from, message)) {
                    // One-way: whatever there is to answer goes its own way.
                    return Ok(Response::BroadcastOk);
                }
                let text = "a message of another strategy, or not from a node of this cluster";
                Err(Error::new(ErrorCode::NotSupported, text))
            }
        }
    }

    /// A panic elsewhere ends a handler, not the node; the state is made of
    /// collections that are whole after every call.
    fn lock(&self) -> MutexGuard<'_, dyn Protocol + 'static> {
        self.protocol.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
