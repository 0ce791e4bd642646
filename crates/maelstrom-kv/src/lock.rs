//! A lock among nodes, with a token that keeps out those who lost it.
//!
//! # What a lock can promise when nodes stop and clocks differ
//!
//! The lock is one key of lin-kv: who holds it, the token of the tenure, a
//! count of renewals. Every change is a compare-and-set of the whole, so there
//! is one history of holders, and each tenure's token is one more than the last.
//!
//! A holder may crash, so a tenure has to end by itself. No wall clock decides
//! when, since they differ and jump. Instead:
//!
//! - The *holder* counts its lease from the moment at which it **sent** the
//!   acquisition or renewal that succeeded, on its own monotonic clock. (Of
//!   several that may have been the one, it takes the first.) After the lease
//!   it must not act as holder; [`Lease::remaining`] says how long it may.
//! - A *contender* that finds the lock held counts from the moment at which it
//!   **was shown** the record, on its own monotonic clock. When the very same
//!   record is there still after the lease and a quarter more, it takes the
//!   lock over by comparing and setting that record. A renewal in between
//!   changes the record, and makes the comparison fail.
//!
//! The record was shown after the renewal was sent, so the contender's count
//! begins later than the holder's; the quarter more covers clocks whose *rates*
//! differ by as much. Two nodes that both believe to hold the lock would need
//! clocks that differ more.
//!
//! And yet: a holder can be stopped right after it looked at its clock, for as
//! long as it likes, and then act. No lock can help that; only whoever is acted
//! upon can, by refusing a token that is lower than one that it has seen. That
//! is what the token is for, and [`Fence`] is the check. (Martin Kleppmann,
//! "How to do distributed locking", 2016.)

use std::time::Duration;

use maelstrom_node::{NodeId, Retry};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::store::{bounded, left};
use crate::{KvError, LinKv, Result};

/// A lock kept in lin-kv; made by [`LinKv::lock`].
///
/// ```
/// # use std::time::Duration;
/// # use maelstrom_kv::{LinKv, Result};
/// # async fn example(ctx: maelstrom_node::Context) -> Result<()> {
/// let lock = LinKv::new(&ctx).lock("rebalancing").lease(Duration::from_secs(2));
/// let mut lease = lock.acquire(Duration::from_secs(10)).await?;
/// let token = lease.token(); // Goes along with every request to what the lock protects.
/// while lease.remaining() > Duration::from_millis(500) {
///     // Some work under the lock.
/// }
/// lease.renew().await?; // Two seconds from now on.
/// lease.release().await?;
/// # Ok(()) }
/// ```
///
/// A lease that is dropped is not released; it runs out.
#[derive(Clone, Debug)]
pub struct Lock {
    kv: LinKv,
    key: String,
    lease: Duration,
}

/// What lin-kv holds under the lock's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    /// `None` when the lock is free.
    holder: Option<NodeId>,
    /// One more with each tenure.
    token: u64,
    /// One more with each renewal.
    renewals: u64,
    /// A random number, by which an acquisition of our own whose answer was
    /// lost is told from all others.
    claim: u64,
}

impl Lock {
    pub(crate) fn new(kv: LinKv, name: String) -> Self {
        Self {
            kv,
            key: format!("lock/{name}"),
            lease: Duration::from_secs(3),
        }
    }

    /// How long a tenure lasts without renewal. The same for all who use the
    /// lock. Three seconds unless told otherwise.
    ///
    /// A request of the lock waits for its answer for a third of the lease, so
    /// that there is time left to ask again. A lease must therefore be longer
    /// than three round trips, or no lock is ever had.
    ///
    /// ```
    /// # fn example(kv: maelstrom_kv::LinKv) {
    /// let lock = kv.lock("rebalancing").lease(std::time::Duration::from_secs(10));
    /// # }
    /// ```
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = bounded(lease);
        self
    }

    /// Waits until the lock is this node's, for `wait` at most.
    ///
    /// ```
    /// use std::time::Duration;
    /// use maelstrom_kv::{KvError, Lock, Result};
    ///
    /// async fn if_nobody_else_does(lock: &Lock) -> Result<()> {
    ///     match lock.acquire(Duration::from_millis(100)).await {
    ///         Ok(lease) => lease.release().await, // After the work.
    ///         Err(KvError::Contended { .. }) => Ok(()),
    ///         Err(error) => Err(error),
    ///     }
    /// }
    /// ```
    ///
    /// At least half of the lease is left when it is returned. Answers that do
    /// not come are no reason to give up before the time.
    ///
    /// Whoever drops this future before it ends may leave the lock taken: a claim
    /// that was sent stands, and runs out after a lease.
    ///
    /// # Errors
    /// [`KvError::Contended`] when others held it whenever this node was shown
    /// it; this node does not hold it then. After a timeout, which is
    /// indefinite, it may: an answer was lost. Nobody knows of that tenure, and
    /// it runs out.
    pub async fn acquire(&self, wait: Duration) -> Result<Lease> {
        let until = Instant::now() + bounded(wait);
        let mut rng = self.kv.ctx.rng();
        // Each look is new; to hammer the service is no use.
        let pause = Retry::default()
            .first_wait(self.lease / 4)
            .longest_wait(self.lease / 4);
        let mut acquisition = Acquisition {
            lock: self,
            until,
            held: None,
            claims: Vec::new(),
            attempts: 0,
        };
        loop {
            let (rest, failure) = match acquisition.attempt(rng.random()).await {
                Ok(Some(lease)) => return Ok(lease),
                Ok(None) => (pause.wait(0, &mut rng), None),
                Err(error) if error.is_unavailable() => (pause.wait(0, &mut rng), Some(error)),
                // It took its time. What became of it, the next one is shown.
                Err(error) if error.may_pass() => (Duration::ZERO, Some(error)),
                Err(error) => return Err(error),
            };
            let next = Instant::now() + rest;
            if next >= until {
                return Err(acquisition.in_vain(failure, wait));
            }
            tokio::time::sleep_until(next).await;
        }
    }

    fn lease_of(&self, record: Record, since: Instant) -> Lease {
        Lease {
            lock: self.clone(),
            record,
            until: since + self.lease,
            asked: None,
        }
    }

    /// A client that waits no longer than `limit`, and that leaves time to ask
    /// again.
    fn client(&self, limit: Duration) -> LinKv {
        self.kv.clone().within(limit.min(self.lease / 3))
    }
}

/// What a node that waits for the lock has seen and done.
struct Acquisition<'a> {
    lock: &'a Lock,
    until: Instant,
    /// The record by which another holds the lock, and since when it is known.
    held: Option<(Record, Instant)>,
    /// Those that have succeeded or may have, as far as this node knows.
    claims: Vec<Claim>,
    /// How many claims there have been.
    attempts: u32,
}

/// One compare-and-set by which the lock may have become this node's.
struct Claim {
    /// What the record is if it succeeded.
    record: Record,
    /// From when the lease counts if it did.
    sent: Instant,
}

impl Acquisition<'_> {
    /// Looks at the lock, and claims it if it is free. Returns `None` when
    /// another holds it.
    async fn attempt(&mut self, number: u64) -> Result<Option<Lease>> {
        let lock = self.lock;
        let found: Option<Record> = lock.client(left(self.until)).find(&lock.key).await?;
        match self.recognised(found.as_ref()) {
            Some(lease) if lease.remaining() >= lock.lease / 2 => return Ok(Some(lease)),
            // Most of it is over. Nobody knows of it, so it may be claimed.
            Some(_) => {}
            None if self.is_free(found.as_ref()) => {}
            None => return Ok(None),
        }
        let record = Record {
            holder: Some(lock.kv.ctx.id().clone()),
            token: found.as_ref().map_or(0, |found| found.token) + 1,
            renewals: 0,
            claim: number,
        };
        let sent = Instant::now();
        self.attempts += 1;
        self.claims.push(Claim {
            record: record.clone(),
            sent,
        });
        let client = lock.client(left(self.until));
        match &found {
            None => client.create(&lock.key, &record).await?,
            Some(found) => client.cas(&lock.key, found, &record).await?,
        }
        Ok(Some(lock.lease_of(record, sent)))
    }

    /// The lease of a claim whose answer was lost and that has succeeded after
    /// all. Forgets claims that certainly have not.
    fn recognised(&mut self, found: Option<&Record>) -> Option<Lease> {
        let found = found?;
        // One claim alone to each tenure succeeds.
        self.claims
            .retain(|claim| claim.record == *found || claim.record.token != found.token);
        let ours = self.claims.iter().find(|claim| claim.record == *found)?;
        Some(self.lock.lease_of(ours.record.clone(), ours.sent))
    }

    /// Whether the lock may be claimed: nobody holds it, or whoever does has
    /// not stirred for longer than the lease.
    fn is_free(&mut self, found: Option<&Record>) -> bool {
        let Some(record) = found.filter(|record| record.holder.is_some()) else {
            self.held = None;
            return true;
        };
        match &self.held {
            Some((seen, since)) if seen == record => since.elapsed() >= self.lock.lease * 5 / 4,
            _ => {
                self.held = Some((record.clone(), Instant::now()));
                false
            }
        }
    }

    /// What to say when the time is up. `failure` is that of the last attempt.
    fn in_vain(&self, failure: Option<KvError>, within: Duration) -> KvError {
        let attempts = self.attempts;
        match failure {
            // A claim may have succeeded, whatever became of the later ones.
            _ if !self.claims.is_empty() => self.lock.kv.unanswered("cas", within),
            // This node was never shown who holds it.
            Some(failure) if self.held.is_none() => failure,
            _ => KvError::Contended { attempts, within },
        }
    }
}

/// A tenure of a [`Lock`].
///
/// ```
/// use maelstrom_kv::Lease;
/// use maelstrom_node::Context;
/// use serde_json::json;
///
/// /// Looks at the clock first, and lets the other side look at the token.
/// fn write(ctx: &Context, lease: &Lease, value: u64) -> bool {
///     let held = !lease.remaining().is_zero();
///     if held {
///         let store = json!({"type": "store", "token": lease.token(), "value": value});
///         ctx.send(&ctx.node_ids()[0], &store);
///     }
///     held
/// }
/// ```
#[derive(Debug)]
#[must_use = "a lease that is dropped is not released; it runs out"]
pub struct Lease {
    lock: Lock,
    record: Record,
    until: Instant,
    /// When the next renewal was first asked for. It may have been carried out
    /// then, although its answer did not come.
    asked: Option<Instant>,
}

impl Lease {
    /// The fencing token: greater than that of every tenure before this one.
    pub fn token(&self) -> u64 {
        self.record.token
    }

    /// How long this node may still act as holder; zero when the lease has run
    /// out. Look before each act, and send the [token](Self::token) along.
    pub fn remaining(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// Extends the lease to its full length, counted from when the renewal was
    /// sent. Waits for a third of the lease at most for each answer.
    ///
    /// ```
    /// # async fn example(mut lease: maelstrom_kv::Lease) -> maelstrom_kv::Result<()> {
    /// loop {
    ///     // A third of the time leaves room for another attempt.
    ///     tokio::time::sleep(lease.remaining() / 3).await;
    ///     if let Err(error) = lease.renew().await {
    ///         if !error.is_timeout() || lease.remaining().is_zero() {
    ///             return Err(error);
    ///         }
    ///     }
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`KvError::PreconditionFailed`] when the lock was taken over. After any
    /// error the lease runs on for what [`remaining`](Self::remaining) says;
    /// after a timeout, try again.
    pub async fn renew(&mut self) -> Result<()> {
        self.renew_once().await?;
        // It was an earlier attempt that succeeded, and most of it is over.
        if self.remaining() < self.lock.lease / 2 {
            self.renew_once().await?;
        }
        Ok(())
    }

    async fn renew_once(&mut self) -> Result<()> {
        let sent = Instant::now();
        // Noted before the request goes out: the caller may stop waiting.
        let first_asked = *self.asked.get_or_insert(sent);
        let renewed = self.renewed();
        let since = match self.replace(&renewed).await {
            Ok(()) => sent,
            // By an earlier attempt, perhaps. Contenders have counted since
            // *that* one arrived, and so does the lease.
            Err(KvError::PreconditionFailed(_)) if self.shown().await? == Some(renewed.clone()) => {
                first_asked
            }
            Err(error) => return Err(error),
        };
        self.record = renewed;
        self.until = since + self.lock.lease;
        self.asked = None;
        Ok(())
    }

    /// Gives the lock back.
    ///
    /// ```
    /// # async fn example(lease: maelstrom_kv::Lease) {
    /// if lease.release().await.is_err() {
    ///     // Not released, it runs out.
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`KvError::PreconditionFailed`] when it was taken over already.
    pub async fn release(mut self) -> Result<()> {
        let free = self.free();
        let refused = match self.replace(&free).await {
            Err(KvError::PreconditionFailed(error)) => error,
            other => return other,
        };
        let shown = self.shown().await?;
        if shown == Some(free) {
            return Ok(());
        }
        let renewed = self.renewed();
        if shown != Some(renewed.clone()) {
            return Err(KvError::PreconditionFailed(refused));
        }
        // A renewal whose answer was lost had been carried out.
        self.record = renewed;
        self.replace(&self.free()).await
    }

    /// The record after the next renewal.
    fn renewed(&self) -> Record {
        Record {
            renewals: self.record.renewals + 1,
            ..self.record.clone()
        }
    }

    /// The record after the release.
    fn free(&self) -> Record {
        Record {
            holder: None,
            ..self.record.clone()
        }
    }

    /// Changes the record from what we know it to be.
    async fn replace(&self, to: &Record) -> Result<()> {
        let client = self.lock.client(self.lock.lease);
        client.cas(&self.lock.key, &self.record, to).await
    }

    /// What the record is. Asked when it was not what we knew it to be: a
    /// change of our own whose answer was lost is as good as one answered.
    async fn shown(&self) -> Result<Option<Record>> {
        self.lock.client(self.lock.lease).find(&self.lock.key).await
    }
}

/// The check on the other side: lets in no token lower than the highest seen.
///
/// ```
/// let mut fence = maelstrom_kv::Fence::default();
/// assert!(fence.admits(1) && fence.admits(2) && fence.admits(2));
/// assert!(!fence.admits(1), "whoever held the lock before is too late");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fence {
    highest: u64,
}

impl Fence {
    /// Whether a request with this token may be carried out.
    ///
    /// ```
    /// use maelstrom_kv::Fence;
    /// use maelstrom_node::{Error, ErrorCode, Result};
    ///
    /// fn store(fence: &mut Fence, register: &mut u64, token: u64, value: u64) -> Result<()> {
    ///     if !fence.admits(token) {
    ///         return Err(Error::new(ErrorCode::TxnConflict, "this tenure is over"));
    ///     }
    ///     *register = value;
    ///     Ok(())
    /// }
    /// ```
    pub fn admits(&mut self, token: u64) -> bool {
        let admitted = token >= self.highest;
        self.highest = self.highest.max(token);
        admitted
    }
}
