//! The thin shell that runs a [`Delta`] as a node.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use maelstrom_node::{Context, Result};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::delta::Delta;
use crate::message::{Request, Response, foreign};

/// The resolution of timers.
const TICK: Duration = Duration::from_millis(1);

/// Every message and every timer becomes a call, and what it says is sent.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    replica: Arc<Mutex<Delta>>,
    changed: Arc<Notify>,
}

impl Shell {
    pub(crate) fn new(ctx: &Context, replica: Delta) -> Self {
        let shell = Self {
            replica: Arc::new(Mutex::new(replica)),
            changed: Arc::new(Notify::new()),
        };
        ctx.spawn(shell.clone().keep_time(ctx.clone()));
        shell
    }

    /// Wakes the replica whenever it asked to be.
    async fn keep_time(self, ctx: Context) {
        loop {
            self.step(&ctx, |_| ());
            let next = self.lock().next_wake();
            match next {
                None => self.changed.notified().await,
                Some(time) => {
                    // A time that is past and stays so must not spin.
                    let wait = time.saturating_sub(ctx.uptime()).max(TICK);
                    // Woken early or at the time: both lead round the loop.
                    let _ = timeout_at(Instant::now() + wait, self.changed.notified()).await;
                }
            }
        }
    }

    /// Changes the replica, and sends what it says to that.
    fn step<T>(&self, ctx: &Context, change: impl FnOnce(&mut Delta) -> T) -> T {
        let mut replica = self.lock();
        let before = replica.next_wake();
        let result = change(&mut replica);
        for (dest, message) in replica.wake(ctx.uptime()) {
            ctx.send(&dest, &message);
        }
        if replica.next_wake() != before {
            self.changed.notify_one();
        }
        result
    }

    pub(crate) fn handle(&self, ctx: &Context, request: Request) -> Result<Response> {
        if let Request::Txn { mut txn } = request {
            self.step(ctx, |replica| replica.execute(&mut txn));
            return Ok(Response::TxnOk { txn });
        }
        let from = ctx.sender();
        let known = ctx.peers().any(|peer| peer == from);
        if known && self.step(ctx, |replica| replica.receive(from, request)) {
            // One-way: whatever there is to answer goes its own way.
            return Ok(Response::WritesOk);
        }
        Err(foreign())
    }

    /// A panic elsewhere ends a handler, not the node; the state is made of
    /// collections that are whole after every call.
    fn lock(&self) -> MutexGuard<'_, Delta> {
        self.replica.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
