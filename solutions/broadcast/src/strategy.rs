//! The strategies by name, and the node that follows one.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use maelstrom_node::proto::broadcast;
use maelstrom_node::{Context, Error, ErrorCode, Node, Result};
use rand::RngExt;

use crate::knowledge::Knowledge;
use crate::message::{Request, Response};
use crate::protocol::Shell;
use crate::{AntiEntropy, Batch, Convergecast, Direct, Exchange, Flood, TimeoutPool};

/// The rounds of [`Strategy::Convergecast`], as long as the limits of 3e allow.
const LONG_ROUND: Duration = Duration::from_millis(1500);

/// The rounds of [`Strategy::ConvergecastQuick`], for the limits of 3d.
const SHORT_ROUND: Duration = Duration::from_millis(320);

/// How values spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    /// Up to a hub and down again, in rounds of 1.5 s.
    Convergecast,
    /// The same in rounds of 0.32 s.
    ConvergecastQuick,
}

impl Strategy {
    /// Every strategy, from the plainest on.
    pub const ALL: &'static [Self] = &[
        Self::Flood,
        Self::TimeoutPool,
        Self::Direct,
        Self::Batch,
        Self::AntiEntropy,
        Self::Convergecast,
        Self::ConvergecastQuick,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flood => "flood",
            Self::TimeoutPool => "timeout-pool",
            Self::Direct => "direct",
            Self::Batch => "batch",
            Self::AntiEntropy => "anti-entropy",
            Self::Convergecast => "convergecast",
            Self::ConvergecastQuick => "convergecast-quick",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Strategy {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let found = Self::ALL.iter().find(|strategy| strategy.name() == text);
        found.copied().ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|strategy| strategy.name()).collect();
            format!(
                "unknown strategy `{text}`, expected one of {}",
                names.join(", ")
            )
        })
    }
}

/// A broadcast node that follows one of the strategies.
#[derive(Debug)]
pub struct Broadcast(Inner);

#[derive(Debug)]
enum Inner {
    Flood(Flood),
    TimeoutPool(TimeoutPool),
    Protocol(Shell),
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
        let convergecast = |round| Shell::new(ctx, Convergecast::new(nodes, me, life, round));
        let exchange = || {
            let knowledge = Knowledge::new(ctx.id().as_str(), life);
            Exchange::new(knowledge, ctx.peers().cloned().collect())
        };
        Self(match strategy {
            Strategy::Flood => Inner::Flood(Flood::new(ctx)),
            Strategy::TimeoutPool => Inner::TimeoutPool(TimeoutPool::new(ctx)),
            Strategy::Direct => Inner::Protocol(Shell::new(ctx, Direct::new(exchange(), rng))),
            Strategy::Batch => Inner::Protocol(Shell::new(ctx, Batch::new(nodes, me, rng))),
            Strategy::AntiEntropy => {
                Inner::Protocol(Shell::new(ctx, AntiEntropy::new(exchange(), rng)))
            }
            Strategy::Convergecast => Inner::Protocol(convergecast(LONG_ROUND)),
            Strategy::ConvergecastQuick => Inner::Protocol(convergecast(SHORT_ROUND)),
        })
    }
}

impl Node for Broadcast {
    type Request = Request;
    type Response = Response;

    async fn handle(&self, ctx: Context, request: Request) -> Result<Response> {
        match &self.0 {
            Inner::Flood(flood) => flood.handle(ctx, plain(request)?).await,
            Inner::TimeoutPool(pool) => pool.handle(ctx, plain(request)?).await,
            Inner::Protocol(shell) => shell.handle(&ctx, request),
        }
    }
}

/// The requests that strategies without messages of their own understand.
fn plain(request: Request) -> Result<broadcast::Request> {
    match request {
        Request::Topology { topology } => Ok(broadcast::Request::Topology { topology }),
        Request::Broadcast { message } => Ok(broadcast::Request::Broadcast { message }),
        Request::Read => Ok(broadcast::Request::Read),
        _ => {
            let text = "a message of another strategy";
            Err(Error::new(ErrorCode::NotSupported, text))
        }
    }
}
