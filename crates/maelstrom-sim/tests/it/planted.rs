//! Nodes with a bug each, of a kind that people write.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use maelstrom_node::proto::{broadcast, counter, kafka, kv, txn, unique_ids};
use maelstrom_node::{Context, Error, ErrorCode, Node, Retry, RpcError, handler};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::time::sleep;

/// Tells everybody once what a client told it. What a partition swallows is
/// never said again.
pub(crate) fn broadcast_without_retry(_: Context) -> impl Node {
    use broadcast::{Request, Response};
    let values = Mutex::new(Vec::new());
    handler(move |ctx: Context, request: Request| {
        let mut values = values.lock().unwrap();
        let response = match request {
            Request::Topology { .. } => Response::TopologyOk,
            Request::Read => Response::ReadOk {
                messages: values.clone(),
            },
            Request::Broadcast { message } => {
                if !values.contains(&message) {
                    values.push(message);
                }
                if ctx.sender().is_client() {
                    for peer in ctx.peers() {
                        ctx.send(peer, &Request::Broadcast { message });
                    }
                }
                Response::BroadcastOk
            }
        };
        async { Ok(response) }
    })
}

/// Tells all peers of each add until they acknowledge, and forgets that a
/// request whose acknowledgement was lost has been counted already.
pub(crate) fn counter_that_counts_twice(_: Context) -> impl Node {
    use counter::{Request, Response};
    let sum = Mutex::new(0);
    handler(move |ctx: Context, request: Request| {
        let mut sum = sum.lock().unwrap();
        let response = match request {
            Request::Read => Response::ReadOk { value: *sum },
            Request::Add { delta } => {
                *sum += delta;
                if ctx.sender().is_client() {
                    for peer in ctx.peers().cloned().collect::<Vec<_>>() {
                        let told = ctx.clone();
                        ctx.spawn(async move {
                            let request = Request::Add { delta };
                            let _: Result<Response, RpcError> =
                                told.rpc_retried(&peer, &request, Retry::default()).await;
                        });
                    }
                }
                Response::AddOk
            }
        };
        async move { Ok(response) }
    })
}

/// A log on one node, which looks up the next offset, does something else, and
/// then takes it.
pub(crate) fn kafka_that_reuses_offsets(_: Context) -> impl Node {
    use kafka::{Request, Response};
    type Logs = BTreeMap<String, BTreeMap<u64, Json>>;
    let logs: Arc<Mutex<Logs>> = Arc::default();
    handler(move |_: Context, request: Request| {
        let logs = logs.clone();
        async move {
            Ok(match request {
                Request::Send { key, msg } => {
                    let next = || logs.lock().unwrap().get(&key).map_or(0, BTreeMap::len);
                    let offset = next() as u64;
                    sleep(Duration::from_millis(2)).await;
                    let mut logs = logs.lock().unwrap();
                    logs.entry(key).or_default().insert(offset, msg);
                    Response::SendOk { offset }
                }
                Request::Poll { offsets } => {
                    let logs = logs.lock().unwrap();
                    let from = |(key, from): (String, u64)| {
                        let log = logs.get(&key)?.range(from..);
                        let log = log.map(|(offset, msg)| (*offset, msg.clone()));
                        Some((key, log.collect()))
                    };
                    let msgs = offsets.into_iter().filter_map(from).collect();
                    Response::PollOk { msgs }
                }
                Request::CommitOffsets { .. } => Response::CommitOffsetsOk,
                Request::ListCommittedOffsets { .. } => Response::ListCommittedOffsetsOk {
                    offsets: BTreeMap::new(),
                },
            })
        }
    })
}

/// Carries out transactions one step after the other, with other transactions'
/// steps in between.
pub(crate) fn txn_without_isolation(_: Context) -> impl Node {
    use txn::{List, Request, Response};
    let lists: Arc<Mutex<BTreeMap<u64, Vec<u64>>>> = Arc::default();
    handler(move |_: Context, Request::Txn { mut txn }: Request<List>| {
        let lists = lists.clone();
        async move {
            for step in &mut txn {
                match step {
                    List::Read(key, list) => *list = lists.lock().unwrap().get(key).cloned(),
                    List::Append(key, value) => {
                        lists.lock().unwrap().entry(*key).or_default().push(*value);
                    }
                }
                sleep(Duration::from_millis(3)).await;
            }
            Ok(Response::TxnOk { txn })
        }
    })
}

/// What a node of [`registers_that_lag`] is asked for: by clients, and `Copy`
/// by the other nodes.
#[derive(Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Register {
    Copy { key: Json, value: Json },
    Read { key: Json },
    Write { key: Json, value: Json },
    Cas { key: Json, from: Json, to: Json },
}

/// A register for each key, which tells the other nodes of a write after it was
/// acknowledged. Reads are answered from what the node knows.
pub(crate) fn registers_that_lag(_: Context) -> impl Node {
    use kv::Response;
    let registers: Mutex<BTreeMap<String, Json>> = Mutex::default();
    handler(move |ctx: Context, request: Register| {
        let mut registers = registers.lock().unwrap();
        let mut set = |key: Json, value: Json| {
            registers.insert(key.to_string(), value.clone());
            let copy = Register::Copy { key, value };
            if ctx.sender().is_client() {
                ctx.peers().for_each(|peer| ctx.send(peer, &copy));
            }
        };
        let absent = || Error::new(ErrorCode::KeyDoesNotExist, "never written");
        let response = match request {
            Register::Copy { key, value } => {
                set(key, value);
                Ok(Response::WriteOk)
            }
            Register::Write { key, value } => {
                set(key, value);
                Ok(Response::WriteOk)
            }
            Register::Read { key } => {
                let value = registers.get(&key.to_string()).cloned();
                value
                    .map(|value| Response::ReadOk { value })
                    .ok_or_else(absent)
            }
            Register::Cas { key, from, to } => match registers.get(&key.to_string()) {
                None => Err(absent()),
                Some(value) if *value != from => {
                    Err(Error::new(ErrorCode::PreconditionFailed, "another value"))
                }
                Some(_) => {
                    registers.insert(key.to_string(), to);
                    Ok(Response::CasOk)
                }
            },
        };
        async { response }
    })
}

/// Counts up from 1 for each life of each node, and forgets that there were
/// lives before.
pub(crate) fn ids_that_forget(ctx: Context) -> impl Node {
    use unique_ids::{Request, Response};
    let last = Mutex::new(0);
    let node = ctx.id().clone();
    handler(move |_: Context, Request::Generate| {
        let mut last = last.lock().unwrap();
        *last += 1;
        let id = format!("{node}-{last}").into();
        async { Ok(Response::GenerateOk { id }) }
    })
}

/// Answers echoes, and now and then tells a node that does not exist.
pub(crate) fn echo_to_nobody(_: Context) -> impl Node {
    use maelstrom_node::proto::echo::{Request, Response};
    let count = Mutex::new(0);
    handler(move |ctx: Context, Request::Echo { echo }| {
        let mut count = count.lock().unwrap();
        *count += 1;
        if *count % 3 == 0 {
            ctx.send(&"n99".into(), &Request::Echo { echo: echo.clone() });
        }
        async { Ok(Response::EchoOk { echo }) }
    })
}

/// Tells all peers everything twice a second for ever.
pub(crate) fn broadcast_that_babbles(ctx: Context) -> impl Node {
    use broadcast::{Request, Response};
    let values: Arc<Mutex<Vec<u64>>> = Arc::default();
    let (told, beat) = (values.clone(), ctx.clone());
    ctx.every(Duration::from_millis(500), move || {
        for message in told.lock().unwrap().iter().copied() {
            let say = |peer| beat.send(peer, &Request::Broadcast { message });
            beat.peers().for_each(say);
        }
        async {}
    });
    handler(move |_: Context, request: Request| {
        let mut values = values.lock().unwrap();
        let response = match request {
            Request::Topology { .. } => Response::TopologyOk,
            Request::Read => Response::ReadOk {
                messages: values.clone(),
            },
            Request::Broadcast { message } => {
                if !values.contains(&message) {
                    values.push(message);
                }
                Response::BroadcastOk
            }
        };
        async move { Ok(response) }
    })
}
