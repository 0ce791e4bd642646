//! The tasks of a node: handlers that wait, and what was spawned beside them.
//!
//! They are not tasks of the runtime: whoever serves the node polls those that
//! were woken, in the order of their waking, right after it has read what woke
//! them and before it writes. A task costs a place in a list, and what it sends
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
use tracing::{Span, error};

use crate::gate::Gate;
use crate::{Context, NodeId, panics};

/// How many tasks are polled before others get their turn.
const ROUND: usize = 512;

/// The tasks of a node that wait or are about to run.
#[derive(Clone)]
pub(crate) struct Tasks(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// The last handler has ended.
    idle: Notify,
    /// Closed, none of the tasks runs.
    gate: Gate,
}

struct State {
    places: Vec<Place>,
    free: Vec<usize>,
    /// Places whose tasks were woken, in order.
    ready: VecDeque<usize>,
    /// How many handlers wait.
    waiting: usize,
    /// Which tasks are not to run any more.
    closed: Closed,
    /// Whoever polls the tasks, when it sleeps.
    runner: Option<Waker>,
    /// A task of the runtime has to be spawned to poll these.
    needs_runner: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Closed {
    Nothing,
    Background,
    Everything,
}

struct Place {
    /// Away while it is polled, as its waker is.
    task: Option<Task>,
    waker: Waker,
    bell: Arc<Bell>,
}

/// What a task's waker rings. It stays with the place: a late ring of a task
/// that is gone only has its successor polled once more.
struct Bell {
    tasks: Weak<Inner>,
    place: usize,
    rung: AtomicBool,
}

/// Something under way.
pub(crate) struct Task {
    pub(crate) future: Pin<Box<dyn Future<Output = ()> + Send>>,
    pub(crate) span: Span,
    pub(crate) role: Role,
}

/// What a task is for, and what is done when it fails.
pub(crate) enum Role {
    /// Answers a request, reply included.
    Handler {
        /// When whoever asked gives up.
        patience: Option<(Duration, Pin<Box<Sleep>>)>,
        /// Answers in the handler's place when it does not.
        excuse: fn(&Context, Option<u64>, Excuse<'_>),
        ctx: Context,
        msg_id: Option<u64>,
    },
    /// Runs beside the handlers of this node, and ends as soon as its input does.
    Background(NodeId),
}

/// Why a handler gave no answer.
pub(crate) enum Excuse<'a> {
    Panicked(&'a (dyn std::any::Any + Send)),
    TookTooLong(Duration),
}

impl Tasks {
    /// An empty list. When nobody calls [`run`](Self::run), `needs_runner` has a
    /// task of the runtime do so.
    pub(crate) fn new(needs_runner: bool) -> Self {
        Self(Arc::new(Inner {
            state: Mutex::new(State {
                places: Vec::new(),
                free: Vec::new(),
                ready: VecDeque::new(),
                waiting: 0,
                closed: Closed::Nothing,
                runner: None,
                needs_runner,
            }),
            idle: Notify::new(),
            gate: Gate::default(),
        }))
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.0.gate
    }

    /// Takes over a task, to be polled soon.
    pub(crate) fn add(&self, task: Task) {
        let mut state = self.lock();
        if state.closed.shuts_out(&task) {
            // Dropping a task may run code that is not ours.
            drop(state);
            return;
        }
        let index = state.free.pop().unwrap_or_else(|| {
            let index = state.places.len();
            let bell = Arc::new(Bell {
                tasks: Arc::downgrade(&self.0),
                place: index,
                rung: AtomicBool::new(false),
            });
            state.places.push(Place {
                task: None,
                waker: Waker::from(bell.clone()),
                bell,
            });
            index
        });
        state.waiting += usize::from(task.is_handler());
        let place = &mut state.places[index];
        place.task = Some(task);
        if !place.bell.rung.swap(true, Ordering::AcqRel) {
            state.ready.push_back(index);
        }
        let runner = state.runner.take();
        if std::mem::take(&mut state.needs_runner) {
            tokio::spawn(Self::run_for_ever(Arc::downgrade(&self.0)));
        }
        drop(state);
        if let Some(runner) = runner {
            runner.wake();
        }
    }

    /// Polls the tasks that were woken; `true` when there are more, which have
    /// to wait for their turn.
    pub(crate) fn run(&self) -> bool {
        let mut state = self.lock();
        for _ in 0..ROUND {
            let Some(index) = state.ready.pop_front() else {
                return false;
            };
            let place = &mut state.places[index];
            place.bell.rung.store(false, Ordering::Release);
            let mut away = place.task.take();
            let Some(task) = &mut away else {
                continue;
            };
            let waker = std::mem::replace(&mut place.waker, Waker::noop().clone());
            drop(state);
            let was_handler = task.is_handler();
            if task.poll(&mut Cx::from_waker(&waker)).is_ready() {
                away = None;
            }
            state = self.lock();
            state.places[index].waker = waker;
            if let Some(task) = &away {
                if !state.closed.shuts_out(task) {
                    state.places[index].task = away;
                    continue;
                }
                drop(state);
                drop(away);
                state = self.lock();
            }
            self.leave(&mut state, index, was_handler);
        }
        !state.ready.is_empty()
    }

    /// Gives up the place of a task that is gone.
    fn leave(&self, state: &mut State, index: usize, was_handler: bool) {
        state.free.push(index);
        if was_handler && state.closed != Closed::Everything {
            state.waiting -= 1;
            if state.waiting == 0 {
                self.0.idle.notify_waiters();
            }
        }
    }

    /// `runner` is woken when a task is; `false` when one is already.
    pub(crate) fn runner_sleeps(&self, runner: &Waker) -> bool {
        let mut state = self.lock();
        if state.ready.is_empty() {
            state.runner = Some(runner.clone());
        }
        state.ready.is_empty()
    }

    /// Nobody is woken from now on when a task is.
    pub(crate) fn runner_is_awake(&self) {
        self.lock().runner = None;
    }

    /// Drops every task that is no handler, and each that would be added from
    /// now on.
    pub(crate) fn abort_background(&self) {
        self.close(Closed::Background);
    }

    /// Drops every task, and each that would be added from now on.
    pub(crate) fn abort(&self) {
        self.close(Closed::Everything);
        self.0.idle.notify_waiters();
        // Whoever is to see that the list is closed must not stand before it.
        self.0.gate.open();
    }

    fn close(&self, closed: Closed) {
        let mut state = self.lock();
        let State { places, free, .. } = &mut *state;
        let mut dropped = Vec::new();
        for (index, place) in places.iter_mut().enumerate() {
            if let Some(task) = place.task.take_if(|task| closed.shuts_out(task)) {
                dropped.push(task);
                free.push(index);
            }
        }
        state.closed = closed;
        if closed == Closed::Everything {
            state.waiting = 0;
        }
        let runner = state.runner.take();
        drop(state);
        drop(dropped);
        if let Some(runner) = runner {
            runner.wake();
        }
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

    /// How many handlers wait.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().waiting
    }

    /// Polls the tasks until the list is closed or gone. Each round is bounded,
    /// so the runtime need not count what a task does.
    async fn run_for_ever(tasks: Weak<Inner>) {
        let run = poll_fn(|cx| {
            let Some(tasks) = tasks.upgrade().map(Self) else {
                return Poll::Ready(());
            };
            if tasks.gate().stops(cx) {
                return Poll::Pending;
            }
            if tasks.run() || !tasks.runner_sleeps(cx.waker()) {
                cx.waker().wake_by_ref();
            }
            match tasks.lock().closed {
                Closed::Everything => Poll::Ready(()),
                _ => Poll::Pending,
            }
        });
        tokio::task::unconstrained(run).await;
    }

    /// Each change leaves the list whole even if a panic cut one short.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Closed {
    fn shuts_out(self, task: &Task) -> bool {
        match self {
            Self::Nothing => false,
            Self::Background => !task.is_handler(),
            Self::Everything => true,
        }
    }
}

impl Task {
    /// Something beside the handlers.
    pub(crate) fn background(
        node: &NodeId,
        future: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        Self {
            future: Box::pin(future),
            span: Span::current(),
            role: Role::Background(node.clone()),
        }
    }

    fn is_handler(&self) -> bool {
        matches!(self.role, Role::Handler { .. })
    }

    fn poll(&mut self, cx: &mut Cx<'_>) -> Poll<()> {
        let _entered = self.span.enter();
        let polled = AssertUnwindSafe(|| self.future.as_mut().poll(cx));
        let panic = match std::panic::catch_unwind(polled) {
            Ok(Poll::Ready(())) => return Poll::Ready(()),
            Ok(Poll::Pending) => None,
            Err(panic) => Some(panic),
        };
        match (&mut self.role, panic) {
            (Role::Background(node), Some(panic)) => {
                let text = panics::text(&*panic);
                error!(%node, text, "a background task panicked");
                Poll::Ready(())
            }
            (
                Role::Handler {
                    excuse,
                    ctx,
                    msg_id,
                    ..
                },
                Some(panic),
            ) => {
                excuse(ctx, *msg_id, Excuse::Panicked(&*panic));
                Poll::Ready(())
            }
            (
                Role::Handler {
                    patience: Some((limit, patience)),
                    excuse,
                    ctx,
                    msg_id,
                },
                None,
            ) => {
                let over = patience.as_mut().poll(cx);
                if over.is_ready() {
                    excuse(ctx, *msg_id, Excuse::TookTooLong(*limit));
                }
                over
            }
            (_, None) => Poll::Pending,
        }
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
        let Some(tasks) = self.tasks.upgrade().map(Tasks) else {
            return;
        };
        let mut state = tasks.lock();
        state.ready.push_back(self.place);
        let runner = state.runner.take();
        drop(state);
        if let Some(runner) = runner {
            runner.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_task_rests_while_its_gate_is_closed_and_goes_on_where_it_was() {
        let tasks = Tasks::new(true);
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let start = tokio::time::Instant::now();
        tasks.add(Task::background(&"n0".into(), async move {
            for tick in 1.. {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if sender.send((tick, start.elapsed().as_secs())).is_err() {
                    return;
                }
            }
        }));
        assert_eq!(receiver.recv().await, Some((1, 1)));
        tasks.gate().close();
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(receiver.try_recv().is_err());
        tasks.gate().open();
        // The tick that was due long ago comes at once, the next a second later.
        assert_eq!(receiver.recv().await, Some((2, 11)));
        assert_eq!(receiver.recv().await, Some((3, 12)));
    }
}
