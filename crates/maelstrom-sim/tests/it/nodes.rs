//! Small nodes, right and wrong, for every workload.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use maelstrom_node::proto::{counter, g_set, kafka, kv, txn};
use maelstrom_node::{Context, Error, ErrorCode, Node, NodeId, RpcError, handler};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// Whether a node does what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conduct {
    Right,
    Wrong,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum SetRequest {
    Add { element: u64 },
    Read,
    Merge { elements: Vec<u64> },
}

/// Keeps elements in order of arrival; tells all of them to all, if it is right.
pub(crate) fn set(conduct: Conduct, ctx: Context) -> impl Node {
    let elements = std::sync::Arc::new(Mutex::new(std::collections::BTreeSet::<u64>::new()));
    if conduct == Conduct::Right {
        let (beat, told) = (ctx.clone(), elements.clone());
        ctx.every(Duration::from_millis(500), move || {
            let elements: Vec<u64> = told.lock().unwrap().iter().copied().collect();
            for peer in beat.peers() {
                let elements = elements.clone();
                beat.send(peer, &SetRequest::Merge { elements });
            }
            async {}
        });
    }
    handler(move |_: Context, request: SetRequest| {
        let mut elements = elements.lock().unwrap();
        let response = match request {
            SetRequest::Add { element } => {
                elements.insert(element);
                g_set::Response::AddOk
            }
            SetRequest::Merge { elements: theirs } => {
                elements.extend(theirs);
                g_set::Response::AddOk
            }
            SetRequest::Read => g_set::Response::ReadOk {
                value: elements.iter().copied().collect(),
            },
        };
        async { Ok(response) }
    })
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum CounterRequest {
    Add {
        delta: i64,
    },
    Read,
    Merge {
        totals: BTreeMap<String, (u64, i64)>,
    },
}

/// A total for each node, told to all. A wrong one counts what it is told as
/// its own.
pub(crate) fn counter(conduct: Conduct, ctx: Context) -> impl Node {
    let totals = std::sync::Arc::new(Mutex::new(BTreeMap::<String, (u64, i64)>::new()));
    let (beat, told) = (ctx.clone(), totals.clone());
    ctx.every(Duration::from_millis(500), move || {
        let totals = told.lock().unwrap().clone();
        for peer in beat.peers() {
            let totals = totals.clone();
            beat.send(peer, &CounterRequest::Merge { totals });
        }
        async {}
    });
    handler(move |ctx: Context, request: CounterRequest| {
        let mut totals = totals.lock().unwrap();
        let own = ctx.id().to_string();
        let response = match request {
            CounterRequest::Add { delta } => {
                let (changes, total) = totals.entry(own).or_default();
                *changes += 1;
                *total += delta;
                counter::Response::AddOk
            }
            CounterRequest::Merge { totals: theirs } => {
                for (node, (changes, total)) in theirs {
                    let node = match conduct {
                        Conduct::Right => node,
                        Conduct::Wrong => own.clone(),
                    };
                    let known = totals.entry(node).or_default();
                    if known.0 < changes {
                        *known = (changes, total);
                    }
                }
                counter::Response::AddOk
            }
            CounterRequest::Read => counter::Response::ReadOk {
                value: totals.values().map(|(_, total)| total).sum(),
            },
        };
        async move { Ok(response) }
    })
}

/// Passes every request on to a service: `lin-kv` if it is right.
pub(crate) fn registers(conduct: Conduct, _: Context) -> impl Node {
    handler(move |ctx: Context, request: kv::Request| async move {
        let service = NodeId::new(match conduct {
            Conduct::Right => "lin-kv",
            Conduct::Wrong => "lww-kv",
        });
        let reply: Result<kv::Response, RpcError> =
            ctx.rpc(&service, &request, Duration::from_secs(1)).await;
        reply.map_err(refused)
    })
}

/// What a service refused, its client refuses.
fn refused(error: RpcError) -> Error {
    match error {
        RpcError::Remote { error, .. } => error,
        other => Error::new(ErrorCode::Timeout, other.to_string()),
    }
}

type Database = BTreeMap<String, Json>;

/// Keeps all objects in one value of `lin-kv`. A wrong one keeps its own.
pub(crate) fn transactions(conduct: Conduct, _: Context) -> impl Node {
    let own = std::sync::Arc::new(Mutex::new(Database::new()));
    handler(
        move |ctx: Context, request: txn::Request<(String, u64, Json)>| {
            let own = own.clone();
            async move {
                let txn::Request::Txn { mut txn } = request;
                if conduct == Conduct::Wrong {
                    apply(&mut own.lock().unwrap(), &mut txn);
                    return Ok(txn::Response::TxnOk { txn });
                }
                let service = NodeId::new("lin-kv");
                let patience = Duration::from_secs(1);
                let read = kv::Request::<&str, Json>::Read { key: "root" };
                let read: Result<kv::Response<Database>, RpcError> =
                    ctx.rpc(&service, &read, patience).await;
                let before = match read {
                    Ok(kv::Response::ReadOk { value }) => value,
                    Err(RpcError::Remote { error, .. })
                        if error.code == ErrorCode::KeyDoesNotExist =>
                    {
                        Database::new()
                    }
                    other => {
                        let text = format!("no state: {other:?}");
                        return Err(Error::new(ErrorCode::TxnConflict, text));
                    }
                };
                let mut after = before.clone();
                apply(&mut after, &mut txn);
                let request = kv::Request::Cas {
                    key: "root",
                    from: before,
                    to: after,
                    create_if_not_exists: true,
                };
                let swapped: Result<kv::Response, RpcError> =
                    ctx.rpc(&service, &request, patience).await;
                match swapped {
                    Ok(_) => Ok(txn::Response::TxnOk { txn }),
                    Err(RpcError::Remote { error, .. }) => {
                        Err(Error::new(ErrorCode::TxnConflict, error.text))
                    }
                    Err(error) => Err(refused(error)),
                }
            }
        },
    )
}

fn apply(database: &mut Database, txn: &mut [(String, u64, Json)]) {
    for (f, key, value) in txn {
        let held = database.entry(key.to_string()).or_default();
        match f.as_str() {
            "r" => value.clone_from(held),
            "w" => held.clone_from(value),
            _ => match held {
                Json::Array(list) => list.push(value.clone()),
                held => *held = json!([value]),
            },
        }
    }
}

#[derive(Default)]
struct Logs {
    logs: BTreeMap<String, Vec<Json>>,
    committed: BTreeMap<String, u64>,
}

impl Logs {
    fn answer(&mut self, conduct: Conduct, request: kafka::Request) -> kafka::Response {
        match request {
            kafka::Request::Send { key, msg } => {
                let log = self.logs.entry(key).or_default();
                let offset = log.len() as u64;
                // Every now and then a wrong one loses a message.
                let lost = conduct == Conduct::Wrong && offset % 7 == 3;
                log.push(if lost { Json::Null } else { msg });
                kafka::Response::SendOk { offset }
            }
            kafka::Request::Poll { offsets } => {
                let msgs = offsets.into_iter().map(|(key, from)| {
                    let log = self.logs.get(&key).into_iter().flatten().enumerate();
                    let news = log
                        .filter(|(offset, msg)| *offset as u64 >= from && !msg.is_null())
                        .map(|(offset, msg)| (offset as u64, msg.clone()));
                    (key, news.collect())
                });
                kafka::Response::PollOk {
                    msgs: msgs.collect(),
                }
            }
            kafka::Request::CommitOffsets { offsets } => {
                self.committed.extend(offsets);
                kafka::Response::CommitOffsetsOk
            }
            kafka::Request::ListCommittedOffsets { keys } => {
                let known = |key: String| Some((key.clone(), *self.committed.get(&key)?));
                kafka::Response::ListCommittedOffsetsOk {
                    offsets: keys.into_iter().filter_map(known).collect(),
                }
            }
        }
    }
}

/// The first node keeps all logs, and the others ask it.
pub(crate) fn logs(conduct: Conduct, _: Context) -> impl Node {
    let logs = std::sync::Arc::new(Mutex::new(Logs::default()));
    handler(move |ctx: Context, request: kafka::Request| {
        let logs = logs.clone();
        async move {
            let leader = &ctx.node_ids()[0];
            if leader == ctx.id() {
                return Ok(logs.lock().unwrap().answer(conduct, request));
            }
            let reply: Result<kafka::Response, RpcError> =
                ctx.rpc(leader, &request, Duration::from_secs(2)).await;
            reply.map_err(refused)
        }
    })
}
