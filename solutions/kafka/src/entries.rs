//! Logs in lin-kv, an entry per message: what `lin-kv-cas` and `lin-kv-lock`
//! have in common.
//!
//! The message at offset 7 of log `k` is the value of the key `k/7`, and an
//! entry never changes once it exists. So nodes remember each entry that they
//! have seen, and reading a log means asking for the first one that they have
//! not, until there is none. No poll takes a lock.
//!
//! An entry also repeats the last few messages that its writer has in this log:
//! reading the last entry of a writer spares reading those before it.
//!
//! A poll owes no recency: a node asks for news of a log only once in a while,
//! however often it is polled. Likewise commits go to lin-kv once in a while,
//! last writer wins. What a node dies with is the commits of that while.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use maelstrom_kv::{Lin, LinKv, Result, Service};
use maelstrom_node::proto::kv;
use maelstrom_node::{Context, ErrorCode};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::log::{Committed, Log, Messages};
use crate::message::{Key, Message, Offset, Offsets};

/// How often a node asks for news of a log that is polled.
const NEWS: Duration = Duration::from_millis(500);

/// How many messages of its writer an entry repeats.
const REPEATED: usize = 8;

/// How often commits are written.
const COMMITS: Duration = Duration::from_millis(500);

/// How long the store may take to answer, and a poll to gather news. Less than
/// clients are kept waiting.
const PATIENCE: Duration = Duration::from_secs(3);

/// Logs in lin-kv, and what this node remembers of them.
#[derive(Clone, Debug)]
pub(crate) struct Entries {
    ctx: Context,
    pub(crate) kv: LinKv,
    known: Arc<Mutex<Known>>,
}

/// What a node has seen of the store.
#[derive(Debug, Default)]
struct Known {
    logs: BTreeMap<Key, Remembered>,
    committed: Committed,
    /// Logs whose commits are not written yet.
    to_commit: BTreeSet<Key>,
}

/// The value of an entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    /// Tells it from every other entry.
    id: u64,
    msg: Message,
    /// What the same writer has written to this log before, as far as it fits.
    earlier: VecDeque<(Offset, Message)>,
}

/// What a node has seen of one log.
#[derive(Debug, Default)]
struct Remembered {
    log: Log,
    /// The first offset whose message was not seen.
    next: Offset,
    /// The first offset that may be free.
    end: Offset,
    /// The last messages that this node has written itself.
    mine: VecDeque<(Offset, Message)>,
    /// When news was last asked for.
    asked: Option<Duration>,
}

impl Remembered {
    /// The entry at this offset is this message.
    fn saw(&mut self, offset: Offset, message: Message) {
        self.log.insert(offset, message);
        self.taken(offset);
        while self.log.get(self.next).is_some() {
            self.next += 1;
        }
    }

    /// This node has written the entry at this offset.
    fn wrote(&mut self, offset: Offset, message: Message) {
        self.mine.push_back((offset, message.clone()));
        if self.mine.len() > REPEATED {
            self.mine.pop_front();
        }
        self.saw(offset, message);
    }

    /// The offset to read: the last one that is known to be taken and was not
    /// seen, as its entry repeats others; else the next one.
    fn wanted(&self) -> Offset {
        let mut unseen = (self.next..self.end).rev();
        let unseen = unseen.find(|offset| self.log.get(*offset).is_none());
        unseen.unwrap_or(self.next)
    }

    /// There is an entry at this offset.
    fn taken(&mut self, offset: Offset) {
        self.end = self.end.max(offset + 1);
    }

    /// Whether to ask for news now; if so it counts as asked.
    fn asks(&mut self, now: Duration) -> bool {
        let due = self.asked.is_none_or(|asked| now >= asked + NEWS);
        if due {
            self.asked = Some(now);
        }
        due
    }
}

impl Entries {
    pub(crate) fn new(ctx: &Context) -> Self {
        let entries = Self {
            ctx: ctx.clone(),
            kv: LinKv::new(ctx).within(PATIENCE),
            known: Arc::default(),
        };
        let task = entries.clone();
        ctx.every(COMMITS, move || {
            let task = task.clone();
            async move { task.write_commits().await }
        });
        entries
    }

    /// The first offset of a log that may be free.
    pub(crate) fn end(&self, key: &Key) -> Offset {
        self.known().logs.get(key).map_or(0, |log| log.end)
    }

    /// Writes a message at an offset; `false` when there is one already.
    pub(crate) async fn write(&self, key: &Key, offset: Offset, message: &Message) -> Result<bool> {
        let earlier = self.known().logs.get(key).map(|log| log.mine.clone());
        let value = &Entry {
            id: self.ctx.rng().random(),
            msg: message.clone(),
            earlier: earlier.unwrap_or_default(),
        };
        // The service creates the entry, or leaves one that is this very one: a
        // request that the network repeats is never refused for its first copy.
        let create = kv::Request::Cas {
            key: entry(key, offset),
            from: value,
            to: value,
            create_if_not_exists: true,
        };
        let answer = self.ctx.rpc(Lin::id(), &create, PATIENCE).await;
        let written = match answer {
            Ok(kv::Response::<Message>::CasOk) => true,
            Err(error) if error.code() == Some(ErrorCode::PreconditionFailed) => false,
            answer => answer.map(|_| false)?,
        };
        let mut known = self.known();
        let log = known.logs.entry(key.clone()).or_default();
        if written {
            log.wrote(offset, message.clone());
        } else {
            log.taken(offset);
        }
        Ok(written)
    }

    /// Messages from these offsets on, without any left out.
    pub(crate) async fn poll(&self, ctx: &Context, offsets: &Offsets) -> Messages {
        let now = ctx.uptime();
        let due = |key: &&Key| {
            let mut known = self.known();
            known.logs.entry((*key).clone()).or_default().asks(now)
        };
        let news = offsets.keys().filter(due).map(|key| self.read_on(key));
        // What has not come by then is for the next poll.
        let _ = timeout(PATIENCE, join_all(news)).await;
        let known = self.known();
        let page = |(key, from): (&Key, &Offset)| {
            let known = known.logs.get(key)?;
            let page = known.log.page(*from, known.next);
            (!page.is_empty()).then(|| (key.clone(), page))
        };
        offsets.iter().filter_map(page).collect()
    }

    /// Reads the entries of a log that were not seen. A store that does not
    /// answer has no news.
    async fn read_on(&self, key: &Key) {
        loop {
            let wanted = self.known().logs.get(key).map_or(0, Remembered::wanted);
            let found = self.kv.find::<_, Entry>(&entry(key, wanted)).await;
            let Ok(Some(Entry { msg, earlier, .. })) = found else {
                return;
            };
            let mut known = self.known();
            let log = known.logs.entry(key.clone()).or_default();
            for (offset, message) in earlier {
                log.saw(offset, message);
            }
            log.saw(wanted, msg);
        }
    }

    pub(crate) fn commit(&self, offsets: &Offsets) {
        let mut known = self.known();
        for (key, offset) in offsets {
            if known.committed.commit(key, *offset) {
                known.to_commit.insert(key.clone());
            }
        }
    }

    async fn write_commits(&self) {
        let (keys, offsets) = {
            let mut known = self.known();
            let keys = std::mem::take(&mut known.to_commit);
            let offsets = known
                .committed
                .list(&keys.iter().cloned().collect::<Vec<_>>());
            (keys, offsets)
        };
        let writes = offsets
            .iter()
            .map(async |(key, offset)| self.kv.put(&commit(key), offset).await);
        let failed = join_all(writes)
            .await
            .iter()
            .any(|written| written.is_err());
        if failed {
            // Written twice does no harm.
            self.known().to_commit.extend(keys);
        }
    }

    /// The offsets committed: here, or as far as the store knows.
    pub(crate) async fn committed(&self, keys: &[Key]) -> Offsets {
        let reads = keys.iter().map(async |key| {
            let found = self.kv.find::<_, Offset>(&commit(key)).await;
            (key, found.ok().flatten())
        });
        let found = join_all(reads).await;
        let mut known = self.known();
        for (key, offset) in found {
            if let Some(offset) = offset {
                known.committed.commit(key, offset);
            }
        }
        known.committed.list(keys)
    }

    /// What is known is only ever added to.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where an entry is kept. Numbers have no slash, so no two share a place.
fn entry(key: &str, offset: Offset) -> String {
    format!("entry/{offset}/{key}")
}

fn commit(key: &str) -> String {
    format!("commit/{key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_up_to_the_first_entry_not_seen() {
        let mut log = Remembered::default();
        log.saw(0, 7.into());
        log.taken(1);
        log.saw(2, 9.into());
        assert_eq!((log.next, log.end, log.wanted()), (1, 3, 1));
        log.saw(1, 8.into());
        assert_eq!((log.next, log.end, log.wanted()), (3, 3, 3));
    }

    #[test]
    fn news_is_asked_for_once_in_a_while() {
        let mut log = Remembered::default();
        let ms = Duration::from_millis;
        assert_eq!(
            [0, 1, 499, 500, 501].map(|t| log.asks(ms(t))),
            [true, false, false, true, false]
        );
    }
}
