//! The strategies by name, and the node that follows one.

use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;
use maelstrom_node::proto::unique_ids::{Request, Response};
use maelstrom_node::{Context, Node, Result};
use serde_json::Value;

use crate::{ObjectIds, Sequence, Snowflake, Uuids, Version};

/// How ids are made, from the plainest way on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, ValueEnum)]
pub enum Strategy {
    /// The node's name and a number, `n2-17`.
    Sequence,
    /// 64 bits: time, machine, counter.
    Snowflake,
    /// 96 bits: time, machine, counter, as in MongoDB.
    ObjectId,
    /// Random UUIDs.
    #[value(name = "uuid")]
    UuidV4,
    /// UUIDs in order of time.
    #[default]
    UuidV7,
}

/// A node that hands out ids.
#[derive(Debug)]
pub struct UniqueIds(Mutex<Maker>);

#[derive(Debug)]
enum Maker {
    Sequence(Sequence),
    Snowflake(Snowflake),
    ObjectId(Box<ObjectIds>),
    Uuid(Box<Uuids>),
}

impl UniqueIds {
    /// A node that has handed out nothing yet.
    pub fn new(strategy: Strategy, ctx: &Context) -> Self {
        let place = ctx.node_ids().iter().position(|id| id == ctx.id());
        let place = place.unwrap_or(ctx.node_ids().len());
        Self(Mutex::new(match strategy {
            Strategy::Sequence => Maker::Sequence(Sequence::default()),
            Strategy::Snowflake => Maker::Snowflake(Snowflake::new(place)),
            Strategy::ObjectId => Maker::ObjectId(Box::new(ObjectIds::new(place, ctx.rng()))),
            Strategy::UuidV4 => Maker::Uuid(Box::new(Uuids::new(Version::V4, ctx.rng()))),
            Strategy::UuidV7 => Maker::Uuid(Box::new(Uuids::new(Version::V7, ctx.rng()))),
        }))
    }
}

impl Maker {
    fn next(&mut self, ctx: &Context) -> Value {
        match self {
            Self::Sequence(ids) => ids.next(ctx.id()).into(),
            Self::Snowflake(ids) => ids.next(ctx.wall_clock()).into(),
            Self::ObjectId(ids) => ids.next(ctx.wall_clock()).into(),
            Self::Uuid(ids) => ids.next(ctx.wall_clock()).to_string().into(),
        }
    }
}

impl Node for UniqueIds {
    type Request = Request;
    type Response = Response;

    async fn handle(&self, ctx: Context, Request::Generate: Request) -> Result<Response> {
        // Nothing that holds the lock can panic half-way.
        let mut maker = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = maker.next(&ctx);
        Ok(Response::GenerateOk { id })
    }
}
