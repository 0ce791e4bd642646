//! Where nodes live: in this process, or in processes of their own.

mod in_process;
mod line;
mod process;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use maelstrom_node::Environment;
use maelstrom_proto::{Message, NodeId};

use crate::network::Network;
use crate::problem::{ProblemKind, Traces};

pub use in_process::InProcess;
pub use process::Process;

/// A place where nodes live.
pub trait Host: Send + Sync + fmt::Debug {
    /// Starts a node. What it says goes to `outbox`.
    ///
    /// # Errors
    /// When the node can't be started.
    fn start(
        &self,
        id: &NodeId,
        outbox: Outbox,
        environment: Environment,
    ) -> Result<Box<dyn RunningNode>, StartError>;

    /// Whether its nodes need the real clock.
    fn needs_real_time(&self) -> bool;

    /// The file to which a node's log goes, where there is one.
    fn log(&self, id: &NodeId) -> Option<PathBuf>;
}

/// A node that was started.
#[async_trait]
pub trait RunningNode: Send {
    /// Hands it a message.
    fn deliver(&mut self, message: Message);

    /// Stops it where it is, until it is told to go on. Nothing is handed to it
    /// meanwhile, and nothing that it says is heard.
    fn pause(&mut self) {}

    /// Lets it go on.
    fn resume(&mut self) {}

    /// What there is to look at when something is wrong with it.
    fn traces(&self) -> Option<Traces> {
        None
    }

    /// Ends it, and waits until nothing of it is left.
    async fn stop(&mut self);
}

/// A node that could not be started.
#[derive(Debug, thiserror::Error)]
#[error("{node} could not be started: {path}: {source}", path = path.display())]
pub struct StartError {
    /// The node.
    pub node: NodeId,
    /// The file that failed: the program, or the node's log.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// Where a node's messages go.
#[derive(Clone)]
pub struct Outbox {
    network: Network,
    node: usize,
    id: NodeId,
}

impl Outbox {
    pub(crate) fn new(network: &Network, node: usize, id: &NodeId) -> Self {
        Self {
            network: network.clone(),
            node,
            id: id.clone(),
        }
    }

    /// The node whose messages these are.
    pub fn id(&self) -> &NodeId {
        &self.id
    }

    /// Puts a message on the network.
    pub fn send(&self, message: Message) {
        self.network.send(self.node, message);
    }

    /// Reports something that the node did and may not do.
    pub fn report(&self, problem: ProblemKind) {
        self.network.report(self.id.clone(), problem);
    }

    /// The time since the run began.
    pub fn elapsed(&self) -> Duration {
        self.network.clock().elapsed()
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outbox({})", self.id)
    }
}
