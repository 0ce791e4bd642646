//! Which service a client talks to, as a type.

use std::sync::LazyLock;

use maelstrom_node::NodeId;

/// A key-value service. The three that Maelstrom has implement it, and nothing
/// else can.
pub trait Service: sealed::Sealed + Send + Sync + 'static {
    /// The name on the network.
    fn id() -> &'static NodeId;
}

/// A service that creates a key by compare-and-set when asked to. `lww-kv`
/// does not.
pub trait CreatesKeys: Service {
    /// Whether a read may show an old state, however long one waits.
    const MAY_BE_STALE: bool;
}

/// The service `lin-kv`.
#[derive(Clone, Copy, Debug)]
pub enum Lin {}

/// The service `seq-kv`.
#[derive(Clone, Copy, Debug)]
pub enum Seq {}

/// The service `lww-kv`.
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
