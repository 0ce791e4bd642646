//! Reads, writes and compare-and-set of single keys: the lin-kv workload, and
//! the requests that the services `lin-kv`, `seq-kv` and `lww-kv` answer.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a client asks.
///
/// `K` and `V` are the types of keys and values, any JSON by default. The
/// services compare them as JSON values, and keep `1` and `1.0` apart.
///
/// ```
/// use maelstrom_proto::{kv, Body};
///
/// let body = Body::parse(r#"{"type":"cas","key":0,"from":1,"to":2,"msg_id":5}"#).unwrap();
/// let request: kv::Request<u64, i64> = body.decode().unwrap();
/// assert_eq!(
///     request,
///     kv::Request::Cas { key: 0, from: 1, to: 2, create_if_not_exists: false }
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request<K = Value, V = Value> {
    /// Asks for the value of a key. Error 20 when there is none.
    Read {
        /// The key.
        key: K,
    },
    /// Sets a key, whatever it was.
    Write {
        /// The key.
        key: K,
        /// Its new value.
        value: V,
    },
    /// Sets a key to `to` if it is `from`. Error 22 when it is something else,
    /// error 20 when it does not exist.
    Cas {
        /// The key.
        key: K,
        /// The value that it must have.
        from: V,
        /// Its new value.
        to: V,
        /// Sets a key that does not exist to `to`, whatever `from` is.
        /// Understood by the services `lin-kv` and `seq-kv`; the workload's
        /// clients never ask for it, and `lww-kv` does not know it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        create_if_not_exists: bool,
    },
}

/// The answer to [`Request`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response<V = Value> {
    /// What the key holds.
    ReadOk {
        /// The value.
        value: V,
    },
    /// The key was set.
    WriteOk,
    /// The key had the value expected, and was set.
    CasOk,
}
