//! Flood: pass a value on to every neighbour, and insist.
//!
//! A node that hears of a value for the first time tells each neighbour but the
//! one that it heard it from, and repeats itself until the neighbour has
//! acknowledged. As long as the graph of neighbours is connected and every
//! partition heals, each value reaches each node: none is ever given up.
//!
//! The price is a message and an acknowledgement for every edge of the graph.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use maelstrom_node::proto::broadcast::{Request, Response};
use maelstrom_node::{Context, Node, NodeId, Result, Retry, RpcError};
use tracing::{debug, warn};

/// How a neighbour is told until it acknowledges. The first wait is longer
/// than a round trip of the official settings (200 ms), or everything would be
/// said twice.
const RETRY: Retry = Retry::new()
    .first_wait(Duration::from_millis(500))
    .longest_wait(Duration::from_secs(2));

/// A broadcast node that floods its neighbours.
#[derive(Debug)]
pub struct Flood {
    state: Mutex<State>,
}

/// What a node knows: the values, and whom to tell.
#[derive(Debug)]
struct State {
    neighbours: Vec<NodeId>,
    /// In order of arrival, as they are read.
    values: Vec<u64>,
    known: HashSet<u64>,
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
    pub fn new(ctx: &Context) -> Self {
        Self {
            state: Mutex::new(State {
                neighbours: ctx.peers().cloned().collect(),
                values: Vec::new(),
                known: HashSet::new(),
            }),
        }
    }

    /// Tells a neighbour in the background.
    fn tell(ctx: &Context, neighbour: NodeId, value: u64) {
        let told = ctx.clone();
        ctx.spawn(async move {
            let request = Request::Broadcast { message: value };
            let answer: std::result::Result<Response, RpcError> =
                told.rpc_retried(&neighbour, &request, RETRY).await;
            match answer {
                Ok(_) => debug!(%neighbour, value, "acknowledged"),
                Err(error) => warn!(%neighbour, value, %error, "not acknowledged"),
            }
        });
    }

    /// A panic elsewhere leaves the state whole: it is only ever appended to.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Node for Flood {
    type Request = Request;
    type Response = Response;

    async fn handle(&self, ctx: Context, request: Request) -> Result<Response> {
        match request {
            Request::Topology { mut topology } => {
                self.lock().neighbours = topology.remove(ctx.id()).unwrap_or_default();
                Ok(Response::TopologyOk)
            }
            Request::Broadcast { message } => {
                let to_tell = self.lock().learn(message, ctx.sender());
                for neighbour in to_tell {
                    Self::tell(&ctx, neighbour, message);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn state(neighbours: &[&str]) -> State {
        State {
            neighbours: neighbours.iter().map(|id| NodeId::from(*id)).collect(),
            values: Vec::new(),
            known: HashSet::new(),
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
