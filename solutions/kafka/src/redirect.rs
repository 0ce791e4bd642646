//! Sends go to the owner of the log; everything else is answered where it was
//! asked.
//!
//! Whoever asks waits for two more messages, and for an error while the owner
//! is out of reach. A redirected send is sent once: sent again much later, it
//! could be appended twice. One that the network repeats has an id by which the
//! owner knows it for a while.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use maelstrom_node::{Context, Error, ErrorCode, NodeId, Result};
use rand::RngExt;

use crate::leader::Claims;
use crate::message::{Key, Message, Offset, Request, Response};
use crate::owned::Owned;
use crate::replica::Shell;
use crate::{fixed_leader, owner};

/// How long an owner may take to answer. Less than clients wait.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many redirected sends an owner remembers.
const REMEMBERED: usize = 1024;

/// How the owner of a log is found.
#[derive(Debug)]
pub(crate) enum Finder {
    /// The first node owns all.
    Fixed,
    /// A hash of log and node decides.
    Hash,
    /// Whoever claimed it first in lin-kv.
    Claims(Claims),
}

/// A node that redirects sends.
#[derive(Debug)]
pub(crate) struct Redirect {
    shell: Shell,
    finder: Finder,
    /// The last sends that were redirected to this node, by id.
    appended: Mutex<VecDeque<(u64, Offset)>>,
}

impl Redirect {
    pub(crate) fn new(ctx: &Context, finder: Finder) -> Self {
        let life = ctx.rng().random();
        let owned = Owned::new(ctx.peers().cloned(), life);
        Self {
            shell: Shell::new(ctx, owned),
            finder,
            appended: Mutex::default(),
        }
    }

    /// Appends here; a send that was redirected, once however often it comes.
    async fn append(&self, ctx: &Context, key: &Key, msg: Message, id: Option<u64>) -> Offset {
        self.shell.ready(ctx).await;
        let mut appended = self.appended.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = appended.iter();
        if let Some((_, offset)) = known.find(|(known, _)| Some(*known) == id) {
            return *offset;
        }
        let offset = self.shell.append(key, msg);
        if let Some(id) = id {
            appended.truncate(REMEMBERED - 1);
            appended.push_front((id, offset));
        }
        offset
    }

    async fn owner(&self, ctx: &Context, key: &str) -> Result<NodeId> {
        let nodes = ctx.node_ids();
        let owner = match &self.finder {
            Finder::Fixed => fixed_leader::owner(nodes),
            Finder::Hash => owner::owner(nodes, key),
            Finder::Claims(claims) => return Ok(claims.owner(ctx, key).await?),
        };
        Ok(owner.unwrap_or_else(|| ctx.id()).clone())
    }

    pub(crate) async fn handle(&self, ctx: &Context, request: Request) -> Result<Response> {
        let Request::Send { key, msg, id } = request else {
            return self.shell.handle(ctx, request).await;
        };
        let owner = self.owner(ctx, &key).await?;
        if owner == *ctx.id() {
            let offset = self.append(ctx, &key, msg, id).await;
            return Ok(Response::SendOk { offset });
        }
        if ctx.peers().any(|peer| peer == ctx.sender()) {
            // Passed on once more, it could go round for ever.
            let text = format!("{} does not own log {key}", ctx.id());
            return Err(Error::new(ErrorCode::TemporarilyUnavailable, text));
        }
        let id = Some(ctx.rng().random());
        let send = Request::Send { key, msg, id };
        Ok(ctx.rpc(&owner, &send, PATIENCE).await?)
    }
}
