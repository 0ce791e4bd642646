//! The strategies by name, and the node that follows one.

use std::fmt;
use std::str::FromStr;

use maelstrom_node::{Context, Node, Result};
use rand::RngExt;

use crate::entries::Entries;
use crate::leader::Claims;
use crate::lin_kv_lock::Queues;
use crate::message::{Request, Response};
use crate::redirect::{Finder, Redirect};
use crate::replica::{Shell, not_a_peer};
use crate::{Lanes, Single, lin_kv_cas, lin_kv_lock};

/// How logs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    Lanes,
}

impl Strategy {
    /// Every strategy, from the plainest on.
    pub const ALL: &'static [Self] = &[
        Self::Single,
        Self::LinKvCas,
        Self::LinKvLock,
        Self::Leader,
        Self::FixedLeader,
        Self::Owner,
        Self::Lanes,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::LinKvCas => "lin-kv-cas",
            Self::LinKvLock => "lin-kv-lock",
            Self::Leader => "leader",
            Self::FixedLeader => "fixed-leader",
            Self::Owner => "owner",
            Self::Lanes => "lanes",
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
            format!(
                "unknown strategy `{text}`, expected one of {}",
                names.join(", ")
            )
        })
    }
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
}

/// Answers a request from logs in lin-kv.
async fn store(
    ctx: &Context,
    entries: &Entries,
    queues: Option<&Queues>,
    request: Request,
) -> Result<Response> {
    Ok(match request {
        Request::Send { key, msg } => Response::SendOk {
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
