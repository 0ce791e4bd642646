//! Maelstrom's services in memory, misbehaving as theirs do.

use std::collections::BTreeMap;

use maelstrom_node::proto::kv::{Request, Response};
use maelstrom_node::proto::{Body, Error, ErrorCode, NodeId, tso};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

/// The keys and values of one state. Keys are compared as JSON text.
type State = BTreeMap<String, Value>;

/// How many states Maelstrom's `seq-kv` keeps, in a ring.
const RING: usize = 32;

/// How `seq-kv` picks among the states that a node may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    /// At random, as Maelstrom does: a node that is further behind than the
    /// ring is long is shown whatever stands in its place by now, so that
    /// values may even go backwards.
    Random,
    /// Always the oldest: as bad as sequential consistency allows.
    Oldest,
}

/// The four services.
pub(crate) struct Services {
    lin: State,
    states: Vec<State>,
    /// The newest state that each node has seen.
    seen: BTreeMap<NodeId, usize>,
    lww: [State; 2],
    next_ts: u64,
    pub(crate) age: Age,
    rng: ChaCha8Rng,
}

impl Services {
    pub(crate) fn new(seed: u64, age: Age) -> Self {
        Self {
            lin: State::new(),
            states: vec![State::new()],
            seen: BTreeMap::new(),
            lww: [State::new(), State::new()],
            next_ts: 0,
            age,
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Carries out a request, and returns the answer if the service has one.
    pub(crate) fn answer(
        &mut self,
        service: &str,
        client: &NodeId,
        request: &Body,
    ) -> Option<Body> {
        let msg_id = request.header().unwrap().msg_id.unwrap();
        if service == "lin-tso" {
            let tso::Request::Ts = request.decode().ok()?;
            self.next_ts += 1;
            let ts = self.next_ts - 1;
            return Some(Body::reply(&tso::Response::TsOk { ts }, msg_id).unwrap());
        }
        let request: Request = request.decode().ok()?;
        let result = match service {
            "lin-kv" => apply(&mut self.lin, &request),
            "seq-kv" => self.sequential(client, &request),
            "lww-kv" => {
                let replica = self.rng.random_range(0..2);
                apply(&mut self.lww[replica], &without_creation(request))
            }
            _ => return None,
        };
        let reply = match result {
            Ok(response) => Body::reply(&response, msg_id),
            Err(error) => Body::reply(&error, msg_id),
        };
        Some(reply.unwrap())
    }

    /// A request is tried on a state that the client may be shown; if it would
    /// change that state it goes to the newest one instead.
    fn sequential(&mut self, client: &NodeId, request: &Request) -> Result<Response, Error> {
        let newest = self.states.len() - 1;
        let seen = self.seen.get(client).copied().unwrap_or(0);
        let index = match self.age {
            Age::Random => self.rng.random_range(seen..=newest),
            Age::Oldest => seen,
        };
        let shown = match self.age {
            Age::Random => newest - (newest - index) % RING,
            Age::Oldest => index,
        };
        let mut tried = self.states[shown].clone();
        let result = apply(&mut tried, request);
        if tried == self.states[shown] {
            self.seen.insert(client.clone(), index);
            return result;
        }
        let mut next = self.states[newest].clone();
        let result = apply(&mut next, request);
        self.states.push(next);
        self.seen.insert(client.clone(), newest + 1);
        result
    }
}

fn without_creation(request: Request) -> Request {
    match request {
        Request::Cas { key, from, to, .. } => Request::Cas {
            key,
            from,
            to,
            create_if_not_exists: false,
        },
        other => other,
    }
}

fn apply(state: &mut State, request: &Request) -> Result<Response, Error> {
    let missing = || Error::new(ErrorCode::KeyDoesNotExist, "key does not exist");
    match request {
        Request::Read { key } => {
            let value = state.get(&key.to_string()).cloned().ok_or_else(missing)?;
            Ok(Response::ReadOk { value })
        }
        Request::Write { key, value } => {
            state.insert(key.to_string(), value.clone());
            Ok(Response::WriteOk)
        }
        Request::Cas {
            key,
            from,
            to,
            create_if_not_exists,
        } => {
            match state.get(&key.to_string()) {
                None if !create_if_not_exists => return Err(missing()),
                Some(value) if value != from => {
                    let text = format!("current value {value} is not {from}");
                    return Err(Error::new(ErrorCode::PreconditionFailed, text));
                }
                _ => {}
            }
            state.insert(key.to_string(), to.clone());
            Ok(Response::CasOk)
        }
    }
}
