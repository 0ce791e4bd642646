//! Gossip Glomers 2: ids that are unique without any coordination.
//!
//! Every strategy puts something that belongs to one node alone beside
//! something that this node never gives twice; no message is needed, and no
//! partition matters. They differ in what they promise beyond that: short ids,
//! ids in order of time, ids of a size, ids that survive a restart.

mod object_id;
mod sequence;
mod snowflake;
mod strategy;
mod uuids;

pub use object_id::ObjectIds;
pub use sequence::Sequence;
pub use snowflake::Snowflake;
pub use strategy::{Strategy, UniqueIds};
pub use uuids::{Uuids, Version};
