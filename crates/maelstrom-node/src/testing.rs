//! A node in the hand: feed it messages, move the clock, see what it sends.
//!
//! No process, no pipes, no waiting: the node runs on a runtime of its own
//! whose clock stands still unless a test moves it. An hour of back-off takes
//! no time, and a run is the same each time.
//!
//! ```
//! use std::time::Duration;
//! use maelstrom_node::proto::broadcast::{Request, Response};
//! use maelstrom_node::testing::TestNode;
//! use maelstrom_node::{Context, Retry, handler};
//! use serde_json::json;
//!
//! // A node that passes each value on to n1 until n1 acknowledges it.
//! let node = |_: Context| handler(async |ctx: Context, request: Request| {
//!     if let Request::Broadcast { .. } = request {
//!         let n1 = ctx.node_ids()[1].clone();
//!         let task = ctx.clone();
//!         ctx.spawn(async move {
//!             let _: Result<Response, _> = task.rpc_retried(&n1, &request, Retry::default()).await;
//!         });
//!     }
//!     Ok(Response::BroadcastOk)
//! });
//!
//! let mut node = TestNode::new(node); // n0 of n0, n1 and n2.
//! assert_eq!(node.ask::<_, Response>("c1", &Request::Broadcast { message: 7 }), Ok(Response::BroadcastOk));
//!
//! // It asks n1, and again when no answer comes.
//! let first = node.expect("n1", &json!({"type": "broadcast", "message": 7}));
//! node.advance(Duration::from_secs(1));
//! let again = node.expect("n1", &json!({"type": "broadcast", "message": 7}));
//! assert_eq!(first, again, "the same request, msg_id included");
//!
//! // It stops when n1 has answered.
//! node.reply(&first, &Response::BroadcastOk);
//! node.sent(); // What it had said until then.
//! node.advance(Duration::from_secs(3600));
//! node.expect_silence();
//! ```
//!
//! Behind the feature `testing`, which belongs into `[dev-dependencies]`:
//!
//! ```toml
//! [dev-dependencies]
//! maelstrom-node = { path = "../crates/maelstrom-node", features = ["testing"] }
//! ```

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use maelstrom_proto::init;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::runtime::Runtime;

use crate::{Body, Context, Environment, Error, Message, Node, NodeId, Server};

/// How long a reply is waited for, in the node's time.
const PATIENCE: Duration = Duration::from_secs(60);

/// The cluster around a node under test, before it is started.
///
/// ```
/// use std::time::Duration;
/// use maelstrom_node::proto::unique_ids::{Request, Response};
/// use maelstrom_node::stateful;
/// use maelstrom_node::testing::Setup;
///
/// let mut node = Setup::default()
///     .id("n2")
///     .node_ids(["n1", "n2"])
///     .seed(7)
///     .wall_clock(Duration::from_secs(1_700_000_000))
///     .start(|_| stateful(|ctx, Request::Generate| {
///         let id = format!("{}@{}", ctx.id(), ctx.wall_clock().as_secs()).into();
///         Ok(Response::GenerateOk { id })
///     }));
/// let id = "n2@1700000000".into();
/// assert_eq!(node.ask("c1", &Request::Generate), Ok(Response::GenerateOk { id }));
/// ```
#[derive(Clone, Debug)]
pub struct Setup {
    id: NodeId,
    node_ids: Vec<NodeId>,
    seed: u64,
    wall_clock: Duration,
}

impl Default for Setup {
    /// `n0` of `n0`, `n1` and `n2`, seed 0, started at the beginning of 2024.
    fn default() -> Self {
        Self {
            id: NodeId::from("n0"),
            node_ids: ["n0", "n1", "n2"].map(NodeId::from).to_vec(),
            seed: 0,
            wall_clock: Duration::from_secs(1_704_067_200),
        }
    }
}

impl Setup {
    /// The id of the node under test.
    pub fn id(mut self, id: impl Into<NodeId>) -> Self {
        self.id = id.into();
        self
    }

    /// Every node of the cluster, the one under test included.
    pub fn node_ids<I: Into<NodeId>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.node_ids = ids.into_iter().map(Into::into).collect();
        self
    }

    /// The seed of the node's randomness, from which nodes of other names draw
    /// other numbers.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The wall-clock time at the start, since the Unix epoch. It moves with
    /// the node's own clock.
    pub fn wall_clock(mut self, time: Duration) -> Self {
        self.wall_clock = time;
        self
    }

    /// Starts the node and initialises it.
    pub fn start<N, F>(self, make: F) -> TestNode<N, F>
    where
        N: Node,
        F: FnOnce(Context) -> N,
    {
        let mut node = self.start_uninitialised(make);
        node.initialise();
        node
    }

    /// Starts the node; `init` is left to [`TestNode::initialise`].
    pub fn start_uninitialised<N, F>(self, make: F) -> TestNode<N, F>
    where
        N: Node,
        F: FnOnce(Context) -> N,
    {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without I/O needs nothing that could be missing");
        let start = {
            let _entered = runtime.enter();
            tokio::time::Instant::now()
        };
        let epoch = self.wall_clock;
        let name = self.id.as_str().bytes();
        let seed = name.fold(self.seed, |seed, byte| {
            (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let environment = Environment::seeded(seed, move || epoch + start.elapsed());
        let sent = Arc::new(Mutex::new(VecDeque::new()));
        let outbox = sent.clone();
        let server = Server::new(make, environment, move |message| {
            lock(&outbox).push_back(message);
        });
        TestNode {
            server,
            runtime,
            sent,
            setup: self,
            next_msg_id: 1,
        }
    }
}

/// A node driven by hand. See the [module](self) for an example.
///
/// Beside what that example shows:
///
/// ```
/// use std::time::Duration;
/// use maelstrom_node::proto::echo::{Request, Response};
/// use maelstrom_node::testing::{Setup, TestNode};
/// use maelstrom_node::{Body, Message, handler};
/// use serde_json::json;
///
/// // Before `init` there is nothing to do but wait.
/// let slow = |_| handler(async |_, Request::Echo { echo }| {
///     tokio::time::sleep(Duration::from_millis(300)).await;
///     Ok(Response::EchoOk { echo })
/// });
/// let mut node = Setup::default().start_uninitialised(slow);
/// node.request("c1", &Request::Echo { echo: json!(1) });
/// node.expect_silence();
/// node.initialise();
/// node.advance(Duration::from_millis(300));
/// assert_eq!(node.sent().len(), 1);
///
/// // Strays of any kind can be delivered; one-way messages are fed.
/// let stray = Body::reply(&Response::EchoOk { echo: json!(2) }, 99).unwrap();
/// node.deliver(Message::new("n1", "n0", stray));
/// node.feed("c1", &Request::Echo { echo: json!(3) });
/// node.advance(Duration::from_millis(300));
/// node.expect_silence();
///
/// // At the end of its input a node answers whoever waits, within a second.
/// node.request("c1", &Request::Echo { echo: json!(4) });
/// assert_eq!(node.finish().len(), 1);
///
/// // A crash is silent.
/// let mut node = TestNode::new(slow);
/// node.request("c1", &Request::Echo { echo: json!(5) });
/// node.kill();
/// node.advance(Duration::from_secs(1));
/// node.expect_silence();
/// ```
pub struct TestNode<N, F> {
    // Dropped before the runtime that its tasks run on.
    server: Server<N, F>,
    runtime: Runtime,
    sent: Arc<Mutex<VecDeque<Message>>>,
    setup: Setup,
    next_msg_id: u64,
}

impl<N, F> TestNode<N, F>
where
    N: Node,
    F: FnOnce(Context) -> N,
{
    /// The node `n0` of a cluster of three, initialised. For anything else see
    /// [`Setup`].
    pub fn new(make: F) -> Self {
        Setup::default().start(make)
    }

    /// Sends `init` and takes the answer.
    ///
    /// # Panics
    /// When the node does not answer with `init_ok`.
    pub fn initialise(&mut self) {
        let init = init::Request::Init {
            node_id: self.setup.id.clone(),
            node_ids: self.setup.node_ids.clone(),
        };
        let msg_id = self.request("c0", &init);
        let ok = init::Response::InitOk;
        let body = Body::reply(&ok, msg_id).expect("a reply is an object");
        let mut sent = lock(&self.sent);
        let answer = sent.iter().position(|message| message.body == body);
        let answer = answer.and_then(|index| sent.remove(index));
        assert!(answer.is_some(), "no init_ok, but {sent:?}");
    }

    /// Feeds a message that expects no reply, and lets the node work until it
    /// waits.
    ///
    /// # Panics
    /// When the body is not a JSON object.
    pub fn feed<T: Serialize + ?Sized>(&mut self, src: impl Into<NodeId>, body: &T) {
        let body = Body::one_way(body).expect("a body is a JSON object");
        self.deliver(Message::new(src, &self.setup.id, body));
    }

    /// Feeds a request and returns its `msg_id`. The reply is among what the
    /// node sends.
    ///
    /// # Panics
    /// When the body is not a JSON object.
    pub fn request<T: Serialize + ?Sized>(&mut self, src: impl Into<NodeId>, body: &T) -> u64 {
        let msg_id = self.next_msg_id;
        self.next_msg_id += 1;
        let body = Body::request(body, msg_id).expect("a body is a JSON object");
        self.deliver(Message::new(src, &self.setup.id, body));
        msg_id
    }

    /// Feeds a request and returns the response to it, or the error that the
    /// node answered with. Moves the clock as far as the node needs to answer,
    /// a minute at most. Other messages stay to be looked at.
    ///
    /// # Panics
    /// When no answer comes, or one that is not an `R`.
    pub fn ask<T, R>(&mut self, src: impl Into<NodeId>, body: &T) -> Result<R, Error>
    where
        T: Serialize + ?Sized,
        R: DeserializeOwned,
    {
        let src = src.into();
        let msg_id = self.request(&src, body);
        let answers = |message: &Message| {
            let header = message.body.header();
            message.dest == src && header.is_ok_and(|header| header.in_reply_to == Some(msg_id))
        };
        let mut waited = Duration::ZERO;
        let answer = loop {
            if let Some(answer) = self.remove(answers) {
                break answer;
            }
            assert!(waited < PATIENCE, "no answer, but {:?}", lock(&self.sent));
            self.advance(Duration::from_millis(1));
            waited += Duration::from_millis(1);
        };
        if answer
            .body
            .header()
            .is_ok_and(|header| header.kind == "error")
        {
            return Err(answer.body.decode().expect("an error has a code"));
        }
        match answer.body.decode() {
            Ok(response) => Ok(response),
            Err(error) => panic!("an answer that does not fit: {error}"),
        }
    }

    /// Answers a request that the node sent.
    ///
    /// # Panics
    /// When `request` carries no `msg_id`, or the body is not a JSON object.
    pub fn reply<T: Serialize + ?Sized>(&mut self, request: &Message, body: &T) {
        let header = request.body.header().expect("the node sent it");
        let msg_id = header.msg_id.expect("only a request can be answered");
        let body = Body::reply(body, msg_id).expect("a body is a JSON object");
        self.deliver(Message::new(&request.dest, &request.src, body));
    }

    /// Feeds a message as it is, malformed ones and stray replies included, and
    /// lets the node work until it waits.
    pub fn deliver(&mut self, message: Message) {
        let entered = self.runtime.enter();
        self.server.deliver(message);
        drop(entered);
        self.settle();
    }

    /// Moves the clock on, with everything that happens on the way happening at
    /// its time and in its order.
    pub fn advance(&mut self, time: Duration) {
        self.runtime.block_on(async {
            tokio::time::sleep(time).await;
        });
        self.settle();
    }

    /// Everything sent and not looked at yet, in order.
    pub fn sent(&mut self) -> Vec<Message> {
        lock(&self.sent).drain(..).collect()
    }

    /// Takes the first message to `dest`, which must have this body but for
    /// `msg_id` and `in_reply_to`.
    ///
    /// # Panics
    /// When there is none, or its body is another.
    #[track_caller]
    pub fn expect<T: Serialize + ?Sized>(&mut self, dest: impl Into<NodeId>, body: &T) -> Message {
        let dest = dest.into();
        let found = self.remove(|message| message.dest == dest);
        let Some(message) = found else {
            panic!("nothing for {dest}, but {:?}", lock(&self.sent));
        };
        let expected = serde_json::to_value(body).expect("a body can be written");
        let mut sent: Map<String, Value> = message.body.decode().expect("the node sent it");
        sent.remove("msg_id");
        sent.remove("in_reply_to");
        assert_eq!(Value::Object(sent), expected, "to {dest}");
        message
    }

    /// Nothing was sent that has not been looked at.
    ///
    /// # Panics
    /// When something was.
    #[track_caller]
    pub fn expect_silence(&mut self) {
        let sent = lock(&self.sent);
        assert!(sent.is_empty(), "{sent:?}");
    }

    /// Ends the input: the node ends as gracefully as a process would, with a
    /// second for handlers that still wait. What it says is returned.
    pub fn finish(mut self) -> Vec<Message> {
        let grace = Duration::from_secs(1);
        self.runtime.block_on(self.server.finish(grace));
        self.sent()
    }

    /// Ends the node at once, as a crash would.
    pub fn kill(&mut self) {
        let _entered = self.runtime.enter();
        self.server.kill();
    }

    fn remove(&mut self, wanted: impl Fn(&Message) -> bool) -> Option<Message> {
        let mut sent = lock(&self.sent);
        let index = sent.iter().position(wanted)?;
        sent.remove(index)
    }

    /// Runs tasks until none has anything to do before the clock moves.
    fn settle(&self) {
        // Each round runs every task that is ready; what those wake runs in the
        // next one. A chain of wakes this long is a loop.
        const ROUNDS: usize = 100;
        self.runtime.block_on(async {
            for _ in 0..ROUNDS {
                tokio::task::yield_now().await;
            }
        });
    }
}

/// A list of messages is whole whatever happened while it was locked.
fn lock(sent: &Mutex<VecDeque<Message>>) -> std::sync::MutexGuard<'_, VecDeque<Message>> {
    sent.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<N, F> fmt::Debug for TestNode<N, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestNode")
            .field("setup", &self.setup)
            .finish_non_exhaustive()
    }
}
