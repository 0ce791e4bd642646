//! The strategies by name, and the node that follows one.

use std::time::Duration;

use clap::ValueEnum;
use maelstrom_node::{Context, Driver, Node, Result};
use rand::RngExt;

use crate::knowledge::{Knowledge, Lane};
use crate::message::{Request, Response};
use crate::spread::Spreader;
use crate::{AntiEntropy, Batch, Convergecast, Direct, Exchange, Flood, Pool, Spread};

/// The rounds of [`Strategy::Convergecast`], as long as the limits of 3e allow.
const LONG_ROUND: Duration = Duration::from_millis(1500);

/// The rounds of [`Strategy::ConvergecastQuick`], for the limits of 3d.
const SHORT_ROUND: Duration = Duration::from_millis(320);

/// How values spread, from the plainest way on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, ValueEnum)]
pub enum Strategy {
    /// To every neighbour at once, retried until acknowledged.
    Flood,
    /// The same with short timeouts and a bounded number of calls.
    TimeoutPool,
    /// From the first receiver to everybody.
    Direct,
    /// A queue and a ticker for each neighbour, in a star.
    Batch,
    /// Random pairs compare what they know.
    AntiEntropy,
    /// Up to a hub and down again, in rounds of 1.5 s: for 3e.
    Convergecast,
    /// The same in rounds of 0.32 s.
    #[default]
    ConvergecastQuick,
}

/// A broadcast node that follows one of the strategies.
#[derive(Debug)]
pub struct Broadcast(Inner);

#[derive(Debug)]
enum Inner {
    Flood(Flood),
    Spread(Driver<Spreader>),
}

impl Broadcast {
    /// A node that knows nothing yet.
    pub fn new(strategy: Strategy, ctx: &Context) -> Self {
        let nodes = ctx.node_ids();
        // A node that is not on the list takes itself for the last one.
        let me = nodes.iter().position(|id| id == ctx.id());
        let me = me.unwrap_or(nodes.len().saturating_sub(1));
        let mut rng = ctx.rng();
        let life: u32 = rng.random();
        let exchange = || {
            let knowledge = Knowledge::new(Lane::new(me, life));
            Exchange::new(knowledge, ctx.peers().cloned().collect())
        };
        let spread: Box<dyn Spread> = match strategy {
            Strategy::Flood => return Self(Inner::Flood(Flood::new(ctx, None))),
            Strategy::TimeoutPool => {
                let pool = Some(Pool::default());
                return Self(Inner::Flood(Flood::new(ctx, pool)));
            }
            Strategy::Direct => Box::new(Direct::new(exchange(), rng)),
            Strategy::Batch => Box::new(Batch::new(nodes, me, life, rng)),
            Strategy::AntiEntropy => Box::new(AntiEntropy::new(exchange(), rng)),
            Strategy::Convergecast => Box::new(Convergecast::new(nodes, me, life, LONG_ROUND)),
            Strategy::ConvergecastQuick => {
                Box::new(Convergecast::new(nodes, me, life, SHORT_ROUND))
            }
        };
        Self(Inner::Spread(Driver::new(ctx, Spreader(spread))))
    }
}

impl Node for Broadcast {
    type Request = Request;
    type Response = Response;

    async fn handle(&self, ctx: Context, request: Request) -> Result<Response> {
        match &self.0 {
            Inner::Flood(flood) => flood.handle(&ctx, request),
            Inner::Spread(spread) => spread.handle(ctx, request).await,
        }
    }
}
