//! Nodes that are wrong on purpose: a run has to find them out.

use std::sync::atomic::{AtomicI64, Ordering};

use counter::Request as NodeRequest;
use maelstrom_kv::SeqKv;
use maelstrom_node::proto::counter::{Request, Response};
use maelstrom_node::{Context, Node, handler};
use maelstrom_sim::{Fault, InProcess, Outcome, Run, Verdict};

use crate::measure::official;

fn run<N: Node>(make: impl Fn(Context) -> N + Clone + Send + Sync + 'static) -> Vec<Outcome> {
    // Many partitions, so that many an acknowledgement is lost on its way.
    let settings = official().nemesis(Fault::Partition).nemesis_interval(1.0);
    let run = |seed| Run::new(settings.clone(), seed, InProcess::new(make.clone())).execute();
    (0..10).map(run).collect()
}

/// A run may be lucky; most must not be.
fn is_caught(outcomes: &[Outcome], at_least: usize) {
    let mut caught = 0;
    for outcome in outcomes {
        assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
        caught += usize::from(outcome.check().maelstrom == Verdict::Invalid);
    }
    assert!(caught >= at_least, "{caught} of {}", outcomes.len());
}

/// Adds as it should, and reads what the service shows it.
#[test]
fn plain_reads_of_seq_kv_are_stale() {
    let stale = |ctx: Context| {
        let kv = SeqKv::new(&ctx);
        handler(move |_: Context, request: Request| {
            let kv = kv.clone();
            async move {
                Ok(match request {
                    Request::Add { delta } => {
                        let add = |sum: Option<i64>| sum.unwrap_or(0) + delta;
                        kv.update("sum", add).await?;
                        Response::AddOk
                    }
                    Request::Read => {
                        let value = kv.get_or_default("sum").await?;
                        Response::ReadOk { value }
                    }
                })
            }
        })
    };
    // Those that happened to be shown the newest state in the end pass.
    is_caught(&run(stale), 3);
}

/// Tells the others of each addition, once. What a partition drops is gone.
#[test]
fn deltas_that_nobody_acknowledges_get_lost() {
    is_caught(
        &run(|_| {
            let sum = AtomicI64::new(0);
            handler(move |ctx: Context, request: Request| {
                let response = match request {
                    Request::Add { delta } => {
                        if ctx.sender().is_client() {
                            for peer in ctx.peers() {
                                ctx.send(peer, &request);
                            }
                        }
                        sum.fetch_add(delta, Ordering::Relaxed);
                        Response::AddOk
                    }
                    Request::Read => {
                        let value = sum.load(Ordering::Relaxed);
                        Response::ReadOk { value }
                    }
                };
                async move { Ok(response) }
            })
        }),
        7,
    );
}

/// Tells the others until they acknowledge, and counts what comes twice twice:
/// no ids. The answer to a request is lost where the way back is cut.
#[test]
fn deltas_without_ids_count_twice() {
    let retry = maelstrom_node::Retry::default();
    is_caught(
        &run(move |_| {
            let sum = AtomicI64::new(0);
            handler(move |ctx: Context, request: Request| {
                let response = match request {
                    Request::Add { delta } => {
                        if ctx.sender().is_client() {
                            for peer in ctx.peers() {
                                let (told, peer) = (ctx.clone(), peer.clone());
                                ctx.spawn(async move {
                                    let request = NodeRequest::Add { delta };
                                    let _: Result<Response, _> =
                                        told.rpc_retried(&peer, &request, retry).await;
                                });
                            }
                        }
                        sum.fetch_add(delta, Ordering::Relaxed);
                        Response::AddOk
                    }
                    Request::Read => {
                        let value = sum.load(Ordering::Relaxed);
                        Response::ReadOk { value }
                    }
                };
                async move { Ok(response) }
            })
        }),
        2,
    );
}
