//! Timeout pool: calls with a short timeout, a few at a time.
//!
//! The value goes to each neighbour as a call that is given up after 100 ms and
//! tried again later, after a random wait. No more than a fixed number of calls
//! are under way at once, so a neighbour that is cut off can't take up all of
//! the node. Each timeout is longer than the last, up to a second.
//!
//! It is a flood, and costs what a flood costs, as long as an answer comes
//! within the first timeout. When a round trip takes longer, every call is made
//! several times: 100 ms between nodes are enough to bring it down.

use std::sync::Arc;
use std::time::Duration;

use maelstrom_node::{Context, NodeId, RpcError};
use rand::RngExt;
use tokio::sync::Semaphore;
use tracing::debug;

use crate::message::{Request, Response};

/// The timeout of the first attempt, and of the last ones.
const FIRST_TIMEOUT: Duration = Duration::from_millis(100);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(1);

/// How many calls may be under way.
const WORKERS: usize = 64;

/// The workers of a [`Flood`](crate::Flood) that makes a bounded number of calls
/// at once.
#[derive(Clone, Debug)]
pub struct Pool(Arc<Semaphore>);

impl Default for Pool {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(WORKERS)))
    }
}

impl Pool {
    /// Tells a neighbour until it acknowledges.
    pub(crate) async fn tell(&self, ctx: &Context, neighbour: &NodeId, request: &Request) {
        let mut rng = ctx.rng();
        let mut timeout = FIRST_TIMEOUT;
        loop {
            // The semaphore is never closed.
            let Ok(worker) = self.0.acquire().await else {
                return;
            };
            let answer: Result<Response, RpcError> = ctx.rpc(neighbour, request, timeout).await;
            drop(worker);
            match answer {
                Ok(_) => return,
                Err(error) => debug!(%neighbour, %error, "to be tried again"),
            }
            // Meanwhile others may use the worker.
            tokio::time::sleep(timeout.mul_f64(rng.random_range(0.0..1.0))).await;
            timeout = LONGEST_TIMEOUT.min(timeout * 2);
        }
    }
}
