//! Flood: pass a value on to every neighbour, and insist.
//!
//! A node that hears of a value for the first time tells each neighbour but the
//! one that it heard it from, and repeats itself until the neighbour has
//! acknowledged. As long as the graph of neighbours is connected and every
//! partition heals, each value reaches each node: none is ever given up.
//!
//! A neighbour that has acknowledged a value is not told it again, even if it
//! was killed since and has forgotten. So a node that starts asks its neighbours
//! for all that they know, for it may have lived before.
//!
//! The price is a message and an acknowledgement for every edge of the graph.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use maelstrom_node::{Context, NodeId, Result, Retry, RpcError};
use rustc_hash::FxHashSet;
use tracing::warn;

use crate::Pool;
use crate::message::{Request, Response};
use crate::spread::foreign;

/// How a neighbour is told until it acknowledges. The first wait is longer
/// than a round trip of the official settings (200 ms), or everything would be
/// said twice.
const RETRY: Retry = Retry::new()
    .first_wait(Duration::from_millis(500))
    .longest_wait(Duration::from_secs(2));

/// How long a node that starts waits for a topology before it asks its
/// neighbours: all nodes are neighbours without one, and that is many to ask.
const GRACE: Duration = Duration::from_secs(1);

/// A broadcast node that floods its neighbours.
#[derive(Clone, Debug)]
pub struct Flood {
    state: Arc<Mutex<State>>,
    /// Bounds the calls under way; none calls everybody at once.
    pool: Option<Pool>,
}

/// What a node knows: the values, and whom to tell.
#[derive(Debug)]
struct State {
    neighbours: Vec<NodeId>,
    /// In order of arrival, as they are read.
    values: Vec<u64>,
    known: FxHashSet<u64>,
}

impl State {
    /// Takes a value in, and says who must be told of it: nobody if it is known
    /// already, and never the one that it came from.
    fn learn(&mut self, value: u64, from: &NodeId) -> Vec<NodeId> {
        if !self.known.insert(value) {
            return Vec::new();
        }
        self.values.push(value);
        self.neighbours
            .iter()
            .filter(|id| *id != from)
            .cloned()
            .collect()
    }
}

impl Flood {
    /// A node that knows nothing yet. Until a topology comes, everybody is a
    /// neighbour.
    pub fn new(ctx: &Context, pool: Option<Pool>) -> Self {
        let flood = Self {
            state: Arc::new(Mutex::new(State {
                neighbours: ctx.peers().cloned().collect(),
                values: Vec::new(),
                known: FxHashSet::default(),
            })),
            pool,
        };
        let (starting, task) = (flood.clone(), ctx.clone());
        ctx.spawn(async move {
            tokio::time::sleep(GRACE).await;
            let neighbours = starting.lock().neighbours.clone();
            for neighbour in neighbours {
                let (asking, ctx) = (starting.clone(), task.clone());
                task.spawn(async move { asking.ask(&ctx, &neighbour).await });
            }
        });
        flood
    }

    pub(crate) fn handle(&self, ctx: &Context, request: Request) -> Result<Response> {
        match request {
            Request::Topology { mut topology } => {
                self.lock().neighbours = topology.remove(ctx.id()).unwrap_or_default();
                Ok(Response::TopologyOk)
            }
            Request::Broadcast { message } => {
                self.learn(ctx, message, ctx.sender());
                Ok(Response::BroadcastOk)
            }
            Request::Read => {
                let messages = self.lock().values.clone();
                Ok(Response::ReadOk { messages })
            }
            _ => Err(foreign()),
        }
    }

    /// Takes a value in, and passes it on if it is new.
    fn learn(&self, ctx: &Context, value: u64, from: &NodeId) {
        let to_tell = self.lock().learn(value, from);
        for neighbour in to_tell {
            let (told, pool) = (ctx.clone(), self.pool.clone());
            ctx.spawn(async move {
                let request = Request::Broadcast { message: value };
                match pool {
                    None => insist(&told, &neighbour, &request).await,
                    Some(pool) => pool.tell(&told, &neighbour, &request).await,
                }
            });
        }
    }

    /// Takes in all that a neighbour knows.
    async fn ask(&self, ctx: &Context, neighbour: &NodeId) {
        let answer = ctx.rpc_retried(neighbour, &Request::Read, RETRY).await;
        if let Ok(Response::ReadOk { messages }) = answer {
            for value in messages {
                self.learn(ctx, value, neighbour);
            }
        }
    }

    /// A panic elsewhere leaves the state whole: it is only ever appended to.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells a neighbour until it acknowledges.
async fn insist(ctx: &Context, neighbour: &NodeId, request: &Request) {
    let answer: std::result::Result<Response, RpcError> =
        ctx.rpc_retried(neighbour, request, RETRY).await;
    if let Err(error) = answer {
        warn!(%neighbour, %error, "not acknowledged");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(neighbours: &[&str]) -> State {
        State {
            neighbours: neighbours.iter().map(|id| NodeId::from(*id)).collect(),
            values: Vec::new(),
            known: FxHashSet::default(),
        }
    }

    #[test]
    fn a_new_value_goes_to_all_but_its_sender() {
        let mut state = state(&["n1", "n2", "n3"]);
        assert_eq!(state.learn(7, &"n2".into()), ["n1", "n3"]);
        assert_eq!(state.learn(8, &"c4".into()), ["n1", "n2", "n3"]);
        assert_eq!(state.values, [7, 8]);
    }

    #[test]
    fn a_known_value_goes_nowhere() {
        let mut state = state(&["n1", "n2"]);
        state.learn(7, &"n1".into());
        assert!(state.learn(7, &"n2".into()).is_empty());
        assert_eq!(state.values, [7]);
    }
}
