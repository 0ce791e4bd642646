//! `kafka`: logs that are appended to and polled. After `workload/kafka.clj`
//! and `jepsen.tests.kafka`.

mod finale;
mod generator;
mod progress;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use maelstrom_check::{OpType, Value};
use maelstrom_proto::NodeId;
use maelstrom_proto::kafka::Request;
use serde_json::Value as Json;

use super::{Operations, Workload};
use crate::client::{Client, ClientError, Completion, Invocation, TIMEOUT};
use crate::schema::{Form, Shape};
use crate::settings::Settings;
use generator::Mix;

pub(super) fn workload(settings: &Settings) -> Workload {
    let threads = settings.concurrency.threads(settings.nodes.len());
    (
        Box::new(Mix::new(settings, threads)),
        Arc::new(Kafka::default()),
    )
}

/// The names of the operations' fields that only some have.
const REWIND: &str = "seek-to-beginning?";

/// The offset that a client wants next of each log that it is assigned.
type Positions = BTreeMap<String, i64>;

#[derive(Default)]
struct Kafka {
    /// Of each client; nobody walks through it.
    clients: Mutex<HashMap<NodeId, Positions>>,
}

const SEND_OK: Form = Form::new("send_ok", &[("offset", Shape::Integer)]);
const POLL_OK: Form = Form::new("poll_ok", &[("msgs", Shape::Object(&Shape::List(&ENTRY)))]);
const ENTRY: Shape = Shape::Tuple(&[Shape::Integer, Shape::Any]);
const COMMIT_OK: Form = Form::plain("commit_offsets_ok");
const LIST_OK: Form = Form::new(
    "list_committed_offsets_ok",
    &[("offsets", Shape::Object(&Shape::Integer))],
);

#[async_trait]
impl Operations for Kafka {
    async fn invoke(&self, client: &Client, invocation: &Invocation) -> Completion {
        let result = match invocation.f {
            "crash" => {
                return Completion {
                    kind: OpType::Info,
                    ..Completion::ok(Value::Nil)
                };
            }
            "assign" => self.assign(client, invocation).await,
            "send" => send(client, &invocation.value).await,
            _ => self.poll(client).await,
        };
        match result {
            Ok(value) => Completion::ok(value),
            Err(error) => Completion::of_error(invocation, error, invocation.f == "assign"),
        }
    }
}

impl Kafka {
    /// Looks at a client's positions, or changes them.
    fn positions<T>(&self, client: &Client, with: impl FnOnce(&mut Positions) -> T) -> T {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        with(clients.entry(client.id().clone()).or_default())
    }

    /// From now on the client polls these logs: from the beginning, or from
    /// where it was with each.
    ///
    /// It asks for the offsets committed, as Maelstrom's does, and has no use
    /// for them, as Maelstrom's looks them up in the wrong place: a log that is
    /// new to the client is polled from 0.
    async fn assign(&self, client: &Client, invocation: &Invocation) -> Result<Value, ClientError> {
        let keys: Vec<String> = names(&invocation.value);
        let rewind = invocation.extra.iter().any(|(name, _)| *name == REWIND);
        if !rewind {
            let request = Request::<Json>::ListCommittedOffsets { keys: keys.clone() };
            client.rpc(&request, &LIST_OK, TIMEOUT).await?;
        }
        self.positions(client, |positions| {
            let known = |key: &String| positions.get(key).filter(|_| !rewind);
            let start = |key: String| (known(&key).copied().unwrap_or(0), key);
            let assigned = keys.into_iter().map(start);
            *positions = assigned.map(|(offset, key)| (key, offset)).collect();
        });
        Ok(invocation.value.clone())
    }

    /// Polls all logs assigned, and commits what came.
    async fn poll(&self, client: &Client) -> Result<Value, ClientError> {
        let wanted = self.positions(client, |positions| offsets(positions));
        let request = Request::<Json>::Poll { offsets: wanted };
        let reply = client.rpc(&request, &POLL_OK, TIMEOUT).await?;
        let msgs = reply.get("msgs").cloned().unwrap_or_default();
        let highest = msgs.entries().iter().map(|(key, entries)| {
            let offsets = entries.items().iter().map(offset);
            (key.name().unwrap_or_default(), offsets.max())
        });
        let highest: Vec<(&str, Option<i64>)> = highest.collect();
        self.positions(client, |positions| {
            for (key, highest) in &highest {
                let next = highest.map_or(0, |offset| offset.max(-1).saturating_add(1));
                let position = positions.entry((*key).to_owned()).or_insert(next);
                *position = next.max(*position);
            }
        });
        let polled = highest
            .iter()
            .filter_map(|(key, offset)| Some(((*key).to_owned(), (*offset)?.max(0))));
        let polled: Positions = polled.collect();
        if !polled.is_empty() {
            let offsets = offsets(&polled);
            let request = Request::<Json>::CommitOffsets { offsets };
            client.rpc(&request, &COMMIT_OK, TIMEOUT).await?;
        }
        let step = [Value::keyword("poll"), msgs];
        Ok(Value::vector([Value::vector(step)]))
    }
}

/// The offset of an entry of a log, as far as 64 bits go.
fn offset(entry: &Value) -> i64 {
    let offset = entry.items().first().and_then(Value::as_int);
    offset.unwrap_or(i64::MAX)
}

async fn send(client: &Client, steps: &Value) -> Result<Value, ClientError> {
    let [step] = steps.items() else {
        unreachable!("the generator sends one message at a time");
    };
    let [f, key, message] = step.items() else {
        unreachable!("the generator makes steps of three");
    };
    let request = Request::Send {
        key: key.name().unwrap_or_default().to_owned(),
        msg: message.to_json(),
    };
    let reply = client.rpc(&request, &SEND_OK, TIMEOUT).await?;
    let offset = reply.get("offset").cloned().unwrap_or_default();
    let place = Value::vector([offset, message.clone()]);
    let step = [f.clone(), key.clone(), place];
    Ok(Value::vector([Value::vector(step)]))
}

/// The names of logs in an assignment.
fn names(value: &Value) -> Vec<String> {
    let names = value.items().iter().filter_map(Value::name);
    names.map(str::to_owned).collect()
}

/// Offsets as they travel.
fn offsets(positions: &Positions) -> BTreeMap<String, u64> {
    let offset = |(key, offset): (&String, &i64)| {
        let offset = u64::try_from(*offset).unwrap_or_default();
        (key.clone(), offset)
    };
    positions.iter().map(offset).collect()
}
