//! One key of seq-kv: read, add, compare-and-set, and again if others were
//! faster.
//!
//! Adding is safe on any service that can compare and set: an addition to an
//! old value fails. Reading is not: seq-kv may show an old state, and one that
//! is shown today may be shown for ever, since nothing makes a node that only
//! reads move on. So a read writes first, something that was never written
//! before: a write goes to the newest state, and takes its node there.

use maelstrom_kv::SeqKv;
use maelstrom_node::{Context, Result};

use crate::gossip::foreign;
use crate::message::{Request, Response};
use crate::strategy::PATIENCE;

/// The key of the sum.
const KEY: &str = "sum";

/// A node that keeps the counter in one key.
#[derive(Debug)]
pub struct Cas {
    kv: SeqKv,
}

impl Cas {
    /// A node that has no state of its own.
    pub fn new(ctx: &Context) -> Self {
        let kv = SeqKv::new(ctx).within(PATIENCE);
        Self { kv }
    }

    pub(crate) async fn handle(&self, request: Request) -> Result<Response> {
        match request {
            Request::Add { delta } => {
                let add = |sum: Option<i64>| sum.unwrap_or(0).saturating_add(delta);
                self.kv.update(KEY, add).await?;
                Ok(Response::AddOk)
            }
            Request::Read => {
                let value = self.kv.read_latest_or_default(KEY).await?;
                Ok(Response::ReadOk { value })
            }
            _ => Err(foreign()),
        }
    }
}
