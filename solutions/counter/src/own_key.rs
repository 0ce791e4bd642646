//! A key of seq-kv for each node: written by one, summed by all.
//!
//! Nobody else writes a node's key, so nobody is ever faster and a plain write
//! is enough: no compare-and-set, no retry. A read adds up the keys of all.
//!
//! Those must not be read plainly. seq-kv promises one order of all operations
//! in which each node's own keep their order, and no more: a node that only
//! reads may be shown the first state again and again, for its reads all fit
//! in before everything that others wrote. Waiting does not help. Writing does:
//! the write of a value that was never written goes to the newest state, and
//! what the node reads after it, in its own order, is at least as new. So a
//! read begins with such a write, and the keys are read after it.

use std::time::Duration;

use futures::future::try_join_all;
use maelstrom_kv::SeqKv;
use maelstrom_node::{Context, Error, ErrorCode, NodeId, Result};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::gossip::foreign;
use crate::message::{Request, Response};

/// How long an addition waits for its turn, and then for the service: together
/// less than clients wait, so that a write is not given up as soon as it is sent.
const WAIT: Duration = Duration::from_secs(2);

/// A node that keeps its own part of the counter in a key of its own.
#[derive(Debug)]
pub struct OwnKey {
    kv: SeqKv,
    me: NodeId,
    nodes: Vec<NodeId>,
    /// What this node has added; `None` until it has looked what an earlier
    /// life left behind. Held while it is written: two writes under way at once
    /// could arrive in the wrong order.
    mine: Mutex<Option<i64>>,
}

impl OwnKey {
    /// A node that does not know yet what it has added.
    pub fn new(ctx: &Context) -> Self {
        Self {
            kv: SeqKv::new(ctx).within(WAIT),
            me: ctx.id().clone(),
            nodes: ctx.node_ids().to_vec(),
            mine: Mutex::new(None),
        }
    }

    pub(crate) async fn handle(&self, request: Request) -> Result<Response> {
        match request {
            Request::Add { delta } => {
                self.add(delta).await?;
                Ok(Response::AddOk)
            }
            Request::Read => {
                let value = self.sum().await?;
                Ok(Response::ReadOk { value })
            }
            _ => Err(foreign()),
        }
    }

    async fn add(&self, delta: i64) -> Result<()> {
        let turn = timeout(WAIT, self.mine.lock()).await;
        let mut mine = turn.map_err(|_| {
            let text = "too many additions before this one, which was not made";
            Error::new(ErrorCode::TemporarilyUnavailable, text)
        })?;
        let before = match *mine {
            Some(known) => known,
            None => self.kv.read_latest_or_default(&key(&self.me)).await?,
        };
        // Noted before it is written: if the answer is lost, the write may have
        // been carried out, and must not be taken back by the next one.
        let after = before.saturating_add(delta);
        *mine = Some(after);
        self.kv.put(&key(&self.me), &after).await?;
        Ok(())
    }

    async fn sum(&self) -> Result<i64> {
        let Some((first, rest)) = self.nodes.split_first() else {
            return Ok(0);
        };
        // Takes this node to the newest state, where it stays for the rest.
        let first: i64 = self.kv.read_latest_or_default(&key(first)).await?;
        let read = async |node| self.kv.get_or_default(&key(node)).await;
        let rest: Vec<i64> = try_join_all(rest.iter().map(read)).await?;
        Ok(rest.into_iter().fold(first, i64::saturating_add))
    }
}

fn key(node: &NodeId) -> String {
    format!("sum/{node}")
}
