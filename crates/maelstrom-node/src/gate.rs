//! Stops every task of a node where it is, as a signal stops a process.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// What stands before every task of a node: closed, none of them runs. Timers
/// go on meanwhile, and what they would have started runs once it opens.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<State>);

#[derive(Default)]
struct State {
    closed: AtomicBool,
    /// Tasks that were woken meanwhile, in order.
    waiting: Mutex<Vec<Waker>>,
}

impl Gate {
    pub(crate) fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
    }

    pub(crate) fn open(&self) {
        let mut waiting = self.waiting();
        self.0.closed.store(false, Ordering::Release);
        let wakers = std::mem::take(&mut *waiting);
        drop(waiting);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Whether the gate is closed; the task is woken when it opens.
    pub(crate) fn stops(&self, cx: &Context<'_>) -> bool {
        if !self.0.closed.load(Ordering::Acquire) {
            return false;
        }
        let mut waiting = self.waiting();
        // It may have opened just now.
        let closed = self.0.closed.load(Ordering::Acquire);
        if closed {
            waiting.push(cx.waker().clone());
        }
        closed
    }

    /// The same future, running while the gate is open.
    pub(crate) async fn guard<F: Future>(self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| match self.stops(cx) {
            true => Poll::Pending,
            false => future.as_mut().poll(cx),
        })
        .await
    }

    /// Each change leaves the list whole even if a panic cut one short.
    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waker>> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_task_rests_while_the_gate_is_closed_and_goes_on_where_it_was() {
        let gate = Gate::default();
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let start = tokio::time::Instant::now();
        tokio::spawn(gate.clone().guard(async move {
            for tick in 1.. {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if sender.send((tick, start.elapsed().as_secs())).is_err() {
                    return;
                }
            }
        }));
        assert_eq!(receiver.recv().await, Some((1, 1)));
        gate.close();
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(receiver.try_recv().is_err());
        gate.open();
        // The tick that was due long ago comes at once, the next a second later.
        assert_eq!(receiver.recv().await, Some((2, 11)));
        assert_eq!(receiver.recv().await, Some((3, 12)));
    }
}
