//! Reading, writing, comparing and setting single keys.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use maelstrom_node::proto::DecodeError;
use maelstrom_node::proto::kv::{Request, Response};
use maelstrom_node::{Context, ErrorCode, Retry, RpcError};
use rand::RngExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::service::{CreatesKeys, Lin, Seq, Service};
use crate::{KvError, Lock, Result};

/// A client of the key-value service `S`: [`LinKv`](crate::LinKv),
/// [`SeqKv`](crate::SeqKv) or [`LwwKv`](crate::LwwKv).
///
/// Keys and values are anything that serialises. The service compares them as
/// JSON values.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use maelstrom_kv::{LinKv, Result};
///
/// #[derive(Serialize, Deserialize)]
/// struct Account { owner: String, balance: i64 }
///
/// async fn deposit(kv: &LinKv, number: u64, amount: i64) -> Result<Account> {
///     kv.update(&("account", number), |account: Option<Account>| {
///         let mut account = account.unwrap_or(Account { owner: "nobody".into(), balance: 0 });
///         account.balance += amount;
///         account
///     })
///     .await
/// }
/// ```
pub struct Kv<S> {
    pub(crate) ctx: Context,
    pub(crate) within: Duration,
    pub(crate) retry: Retry,
    service: PhantomData<fn() -> S>,
}

impl<S: Service> Kv<S> {
    /// A client for the node of this context.
    ///
    /// ```
    /// # fn example(ctx: maelstrom_node::Context) {
    /// let kv = maelstrom_kv::SeqKv::new(&ctx);
    /// # }
    /// ```
    pub fn new(ctx: &Context) -> Self {
        Self {
            ctx: ctx.clone(),
            within: Duration::from_secs(5),
            retry: Retry::default().first_wait(Duration::from_millis(500)),
            service: PhantomData,
        }
    }

    /// Bounds each operation as a whole, every retry included. Five seconds
    /// unless told otherwise, as long as Maelstrom's own clients wait. For ever
    /// is thirty years.
    ///
    /// ```
    /// # fn example(ctx: maelstrom_node::Context) {
    /// let hasty = maelstrom_kv::LinKv::new(&ctx).within(std::time::Duration::from_millis(500));
    /// # }
    /// ```
    pub fn within(mut self, limit: Duration) -> Self {
        self.within = bounded(limit);
        self
    }

    /// How reads and updates are repeated: how long a read waits for its answer
    /// before it is sent again, and how long an update steps back when others
    /// are faster. A deadline of the policy itself is not used.
    ///
    /// ```
    /// # fn example(ctx: maelstrom_node::Context) {
    /// use std::time::Duration;
    /// use maelstrom_node::Retry;
    ///
    /// // For a network with 100 ms of latency.
    /// let patient = Retry::default().first_wait(Duration::from_secs(1));
    /// let kv = maelstrom_kv::LinKv::new(&ctx).retry(patient);
    /// # }
    /// ```
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// The value of a key.
    ///
    /// On `seq-kv` and `lww-kv` it may be an old one.
    ///
    /// ```
    /// # use maelstrom_kv::{LinKv, Result};
    /// # async fn example(ctx: maelstrom_node::Context) -> Result<()> {
    /// let leader: String = LinKv::new(&ctx).get("leader").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`KvError::KeyDoesNotExist`] when there is none.
    pub async fn get<K, V>(&self, key: &K) -> Result<V>
    where
        K: Serialize + ?Sized,
        V: DeserializeOwned,
    {
        self.get_within(key, self.within).await
    }

    /// The value of a key, or `None` when the key does not exist.
    ///
    /// ```
    /// # async fn example(kv: maelstrom_kv::LinKv) -> maelstrom_kv::Result<()> {
    /// let leader: Option<String> = kv.find("leader").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// See [`KvError`].
    pub async fn find<K, V>(&self, key: &K) -> Result<Option<V>>
    where
        K: Serialize + ?Sized,
        V: DeserializeOwned,
    {
        absent_is_none(self.get(key).await)
    }

    /// The value of a key, or `default` when the key does not exist.
    ///
    /// ```
    /// # async fn example(kv: maelstrom_kv::LinKv) -> maelstrom_kv::Result<()> {
    /// let limit: u64 = kv.get_or("limit", 100).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// See [`KvError`].
    pub async fn get_or<K, V>(&self, key: &K, default: V) -> Result<V>
    where
        K: Serialize + ?Sized,
        V: DeserializeOwned,
    {
        Ok(self.find(key).await?.unwrap_or(default))
    }

    /// The value of a key, or the type's default when the key does not exist.
    ///
    /// ```
    /// # async fn example(kv: maelstrom_kv::LinKv) -> maelstrom_kv::Result<()> {
    /// let sum: i64 = kv.get_or_default("sum").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// See [`KvError`].
    pub async fn get_or_default<K, V>(&self, key: &K) -> Result<V>
    where
        K: Serialize + ?Sized,
        V: DeserializeOwned + Default,
    {
        Ok(self.find(key).await?.unwrap_or_default())
    }

    /// Sets a key, whatever it was.
    ///
    /// ```
    /// # async fn example(kv: maelstrom_kv::LinKv) -> maelstrom_kv::Result<()> {
    /// kv.put(&("offset", 7), &vec![1, 2, 3]).await?; // Any key, any value.
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// See [`KvError`]. After a timeout the key may have been set, or may be yet.
    pub async fn put<K, V>(&self, key: &K, value: &V) -> Result<()>
    where
        K: Serialize + ?Sized,
        V: Serialize + ?Sized,
    {
        self.change(&Request::Write { key, value }, self.deadline())
            .await
    }

    /// Sets a key to `to` if it is `from`.
    ///
    /// ```
    /// # use maelstrom_kv::{KvError, LinKv, Result};
    /// # async fn example(ctx: maelstrom_node::Context) -> Result<()> {
    /// match LinKv::new(&ctx).cas("leader", "n0", "n1").await {
    ///     Ok(()) => {} // It is n1 now.
    ///     Err(KvError::PreconditionFailed(_)) => {} // It was somebody else.
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`KvError::PreconditionFailed`] when it is something else (on `seq-kv`,
    /// when it was so in a state that this node may still be shown), and
    /// [`KvError::KeyDoesNotExist`] when it does not exist.
    pub async fn cas<K, V>(&self, key: &K, from: &V, to: &V) -> Result<()>
    where
        K: Serialize + ?Sized,
        V: Serialize + ?Sized,
    {
        let cas = Request::Cas {
            key,
            from,
            to,
            create_if_not_exists: false,
        };
        self.change(&cas, self.deadline()).await
    }

    /// How long attempt number `attempt` waits.
    pub(crate) fn step(&self, attempt: u32) -> Duration {
        bounded(self.retry.wait(attempt, &mut self.ctx.rng()))
    }

    /// When an operation that begins now has to end.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.within
    }

    pub(crate) async fn get_within<K, V>(&self, key: &K, limit: Duration) -> Result<V>
    where
        K: Serialize + ?Sized,
        V: DeserializeOwned,
    {
        let read = Request::<_, ()>::Read { key };
        let retry = self.retry.deadline(limit);
        match self.ctx.rpc_retried(S::id(), &read, retry).await? {
            Response::ReadOk { value } => Ok(value),
            Response::WriteOk | Response::CasOk => Err(self.unfit("read", &ASTRAY)),
        }
    }

    /// Sends a request that changes something, once. Only an answer that
    /// nothing was done for now (error 11) is a reason to send it again.
    pub(crate) async fn change<T: Serialize>(&self, request: &T, until: Instant) -> Result<()> {
        for attempt in 0.. {
            let reply = self.ctx.rpc(S::id(), request, left(until)).await;
            let error: RpcError = match reply {
                Ok(Response::WriteOk | Response::CasOk) => return Ok(()),
                Ok(Response::<Value>::ReadOk { .. }) => return Err(self.unfit("write", &ASTRAY)),
                Err(error) => error,
            };
            if error.code() != Some(ErrorCode::TemporarilyUnavailable) {
                return Err(error.into());
            }
            let later = Instant::now() + self.step(attempt);
            if later >= until {
                return Err(error.into());
            }
            tokio::time::sleep_until(later).await;
        }
        unreachable!("the attempts are counted without end")
    }

    /// What is left to say of a change that may have been carried out.
    pub(crate) fn unanswered(&self, kind: &str, after: Duration) -> KvError {
        KvError::Rpc(RpcError::Timeout {
            dest: S::id().clone(),
            kind: kind.to_owned(),
            after,
        })
    }

    /// A reply, or a value in it, that is not what was asked for.
    pub(crate) fn unfit(&self, kind: &str, reason: &dyn fmt::Display) -> KvError {
        KvError::Rpc(RpcError::Reply {
            dest: S::id().clone(),
            kind: kind.to_owned(),
            error: DecodeError::Malformed {
                reason: reason.to_string(),
                body: "the value".to_owned(),
            },
        })
    }
}

/// What is said of an answer to another question.
const ASTRAY: &str = "it answers another question";

impl<S: CreatesKeys> Kv<S> {
    /// Creates a key with this value if it does not exist.
    ///
    /// ```
    /// # use maelstrom_kv::{KvError, LinKv, Result};
    /// # async fn example(ctx: maelstrom_node::Context) -> Result<()> {
    /// match LinKv::new(&ctx).create("leader", ctx.id()).await {
    ///     Ok(()) => {} // This node leads.
    ///     Err(KvError::KeyAlreadyExists(_)) => {} // Somebody else does.
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`KvError::KeyAlreadyExists`] when it does.
    pub async fn create<K, V>(&self, key: &K, value: &V) -> Result<()>
    where
        K: Serialize + ?Sized,
        V: Serialize + ?Sized,
    {
        self.create_until(key, value, self.deadline()).await
    }

    pub(crate) async fn create_until<K, V>(&self, key: &K, value: &V, until: Instant) -> Result<()>
    where
        K: Serialize + ?Sized,
        V: Serialize + ?Sized,
    {
        // The service compares `from` with a key that exists, and would set it
        // if the two were equal: so `from` is a value that nobody has written.
        let cas = Request::Cas {
            key,
            from: &Either::<V>::Unique(self.unique()),
            to: &Either::Value(value),
            create_if_not_exists: true,
        };
        match self.change(&cas, until).await {
            Err(KvError::PreconditionFailed(error)) => Err(KvError::KeyAlreadyExists(error)),
            other => other,
        }
    }

    /// A value that no node has written before.
    pub(crate) fn unique(&self) -> Value {
        let number: u64 = self.ctx.rng().random();
        json!({ "never-written": format!("{}-{number:x}", self.ctx.id()) })
    }
}

/// A caller's value, or one of our own beside it.
#[derive(Serialize)]
#[serde(untagged)]
enum Either<'a, V: ?Sized> {
    Value(&'a V),
    Unique(Value),
}

impl Kv<Seq> {
    /// The value of a key, as new as the moment of this call.
    ///
    /// Writes a unique value to a key of the node's own first (`latest/<node>`),
    /// which brings the node to the newest state, and reads then. The
    /// [head of this crate](crate#why-a-plain-read-of-seq-kv-may-be-stale-for-ever)
    /// explains why [`get`](Kv::get) alone can't do this, however long one waits.
    ///
    /// ```
    /// # async fn example(kv: maelstrom_kv::SeqKv) -> maelstrom_kv::Result<()> {
    /// let members: Vec<String> = kv.read_latest("members").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`KvError::KeyDoesNotExist`] when there is none.
    pub async fn read_latest<K, V>(&self, key: &K) -> Result<V>
    where
        K: Serialize + ?Sized,
        V: DeserializeOwned,
    {
        let until = self.deadline();
        self.catch_up(until).await?;
        self.get_within(key, left(until)).await
    }

    /// As [`read_latest`](Self::read_latest), with the type's default for a key
    /// that does not exist.
    ///
    /// ```
    /// # async fn example(kv: maelstrom_kv::SeqKv) -> maelstrom_kv::Result<()> {
    /// let sum: i64 = kv.read_latest_or_default("sum").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// See [`KvError`].
    pub async fn read_latest_or_default<K, V>(&self, key: &K) -> Result<V>
    where
        K: Serialize + ?Sized,
        V: DeserializeOwned + Default,
    {
        Ok(absent_is_none(self.read_latest(key).await)?.unwrap_or_default())
    }
}

impl<S: CreatesKeys> Kv<S> {
    /// Moves this node to the newest state of a service that may show old ones.
    pub(crate) async fn catch_up(&self, until: Instant) -> Result<()> {
        let key = format!("latest/{}", self.ctx.id());
        // A write of a value never written before may be repeated: nobody else
        // uses the key.
        let write = Request::Write {
            key,
            value: self.unique(),
        };
        let retry = self.retry.deadline(left(until));
        let reply = self.ctx.rpc_retried(S::id(), &write, retry).await?;
        match reply {
            Response::<Value>::WriteOk => Ok(()),
            Response::ReadOk { .. } | Response::CasOk => Err(self.unfit("write", &ASTRAY)),
        }
    }
}

impl Kv<Lin> {
    /// A distributed lock, kept under the key `lock/<name>`, which belongs to
    /// this crate alone.
    ///
    /// See [`Lock`].
    ///
    /// ```
    /// # fn example(ctx: maelstrom_node::Context) {
    /// let lock = maelstrom_kv::LinKv::new(&ctx).lock("rebalancing");
    /// # }
    /// ```
    pub fn lock(&self, name: impl Into<String>) -> Lock {
        Lock::new(self.clone(), name.into())
    }
}

/// A span that can be added to any instant of the clock, however long the
/// caller would wait: thirty years at most.
pub(crate) fn bounded(span: Duration) -> Duration {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    span.min(30 * YEAR)
}

/// How much time there is until then.
pub(crate) fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

pub(crate) fn absent_is_none<V>(result: Result<V>) -> Result<Option<V>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(KvError::KeyDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

impl<S> Clone for Kv<S> {
    fn clone(&self) -> Self {
        Self {
            ctx: self.ctx.clone(),
            within: self.within,
            retry: self.retry,
            service: PhantomData,
        }
    }
}

impl<S: Service> fmt::Debug for Kv<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kv")
            .field("service", S::id())
            .field("within", &self.within)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}
