//! Stops every task of a node where it is, as a signal stops a process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

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

    /// Each change leaves the list whole even if a panic cut one short.
    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waker>> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
