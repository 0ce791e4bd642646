//! Lock: one writer at a time for each log, by a distributed lock in lin-kv.
//!
//! Whoever holds the lock reads the log's next offset, writes the message
//! there, and moves the offset on. That is what a lock costs: two messages each
//! to look, to take, to read, to write, to move on and to give back, and a wait
//! whenever another node holds it. Reads take no lock.
//!
//! A holder may be late and find its lease run out. It must do no harm then, so
//! the entry is created only if it does not exist.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use maelstrom_node::{Error, ErrorCode, Result};
use tokio::sync::Mutex as Queue;
use tokio::time::timeout;
use tracing::warn;

use crate::entries::Entries;
use crate::message::{Key, Message, Offset};

/// How long a node may hold the lock without a sign of life. It also sets how
/// soon a contender looks again, and how long the service may take to answer: a
/// third of it.
const LEASE: Duration = Duration::from_secs(1);

/// How long a send waits for its turn here, and then for the lock. Less than
/// clients wait, so that there is time to write.
const TURN: Duration = Duration::from_secs(1);
const WAIT: Duration = Duration::from_secs(2);

/// The sends of this node for each log, one at a time: they need not fight
/// each other for the lock.
#[derive(Debug, Default)]
pub(crate) struct Queues(DashMap<Key, Arc<Queue<()>>>);

impl Queues {
    fn of(&self, key: &Key) -> Arc<Queue<()>> {
        self.0.entry(key.clone()).or_default().clone()
    }
}

/// Appends a message.
///
/// # Errors
/// Error 11 when the lock was not to be had, and nothing was appended; another
/// when the store does not answer, and nobody knows.
pub(crate) async fn append(
    entries: &Entries,
    queues: &Queues,
    key: &Key,
    message: &Message,
) -> Result<Offset> {
    let queue = queues.of(key);
    let turn = timeout(TURN, queue.lock()).await;
    let _turn = turn.map_err(|_| not_held("others of this node came first"))?;
    let lock = entries.kv.lock(format!("log/{key}")).lease(LEASE);
    let lease = lock.acquire(WAIT).await;
    let lease = lease.map_err(not_held)?;
    let next = format!("next/{key}");
    let mut offset: Offset = entries.kv.get_or_default(&next).await?;
    while !entries.write(key, offset, message).await? {
        // The last holder died, or was late, before it moved the offset on.
        offset += 1;
    }
    // The message stands, whatever comes now.
    if let Err(error) = entries.kv.put(&next, &(offset + 1)).await {
        warn!(key, offset, %error, "the next offset was not moved on");
    }
    if let Err(error) = lease.release().await {
        warn!(key, %error, "the lock was not given back; it runs out");
    }
    Ok(offset)
}

/// Nothing is written without the lock: the client may try again.
fn not_held(reason: impl Display) -> Error {
    let text = format!("the lock was not to be had: {reason}");
    Error::new(ErrorCode::TemporarilyUnavailable, text)
}
