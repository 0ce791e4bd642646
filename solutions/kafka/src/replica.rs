//! A strategy as a plain value, and the thin shell that runs one.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use maelstrom_node::{Context, Error, ErrorCode, NodeId, Result};

use crate::links::Outgoing;
use crate::log::Messages;
use crate::message::{Batch, Key, Message, Offset, Offsets, Request, Response};

/// How often nodes tell each other what is new. The cost in messages and the
/// time until a consumer sees a message both hang on it.
const PERIOD: Duration = Duration::from_millis(100);

/// How often a send looks whether the node is ready for it.
const PAUSE: Duration = Duration::from_millis(10);

/// Logs that are kept in memory and replicated, with no runtime. Times are
/// those of the node's own clock, from its start on.
pub trait Replica: Send + fmt::Debug + 'static {
    /// Whether the node may append already; one that was restarted first has
    /// to hear what it did before.
    fn ready(&self, now: Duration) -> bool;

    /// Appends a message, and says where.
    fn append(&mut self, key: &Key, message: Message) -> Offset;

    /// Messages from these offsets on.
    fn poll(&self, offsets: &Offsets) -> Messages;

    /// Notes offsets as processed.
    fn commit(&mut self, offsets: &Offsets);

    /// The offsets processed, of the logs that have one.
    fn committed(&self, keys: &[Key]) -> Offsets;

    /// Takes in what a peer says, and says what to send at once.
    fn receive(&mut self, from: &NodeId, batch: Batch, now: Duration) -> Vec<Outgoing>;

    /// Says what is to be sent, once in a while.
    fn tick(&mut self, now: Duration) -> Vec<Outgoing>;
}

/// Runs a [`Replica`] as a node.
#[derive(Clone, Debug)]
pub(crate) struct Shell(Arc<Mutex<dyn Replica>>);

impl Shell {
    pub(crate) fn new(ctx: &Context, replica: impl Replica) -> Self {
        let shell = Self(Arc::new(Mutex::new(replica)));
        let (task, ticking) = (ctx.clone(), shell.clone());
        // Not at once: Maelstrom may not have registered the peers yet, and hears
        // nothing more from a node that spoke to somebody it does not know.
        ctx.every(PERIOD, move || {
            ticking.tick(&task);
            std::future::ready(())
        });
        shell
    }

    fn tick(&self, ctx: &Context) {
        let outgoing = self.lock().tick(ctx.uptime());
        send(ctx, outgoing);
    }

    /// Waits until the node may append.
    pub(crate) async fn ready(&self, ctx: &Context) {
        while !self.lock().ready(ctx.uptime()) {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Appends here.
    pub(crate) fn append(&self, key: &Key, message: Message) -> Offset {
        self.lock().append(key, message)
    }

    pub(crate) async fn handle(&self, ctx: &Context, request: Request) -> Result<Response> {
        Ok(match request {
            Request::Send { key, msg, .. } => {
                self.ready(ctx).await;
                let offset = self.append(&key, msg);
                Response::SendOk { offset }
            }
            Request::Poll { offsets } => Response::PollOk {
                msgs: self.lock().poll(&offsets),
            },
            Request::CommitOffsets { offsets } => {
                self.lock().commit(&offsets);
                Response::CommitOffsetsOk
            }
            Request::ListCommittedOffsets { keys } => Response::ListCommittedOffsetsOk {
                offsets: self.lock().committed(&keys),
            },
            Request::Replicate(batch) => {
                let from = ctx.sender();
                if !ctx.peers().any(|peer| peer == from) {
                    return Err(not_a_peer());
                }
                let answers = self.lock().receive(from, batch, ctx.uptime());
                send(ctx, answers);
                // A one-way message: nobody waits for this.
                Response::CommitOffsetsOk
            }
        })
    }

    /// A panic elsewhere ends a handler, not the node; the state is made of
    /// collections that are whole after every call.
    fn lock(&self) -> MutexGuard<'_, dyn Replica + 'static> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn send(ctx: &Context, outgoing: Vec<Outgoing>) {
    for (peer, batch) in outgoing {
        ctx.send(&peer, &Request::Replicate(batch));
    }
}

/// What is said to a client that speaks as nodes do.
pub(crate) fn not_a_peer() -> Error {
    let text = "only nodes replicate, in strategies that do";
    Error::new(ErrorCode::NotSupported, text)
}
