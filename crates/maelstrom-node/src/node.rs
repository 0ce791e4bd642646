//! What a node is: a type with a handler, or a closure.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Context, Result};

/// A node's logic: a typed request in, a typed response out.
///
/// The value is made once the node knows its name, by the closure given to
/// [`run`](crate::run), and handlers share it: state that changes stands behind
/// a [`Mutex`](std::sync::Mutex) or an atomic.
///
/// ```
/// use std::sync::Mutex;
/// use maelstrom_node::{Context, Node, Result};
/// use maelstrom_node::proto::broadcast::{Request, Response};
///
/// #[derive(Default)]
/// struct Broadcast {
///     seen: Mutex<Vec<u64>>,
/// }
///
/// impl Node for Broadcast {
///     type Request = Request;
///     type Response = Response;
///
///     async fn handle(&self, _: Context, request: Request) -> Result<Response> {
///         let mut seen = self.seen.lock().expect("no handler panics while it holds the lock");
///         Ok(match request {
///             Request::Topology { .. } => Response::TopologyOk,
///             Request::Broadcast { message } => {
///                 seen.push(message);
///                 Response::BroadcastOk
///             }
///             Request::Read => Response::ReadOk { messages: seen.clone() },
///         })
///     }
/// }
/// ```
pub trait Node: Send + Sync + 'static {
    /// The messages that this node understands, usually an enum tagged with
    /// `type`. Any other type is answered with error 10.
    type Request: DeserializeOwned + Send + 'static;

    /// The replies, likewise.
    type Response: Serialize + Send + 'static;

    /// Answers one request.
    ///
    /// The response is sent when the request carried a `msg_id`; a one-way
    /// message has nobody who waits, and its response is dropped.
    fn handle(
        &self,
        ctx: Context,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Response>> + Send;

    /// How long whoever asks waits for the answer; `None`, the default, is for
    /// ever. A handler that takes longer is dropped together with everything
    /// that it waits for, and answered with error 0. Maelstrom's clients wait
    /// five seconds.
    fn patience(&self) -> Option<Duration> {
        None
    }
}

/// A node made of a closure; see [`handler`].
///
/// ```
/// use maelstrom_node::{Context, Node, handler};
/// use maelstrom_node::proto::echo::{Request, Response};
///
/// fn echo(_: Context) -> impl Node {
///     handler(async |_, Request::Echo { echo }| Ok(Response::EchoOk { echo }))
/// }
/// ```
pub struct Handler<F, Req> {
    handle: F,
    patience: Option<Duration>,
    request: PhantomData<fn(Req)>,
}

/// Makes a node of a closure.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use maelstrom_node::handler;
/// use maelstrom_node::proto::unique_ids::{Request, Response};
///
/// let next = AtomicU64::new(0);
/// let node = handler(move |ctx, Request::Generate| {
///     let id = format!("{}-{}", ctx.id(), next.fetch_add(1, Ordering::Relaxed));
///     async { Ok(Response::GenerateOk { id: id.into() }) }
/// });
/// ```
pub fn handler<F, Fut, Req, Res>(handle: F) -> Handler<F, Req>
where
    F: Fn(Context, Req) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Res>> + Send,
    Req: DeserializeOwned + Send + 'static,
    Res: Serialize + Send + 'static,
{
    Handler {
        handle,
        patience: None,
        request: PhantomData,
    }
}

impl<F, Req> Handler<F, Req> {
    /// Drops a call that takes longer than this; see [`Node::patience`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use maelstrom_node::handler;
    /// use maelstrom_node::proto::echo::{Request, Response};
    ///
    /// let node = handler(|_, Request::Echo { echo }| async { Ok(Response::EchoOk { echo }) })
    ///     .patience(Duration::from_secs(5));
    /// ```
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }
}

impl<F, Fut, Req, Res> Node for Handler<F, Req>
where
    F: Fn(Context, Req) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Res>> + Send,
    Req: DeserializeOwned + Send + 'static,
    Res: Serialize + Send + 'static,
{
    type Request = Req;
    type Response = Res;

    fn handle(&self, ctx: Context, request: Req) -> impl Future<Output = Result<Res>> + Send {
        (self.handle)(ctx, request)
    }

    fn patience(&self) -> Option<Duration> {
        self.patience
    }
}

impl<F, Req> fmt::Debug for Handler<F, Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handler").finish_non_exhaustive()
    }
}
