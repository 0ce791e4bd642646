//! The background tasks of a node, aborted together.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;

use crate::gate::Gate;

/// A set of running tasks. A task leaves it by ending, whichever way.
#[derive(Clone, Default)]
pub(crate) struct Tasks {
    state: Arc<Mutex<State>>,
    gate: Gate,
}

#[derive(Default)]
struct State {
    slots: Vec<Slot>,
    free: Vec<usize>,
    spawned: u64,
    closed: bool,
}

enum Slot {
    Free,
    /// Spawned as this one of all; its handle is about to be stored.
    Starting(u64),
    Running(AbortHandle),
}

/// A task's place in the set, given up when the task ends or is dropped.
struct Place {
    tasks: Tasks,
    index: usize,
}

impl Tasks {
    /// An empty set, whose tasks run while `gate` is open.
    pub(crate) fn new(gate: Gate) -> Self {
        Self {
            state: Arc::default(),
            gate,
        }
    }

    /// Runs `task` on tokio's runtime, or drops it when the set is closed.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        state.spawned += 1;
        let number = state.spawned;
        let index = state.free.pop().unwrap_or(state.slots.len());
        if index == state.slots.len() {
            state.slots.push(Slot::Free);
        }
        state.slots[index] = Slot::Starting(number);
        drop(state);
        let place = Place {
            tasks: self.clone(),
            index,
        };
        // Not under the lock: a runtime that is shutting down drops it at once.
        let gate = self.gate.clone();
        let running = tokio::spawn(async move {
            let _place = place;
            gate.guard(task).await;
        });
        let mut state = self.lock();
        // On a runtime of many threads it may have ended already.
        if matches!(state.slots[index], Slot::Starting(started) if started == number) {
            state.slots[index] = Slot::Running(running.abort_handle());
            if state.closed {
                running.abort();
            }
        }
    }

    /// Ends every task, and each that is spawned from now on.
    pub(crate) fn abort(&self) {
        let mut state = self.lock();
        state.closed = true;
        for slot in &state.slots {
            if let Slot::Running(task) = slot {
                task.abort();
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn running(&self) -> usize {
        let state = self.lock();
        state.slots.len() - state.free.len()
    }

    /// Each change leaves the state whole even if a panic cut one short.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.tasks.lock();
        state.slots[self.index] = Slot::Free;
        state.free.push(self.index);
    }
}
