//! Which service a client talks to, as a type.

use std::sync::LazyLock;

use maelstrom_node::NodeId;

/// A key-value service. The three that Maelstrom has implement it, and nothing
/// else can.
///
/// ```
/// use maelstrom_kv::{Kv, Result, Service};
///
/// /// On any of the three.
/// async fn copy<S: Service>(kv: &Kv<S>, from: &str, to: &str) -> Result<()> {
///     let value: serde_json::Value = kv.get(from).await?;
///     kv.put(to, &value).await
/// }
/// # assert_eq!(<maelstrom_kv::Lin as Service>::id(), "lin-kv");
/// ```
pub trait Service: sealed::Sealed + Send + Sync + 'static {
    /// The name on the network.
    fn id() -> &'static NodeId;
}

/// A service that creates a key by compare-and-set when asked to. `lww-kv`
/// does not.
///
/// ```
/// use maelstrom_kv::{CreatesKeys, Kv, Result};
///
/// /// On lin-kv or seq-kv.
/// async fn count<S: CreatesKeys>(kv: &Kv<S>, what: &str) -> Result<u64> {
///     kv.update(what, |so_far: Option<u64>| so_far.unwrap_or(0) + 1).await
/// }
/// ```
pub trait CreatesKeys: Service {
    /// Whether a read may show an old state, however long one waits.
    const MAY_BE_STALE: bool;
}

/// The service `lin-kv`.
///
/// ```
/// use maelstrom_kv::{Kv, Lin};
/// # fn example(ctx: maelstrom_node::Context) {
/// let kv: Kv<Lin> = Kv::new(&ctx); // Or LinKv::new.
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Lin {}

/// The service `seq-kv`.
///
/// ```
/// use maelstrom_kv::{Kv, Seq};
/// # fn example(ctx: maelstrom_node::Context) {
/// let kv: Kv<Seq> = Kv::new(&ctx); // Or SeqKv::new.
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Seq {}

/// The service `lww-kv`.
///
/// ```
/// use maelstrom_kv::{Kv, Lww};
/// # fn example(ctx: maelstrom_node::Context) {
/// let kv: Kv<Lww> = Kv::new(&ctx); // Or LwwKv::new.
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Lww {}

impl Service for Lin {
    fn id() -> &'static NodeId {
        static ID: LazyLock<NodeId> = LazyLock::new(|| NodeId::from("lin-kv"));
        &ID
    }
}

impl Service for Seq {
    fn id() -> &'static NodeId {
        static ID: LazyLock<NodeId> = LazyLock::new(|| NodeId::from("seq-kv"));
        &ID
    }
}

impl Service for Lww {
    fn id() -> &'static NodeId {
        static ID: LazyLock<NodeId> = LazyLock::new(|| NodeId::from("lww-kv"));
        &ID
    }
}

impl CreatesKeys for Lin {
    const MAY_BE_STALE: bool = false;
}

impl CreatesKeys for Seq {
    const MAY_BE_STALE: bool = true;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Lin {}
    impl Sealed for super::Seq {}
    impl Sealed for super::Lww {}
}
