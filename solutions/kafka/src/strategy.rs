//! The strategies by name, and the node that follows one.

use std::time::Duration;

use clap::ValueEnum;
use maelstrom_node::{Context, Node, Result};
use rand::RngExt;

use crate::entries::Entries;
use crate::leader::Claims;
use crate::lin_kv_lock::Queues;
use crate::message::{Request, Response};
use crate::redirect::{Finder, Redirect};
use crate::replica::{Shell, not_a_peer};
use crate::{Lanes, Single, lin_kv_cas, lin_kv_lock};

/// How long a client is kept waiting. It waits for five seconds and is gone then,
/// and Maelstrom hears nothing more from a node that answers one that is gone.
const PATIENCE: Duration = Duration::from_secs(4);

/// How logs are kept, from the plainest way on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, ValueEnum)]
pub enum Strategy {
    /// In the memory of one node.
    Single,
    /// In lin-kv; whoever creates an entry first has its offset.
    LinKvCas,
    /// In lin-kv; a distributed lock is held to write.
    LinKvLock,
    /// By an owner for each log, claimed in lin-kv.
    Leader,
    /// By the first node.
    FixedLeader,
    /// By an owner for each log, chosen by a hash.
    Owner,
    /// By all nodes, each in offsets of its own.
    #[default]
    Lanes,
}

/// A log node that follows one of the strategies.
#[derive(Debug)]
pub struct Kafka(Inner);

#[derive(Debug)]
enum Inner {
    Memory(Shell),
    Redirect(Redirect),
    Store(Entries, Option<Queues>),
}

impl Kafka {
    /// A node with empty logs.
    pub fn new(strategy: Strategy, ctx: &Context) -> Self {
        let redirect = |finder| Inner::Redirect(Redirect::new(ctx, finder));
        Self(match strategy {
            Strategy::Single => Inner::Memory(Shell::new(ctx, Single::default())),
            Strategy::LinKvCas => Inner::Store(Entries::new(ctx), None),
            Strategy::LinKvLock => Inner::Store(Entries::new(ctx), Some(Queues::default())),
            Strategy::Leader => redirect(Finder::Claims(Claims::default())),
            Strategy::FixedLeader => redirect(Finder::Fixed),
            Strategy::Owner => redirect(Finder::Hash),
            Strategy::Lanes => {
                let life = ctx.rng().random();
                let lanes = Lanes::new(ctx.node_ids(), ctx.id(), life);
                Inner::Memory(Shell::new(ctx, lanes))
            }
        })
    }
}

impl Node for Kafka {
    type Request = Request;
    type Response = Response;

    async fn handle(&self, ctx: Context, request: Request) -> Result<Response> {
        match &self.0 {
            Inner::Memory(shell) => shell.handle(&ctx, request).await,
            Inner::Redirect(redirect) => redirect.handle(&ctx, request).await,
            Inner::Store(entries, queues) => store(&ctx, entries, queues.as_ref(), request).await,
        }
    }

    fn patience(&self) -> Option<Duration> {
        Some(PATIENCE)
    }
}

/// Answers a request from logs in lin-kv.
async fn store(
    ctx: &Context,
    entries: &Entries,
    queues: Option<&Queues>,
    request: Request,
) -> Result<Response> {
    Ok(match request {
        Request::Send { key, msg, .. } => Response::SendOk {
            offset: match queues {
                None => lin_kv_cas::append(entries, &key, &msg).await?,
                Some(queues) => lin_kv_lock::append(entries, queues, &key, &msg).await?,
            },
        },
        Request::Poll { offsets } => Response::PollOk {
            msgs: entries.poll(ctx, &offsets).await,
        },
        Request::CommitOffsets { offsets } => {
            entries.commit(&offsets);
            Response::CommitOffsetsOk
        }
        Request::ListCommittedOffsets { keys } => Response::ListCommittedOffsetsOk {
            offsets: entries.committed(&keys).await,
        },
        Request::Replicate(_) => return Err(not_a_peer()),
    })
}
