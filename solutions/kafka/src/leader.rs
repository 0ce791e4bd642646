//! Leader: the first node that is sent a message for a log claims the log in
//! lin-kv and owns it from then on.
//!
//! A claim is one compare-and-set, and everybody remembers the outcome: a log's
//! owner never changes, so it need not be asked for again. A log costs a few
//! messages once, and each send to another node two. When the owner is out of
//! reach, sends fail; nobody takes over.

use std::time::Duration;

use dashmap::DashMap;
use maelstrom_kv::{KvError, LinKv, Result};
use maelstrom_node::{Context, NodeId};

use crate::message::Key;

/// How long claiming a log may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who is known to own which log.
#[derive(Debug, Default)]
pub(crate) struct Claims(DashMap<Key, NodeId>);

impl Claims {
    /// The owner of a log: this node, if nobody has claimed it before.
    pub(crate) async fn owner(&self, ctx: &Context, key: &str) -> Result<NodeId> {
        if let Some(owner) = self.0.get(key) {
            return Ok(owner.clone());
        }
        let kv = LinKv::new(ctx).within(PATIENCE);
        let name = format!("owner/{key}");
        let owner = match kv.create(&name, ctx.id()).await {
            Ok(()) => ctx.id().clone(),
            Err(KvError::KeyAlreadyExists(_)) => kv.get(&name).await?,
            Err(error) => return Err(error),
        };
        self.0.insert(key.to_owned(), owner.clone());
        Ok(owner)
    }
}
