//! What can go wrong with a request to another node.

use std::time::Duration;

use maelstrom_proto::{DecodeError, EncodeError};

use crate::{Error, ErrorCode, NodeId};

/// Why an RPC gave no usable reply. The node's own state is unchanged by any of
/// these; whether the *other* side acted is what [`is_definite`](Self::is_definite) tells.
///
/// ```
/// use maelstrom_node::{Error, ErrorCode, RpcError};
///
/// let error = RpcError::Remote {
///     dest: "lin-kv".into(),
///     kind: "cas".to_owned(),
///     error: Error::new(ErrorCode::PreconditionFailed, "current value 4 is not 3"),
/// };
/// assert_eq!(
///     error.to_string(),
///     "lin-kv answered `cas` with error precondition-failed (22): current value 4 is not 3"
/// );
/// assert!(error.is_definite() && error.code() == Some(ErrorCode::PreconditionFailed));
/// // Returned from a handler with `?` it reaches the handler's own caller.
/// assert_eq!(Error::from(error).code, ErrorCode::PreconditionFailed);
/// ```
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
