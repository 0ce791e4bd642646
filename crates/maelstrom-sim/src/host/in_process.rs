//! Nodes as values in this process: no pipes, no processes, any clock.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use maelstrom_node::{Context, Environment, Node, Server};
use maelstrom_proto::{Message, NodeId};

use super::{Host, Outbox, RunningNode, StartError};

/// Hosts nodes that a closure makes, one for each node and each of its lives.
///
/// Time is the run's: a node sleeps by it, and never moves it
/// (`tokio::time::advance`).
///
/// ```
/// use maelstrom_node::handler;
/// use maelstrom_node::proto::echo::{Request, Response};
/// use maelstrom_sim::InProcess;
///
/// let host = InProcess::new(|_| handler(|_, Request::Echo { echo }| async {
///     Ok(Response::EchoOk { echo })
/// }));
/// ```
#[derive(Clone)]
pub struct InProcess {
    start: Arc<Start>,
}

type Start = dyn Fn(Outbox, Environment) -> Box<dyn RunningNode> + Send + Sync;

impl InProcess {
    /// A host whose nodes are made by `make` when their `init` comes.
    pub fn new<N: Node>(make: impl Fn(Context) -> N + Clone + Send + Sync + 'static) -> Self {
        let start = move |outbox: Outbox, environment| {
            let span = tracing::error_span!("node", id = %outbox.id());
            let send = move |message| outbox.send(message);
            let server = Server::new(make.clone(), environment, send);
            Box::new(Hosted { server, span }) as Box<dyn RunningNode>
        };
        Self {
            start: Arc::new(start),
        }
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl Host for InProcess {
    fn start(
        &self,
        _: &NodeId,
        outbox: Outbox,
        environment: Environment,
    ) -> Result<Box<dyn RunningNode>, StartError> {
        Ok((self.start)(outbox, environment))
    }

    fn needs_real_time(&self) -> bool {
        false
    }

    fn log(&self, _: &NodeId) -> Option<PathBuf> {
        None
    }
}

struct Hosted<N, F> {
    server: Server<N, F>,
    /// Whatever the node logs is logged within it, so that a subscriber can
    /// tell the nodes apart.
    span: tracing::Span,
}

#[async_trait]
impl<N, F> RunningNode for Hosted<N, F>
where
    N: Node,
    F: FnOnce(Context) -> N + Send,
{
    fn deliver(&mut self, message: Message) {
        self.span.in_scope(|| self.server.deliver(message));
    }

    fn pause(&mut self) {
        self.server.pause();
    }

    fn resume(&mut self) {
        self.server.resume();
    }

    async fn stop(&mut self) {
        self.server.kill();
    }
}
