//! The strategies by name, and the node that follows one.

use std::fmt;
use std::str::FromStr;

use maelstrom_node::{Context, Node, Result};

use crate::message::{Request, Response};
use crate::shell::Shell;
use crate::{Broadcast, Delta, Locked, Single};

/// How transactions are carried out, and who hears of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// Locally, and nobody does.
    Single,
    /// Locally, and everybody of each one by itself.
    LwwBroadcast,
    /// Under a lock in lin-kv, on a value there.
    LinKvLock,
    /// Locally, and everybody in batches.
    LwwDelta,
}

impl Strategy {
    /// Every strategy, in the order of the README.
    pub const ALL: &'static [Self] = &[
        Self::Single,
        Self::LwwBroadcast,
        Self::LinKvLock,
        Self::LwwDelta,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::LwwBroadcast => "lww-broadcast",
            Self::LinKvLock => "lin-kv-lock",
            Self::LwwDelta => "lww-delta",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Strategy {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let found = Self::ALL.iter().find(|strategy| strategy.name() == text);
        found.copied().ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|strategy| strategy.name()).collect();
            let names = names.join(", ");
            format!("unknown strategy `{text}`, expected one of {names}")
        })
    }
}

/// A node for transactions that follows one of the strategies.
#[derive(Debug)]
pub struct Txn(Inner);

#[derive(Debug)]
enum Inner {
    Single(Single),
    Broadcast(Broadcast),
    Locked(Box<Locked>),
    Delta(Shell),
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
                Inner::Delta(Shell::new(ctx, Delta::new(ctx.id(), life, peers)))
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
            Inner::Delta(shell) => shell.handle(&ctx, request),
        }
    }
}
