//! Where a node's messages go: lines of JSON, or a function of the host's.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use maelstrom_proto::{EncodeError, write_body};
use serde::Serialize;

use crate::{Body, Message, NodeId};

/// The sending half of a transport.
#[derive(Clone)]
pub(crate) enum Outbox {
    /// Lines of JSON, gathered until the writer takes them.
    Lines(Arc<LineBuffer>),
    /// Handed over as values.
    Memory(Arc<dyn Fn(Message) + Send + Sync>),
}

/// The ids that a message carries beside its payload.
#[derive(Clone, Copy)]
pub(crate) enum Ids {
    None,
    Request(u64),
    Reply(u64),
}

impl Outbox {
    pub(crate) fn send<T: Serialize + ?Sized>(
        &self,
        src: &NodeId,
        dest: &NodeId,
        payload: &T,
        ids: Ids,
    ) -> Result<(), EncodeError> {
        match self {
            Self::Lines(buffer) => buffer.push(src, dest, payload, ids),
            Self::Memory(deliver) => {
                let body = match ids {
                    Ids::None => Body::one_way(payload),
                    Ids::Request(msg_id) => Body::request(payload, msg_id),
                    Ids::Reply(in_reply_to) => Body::reply(payload, in_reply_to),
                };
                deliver(Message::new(src, dest, body?));
                Ok(())
            }
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
pub(crate) struct LineBuffer(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    bytes: Vec<u8>,
    /// How many of the bytes are whole lines. A payload that panicked while it
    /// was written may have left a piece behind them.
    whole: usize,
    /// The writer, when it sleeps.
    writer: Option<Waker>,
}

impl LineBuffer {
    fn push<T: Serialize + ?Sized>(
        &self,
        src: &NodeId,
        dest: &NodeId,
        payload: &T,
        ids: Ids,
    ) -> Result<(), EncodeError> {
        let mut lines = self.lock();
        let Lines { bytes, whole, .. } = &mut *lines;
        bytes.truncate(*whole);
        bytes.extend_from_slice(b"{\"src\":");
        push_text(bytes, src.as_str());
        bytes.extend_from_slice(b",\"dest\":");
        push_text(bytes, dest.as_str());
        bytes.extend_from_slice(b",\"body\":");
        let (msg_id, in_reply_to) = match ids {
            Ids::None => (None, None),
            Ids::Request(msg_id) => (Some(msg_id), None),
            Ids::Reply(in_reply_to) => (None, Some(in_reply_to)),
        };
        write_body(bytes, payload, msg_id, in_reply_to)?;
        bytes.extend_from_slice(b"}\n");
        *whole = bytes.len();
        let writer = lines.writer.take();
        drop(lines);
        if let Some(writer) = writer {
            writer.wake();
        }
        Ok(())
    }

    /// Swaps what is waiting with `empty`, keeping both allocations.
    pub(crate) fn take(&self, empty: &mut Vec<u8>) {
        let mut lines = self.lock();
        let whole = std::mem::take(&mut lines.whole);
        lines.bytes.truncate(whole);
        empty.clear();
        std::mem::swap(&mut lines.bytes, empty);
    }

    /// How many bytes wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().whole
    }

    /// Nobody is woken by what is pushed from now on.
    pub(crate) fn writer_is_awake(&self) {
        self.lock().writer = None;
    }

    /// `writer` is woken by the next line; `false` when lines wait already.
    pub(crate) fn writer_sleeps(&self, writer: &Waker) -> bool {
        let mut lines = self.lock();
        if lines.whole == 0 {
            lines.writer = Some(writer.clone());
        }
        lines.whole == 0
    }

    /// `whole` says how much is sound even if a panic cut a line short.
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Appends a JSON string. Names rarely need an escape.
fn push_text(out: &mut Vec<u8>, text: &str) {
    let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        serde_json::to_writer(out, text).expect("text can be written to a vector");
    }
}
