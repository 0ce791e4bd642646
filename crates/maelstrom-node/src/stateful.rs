//! State without ceremony: a closure that owns what it changes.

use std::fmt;
use std::future::{Future, ready};
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Context, Node, Result};

/// A node made of a closure with state of its own; see [`stateful`].
///
/// ```
/// use maelstrom_node::proto::counter::{Request, Response};
/// use maelstrom_node::{Context, Node, stateful};
///
/// fn counter(_: Context) -> impl Node {
///     let mut value = 0;
///     stateful(move |_, request| Ok(match request {
///         Request::Add { delta } => {
///             value += delta;
///             Response::AddOk
///         }
///         Request::Read => Response::ReadOk { value },
///     }))
/// }
/// ```
pub struct Stateful<F, Req> {
    handle: Mutex<F>,
    request: PhantomData<fn(Req)>,
}

/// Makes a node of a closure that keeps its state in what it captured.
///
/// ```
/// use maelstrom_node::proto::unique_ids::{Request, Response};
/// use maelstrom_node::stateful;
/// use maelstrom_node::testing::TestNode;
///
/// let mut given = 0;
/// let mut node = TestNode::new(|_| stateful(move |ctx, Request::Generate| {
///     given += 1;
///     Ok(Response::GenerateOk { id: format!("{}-{given}", ctx.id()).into() })
/// }));
/// for id in ["n0-1", "n0-2"] {
///     let id = id.into();
///     assert_eq!(node.ask("c1", &Request::Generate), Ok(Response::GenerateOk { id }));
/// }
/// ```
///
/// One call runs at a time, in the order of arrival. The closure can send, ask
/// for the time and spawn tasks, but wait for nothing: for a handler that asks
/// other nodes there are [`handler`](crate::handler) and [`Node`]. Whatever a
/// call had changed when it panicked stays changed.
pub fn stateful<F, Req, Res>(handle: F) -> Stateful<F, Req>
where
    F: FnMut(Context, Req) -> Result<Res> + Send + 'static,
    Req: DeserializeOwned + Send + 'static,
    Res: Serialize + Send + 'static,
{
    Stateful {
        handle: Mutex::new(handle),
        request: PhantomData,
    }
}

impl<F, Req, Res> Node for Stateful<F, Req>
where
    F: FnMut(Context, Req) -> Result<Res> + Send + 'static,
    Req: DeserializeOwned + Send + 'static,
    Res: Serialize + Send + 'static,
{
    type Request = Req;
    type Response = Res;

    fn handle(&self, ctx: Context, request: Req) -> impl Future<Output = Result<Res>> + Send {
        let mut handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        ready(handle(ctx, request))
    }
}

impl<F, Req> fmt::Debug for Stateful<F, Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stateful").finish_non_exhaustive()
    }
}
