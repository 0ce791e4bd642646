//! From messages to handlers and back: the part that knows neither lines nor
//! sockets, driven by the stdio loop and by a simulation alike.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use futures::FutureExt;
use maelstrom_proto::{DecodeError, Header, init};
use tracing::{Instrument, debug, error, warn};

use crate::outbox::Outbox;
use crate::{Body, Context, Environment, Error, ErrorCode, Message, Node, NodeId};

/// A node being served: give it messages, and it calls the handlers.
///
/// Every method must be called inside a tokio runtime, since handlers that wait
/// and background tasks become tasks of that runtime.
pub struct Server<N, F> {
    state: State<N, F>,
    outbox: Outbox,
    environment: Environment,
}

enum State<N, F> {
    /// Nothing but `init` is of use yet; what came early waits, in order.
    BeforeInit {
        make: Option<F>,
        early: Vec<Message>,
    },
    Running {
        node: Arc<N>,
        ctx: Context,
    },
}

impl<N, F> Server<N, F>
where
    N: Node,
    F: FnOnce(Context) -> N,
{
    /// A node that is made by `make` once `init` has come, and whose messages
    /// go to `send`.
    pub fn new(
        make: F,
        environment: Environment,
        send: impl Fn(Message) + Send + Sync + 'static,
    ) -> Self {
        Self::with_outbox(make, environment, Outbox::Memory(Arc::new(send)))
    }

    pub(crate) fn with_outbox(make: F, environment: Environment, outbox: Outbox) -> Self {
        Self {
            state: State::BeforeInit {
                make: Some(make),
                early: Vec::new(),
            },
            outbox,
            environment,
        }
    }

    /// Takes one message: completes the RPC that it answers, or runs its
    /// handler until the handler is done or has to wait.
    pub fn deliver(&mut self, message: Message) {
        let header = match message.body.header() {
            Ok(header) => header,
            Err(error) => return self.refuse(&message, error),
        };
        match &mut self.state {
            State::Running { node, ctx } => dispatch(node, ctx, &message, &header),
            State::BeforeInit { early, .. } if header.kind != "init" => early.push(message),
            State::BeforeInit { .. } => self.init(&message, header.msg_id),
        }
    }

    fn init(&mut self, message: &Message, msg_id: Option<u64>) {
        let State::BeforeInit { make, early } = &mut self.state else {
            return;
        };
        let init::Request::Init { node_id, node_ids } = match message.body.decode() {
            Ok(init) => init,
            Err(error) => return self.refuse(message, error),
        };
        let Some(make) = make.take() else { return };
        let early = std::mem::take(early);
        let outbox = self.outbox.clone();
        let environment = self.environment.clone();
        let ctx = Context::new(node_id, node_ids, message.src.clone(), outbox, environment);
        let node = Arc::new(make(ctx.clone()));
        if let Some(msg_id) = msg_id {
            reply(&ctx, &message.src, msg_id, &Ok(init::Response::InitOk));
        }
        self.state = State::Running { node, ctx };
        for message in early {
            self.deliver(message);
        }
    }

    /// Logs a message that can't be read, and answers it if it was a request.
    fn refuse(&self, message: &Message, error: DecodeError) {
        warn!(from = %message.src, %error, "unreadable message");
        // Only the id is of interest here, whatever else is wrong.
        #[derive(serde::Deserialize)]
        struct Id {
            msg_id: u64,
        }
        if let Ok(Id { msg_id }) = message.body.decode()
            && let Ok(body) = Body::reply(&error.to_error(), msg_id)
        {
            let answer = Message::new(&message.dest, &message.src, body);
            self.outbox.send(answer);
        }
    }

    /// Ends the node gracefully: background tasks stop, RPCs in flight fail,
    /// and handlers get `grace` to finish. Messages delivered after this are
    /// still handled.
    pub async fn finish(&mut self, grace: Duration) {
        if let State::Running { ctx, .. } = &self.state {
            ctx.shared.ending.cancel();
            ctx.shared.pending.close();
            ctx.shared.tasks.close();
            let waited = tokio::time::timeout(grace, ctx.shared.tasks.wait()).await;
            if waited.is_err() {
                warn!("handlers still waiting after {grace:?} are dropped");
            }
            ctx.shared.killed.cancel();
        }
    }

    /// Ends the node at once, as a crash would: no task of it runs again and
    /// nothing more is sent.
    pub fn kill(&self) {
        if let State::Running { ctx, .. } = &self.state {
            ctx.shared.killed.cancel();
        }
    }
}

fn dispatch<N: Node>(node: &Arc<N>, ctx: &Context, message: &Message, header: &Header<'_>) {
    let src = &message.src;
    if let Some(in_reply_to) = header.in_reply_to {
        if !ctx
            .shared
            .pending
            .complete(in_reply_to, message.body.clone())
        {
            debug!(from = %src, in_reply_to, "a reply that nobody waits for (any more)");
        }
        return;
    }
    if header.kind == "init" {
        warn!(from = %src, "a second init; the node keeps its name and its state");
        if let Some(msg_id) = header.msg_id {
            let again = Error::new(
                ErrorCode::MalformedRequest,
                "this node is initialised already",
            );
            reply::<init::Response>(ctx, src, msg_id, &Err(again));
        }
        return;
    }
    let request = match message.body.decode::<N::Request>() {
        Ok(request) => request,
        Err(error) => {
            warn!(from = %src, %error, "a message that this node does not understand");
            if let Some(msg_id) = header.msg_id {
                reply::<N::Response>(ctx, src, msg_id, &Err(error.to_error()));
            }
            return;
        }
    };
    let msg_id = header.msg_id;
    let (node, ctx, src) = (node.clone(), ctx.on_behalf_of(src), src.clone());
    start(ctx.clone(), async move {
        let handled = AssertUnwindSafe(node.handle(ctx.clone(), request)).catch_unwind();
        let result = handled.await.unwrap_or_else(|panic| {
            let text = panic_text(&*panic);
            error!(from = %src, text, "a handler panicked");
            Err(Error::new(
                ErrorCode::Crash,
                format!("the handler panicked: {text}"),
            ))
        });
        match msg_id {
            Some(msg_id) => reply(&ctx, &src, msg_id, &result),
            None => {
                if let Err(error) = result {
                    debug!(from = %src, %error, "a one-way message failed");
                }
            }
        }
    });
}

/// Polls a handler once where it stands, so that one that does not wait costs
/// no task and keeps the order of arrival; makes a task of it if it waits.
fn start(ctx: Context, handler: impl Future<Output = ()> + Send + 'static) {
    let mut handler: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(handler);
    // The task polls it again with a waker of its own before anything else.
    let mut no_waker = std::task::Context::from_waker(Waker::noop());
    if handler.as_mut().poll(&mut no_waker).is_pending() {
        let killed = ctx.shared.killed.clone();
        let task = async move {
            killed.run_until_cancelled(handler).await;
        };
        ctx.shared.tasks.spawn(task.in_current_span());
    }
}

fn reply<T: serde::Serialize>(
    ctx: &Context,
    dest: &NodeId,
    msg_id: u64,
    result: &crate::Result<T>,
) {
    let body = match result {
        Ok(response) => Body::reply(response, msg_id),
        Err(error) => Body::reply(error, msg_id),
    };
    let body = body.or_else(|unwritable| {
        error!(error = %unwritable, "a response that is no message body");
        let text = format!("the response is no message body: {unwritable}");
        Body::reply(&Error::new(ErrorCode::Crash, text), msg_id)
    });
    match body {
        Ok(body) => ctx.transmit(dest, body),
        Err(error) => error!(%error, "not sent"),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}

impl<N, F> fmt::Debug for Server<N, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}
