//! Broadcast: the writes of each transaction to every peer, until it has them.
//!
//! A transaction runs on what its node knows, and is answered at once. Its
//! writes travel in one message to each peer, are taken in at once there, and
//! are repeated until acknowledged. Messages overtake each other, above all
//! repeated ones: a peer may see a transaction without one that it built on.
//!
//! What was acknowledged is not told again. So a node that starts asks its peers
//! for all that they have, for it may have lived before, and have forgotten it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crdt::Join;
use maelstrom_node::{Context, NodeId, Result, Retry, RpcError};

use crate::message::{Map, Request, Response, foreign};
use crate::registers::Registers;

/// How a peer is told until it acknowledges.
const RETRY: Retry = Retry::new()
    .first_wait(Duration::from_millis(500))
    .longest_wait(Duration::from_secs(2));

/// How long a node that starts is silent. Maelstrom may not have registered its
/// peers before, and hears nothing more from a node that spoke to a stranger.
const QUIET: Duration = Duration::from_millis(100);

/// A node that tells its peers of each transaction.
#[derive(Clone, Debug)]
pub struct Broadcast(Arc<Mutex<Registers>>);

impl Broadcast {
    /// A node that knows of no write.
    pub fn new(ctx: &Context) -> Self {
        let life = ctx.wall_clock().as_micros();
        let writer = NodeId::new(format!("{}/{life}", ctx.id()));
        let node = Self(Arc::new(Mutex::new(Registers::new(writer))));
        for peer in ctx.peers() {
            let (node, task, peer) = (node.clone(), ctx.clone(), peer.clone());
            ctx.spawn(async move {
                tokio::time::sleep(QUIET).await;
                let answer = task.rpc_retried(&peer, &Request::Registers, RETRY).await;
                if let Ok(Response::RegistersOk { writes }) = answer {
                    node.lock().merge(&writes);
                }
            });
        }
        node
    }

    pub(crate) fn handle(&self, ctx: &Context, request: Request) -> Result<Response> {
        match request {
            Request::Txn { mut txn } => {
                let writes = self.lock().execute(&mut txn);
                if !writes.is_bottom() {
                    tell(ctx, &writes);
                }
                Ok(Response::TxnOk { txn })
            }
            _ if ctx.sender().is_client() => Err(foreign()),
            Request::Writes { writes } => {
                self.lock().merge(&writes);
                Ok(Response::WritesOk)
            }
            Request::Registers => {
                let writes = self.lock().map().clone();
                Ok(Response::RegistersOk { writes })
            }
            Request::Deltas { .. } => Err(foreign()),
        }
    }

    /// Registers are whole whatever happened while they were locked.
    fn lock(&self) -> MutexGuard<'_, Registers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells every peer in the background.
fn tell(ctx: &Context, writes: &Map) {
    for peer in ctx.peers() {
        let (told, peer, writes) = (ctx.clone(), peer.clone(), writes.clone());
        ctx.spawn(async move {
            let request = Request::Writes { writes };
            // It ends with an acknowledgement, or with the node.
            let _: std::result::Result<Response, RpcError> =
                told.rpc_retried(&peer, &request, RETRY).await;
        });
    }
}
