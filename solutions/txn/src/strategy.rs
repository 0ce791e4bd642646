//! The strategies by name, and the node that follows one.

use std::time::Duration;

use clap::ValueEnum;
use maelstrom_node::{Context, Driver, Node, Result};

use crate::message::{Request, Response};
use crate::{Broadcast, Delta, Locked, Single};

/// How long a client is kept waiting. It waits for five seconds and is gone then,
/// and Maelstrom hears nothing more from a node that answers one that is gone.
const PATIENCE: Duration = Duration::from_secs(4);

/// How transactions are carried out, and who hears of them; in the order of the
/// README.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, ValueEnum)]
pub enum Strategy {
    /// Locally, and nobody does.
    Single,
    /// Locally, and everybody of each one by itself.
    LwwBroadcast,
    /// Under a lock in lin-kv, on a value there.
    LinKvLock,
    /// Locally, and everybody in batches.
    #[default]
    LwwDelta,
}

/// A node for transactions that follows one of the strategies.
#[derive(Debug)]
pub struct Txn(Inner);

#[derive(Debug)]
enum Inner {
    Single(Single),
    Broadcast(Broadcast),
    Locked(Box<Locked>),
    Delta(Driver<Delta>),
}

impl Txn {
    /// A node that knows of no write.
    pub fn new(strategy: Strategy, ctx: &Context) -> Self {
        Self(match strategy {
            Strategy::Single => Inner::Single(Single::new(ctx)),
            Strategy::LwwBroadcast => Inner::Broadcast(Broadcast::new(ctx)),
            Strategy::LinKvLock => Inner::Locked(Box::new(Locked::new(ctx))),
            Strategy::LwwDelta => {
                // When this life began, in µs since the Unix epoch: 51 bits.
                let life = u64::try_from(ctx.wall_clock().as_micros()).unwrap_or(u64::MAX);
                let peers = ctx.peers().cloned().collect();
                Inner::Delta(Driver::new(ctx, Delta::new(ctx.id(), life, peers)))
            }
        })
    }
}

impl Node for Txn {
    type Request = Request;
    type Response = Response;

    async fn handle(&self, ctx: Context, request: Request) -> Result<Response> {
        match &self.0 {
            Inner::Single(single) => single.handle(request),
            Inner::Broadcast(broadcast) => broadcast.handle(&ctx, request),
            Inner::Locked(locked) => locked.handle(request).await,
            Inner::Delta(delta) => delta.handle(ctx, request).await,
        }
    }

    fn patience(&self) -> Option<Duration> {
        Some(PATIENCE)
    }
}
