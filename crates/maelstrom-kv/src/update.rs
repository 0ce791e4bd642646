//! Read, compute, compare-and-set, and again if somebody else was faster.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use tokio::time::Instant;

use maelstrom_node::proto::kv::Request;

use crate::service::CreatesKeys;
use crate::store::{absent_is_none, left};
use crate::{Kv, KvError, Result};

impl<S: CreatesKeys> Kv<S> {
    /// Sets a key to what `f` makes of its value (`None` when the key does not
    /// exist), and returns what it was set to.
    ///
    /// `f` is called anew each time that somebody else changed the key in
    /// between; its last result alone takes effect, and takes effect once. The
    /// attempts step back with jitter, and end with the time that
    /// [`within`](Kv::within) allows for the whole.
    ///
    /// A compare-and-set whose answer does not come is *not* repeated: it may
    /// have taken effect, and a second one would then add twice what was to be
    /// added once. When twice is as good as once, use
    /// [`update_idempotent`](Self::update_idempotent).
    ///
    /// ```
    /// # use maelstrom_kv::{Result, SeqKv};
    /// # async fn example(ctx: maelstrom_node::Context) -> Result<()> {
    /// let kv = SeqKv::new(&ctx);
    /// let sum: i64 = kv.update("sum", |sum: Option<i64>| sum.unwrap_or(0) + 5).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`KvError::Contended`] when others were faster until the time was up,
    /// which is definite; an indefinite timeout when an answer did not come.
    pub async fn update<K, V>(&self, key: &K, f: impl FnMut(Option<V>) -> V) -> Result<V>
    where
        K: Serialize + ?Sized,
        V: Serialize + DeserializeOwned,
    {
        self.updated(key, f, false, &mut None).await
    }

    /// As [`update`](Self::update), for an `f` that may take effect twice:
    /// adding to a set, taking a maximum. A compare-and-set whose answer does
    /// not come within the wait of the retry policy, which grows each time, or is that the service is
    /// unavailable for now (error 11), is tried again.
    ///
    /// ```
    /// # use std::collections::BTreeSet;
    /// # use maelstrom_kv::{Result, SeqKv};
    /// # async fn example(ctx: maelstrom_node::Context) -> Result<()> {
    /// let kv = SeqKv::new(&ctx);
    /// kv.update_idempotent("seen", |seen: Option<BTreeSet<u64>>| {
    ///     let mut seen = seen.unwrap_or_default();
    ///     seen.insert(7);
    ///     seen
    /// }).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`update`](Self::update); and once an answer did not come, whatever
    /// error the later attempts end in is reported as an indefinite timeout,
    /// since the one unanswered may have taken effect.
    pub async fn update_idempotent<K, V>(&self, key: &K, f: impl FnMut(Option<V>) -> V) -> Result<V>
    where
        K: Serialize + ?Sized,
        V: Serialize + DeserializeOwned,
    {
        let mut in_doubt = None;
        let updated = self.updated(key, f, true, &mut in_doubt).await;
        match (updated, in_doubt) {
            (Err(error), Some(timeout)) if error.is_definite() => Err(timeout),
            (updated, _) => updated,
        }
    }

    /// Leaves in `in_doubt` the timeout of a compare-and-set that was given up
    /// for another one, and that may yet have taken effect.
    async fn updated<K, V>(
        &self,
        key: &K,
        mut f: impl FnMut(Option<V>) -> V,
        idempotent: bool,
        in_doubt: &mut Option<KvError>,
    ) -> Result<V>
    where
        K: Serialize + ?Sized,
        V: Serialize + DeserializeOwned,
    {
        let until = self.deadline();
        let mut lost = 0;
        let mut unanswered = 0;
        loop {
            // Beaten once on a service that may show old states, look at the
            // newest: the old one might be shown for ever.
            if lost > 0 && S::MAY_BE_STALE {
                self.catch_up(until).await?;
            }
            let from = self.text(key, until).await?;
            let value = from
                .as_ref()
                .map(|from| serde_json::from_str(from.get()))
                .transpose()
                .map_err(|error| self.unfit("read", &error))?;
            let to = f(value);
            let attempt = if idempotent {
                until.min(Instant::now() + self.step(unanswered))
            } else {
                until
            };
            let changed = match &from {
                // What was read goes back as it came, to the letter: fields
                // that `V` does not have included.
                Some(from) => {
                    let to = to_raw_value(&to).map_err(|error| self.unfit("cas", &error))?;
                    let cas = Request::Cas {
                        key,
                        from,
                        to: &to,
                        create_if_not_exists: false,
                    };
                    self.change(&cas, attempt).await
                }
                None => self.create_until(key, &to, attempt).await,
            };
            let error = match changed {
                Ok(()) => return Ok(to),
                Err(error) => error,
            };
            if idempotent && error.is_timeout() && Instant::now() < until {
                // The round trip may take longer than the wait.
                unanswered += 1;
                *in_doubt = Some(error);
                continue;
            }
            let refused = error.is_beaten() || idempotent && error.is_unavailable();
            if !refused {
                return Err(error);
            }
            let later = Instant::now() + self.step(lost) / 4;
            lost += 1;
            if later >= until {
                return Err(if error.is_beaten() {
                    KvError::Contended {
                        attempts: lost,
                        within: self.within,
                    }
                } else {
                    error
                });
            }
            tokio::time::sleep_until(later).await;
        }
    }

    /// The value of a key as the service wrote it.
    async fn text<K: Serialize + ?Sized>(
        &self,
        key: &K,
        until: Instant,
    ) -> Result<Option<Box<RawValue>>> {
        absent_is_none(self.get_within(key, left(until)).await)
    }
}
