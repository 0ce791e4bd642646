//! A node's logic as a plain value, and what runs one.
//!
//! Logic that touches no runtime, no clock and no network can be tried without
//! any: a test hands it messages in any order, loses some, and moves the time as
//! it likes. A [`Protocol`] is such a value. A [`Driver`] makes a [`Node`] of it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::context::after;
use crate::{Context, Node, NodeId, Result};

/// The resolution of timers. A time that is past and stays so must not spin.
const TICK: Duration = Duration::from_millis(1);

/// A node as a plain value: messages and time go in, and it says what to send.
///
/// Times are those of the node's own clock, from its start on. What it sends is
/// one-way; a protocol that needs an answer waits for a message that says so,
/// and repeats itself until it comes.
///
/// ```
/// use std::collections::BTreeSet;
/// use std::time::Duration;
/// use maelstrom_node::proto::broadcast::{Request, Response};
/// use maelstrom_node::{Driver, NodeId, Protocol, Result};
///
/// /// Tells its peers each value once a second, for ever.
/// struct Gossip {
///     peers: Vec<NodeId>,
///     values: BTreeSet<u64>,
///     next: Duration,
/// }
///
/// impl Protocol for Gossip {
///     type Request = Request;
///     type Response = Response;
///
///     fn on_message(&mut self, _: Duration, _: &NodeId, request: Request) -> Result<Response> {
///         Ok(match request {
///             Request::Topology { .. } => Response::TopologyOk,
///             Request::Broadcast { message } => {
///                 self.values.insert(message);
///                 Response::BroadcastOk
///             }
///             Request::Read => Response::ReadOk { messages: self.values.iter().copied().collect() },
///         })
///     }
///
///     fn wake(&mut self, now: Duration) -> Vec<(NodeId, Request)> {
///         if now < self.next {
///             return Vec::new();
///         }
///         self.next = now + Duration::from_secs(1);
///         let mut out = Vec::new();
///         for peer in &self.peers {
///             for value in &self.values {
///                 out.push((peer.clone(), Request::Broadcast { message: *value }));
///             }
///         }
///         out
///     }
///
///     fn next_wake(&self) -> Option<Duration> {
///         Some(self.next)
///     }
/// }
///
/// // No runtime: a test calls it as it likes.
/// let mut node = Gossip { peers: vec!["n1".into()], values: BTreeSet::new(), next: Duration::ZERO };
/// node.on_message(Duration::ZERO, &"c1".into(), Request::Broadcast { message: 7 }).expect("it is taken in");
/// assert_eq!(node.wake(Duration::ZERO), [("n1".into(), Request::Broadcast { message: 7 })]);
///
/// // And the same value is served by `run`, or in a simulation.
/// let serve = || maelstrom_node::run(|ctx| {
///     let peers = ctx.peers().cloned().collect();
///     Driver::new(&ctx, Gossip { peers, values: BTreeSet::new(), next: Duration::ZERO })
/// });
/// # let _ = serve;
/// ```
pub trait Protocol: Send + 'static {
    /// What clients ask, and what nodes say to each other.
    type Request: Serialize + DeserializeOwned + Send + 'static;

    /// What clients are answered.
    type Response: Serialize + Send + 'static;

    /// Takes in a message. The response goes to whoever waits for one: a client,
    /// as a rule; of a one-way message it is dropped.
    ///
    /// # Errors
    /// What becomes Maelstrom's error body.
    fn on_message(
        &mut self,
        now: Duration,
        from: &NodeId,
        request: Self::Request,
    ) -> Result<Self::Response>;

    /// Says what is to be sent now. Called after every message, and at
    /// [`next_wake`](Self::next_wake).
    fn wake(&mut self, now: Duration) -> Vec<(NodeId, Self::Request)>;

    /// When it wants to be woken if nothing happens before: a time that is past
    /// means as soon as may be, and `None` that it has nothing to say.
    fn next_wake(&self) -> Option<Duration>;
}

/// Runs a [`Protocol`] as a node: every message and every timer becomes a call,
/// and what it says is sent.
pub struct Driver<P>(Arc<Inner<P>>);

struct Inner<P> {
    state: Mutex<State<P>>,
    /// The time of the next waking has changed.
    changed: Notify,
}

struct State<P> {
    protocol: P,
    /// When it wants to be woken.
    next_wake: Option<Duration>,
}

impl<P: Protocol> Driver<P> {
    /// Starts a protocol as the node of this context, and wakes it at once.
    pub fn new(ctx: &Context, protocol: P) -> Self {
        let inner = Arc::new(Inner {
            state: Mutex::new(State {
                protocol,
                next_wake: None,
            }),
            changed: Notify::new(),
        });
        ctx.spawn(inner.clone().keep_time(ctx.clone()));
        Self(inner)
    }
}

impl<P: Protocol> Inner<P> {
    /// Wakes the protocol whenever it asked to be.
    async fn keep_time(self: Arc<Self>, ctx: Context) {
        loop {
            self.step(&ctx, |_, _| ());
            let next = self.lock().next_wake;
            match next {
                None => self.changed.notified().await,
                Some(time) => {
                    let wait = time.saturating_sub(ctx.uptime()).max(TICK);
                    // Woken early or at the time: both lead round the loop.
                    let _ = timeout_at(after(Instant::now(), wait), self.changed.notified()).await;
                }
            }
        }
    }

    /// Changes the protocol, sends what it says to that, and asks when it wants
    /// to be woken next. Returns whether that is another time than before, too.
    fn step<T>(&self, ctx: &Context, change: impl FnOnce(&mut P, Duration) -> T) -> (T, bool) {
        let now = ctx.uptime();
        let mut state = self.lock();
        let result = change(&mut state.protocol, now);
        for (dest, message) in state.protocol.wake(now) {
            ctx.send(&dest, &message);
        }
        let next = state.protocol.next_wake();
        let before = std::mem::replace(&mut state.next_wake, next);
        (result, next != before)
    }

    /// A panic ends a call, not the node.
    fn lock(&self) -> MutexGuard<'_, State<P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Protocol> Node for Driver<P> {
    type Request = P::Request;
    type Response = P::Response;

    async fn handle(&self, ctx: Context, request: P::Request) -> Result<P::Response> {
        let from = ctx.sender();
        let (response, rewind) = self.0.step(&ctx, |protocol, now| {
            protocol.on_message(now, from, request)
        });
        if rewind {
            self.0.changed.notify_one();
        }
        response
    }
}

impl<P> fmt::Debug for Driver<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}
