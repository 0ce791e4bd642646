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
use crate::client::{Client, ClientError, Completion, Invocation, TIMEOUT, reply};
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

reply!(SendReply::SendOk { offset: i64 });
reply!(PollReply::PollOk { msgs: BTreeMap<String, Vec<(i64, Json)>> });
reply!(CommitReply::CommitOffsetsOk {});
reply!(ListReply::ListCommittedOffsetsOk { offsets: BTreeMap<String, i64> });

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
            let ListReply::ListCommittedOffsetsOk { .. } = client.rpc(&request, TIMEOUT).await?;
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
        let PollReply::PollOk { msgs, .. } = client.rpc(&request, TIMEOUT).await?;
        let highest = msgs.iter().map(|(key, pairs)| {
            let offsets = pairs.iter().map(|(offset, _)| *offset);
            (key, offsets.max())
        });
        let highest: Vec<(&String, Option<i64>)> = highest.collect();
        self.positions(client, |positions| {
            for (key, highest) in &highest {
                let next = highest.map_or(0, |offset| offset.max(-1) + 1);
                let position = positions.entry((*key).clone()).or_insert(next);
                *position = next.max(*position);
            }
        });
        let polled = highest
            .into_iter()
            .filter_map(|(key, offset)| Some((key.clone(), offset?.max(0))));
        let polled: Positions = polled.collect();
        if !polled.is_empty() {
            let offsets = offsets(&polled);
            let request = Request::<Json>::CommitOffsets { offsets };
            let CommitReply::CommitOffsetsOk { .. } = client.rpc(&request, TIMEOUT).await?;
        }
        let msgs = msgs.into_iter().map(|(key, pairs)| {
            let pair =
                |(offset, message)| Value::vector([Value::from(offset), Value::from(message)]);
            let pairs = pairs.into_iter().map(|(o, m): (i64, Json)| pair((o, m)));
            (Value::from(key), Value::vector(pairs))
        });
        let step = [Value::keyword("poll"), Value::map(msgs)];
        Ok(Value::vector([Value::vector(step)]))
    }
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
    let SendReply::SendOk { offset, .. } = client.rpc(&request, TIMEOUT).await?;
    let place = Value::vector([Value::from(offset), message.clone()]);
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
