//! Handlers that wait.
//!
//! They are not tasks of the runtime: whoever serves the node polls those that
//! were woken, in the order of their waking, right after it has read what woke
//! them and before it writes. A handler costs a place in a list, and its reply
//! shares a write with the others'.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context as Cx, Poll, Wake, Waker};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Sleep;
use tracing::Span;

use crate::Context;
use crate::gate::Gate;

/// How many handlers are polled before others get their turn.
const ROUND: usize = 512;

/// The waiting handlers of a node.
#[derive(Clone)]
pub(crate) struct Handlers(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// The last handler has ended.
    idle: Notify,
    /// Closed, none of the handlers runs.
    gate: Gate,
}

struct State {
    places: Vec<Place>,
    free: Vec<usize>,
    /// Places whose handlers were woken, in order.
    ready: VecDeque<usize>,
    waiting: usize,
    closed: bool,
    /// Whoever polls the handlers, when it sleeps.
    runner: Option<Waker>,
    /// A task has to be spawned to poll the handlers.
    needs_task: bool,
}

struct Place {
    call: Option<Call>,
    waker: Waker,
    bell: Arc<Bell>,
}

/// What a handler's waker rings. It stays with the place: a late ring of a
/// handler that is gone only has its successor polled once more.
struct Bell {
    handlers: Weak<Inner>,
    place: usize,
    rung: AtomicBool,
}

/// A handler under way, reply included.
pub(crate) struct Call {
    pub(crate) handler: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// When whoever asked gives up.
    pub(crate) patience: Option<(Duration, Pin<Box<Sleep>>)>,
    /// Answers in the handler's place when it does not.
    pub(crate) excuse: fn(&Context, Option<u64>, Excuse<'_>),
    pub(crate) ctx: Context,
    pub(crate) msg_id: Option<u64>,
    pub(crate) span: Span,
}

/// Why a handler gave no answer.
pub(crate) enum Excuse<'a> {
    Panicked(&'a (dyn std::any::Any + Send)),
    TookTooLong(Duration),
}

impl Handlers {
    /// An empty list. When nobody calls [`run`](Self::run), `needs_task` has a
    /// task do so.
    pub(crate) fn new(needs_task: bool) -> Self {
        Self(Arc::new(Inner {
            state: Mutex::new(State {
                places: Vec::new(),
                free: Vec::new(),
                ready: VecDeque::new(),
                waiting: 0,
                closed: false,
                runner: None,
                needs_task,
            }),
            idle: Notify::new(),
            gate: Gate::default(),
        }))
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.0.gate
    }

    /// Takes over a handler that was polled once and has to wait. It is polled
    /// again soon, with a waker of its own.
    pub(crate) fn add(&self, call: Call) {
        let mut state = self.lock();
        if state.closed {
            drop(state);
            return;
        }
        let index = state.free.pop().unwrap_or_else(|| {
            let index = state.places.len();
            let bell = Arc::new(Bell {
                handlers: Arc::downgrade(&self.0),
                place: index,
                rung: AtomicBool::new(false),
            });
            state.places.push(Place {
                call: None,
                waker: Waker::from(bell.clone()),
                bell,
            });
            index
        });
        let place = &mut state.places[index];
        place.call = Some(call);
        if !place.bell.rung.swap(true, Ordering::AcqRel) {
            state.ready.push_back(index);
        }
        state.waiting += 1;
        let runner = state.runner.take();
        if std::mem::take(&mut state.needs_task) {
            tokio::spawn(Self::run_for_ever(Arc::downgrade(&self.0)));
        }
        drop(state);
        if let Some(runner) = runner {
            runner.wake();
        }
    }

    /// Polls the handlers that were woken; `true` when there are more, which
    /// have to wait for their turn.
    pub(crate) fn run(&self) -> bool {
        let mut state = self.lock();
        for _ in 0..ROUND {
            let Some(index) = state.ready.pop_front() else {
                return false;
            };
            let place = &mut state.places[index];
            place.bell.rung.store(false, Ordering::Release);
            let Some(mut call) = place.call.take() else {
                continue;
            };
            let waker = place.waker.clone();
            drop(state);
            let ended = call.poll(&mut Cx::from_waker(&waker)).is_ready();
            state = self.lock();
            if !ended && !state.closed {
                state.places[index].call = Some(call);
                continue;
            }
            // Dropping a handler may run code that is not ours.
            drop(state);
            drop(call);
            state = self.lock();
            if !state.closed {
                state.free.push(index);
                state.waiting -= 1;
                if state.waiting == 0 {
                    self.0.idle.notify_waiters();
                }
            }
        }
        !state.ready.is_empty()
    }

    /// `runner` is woken when a handler is; `false` when one is already.
    pub(crate) fn runner_sleeps(&self, runner: &Waker) -> bool {
        let mut state = self.lock();
        if state.ready.is_empty() {
            state.runner = Some(runner.clone());
        }
        state.ready.is_empty()
    }

    /// Nobody is woken from now on when a handler is.
    pub(crate) fn runner_is_awake(&self) {
        self.lock().runner = None;
    }

    /// Drops every handler, and each that would be added from now on.
    pub(crate) fn abort(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.waiting = 0;
        let calls: Vec<_> = state
            .places
            .iter_mut()
            .filter_map(|place| place.call.take())
            .collect();
        let runner = state.runner.take();
        drop(state);
        drop(calls);
        self.0.idle.notify_waiters();
        if let Some(runner) = runner {
            runner.wake();
        }
        // Whoever is to see that the list is closed must not stand before it.
        self.0.gate.open();
    }

    /// Waits until no handler waits.
    pub(crate) async fn idle(&self) {
        loop {
            let idle = self.0.idle.notified();
            if self.waiting() == 0 {
                return;
            }
            idle.await;
        }
    }

    pub(crate) fn waiting(&self) -> usize {
        self.lock().waiting
    }

    /// Polls the handlers until the list is closed or gone.
    async fn run_for_ever(handlers: Weak<Inner>) {
        poll_fn(|cx| {
            let Some(handlers) = handlers.upgrade().map(Self) else {
                return Poll::Ready(());
            };
            if handlers.gate().stops(cx) {
                return Poll::Pending;
            }
            if handlers.run() || !handlers.runner_sleeps(cx.waker()) {
                cx.waker().wake_by_ref();
            }
            match handlers.lock().closed {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    /// Each change leaves the list whole even if a panic cut one short.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll<()> {
        let _entered = self.span.enter();
        let polled = AssertUnwindSafe(|| self.handler.as_mut().poll(cx));
        match std::panic::catch_unwind(polled) {
            Ok(Poll::Ready(())) => return Poll::Ready(()),
            Ok(Poll::Pending) => {}
            Err(panic) => {
                (self.excuse)(&self.ctx, self.msg_id, Excuse::Panicked(&*panic));
                return Poll::Ready(());
            }
        }
        let Some((limit, patience)) = &mut self.patience else {
            return Poll::Pending;
        };
        let over = patience.as_mut().poll(cx);
        if over.is_ready() {
            let excuse = Excuse::TookTooLong(*limit);
            (self.excuse)(&self.ctx, self.msg_id, excuse);
        }
        over
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.rung.swap(true, Ordering::AcqRel) {
            return;
        }
        let Some(handlers) = self.handlers.upgrade().map(Handlers) else {
            return;
        };
        let mut state = handlers.lock();
        state.ready.push_back(self.place);
        let runner = state.runner.take();
        drop(state);
        if let Some(runner) = runner {
            runner.wake();
        }
    }
}
