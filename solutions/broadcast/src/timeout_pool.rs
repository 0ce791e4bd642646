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

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use maelstrom_node::proto::broadcast::{Request, Response};
use maelstrom_node::{Context, Node, NodeId, Result, RpcError};
use rand::RngExt;
use tokio::sync::Semaphore;
use tracing::debug;

/// The timeout of the first attempt, and of the last ones.
const FIRST_TIMEOUT: Duration = Duration::from_millis(100);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(1);

/// How many calls may be under way.
const WORKERS: usize = 64;

/// A broadcast node that makes a bounded number of calls at once.
#[derive(Debug)]
pub struct TimeoutPool {
    state: Mutex<State>,
    workers: Arc<Semaphore>,
}

#[derive(Debug)]
struct State {
    neighbours: Vec<NodeId>,
    values: Vec<u64>,
    known: HashSet<u64>,
}

impl TimeoutPool {
    /// A node that knows nothing yet. Until a topology comes, everybody is a
    /// neighbour.
    pub fn new(ctx: &Context) -> Self {
        Self {
            state: Mutex::new(State {
                neighbours: ctx.peers().cloned().collect(),
                values: Vec::new(),
                known: HashSet::new(),
            }),
            workers: Arc::new(Semaphore::new(WORKERS)),
        }
    }

    fn tell(&self, ctx: &Context, neighbour: NodeId, value: u64) {
        let workers = self.workers.clone();
        let task = ctx.clone();
        ctx.spawn(async move {
            let mut rng = task.rng();
            let mut timeout = FIRST_TIMEOUT;
            loop {
                // The semaphore is never closed.
                let Ok(worker) = workers.acquire().await else {
                    return;
                };
                let request = Request::Broadcast { message: value };
                let answer: std::result::Result<Response, RpcError> =
                    task.rpc(&neighbour, &request, timeout).await;
                drop(worker);
                match answer {
                    Ok(_) => return,
                    Err(error) => debug!(%neighbour, value, %error, "to be tried again"),
                }
                // Meanwhile others may use the worker.
                tokio::time::sleep(timeout.mul_f64(rng.random_range(0.0..1.0))).await;
                timeout = LONGEST_TIMEOUT.min(timeout * 2);
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Node for TimeoutPool {
    type Request = Request;
    type Response = Response;

    async fn handle(&self, ctx: Context, request: Request) -> Result<Response> {
        match request {
            Request::Topology { mut topology } => {
                self.lock().neighbours = topology.remove(ctx.id()).unwrap_or_default();
                Ok(Response::TopologyOk)
            }
            Request::Broadcast { message } => {
                let mut state = self.lock();
                if state.known.insert(message) {
                    state.values.push(message);
                    let others = state.neighbours.iter().filter(|id| *id != ctx.sender());
                    for neighbour in others {
                        self.tell(&ctx, neighbour.clone(), message);
                    }
                }
                Ok(Response::BroadcastOk)
            }
            Request::Read => {
                let messages = self.lock().values.clone();
                Ok(Response::ReadOk { messages })
            }
        }
    }
}
