//! Requests that wait for their replies.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use maelstrom_proto::{DecodeError, EncodeError};
use tokio::sync::oneshot;

use crate::{Body, Error, ErrorCode, NodeId};

/// Why an RPC gave no usable reply. The node's own state is unchanged by any of
/// these; whether the *other* side acted is what [`is_definite`](Self::is_definite) tells.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// No reply in time. The other side may have acted; a request that may be
    /// repeated can be retried.
    #[error("no reply from {dest} to `{kind}` within {after:?}")]
    Timeout {
        /// Who was asked.
        dest: NodeId,
        /// The `type` of the request.
        kind: String,
        /// How long the caller waited.
        after: Duration,
    },
    /// The other side answered with an error.
    #[error("{dest} answered `{kind}` with {error}")]
    Remote {
        /// Who was asked.
        dest: NodeId,
        /// The `type` of the request.
        kind: String,
        /// What it answered.
        error: Error,
    },
    /// The reply did not have the form asked for. The other side has acted.
    #[error("the reply of {dest} to `{kind}` does not fit: {error}")]
    Reply {
        /// Who was asked.
        dest: NodeId,
        /// The `type` of the request.
        kind: String,
        /// What was wrong with the reply.
        error: DecodeError,
    },
    /// The request could not be written as a message. Nothing was sent.
    #[error("the request to {dest} is no message: {error}")]
    Request {
        /// Who was to be asked.
        dest: NodeId,
        /// What was wrong with the request.
        error: EncodeError,
    },
    /// The node is ending, and no reply will come.
    #[error("the node ended before {dest} answered `{kind}`")]
    Closed {
        /// Who was asked.
        dest: NodeId,
        /// The `type` of the request.
        kind: String,
    },
}

impl RpcError {
    /// Whether the operation certainly did not happen on the other side.
    pub fn is_definite(&self) -> bool {
        match self {
            Self::Remote { error, .. } => error.is_definite(),
            Self::Request { .. } => true,
            Self::Timeout { .. } | Self::Reply { .. } | Self::Closed { .. } => false,
        }
    }

    /// The error code that the other side answered with, if it answered with one.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Remote { error, .. } => Some(error.code),
            _ => None,
        }
    }
}

/// What a handler's caller is told when an RPC inside the handler failed.
///
/// Only that the handler's own operation is in doubt: a definite error of
/// another node says nothing of what the handler did before it.
impl From<RpcError> for Error {
    fn from(error: RpcError) -> Self {
        let code = match &error {
            RpcError::Remote { error, .. } => error.code,
            RpcError::Timeout { .. } | RpcError::Closed { .. } => ErrorCode::Timeout,
            RpcError::Reply { .. } | RpcError::Request { .. } => ErrorCode::Crash,
        };
        Self::new(code, error.to_string())
    }
}

/// Requests in flight, by `msg_id`.
#[derive(Debug, Default)]
pub(crate) struct Pending(Mutex<HashMap<u64, oneshot::Sender<Body>>>);

/// A place in the table, given up when the caller is done or gone.
pub(crate) struct Waiting<'a> {
    pending: &'a Pending,
    msg_id: u64,
    pub(crate) reply: oneshot::Receiver<Body>,
}

impl Pending {
    /// Takes a place for the reply to `msg_id`.
    pub(crate) fn wait(&self, msg_id: u64) -> Waiting<'_> {
        let (sender, reply) = oneshot::channel();
        self.lock().insert(msg_id, sender);
        Waiting {
            pending: self,
            msg_id,
            reply,
        }
    }

    /// Hands a reply to whoever waits for it; `false` when nobody does.
    pub(crate) fn complete(&self, in_reply_to: u64, body: Body) -> bool {
        match self.lock().remove(&in_reply_to) {
            Some(caller) => caller.send(body).is_ok(),
            None => false,
        }
    }

    /// Lets every caller know that no reply will come.
    pub(crate) fn close(&self) {
        self.lock().clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Map operations leave the map whole even if a panic cut one short.
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<Body>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.pending.lock().remove(&self.msg_id);
    }
}
