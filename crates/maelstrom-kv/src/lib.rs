//! Clients of the services that [Maelstrom](https://github.com/jepsen-io/maelstrom)
//! provides to nodes.
//!
//! | Service | Client | What it promises |
//! |---|---|---|
//! | `lin-kv` | [`LinKv`] | linearizable: every operation sees all that ended before it began |
//! | `seq-kv` | [`SeqKv`] | sequential: one order for all, but a node may look at an old state; see [below](#why-a-plain-read-of-seq-kv-may-be-stale-for-ever) |
//! | `lww-kv` | [`LwwKv`] | next to nothing: replicas that answer at random |
//! | `lin-tso` | [`Tso`] | timestamps, each greater than all given before |
//!
//! A client is made from a node's [`Context`], costs next to nothing, and is
//! cloned freely:
//!
//! ```
//! use maelstrom_kv::{Result, SeqKv};
//! use maelstrom_node::Context;
//!
//! async fn add(ctx: &Context, delta: i64) -> Result<i64> {
//!     SeqKv::new(ctx).update("counter", |sum: Option<i64>| sum.unwrap_or(0) + delta).await
//! }
//!
//! async fn read(ctx: &Context) -> Result<i64> {
//!     SeqKv::new(ctx).read_latest_or_default("counter").await
//! }
//! ```
//!
//! # Timeouts and retries
//!
//! [`Kv::within`] bounds an operation *as a whole*, with every retry and every
//! wait inside it; five seconds unless told otherwise. Within that time
//!
//! - a read is repeated when its answer does not come: it changes nothing;
//! - a write or a compare-and-set is sent once, and waited for: sent twice, it
//!   could undo what somebody else did in between. (After an answer that nothing
//!   was done for now, error 11, it is sent again.)
//! - [`Kv::update`] reads and tries again, with backoff and jitter, when
//!   somebody else was faster.
//!
//! # What an error says
//!
//! [`KvError::is_definite`] tells whether the operation certainly did not
//! happen. What is left is *indefinite*: the service may have acted, or may
//! still. A handler that returns such an error to its client with `?` answers
//! with error 0, which Maelstrom takes in the same way.
//!
//! # Why a plain read of seq-kv may be stale for ever
//!
//! Sequential consistency asks for one order of all operations that agrees with
//! the order in which *each node* did its own. It says nothing of time: a node
//! that only ever reads may be shown the state of a minute ago, again and
//! again, and no rule is broken, for its reads fit into the order before
//! everything that others wrote since. No waiting helps, since nothing forces
//! the service to move on. Maelstrom makes use of this: it keeps the last 32
//! states and answers a read from any of them that the node has not seen past.
//! (A node that is further behind even sees values go backwards: its place in
//! the ring of 32 holds a newer state by then, and the next read may be older.)
//! It is how counters that add correctly still fail the final read.
//!
//! A write is different. It changes the state, so it must go to the newest one,
//! and from then on the node, whose own order counts, may not be shown anything
//! older. So [`SeqKv::read_latest`] first writes a value that was never written
//! before, to a key of the node's own, and reads then: what it returns is as
//! new as the moment at which it was called. The price is one more message
//! pair. (Writing the *same* value again would not do: that changes nothing,
//! and may be answered from an old state.)
//!
//! # Keys of the crate's own
//!
//! Keys of two forms belong to this crate; whoever writes to them by hand breaks
//! what they are for:
//!
//! - `latest/<node>` on seq-kv: what [`SeqKv::read_latest`], and an update that
//!   was beaten, write before they read. One for each node.
//! - `lock/<name>` on lin-kv: who holds the [`Lock`] of that name.
//!
//! # Features
//!
//! None. Beside `maelstrom-node`, without its default features, the crate needs
//! `serde` and `serde_json` for keys and values, `tokio` for its clock, `rand`
//! for jitter and unique values, and `thiserror`.

mod error;
mod lock;
mod service;
mod store;
mod tso;
mod update;

pub use error::KvError;
pub use lock::{Fence, Lease, Lock};
pub use service::{CreatesKeys, Lin, Lww, Seq, Service};
pub use store::Kv;
pub use tso::Tso;

#[cfg(doc)]
use maelstrom_node::Context;

/// What operations return.
///
/// ```
/// async fn leader(kv: &maelstrom_kv::LinKv) -> maelstrom_kv::Result<Option<String>> {
///     kv.find("leader").await
/// }
/// ```
pub type Result<T> = std::result::Result<T, KvError>;

/// A client of `lin-kv`: every operation sees all that ended before it began.
///
/// ```
/// # async fn example(ctx: maelstrom_node::Context) -> maelstrom_kv::Result<()> {
/// let kv = maelstrom_kv::LinKv::new(&ctx);
/// kv.put("greeting", "hello").await?;
/// assert_eq!(kv.get::<_, String>("greeting").await?, "hello");
/// # Ok(()) }
/// ```
pub type LinKv = Kv<Lin>;

/// A client of `seq-kv`: cheap to promise, and stale when it likes.
///
/// ```
/// # async fn example(ctx: maelstrom_node::Context) -> maelstrom_kv::Result<()> {
/// let kv = maelstrom_kv::SeqKv::new(&ctx);
/// let perhaps_old: i64 = kv.get_or_default("sum").await?;
/// let new: i64 = kv.read_latest_or_default("sum").await?;
/// # Ok(()) }
/// ```
pub type SeqKv = Kv<Seq>;

/// A client of `lww-kv`.
///
/// Maelstrom's has two replicas, answers from either at random, and never
/// reconciles them, whatever its documentation says: a value written once may
/// be found by half of the reads, for ever. Good for learning what to expect
/// from an eventually consistent store whose eventuality never comes.
///
/// ```
/// # async fn example(ctx: maelstrom_node::Context) -> maelstrom_kv::Result<()> {
/// let kv = maelstrom_kv::LwwKv::new(&ctx);
/// kv.put("colour", "blue").await?;
/// let perhaps: Option<String> = kv.find("colour").await?;
/// # Ok(()) }
/// ```
pub type LwwKv = Kv<Lww>;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
