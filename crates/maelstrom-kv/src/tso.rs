//! The timestamp oracle.

use std::time::Duration;

use maelstrom_node::proto::tso::{Request, Response};
use maelstrom_node::{Context, NodeId, Retry};

use crate::Result;
use crate::store::bounded;

/// A client of `lin-tso`, which hands out timestamps: 0, 1, 2, …, each greater
/// than every one whose request was answered before this one was sent.
///
/// ```
/// # use maelstrom_kv::{Result, Tso};
/// # async fn example(ctx: maelstrom_node::Context) -> Result<()> {
/// # use std::time::Duration;
/// let tso = Tso::new(&ctx)
///     .within(Duration::from_secs(2))
///     .retry(maelstrom_node::Retry::default().first_wait(Duration::from_millis(300)));
/// let (earlier, later) = (tso.next().await?, tso.next().await?);
/// assert!(earlier < later);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Tso {
    ctx: Context,
    within: Duration,
    retry: Retry,
}

impl Tso {
    /// A client for the node of this context.
    pub fn new(ctx: &Context) -> Self {
        Self {
            ctx: ctx.clone(),
            within: Duration::from_secs(5),
            retry: Retry::default().first_wait(Duration::from_millis(500)),
        }
    }

    /// Bounds each request as a whole, every retry included. For ever is thirty
    /// years.
    pub fn within(mut self, limit: Duration) -> Self {
        self.within = bounded(limit);
        self
    }

    /// How a request whose answer does not come is repeated.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// A timestamp. A request that is not answered is repeated: a timestamp
    /// that got lost on the way harms nobody.
    ///
    /// # Errors
    /// A timeout when no answer came.
    pub async fn next(&self) -> Result<u64> {
        let retry = self.retry.deadline(self.within);
        let service = NodeId::from("lin-tso");
        let Response::TsOk { ts } = self.ctx.rpc_retried(&service, &Request::Ts, retry).await?;
        Ok(ts)
    }
}
