//! Why an operation did not give what was asked for.

use std::time::Duration;

use maelstrom_node::{Error, ErrorCode, RpcError};

/// Why an operation on a service failed. Each variant says whether the
/// service's state changed, and what to do.
///
/// ```
/// use maelstrom_kv::{KvError, LinKv, Result};
///
/// async fn become_leader(kv: &LinKv, me: &str) -> Result<bool> {
///     match kv.create("leader", me).await {
///         Ok(()) => Ok(true),
///         Err(KvError::KeyAlreadyExists(_)) => Ok(false),
///         // It may have happened; what stands there tells.
///         Err(error) if error.is_timeout() => Ok(kv.get::<_, String>("leader").await? == me),
///         Err(error) => Err(error),
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KvError {
    /// The key does not exist; on `seq-kv` and `lww-kv`, as far as this node
    /// is shown. Nothing changed.
    #[error("no such key: {0}")]
    KeyDoesNotExist(Error),
    /// A compare-and-set found another value. Nothing changed; read and try
    /// again, or let [`Kv::update`](crate::Kv::update) do so.
    #[error("the value is another: {0}")]
    PreconditionFailed(Error),
    /// A key that was to be created exists. Nothing changed.
    #[error("the key exists already: {0}")]
    KeyAlreadyExists(Error),
    /// Others were faster each time until the time was up. Nothing changed;
    /// try again later.
    #[error("others were faster {attempts} times within {within:?}")]
    Contended {
        /// How often it was tried.
        attempts: u32,
        /// The time allowed.
        within: Duration,
    },
    /// The request failed in another way. Whether the state changed,
    /// [`is_definite`](Self::is_definite) tells; a timeout leaves it open.
    #[error(transparent)]
    Rpc(RpcError),
}

impl KvError {
    /// Whether the operation certainly did not happen and never will.
    ///
    /// ```
    /// use maelstrom_kv::KvError;
    /// use maelstrom_node::{Error, ErrorCode};
    ///
    /// let other = Error::new(ErrorCode::PreconditionFailed, "current value 4 is not 3");
    /// assert!(KvError::PreconditionFailed(other).is_definite());
    /// ```
    pub fn is_definite(&self) -> bool {
        match self {
            Self::KeyDoesNotExist(_)
            | Self::PreconditionFailed(_)
            | Self::KeyAlreadyExists(_)
            | Self::Contended { .. } => true,
            Self::Rpc(error) => error.is_definite(),
        }
    }

    /// No answer came in time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use maelstrom_kv::KvError;
    /// use maelstrom_node::RpcError;
    ///
    /// let (dest, kind, after) = ("lin-kv".into(), "cas".to_owned(), Duration::from_secs(5));
    /// let silence = KvError::from(RpcError::Timeout { dest, kind, after });
    /// assert!(silence.is_timeout() && !silence.is_definite());
    /// ```
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Rpc(RpcError::Timeout { .. }))
    }

    /// A compare-and-set found something else than expected.
    pub(crate) fn is_beaten(&self) -> bool {
        matches!(
            self,
            Self::PreconditionFailed(_) | Self::KeyAlreadyExists(_) | Self::KeyDoesNotExist(_)
        )
    }

    /// The service answered that it does nothing for now.
    pub(crate) fn is_unavailable(&self) -> bool {
        let Self::Rpc(error) = self else { return false };
        error.code() == Some(ErrorCode::TemporarilyUnavailable)
    }

    /// Whether another attempt may fare better.
    pub(crate) fn may_pass(&self) -> bool {
        self.is_beaten() || self.is_timeout() || self.is_unavailable()
    }
}

impl From<RpcError> for KvError {
    fn from(error: RpcError) -> Self {
        let RpcError::Remote { error: remote, .. } = &error else {
            return Self::Rpc(error);
        };
        match remote.code {
            ErrorCode::KeyDoesNotExist => Self::KeyDoesNotExist(remote.clone()),
            ErrorCode::PreconditionFailed => Self::PreconditionFailed(remote.clone()),
            ErrorCode::KeyAlreadyExists => Self::KeyAlreadyExists(remote.clone()),
            _ => Self::Rpc(error),
        }
    }
}

/// What a handler's caller is told when an operation inside the handler failed.
///
/// Definite stays definite: right for a handler whose only effect is that
/// operation. One that did more before it has to say so itself.
impl From<KvError> for Error {
    fn from(error: KvError) -> Self {
        let text = error.to_string();
        match error {
            KvError::KeyDoesNotExist(error)
            | KvError::PreconditionFailed(error)
            | KvError::KeyAlreadyExists(error) => error,
            KvError::Contended { .. } => Self::new(ErrorCode::TemporarilyUnavailable, text),
            KvError::Rpc(error) => error.into(),
        }
    }
}
