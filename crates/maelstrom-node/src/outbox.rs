//! Where a node's messages go: lines of JSON, or a function of the host's.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::Notify;

use crate::Message;

/// The sending half of a transport.
#[derive(Clone)]
pub(crate) enum Outbox {
    /// Lines of JSON, gathered until the writer takes them.
    Lines(Arc<LineBuffer>),
    /// Handed over as values.
    Memory(Arc<dyn Fn(Message) + Send + Sync>),
}

impl Outbox {
    pub(crate) fn send(&self, message: Message) {
        match self {
            Self::Lines(buffer) => buffer.push(&message),
            Self::Memory(deliver) => deliver(message),
        }
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lines(_) => "Outbox::Lines",
            Self::Memory(_) => "Outbox::Memory",
        })
    }
}

/// Lines waiting to be written: many messages, one write.
#[derive(Debug, Default)]
pub(crate) struct LineBuffer {
    bytes: Mutex<Vec<u8>>,
    filled: Notify,
}

impl LineBuffer {
    fn push(&self, message: &impl Serialize) {
        let mut bytes = self.lock();
        serde_json::to_writer(&mut *bytes, message)
            .expect("a message is ids and a body that is JSON already");
        bytes.push(b'\n');
        drop(bytes);
        self.filled.notify_one();
    }

    /// Swaps what is waiting with `empty`, keeping both allocations.
    pub(crate) fn take(&self, empty: &mut Vec<u8>) {
        empty.clear();
        std::mem::swap(&mut *self.lock(), empty);
    }

    /// Waits until something was pushed since the last wait.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Appending to a vector leaves it whole even if a panic cut it short.
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
