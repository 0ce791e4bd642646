//! The strategies by name, and the node that follows one.

use std::fmt;
use std::str::FromStr;

use maelstrom_node::{Context, Node, Result};

use crate::message::{Replica, Request, Response};
use crate::protocol::Shell;
use crate::{Cas, Delta, OpLog, OwnKey, State};

/// How nodes come to the same sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// The whole state to one peer after the other.
    Crdt,
    /// To each peer what it has not acknowledged, in batches.
    DeltaCrdt,
    /// Every addition by itself, to neighbours in a ring.
    OpLog,
    /// One key of seq-kv, by compare-and-set.
    SeqKvCas,
    /// A key of seq-kv for each node.
    SeqKvOwnKey,
}

impl Strategy {
    /// Every strategy, in the order of the README.
    pub const ALL: &'static [Self] = &[
        Self::Crdt,
        Self::DeltaCrdt,
        Self::OpLog,
        Self::SeqKvCas,
        Self::SeqKvOwnKey,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crdt => "crdt",
            Self::DeltaCrdt => "delta-crdt",
            Self::OpLog => "op-log",
            Self::SeqKvCas => "seq-kv-cas",
            Self::SeqKvOwnKey => "seq-kv-own-key",
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

/// A counter node that follows one of the strategies.
#[derive(Debug)]
pub struct Counter(Inner);

#[derive(Debug)]
enum Inner {
    Replicated(Shell),
    Cas(Cas),
    OwnKey(OwnKey),
}

impl Counter {
    /// A node that knows of no addition.
    pub fn new(strategy: Strategy, ctx: &Context) -> Self {
        let replica = Replica::of(ctx);
        let peers = ctx.peers().cloned().collect();
        Self(match strategy {
            Strategy::Crdt => Inner::Replicated(Shell::new(ctx, State::new(replica, peers))),
            Strategy::DeltaCrdt => Inner::Replicated(Shell::new(ctx, Delta::new(replica, peers))),
            Strategy::OpLog => {
                Inner::Replicated(Shell::new(ctx, OpLog::new(replica, ctx.node_ids())))
            }
            Strategy::SeqKvCas => Inner::Cas(Cas::new(ctx)),
            Strategy::SeqKvOwnKey => Inner::OwnKey(OwnKey::new(ctx)),
        })
    }
}

impl Node for Counter {
    type Request = Request;
    type Response = Response;

    async fn handle(&self, ctx: Context, request: Request) -> Result<Response> {
        match &self.0 {
            Inner::Replicated(shell) => shell.handle(&ctx, request),
            Inner::Cas(cas) => cas.handle(request).await,
            Inner::OwnKey(own_key) => own_key.handle(request).await,
        }
    }
}
