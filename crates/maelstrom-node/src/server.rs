//! From messages to handlers and back: the part that knows neither lines nor
//! sockets, driven by the stdio loop and by a simulation alike.

use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};
use std::time::Duration;

use maelstrom_proto::{DecodeError, EncodeError, Frame, Header, decode, init};
use tracing::{debug, debug_span, error, info, warn};

use crate::outbox::{Ids, Outbox};
use crate::sample::Sample;
use crate::tasks::{Excuse, Role, Task, Tasks};
use crate::{Body, Context, Environment, Error, ErrorCode, Message, Node, NodeId, Result, panics};

/// How many messages may wait for `init`, and how many bytes their bodies may have.
const EARLY: usize = 10_000;
const EARLY_BYTES: usize = 64 * 1024 * 1024;

/// A node being served: give it messages, and it calls the handlers.
///
/// Every method must be called inside a tokio runtime: one task of it runs the
/// handlers that wait and what the node spawned.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::Duration;
/// use maelstrom_node::proto::echo::{Request, Response};
/// use maelstrom_node::{Body, Environment, Message, Server, handler};
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let sent = Arc::new(Mutex::new(Vec::new()));
/// let outbox = sent.clone();
/// let node = |_| handler(async |_, Request::Echo { echo }| Ok(Response::EchoOk { echo }));
/// let environment = Environment::seeded(7, || Duration::ZERO);
/// let mut server = Server::new(node, environment, move |message| outbox.lock().unwrap().push(message));
///
/// let init = json!({"type": "init", "node_id": "n0", "node_ids": ["n0"]});
/// for (msg_id, body) in [(1, init), (2, json!({"type": "echo", "echo": "hello"}))] {
///     server.deliver(Message::new("c1", "n0", Body::request(&body, msg_id).unwrap()));
/// }
/// assert_eq!(sent.lock().unwrap()[1].body.as_str(), r#"{"type":"echo_ok","echo":"hello","in_reply_to":2}"#);
/// server.finish(Duration::from_secs(1)).await; // Or `kill`, to end it as a crash would.
/// # }
/// ```
pub struct Server<N, F> {
    state: State<N, F>,
    outbox: Outbox,
    environment: Environment,
    senders: Senders,
    /// Messages that could not be understood, and further `init`s.
    refused: Sample,
    tasks: Tasks,
    killed: AtomicBool,
}

enum State<N, F> {
    /// Nothing but `init` is of use yet; what came early waits, in order.
    BeforeInit {
        make: Option<F>,
        early: Vec<Message>,
        bytes: usize,
    },
    Running {
        node: Arc<N>,
        ctx: Context,
    },
}

/// A message on its way to a handler.
struct Incoming<'a> {
    src: &'a NodeId,
    dest: &'a str,
    header: Header<'a>,
    body: Text<'a>,
}

impl Incoming<'_> {
    /// Whether it is the message that names a node, and no reply.
    fn is_init(&self) -> bool {
        self.header.kind == "init" && self.header.in_reply_to.is_none()
    }
}

/// The text of a body: part of a line, or shared with whoever sent it.
#[derive(Clone, Copy)]
enum Text<'a> {
    Borrowed(&'a str),
    Shared(&'a Body),
}

impl Text<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Shared(body) => body.as_str(),
        }
    }

    fn to_shared(self) -> Arc<str> {
        match self {
            Self::Borrowed(text) => text.into(),
            Self::Shared(body) => body.clone().into_text(),
        }
    }
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
        // Lines are served by one future that runs the tasks too.
        let tasks = Tasks::new(matches!(outbox, Outbox::Memory(_)));
        Self {
            state: State::BeforeInit {
                make: Some(make),
                early: Vec::new(),
                bytes: 0,
            },
            outbox,
            environment,
            senders: Senders::default(),
            refused: Sample::default(),
            tasks,
            killed: AtomicBool::new(false),
        }
    }

    /// Takes one message: completes the RPC that it answers, or runs its
    /// handler until the handler is done or has to wait.
    pub fn deliver(&mut self, message: Message) {
        match message.body.header() {
            Ok(header) => self.take(&Incoming {
                src: &message.src,
                dest: message.dest.as_str(),
                header,
                body: Text::Shared(&message.body),
            }),
            Err(error) => {
                let (src, dest) = (&message.src, message.dest.as_str());
                self.refuse(src, dest, message.body.as_str(), &error);
            }
        }
    }

    /// Takes one message as it stands on a line.
    pub(crate) fn deliver_line(&mut self, line: &str) -> std::result::Result<(), EncodeError> {
        let frame = Frame::parse(line)?;
        let src = self.senders.id(frame.src());
        match frame.header() {
            Ok(header) => self.take(&Incoming {
                src: &src,
                dest: frame.dest(),
                header,
                body: Text::Borrowed(frame.body()),
            }),
            Err(error) => self.refuse(&src, frame.dest(), frame.body(), &error),
        }
        Ok(())
    }

    /// The node's tasks, to be run by whoever serves it on lines.
    pub(crate) fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    fn take(&mut self, message: &Incoming<'_>) {
        if self.killed.load(Ordering::Relaxed) {
            return;
        }
        match &mut self.state {
            State::Running { ctx, .. } if message.is_init() => {
                if let Some(count) = self.refused.count() {
                    let from = message.src;
                    warn!(%from, count, "a second init; the node keeps its name and its state");
                }
                if let Some(msg_id) = message.header.msg_id {
                    let text = "this node is initialised already";
                    let again = Error::new(ErrorCode::MalformedRequest, text);
                    reply::<init::Response>(ctx, message.src, msg_id, &Err(again));
                }
            }
            State::Running { node, ctx } => {
                if let Err(error) = dispatch(node, ctx, message) {
                    self.refuse(message.src, message.dest, message.body.as_str(), &error);
                }
            }
            State::BeforeInit { .. } if message.is_init() => self.init(message),
            State::BeforeInit { early, bytes, .. } => {
                let text = message.body.as_str();
                let problem = match Body::parse(text) {
                    Ok(body) if early.len() < EARLY && *bytes + text.len() <= EARLY_BYTES => {
                        if early.is_empty() {
                            info!(from = %message.src, "a message before `init`, which names the node; it waits");
                        }
                        *bytes += text.len();
                        return early.push(Message::new(message.src, message.dest, body));
                    }
                    Ok(_) => "too many messages before `init`".to_owned(),
                    Err(error) => error.to_string(),
                };
                if let Some(count) = self.refused.count() {
                    warn!(from = %message.src, problem, count, "dropped");
                }
            }
        }
    }

    fn init(&mut self, message: &Incoming<'_>) {
        let State::BeforeInit { make, early, .. } = &mut self.state else {
            return;
        };
        let init::Request::Init { node_id, node_ids } = match decode(message.body.as_str()) {
            Ok(init) => init,
            Err(error) => {
                return self.refuse(message.src, message.dest, message.body.as_str(), &error);
            }
        };
        let Some(make) = make.take() else { return };
        let early = std::mem::take(early);
        let outbox = self.outbox.clone();
        let environment = self.environment.clone();
        let src = message.src.clone();
        let tasks = self.tasks.clone();
        let ctx = Context::new(node_id, node_ids, src, outbox, environment, tasks);
        let node = Arc::new(make(ctx.clone()));
        if let Some(msg_id) = message.header.msg_id {
            reply(&ctx, message.src, msg_id, &Ok(init::Response::InitOk));
        }
        self.state = State::Running { node, ctx };
        for message in early {
            self.deliver(message);
        }
    }

    /// Counts a message that can't be understood, logs some of them, and
    /// answers it if it was a request.
    fn refuse(&mut self, src: &NodeId, dest: &str, body: &str, error: &DecodeError) {
        if let Some(count) = self.refused.count() {
            warn!(from = %src, %error, count, "a message that this node does not understand");
        }
        // Only the id is of interest here, whatever else is wrong.
        #[derive(serde::Deserialize)]
        struct Id {
            msg_id: u64,
        }
        if let Ok(Id { msg_id }) = decode(body) {
            let ids = Ids::Reply(msg_id);
            let answer = self.outbox.send(&dest.into(), src, &error.to_error(), ids);
            answer.expect("an error is a JSON object");
        }
    }

    /// Ends the node gracefully: background tasks stop, RPCs in flight fail,
    /// and handlers get `grace` to finish. Messages delivered after this are
    /// dropped.
    pub async fn finish(&mut self, grace: Duration) {
        let ctx = match &self.state {
            State::Running { ctx, .. } => ctx,
            State::BeforeInit { early, .. } => {
                if !early.is_empty() {
                    let count = early.len();
                    warn!(count, "messages waited for an `init` that never came");
                }
                return self.kill();
            }
        };
        let tasks = &self.tasks;
        tasks.abort_background();
        ctx.shared.pending.close();
        if tokio::time::timeout(grace, tasks.idle()).await.is_err() {
            let handlers = tasks.waiting();
            warn!(handlers, "still waiting after {grace:?}, and dropped");
        }
        self.kill();
    }

    /// Stops the node where it is, as a signal would stop its process: no task
    /// of it runs, though its timers go on. Whoever hosts the node delivers
    /// nothing to it until it is resumed.
    pub fn pause(&self) {
        self.tasks.gate().close();
    }

    /// Lets a paused node go on. What its timers would have started meanwhile
    /// starts now.
    pub fn resume(&self) {
        self.tasks.gate().open();
    }
}

impl<N, F> Server<N, F> {
    /// Ends the node at once, as a crash would: no task of it runs again and
    /// nothing more is sent. Dropping the server does the same.
    pub fn kill(&self) {
        self.killed.store(true, Ordering::Relaxed);
        if let State::Running { ctx, .. } = &self.state {
            ctx.kill();
        }
    }
}

/// Tasks hold the node, and the node holds the tasks: somebody has to let go.
impl<N, F> Drop for Server<N, F> {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Hands a message to whoever it is for; an error when nobody understands it.
fn dispatch<N: Node>(
    node: &Arc<N>,
    ctx: &Context,
    message: &Incoming<'_>,
) -> std::result::Result<(), DecodeError> {
    let Incoming {
        src, header, body, ..
    } = message;
    if let Some(in_reply_to) = header.in_reply_to {
        let is_error = header.kind == "error";
        let pending = &ctx.shared.pending;
        if !pending.complete(in_reply_to, is_error, || body.to_shared()) {
            debug!(from = %src, in_reply_to, "a reply that nobody waits for (any more)");
        }
        return Ok(());
    }
    let span = debug_span!(
        target: "maelstrom_node::message",
        "message", node = %ctx.id(), from = %src, kind = %header.kind, msg_id = header.msg_id,
    );
    let entered = span.enter();
    let msg_id = header.msg_id;
    // Reading a request, handling it and writing the response run code that is
    // not ours, and that may panic.
    let started = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let request = decode::<N::Request>(body.as_str())?;
        Ok(start(node.clone(), ctx.on_behalf_of(src), request, msg_id))
    }));
    match started {
        Ok(Ok(None)) => Ok(()),
        Ok(Ok(Some(handler))) => {
            drop(entered);
            let patience = node.patience();
            let tasks = ctx.shared.tasks.clone();
            // It is polled again with a waker of its own before anything else.
            tasks.add(Task {
                future: handler,
                span,
                role: Role::Handler {
                    patience: patience.map(|limit| (limit, Box::pin(tokio::time::sleep(limit)))),
                    excuse: excused::<N>,
                    ctx: ctx.on_behalf_of(src),
                    msg_id,
                },
            });
            Ok(())
        }
        Ok(Err(error)) => Err(error),
        Err(panic) => {
            let ctx = ctx.on_behalf_of(src);
            excused::<N>(&ctx, msg_id, Excuse::Panicked(&*panic));
            Ok(())
        }
    }
}

/// Polls a handler once where it stands, so that one that does not wait costs
/// nothing more and keeps the order of arrival. Returns one that waits.
fn start<N: Node>(
    node: Arc<N>,
    ctx: Context,
    request: N::Request,
    msg_id: Option<u64>,
) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
    let mut handler = Box::pin(async move {
        let result = node.handle(ctx.clone(), request).await;
        finished::<N>(&ctx, msg_id, result);
    });
    let mut no_waker = std::task::Context::from_waker(Waker::noop());
    match handler.as_mut().poll(&mut no_waker) {
        Poll::Ready(()) => None,
        Poll::Pending => Some(handler),
    }
}

/// Answers a request whose handler gave no answer.
fn excused<N: Node>(ctx: &Context, msg_id: Option<u64>, excuse: Excuse<'_>) {
    let error = match excuse {
        Excuse::Panicked(panic) => {
            let text = panics::text(panic);
            error!(text, "a handler panicked");
            Error::new(ErrorCode::Crash, format!("the handler panicked: {text}"))
        }
        Excuse::TookTooLong(limit) => {
            debug!("a handler outlasted its caller's patience");
            let text = format!("no answer within {limit:?}; the attempt was given up");
            Error::new(ErrorCode::Timeout, text)
        }
    };
    finished::<N>(ctx, msg_id, Err(error));
}

/// Sends a handler's result to whoever asked, if somebody asked.
fn finished<N: Node>(ctx: &Context, msg_id: Option<u64>, result: Result<N::Response>) {
    match (msg_id, result) {
        (Some(msg_id), result) => reply(ctx, ctx.sender(), msg_id, &result),
        (None, Err(error)) => debug!(%error, "a one-way message failed"),
        (None, Ok(_)) => {}
    }
}

fn reply<T: serde::Serialize>(ctx: &Context, dest: &NodeId, msg_id: u64, result: &Result<T>) {
    let ids = Ids::Reply(msg_id);
    let sent = match result {
        Ok(response) => ctx.transmit(dest, response, ids),
        Err(error) => ctx.transmit(dest, error, ids),
    };
    if let Err(unwritable) = sent {
        error!(error = %unwritable, "a response that is no message body");
        let text = format!("the response is no message body: {unwritable}");
        let crash = ctx.transmit(dest, &Error::new(ErrorCode::Crash, text), ids);
        crash.expect("an error is a JSON object");
    }
}

/// Ids of the last senders, so that a line's sender is rarely made anew.
struct Senders([Option<NodeId>; Self::PLACES]);

impl Senders {
    const PLACES: usize = 64;

    fn id(&mut self, name: &str) -> NodeId {
        let hash = name.bytes().fold(0_usize, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(usize::from(byte))
        });
        let place = &mut self.0[hash % Self::PLACES];
        match place {
            Some(id) if *id == *name => id.clone(),
            _ => place.insert(NodeId::from(name)).clone(),
        }
    }
}

impl Default for Senders {
    fn default() -> Self {
        Self([const { None }; Self::PLACES])
    }
}

impl<N, F> fmt::Debug for Server<N, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}
