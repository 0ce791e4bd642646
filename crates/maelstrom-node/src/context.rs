//! What a handler can reach: who it is, its peers, time, chance, and sending.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use maelstrom_proto::{EncodeError, decode};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, MissedTickBehavior};
use tracing::{debug, error, warn};

use crate::outbox::{Ids, Outbox};
use crate::pending::{Outcome, Pending, Waiting};
use crate::retry::LONGEST;
use crate::tasks::{Task, Tasks};
use crate::{Body, Environment, ErrorCode, NodeId, Retry, RpcError, panics};

/// A handler's view of the node and of the message that it handles.
///
/// Cloning is cheap; a clone may be moved into a task. Everything that a node
/// does beyond computing goes through here or through tokio's clock.
///
/// ```
/// use maelstrom_node::handler;
/// use maelstrom_node::proto::echo::{Request, Response};
/// use maelstrom_node::testing::TestNode;
/// use serde_json::json;
///
/// // Tells everybody what it was told, and who said so.
/// let mut node = TestNode::new(|_| handler(async |ctx, Request::Echo { echo }| {
///     for peer in ctx.peers() {
///         ctx.send(peer, &json!({"type": "rumour", "by": ctx.sender(), "via": ctx.id(), "echo": echo}));
///     }
///     Ok(Response::EchoOk { echo })
/// }));
/// node.request("c1", &Request::Echo { echo: json!(7) });
/// node.expect("n1", &json!({"type": "rumour", "by": "c1", "via": "n0", "echo": 7}));
/// ```
#[derive(Clone)]
pub struct Context {
    pub(crate) shared: Arc<Shared>,
    sender: NodeId,
}

/// What all contexts of a node have in common.
pub(crate) struct Shared {
    id: NodeId,
    node_ids: Vec<NodeId>,
    outbox: Outbox,
    environment: Environment,
    born: Instant,
    rng: Mutex<ChaCha8Rng>,
    next_msg_id: AtomicU64,
    pub(crate) pending: Pending,
    /// Handlers that wait, and what runs beside them.
    pub(crate) tasks: Tasks,
    /// The node is dead: nothing may be sent.
    killed: AtomicBool,
}

impl Shared {
    /// A draw leaves the stream whole even if a panic cut one short.
    fn rng(&self) -> MutexGuard<'_, ChaCha8Rng> {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Context {
    pub(crate) fn new(
        id: NodeId,
        node_ids: Vec<NodeId>,
        sender: NodeId,
        outbox: Outbox,
        environment: Environment,
        tasks: Tasks,
    ) -> Self {
        let mut rng = environment.rng();
        Self {
            shared: Arc::new(Shared {
                id,
                node_ids,
                outbox,
                born: environment.now(),
                next_msg_id: AtomicU64::new(first_msg_id(&mut rng)),
                rng: Mutex::new(rng),
                environment,
                pending: Pending::default(),
                tasks,
                killed: AtomicBool::new(false),
            }),
            sender,
        }
    }

    /// The same node, handling a message from `sender`.
    pub(crate) fn on_behalf_of(&self, sender: &NodeId) -> Self {
        Self {
            shared: self.shared.clone(),
            sender: sender.clone(),
        }
    }

    /// This node's id.
    ///
    /// ```
    /// # fn example(ctx: maelstrom_node::Context) {
    /// let leads = ctx.id() == &ctx.node_ids()[0];
    /// # }
    /// ```
    pub fn id(&self) -> &NodeId {
        &self.shared.id
    }

    /// Every node of the cluster, this one included, in the order given at `init`.
    ///
    /// ```
    /// # fn example(ctx: maelstrom_node::Context) {
    /// let majority = ctx.node_ids().len() / 2 + 1;
    /// # }
    /// ```
    pub fn node_ids(&self) -> &[NodeId] {
        &self.shared.node_ids
    }

    /// Every node of the cluster but this one.
    ///
    /// ```
    /// # fn example(ctx: maelstrom_node::Context) {
    /// for peer in ctx.peers() {
    ///     ctx.send(peer, &serde_json::json!({"type": "hello"}));
    /// }
    /// # }
    /// ```
    pub fn peers(&self) -> impl Iterator<Item = &NodeId> {
        self.shared
            .node_ids
            .iter()
            .filter(|id| **id != self.shared.id)
    }

    /// Who sent the message that is being handled; in a background task that
    /// the node started at `init`, the client that sent `init`.
    ///
    /// ```
    /// # fn example(ctx: maelstrom_node::Context) {
    /// let from_a_client = ctx.sender().is_client();
    /// # }
    /// ```
    pub fn sender(&self) -> &NodeId {
        &self.sender
    }

    /// Sends a message that expects no reply. A body that is no JSON object is
    /// logged and dropped.
    ///
    /// ```
    /// # fn example(ctx: maelstrom_node::Context) {
    /// ctx.send(&ctx.node_ids()[0], &serde_json::json!({"type": "heartbeat", "term": 3}));
    /// # }
    /// ```
    pub fn send<T: Serialize + ?Sized>(&self, dest: &NodeId, body: &T) {
        if let Err(error) = self.transmit(dest, body, Ids::None) {
            warn!(%dest, %error, "not sent");
        }
    }

    /// Sends a request and waits for its reply, `timeout` at most.
    ///
    /// ```
    /// use std::time::Duration;
    /// use maelstrom_node::proto::echo::{Request, Response};
    /// use maelstrom_node::{Context, RpcError};
    ///
    /// async fn is_alive(ctx: &Context, echo: &Request) -> Result<bool, RpcError> {
    ///     let asked = ctx.rpc(&ctx.node_ids()[1], echo, Duration::from_millis(500)).await;
    ///     match asked {
    ///         Ok(Response::EchoOk { .. }) => Ok(true),
    ///         Err(RpcError::Timeout { .. }) => Ok(false),
    ///         Err(other) => Err(other),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// See [`RpcError`]. Dropping the future gives up the wait; a reply that
    /// comes later is ignored.
    pub async fn rpc<T, R>(&self, dest: &NodeId, body: &T, timeout: Duration) -> Result<R, RpcError>
    where
        T: Serialize + ?Sized,
        R: DeserializeOwned,
    {
        let msg_id = self.shared.next_msg_id.fetch_add(1, Ordering::Relaxed);
        let until = after(self.now(), timeout);
        let outcome = self.call(dest, body, msg_id, until)?.await;
        concluded(outcome, dest, body, timeout)
    }

    /// Sends a request again and again until it is answered.
    ///
    /// Only a reply that never came, and error 11 (temporarily unavailable),
    /// are reasons to try again: the request must be one that may be carried
    /// out twice. It is the same message each time, `msg_id` included: a reply
    /// to any of the attempts will do, and a receiver can tell by sender and
    /// `msg_id` what it has seen before. Each life of a node counts from a
    /// number of its own, drawn at `init`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use maelstrom_node::proto::broadcast::{Request, Response};
    /// use maelstrom_node::{Context, Retry};
    ///
    /// // Adding a value to a set twice is as good as once.
    /// fn pass_on(ctx: &Context, message: u64) {
    ///     let task = ctx.clone();
    ///     ctx.spawn(async move {
    ///         let retry = Retry::default().deadline(Duration::from_secs(20));
    ///         let request = Request::Broadcast { message };
    ///         let told = task.rpc_retried::<_, Response>(&task.node_ids()[1], &request, retry);
    ///         if let Err(error) = told.await {
    ///             tracing::warn!(%error, message, "not passed on");
    ///         }
    ///     });
    /// }
    /// ```
    ///
    /// # Errors
    /// See [`RpcError`]. [`RpcError::Timeout`] only when `retry` has a deadline;
    /// error 11 only when it has one and every attempt was answered so.
    pub async fn rpc_retried<T, R>(
        &self,
        dest: &NodeId,
        body: &T,
        retry: Retry,
    ) -> Result<R, RpcError>
    where
        T: Serialize + ?Sized,
        R: DeserializeOwned,
    {
        let start = self.now();
        let deadline = retry.deadline.map(|limit| after(start, limit));
        let msg_id = self.shared.next_msg_id.fetch_add(1, Ordering::Relaxed);
        let mut now = start;
        // Attempts that were neither refused nor answered: what became of them?
        let mut open = 0;
        for attempt in 0.. {
            let wait = retry.wait(attempt, &mut *self.shared.rng());
            let mut until = after(now, wait);
            if let Some(deadline) = deadline {
                until = until.min(deadline);
            }
            let waited = until - start;
            open += 1;
            let mut refused = None;
            let mut outcome = self.call(dest, body, msg_id, until)?.await;
            let timeout = loop {
                match concluded(outcome, dest, body, waited) {
                    // The reply to an attempt before may still come.
                    Err(error) if error.code() == Some(ErrorCode::TemporarilyUnavailable) => {
                        open -= 1;
                        refused = Some(error);
                        outcome = self.wait(msg_id, until).await;
                    }
                    Err(error @ RpcError::Timeout { .. }) => break error,
                    over => return over,
                }
            };
            let error = refused.filter(|_| open <= 0).unwrap_or(timeout);
            if deadline.is_some_and(|deadline| until >= deadline) {
                return Err(error);
            }
            debug!(%dest, attempt, %error, "trying again");
            now = self.now();
        }
        unreachable!("the attempts are counted without end")
    }

    /// Sends a request, and takes a place for its reply before it does.
    fn call<T: Serialize + ?Sized>(
        &self,
        dest: &NodeId,
        body: &T,
        msg_id: u64,
        until: Instant,
    ) -> Result<Waiting<'_>, RpcError> {
        let waiting = self.wait(msg_id, until);
        if let Err(error) = self.transmit(dest, body, Ids::Request(msg_id)) {
            let dest = dest.clone();
            return Err(RpcError::Request { dest, error });
        }
        debug!(target: "maelstrom_node::message", %dest, msg_id, "request sent");
        Ok(waiting)
    }

    /// Takes a place for the reply to a request.
    fn wait(&self, msg_id: u64, until: Instant) -> Waiting<'_> {
        let pending = &self.shared.pending;
        pending.wait(msg_id, until, |pending| self.spawn(pending.watch()))
    }

    /// Runs a task beside the handlers. It ends with the node, and a panic in
    /// it is logged.
    ///
    /// ```
    /// # fn example(ctx: maelstrom_node::Context) {
    /// let task = ctx.clone();
    /// ctx.spawn(async move {
    ///     tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    ///     task.send(&task.node_ids()[0], &serde_json::json!({"type": "late"}));
    /// });
    /// # }
    /// ```
    pub fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let shared = &*self.shared;
        shared.tasks.add(Task::background(&shared.id, task));
    }

    /// Calls `tick` every `period`, for the first time after one period. A tick
    /// that takes longer than the period delays the next one; one that panics is
    /// logged, and the next one comes.
    ///
    /// ```
    /// # fn example(ctx: maelstrom_node::Context) {
    /// let ticker = ctx.clone();
    /// ctx.every(std::time::Duration::from_millis(200), move || {
    ///     for peer in ticker.peers() {
    ///         ticker.send(peer, &serde_json::json!({"type": "gossip"}));
    ///     }
    ///     async {}
    /// });
    /// # }
    /// ```
    ///
    /// # Panics
    /// When `period` is zero.
    pub fn every<F, Fut>(&self, period: Duration, mut tick: F)
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send,
    {
        let mut interval = tokio::time::interval_at(after(self.now(), period), period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.spawn(async move {
            loop {
                interval.tick().await;
                if let Err(panic) = panics::caught(async { tick().await }).await {
                    let text = panics::text(&*panic);
                    error!(text, "a tick panicked");
                }
            }
        });
    }

    /// A random generator of its own, seeded from the node's stream: repeatable
    /// when the node was given a seed. Its methods are in `rand` 0.10.
    ///
    /// ```
    /// use rand::RngExt;
    /// # fn example(ctx: maelstrom_node::Context) {
    /// let election_timeout_ms = ctx.rng().random_range(150..300);
    /// # }
    /// ```
    pub fn rng(&self) -> ChaCha8Rng {
        ChaCha8Rng::from_rng(&mut *self.shared.rng())
    }

    /// The time since this node was initialised. It never steps back.
    ///
    /// ```
    /// # async fn example(ctx: maelstrom_node::Context) {
    /// let asked_at = ctx.uptime();
    /// tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    /// let took = ctx.uptime() - asked_at;
    /// # }
    /// ```
    pub fn uptime(&self) -> Duration {
        self.now() - self.shared.born
    }

    /// The wall-clock time since the Unix epoch. It may jump and step back.
    ///
    /// ```
    /// # fn example(ctx: maelstrom_node::Context) {
    /// let stamp_ms = ctx.wall_clock().as_millis();
    /// # }
    /// ```
    pub fn wall_clock(&self) -> Duration {
        self.shared.environment.wall_clock()
    }

    fn now(&self) -> Instant {
        self.shared.environment.now()
    }

    /// How many requests of this node wait for a reply.
    ///
    /// ```
    /// # fn example(ctx: maelstrom_node::Context) -> maelstrom_node::Result<()> {
    /// use maelstrom_node::{Error, ErrorCode};
    /// if ctx.rpcs_in_flight() > 1000 {
    ///     return Err(Error::new(ErrorCode::TemporarilyUnavailable, "too much under way"));
    /// }
    /// # Ok(()) }
    /// ```
    pub fn rpcs_in_flight(&self) -> usize {
        self.shared.pending.len()
    }

    pub(crate) fn transmit<T: Serialize + ?Sized>(
        &self,
        dest: &NodeId,
        payload: &T,
        ids: Ids,
    ) -> Result<(), EncodeError> {
        if self.is_killed() {
            return Ok(());
        }
        self.shared.outbox.send(&self.shared.id, dest, payload, ids)
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.shared.killed.load(Ordering::Relaxed)
    }

    /// No task of the node runs again, and nothing more is sent.
    pub(crate) fn kill(&self) {
        self.shared.killed.store(true, Ordering::Relaxed);
        self.shared.tasks.abort();
        self.shared.pending.close();
    }
}

/// Where a node's requests begin to be numbered: a reply to an earlier life of
/// the node is none to this one's requests. Drawn from a stream of its own, so
/// that the node's begins at its beginning.
fn first_msg_id(rng: &mut ChaCha8Rng) -> u64 {
    rng.set_stream(1);
    let first = rng.random_range(1..1 << 31);
    rng.set_stream(0);
    rng.set_word_pos(0);
    first
}

/// `wait` later, or as good as never.
pub(crate) fn after(now: Instant, wait: Duration) -> Instant {
    now + wait.min(LONGEST)
}

/// What the outcome of a call means to the caller.
fn concluded<T, R>(
    outcome: Outcome,
    dest: &NodeId,
    body: &T,
    after: Duration,
) -> Result<R, RpcError>
where
    T: Serialize + ?Sized,
    R: DeserializeOwned,
{
    let error = match outcome {
        Outcome::Reply { is_error, text } => {
            if is_error && let Ok(error) = decode(&text) {
                let (dest, kind) = (dest.clone(), kind(body));
                return Err(RpcError::Remote { dest, kind, error });
            }
            match decode(&text) {
                Ok(reply) => return Ok(reply),
                Err(error) => Some(error),
            }
        }
        Outcome::TimedOut => {
            let (dest, kind) = (dest.clone(), kind(body));
            return Err(RpcError::Timeout { dest, kind, after });
        }
        Outcome::Closed => None,
    };
    let (dest, kind) = (dest.clone(), kind(body));
    Err(match error {
        Some(error) => RpcError::Reply { dest, kind, error },
        None => RpcError::Closed { dest, kind },
    })
}

/// The `type` of a request, for an error's text.
fn kind<T: Serialize + ?Sized>(body: &T) -> String {
    let body = Body::one_way(body).ok();
    let header = body.as_ref().and_then(|body| body.header().ok());
    header.map_or_else(String::new, |header| header.kind.into_owned())
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("id", &self.shared.id)
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}
