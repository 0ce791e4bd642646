//! The strategies by name, and the node that follows one.

use std::time::Duration;

use clap::ValueEnum;
use maelstrom_node::{Context, Driver, Node, Result};

use crate::gossip::Gossiper;
use crate::message::{Replica, Request, Response};
use crate::{Cas, Delta, Gossip, OpLog, OwnKey, State};

/// How long a client is kept waiting. It waits for five seconds and is gone then,
/// and Maelstrom hears nothing more from a node that answers one that is gone.
pub(crate) const PATIENCE: Duration = Duration::from_secs(4);

/// How nodes come to the same sum, in the order of the README.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, ValueEnum)]
pub enum Strategy {
    /// The whole state to one peer after the other.
    Crdt,
    /// To each peer what it has not acknowledged, in batches.
    #[default]
    DeltaCrdt,
    /// Every addition by itself, to neighbours in a ring.
    OpLog,
    /// One key of seq-kv, by compare-and-set.
    SeqKvCas,
    /// A key of seq-kv for each node.
    SeqKvOwnKey,
}

/// A counter node that follows one of the strategies.
#[derive(Debug)]
pub struct Counter(Inner);

#[derive(Debug)]
enum Inner {
    Gossip(Driver<Gossiper>),
    Cas(Cas),
    OwnKey(OwnKey),
}

impl Counter {
    /// A node that knows of no addition.
    pub fn new(strategy: Strategy, ctx: &Context) -> Self {
        let replica = Replica::of(ctx);
        let peers = ctx.peers().cloned().collect();
        let gossip: Box<dyn Gossip> = match strategy {
            Strategy::Crdt => Box::new(State::new(replica, peers)),
            Strategy::DeltaCrdt => Box::new(Delta::new(replica, peers)),
            Strategy::OpLog => Box::new(OpLog::new(replica, ctx.node_ids())),
            Strategy::SeqKvCas => return Self(Inner::Cas(Cas::new(ctx))),
            Strategy::SeqKvOwnKey => return Self(Inner::OwnKey(OwnKey::new(ctx))),
        };
        Self(Inner::Gossip(Driver::new(ctx, Gossiper(gossip))))
    }
}

impl Node for Counter {
    type Request = Request;
    type Response = Response;

    async fn handle(&self, ctx: Context, request: Request) -> Result<Response> {
        match &self.0 {
            Inner::Gossip(gossip) => gossip.handle(ctx, request).await,
            Inner::Cas(cas) => cas.handle(request).await,
            Inner::OwnKey(own_key) => own_key.handle(request).await,
        }
    }

    fn patience(&self) -> Option<Duration> {
        Some(PATIENCE)
    }
}
