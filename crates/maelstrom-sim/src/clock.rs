//! The time of a run, in nanoseconds since it began: virtual or real.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::task::AtomicWaker;
use tokio::time::{Instant, advance, sleep_until};

/// How a run passes its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// Time jumps to whatever happens next. Only for nodes in this process.
    #[default]
    Virtual,
    /// Time passes as it does for everybody.
    Real,
}

/// Wakes the one who waits for it, or the next who will.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    raised: AtomicBool,
    waiting: AtomicWaker,
}

impl Signal {
    pub(crate) fn raise(&self) {
        self.raised.store(true, Ordering::Release);
        self.waiting.wake();
    }

    async fn wait(&self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        if !self.take() {
            self.waiting.register(cx.waker());
            // It may have been raised before anybody could be woken.
            if !self.take() {
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// Whether it is raised, which it is no longer.
    pub(crate) fn take(&self) -> bool {
        self.raised.load(Ordering::Relaxed) && self.raised.swap(false, Ordering::Acquire)
    }
}

/// Tells when everything that could run has run.
///
/// The runtime calls [`Idle::parked`] whenever it has nothing left to do, and
/// that wakes whoever waits for it; and [`Idle::unparked`] when it goes on.
#[derive(Debug, Default)]
pub(crate) struct Idle {
    wanted: AtomicBool,
    reached: Signal,
    /// When the run began.
    start: OnceLock<Instant>,
    /// The time, in nanoseconds since then. Virtual time stands still but where
    /// the runtime parks and where the clock is advanced: it is read from the
    /// runtime's clock, which is behind a lock, after these, and by no thread
    /// but the runtime's. Others have another clock.
    time: AtomicU64,
}

impl Idle {
    pub(crate) fn parked(&self) {
        if self.wanted.load(Ordering::Relaxed) {
            self.reached.raise();
        }
    }

    pub(crate) fn unparked(&self) {
        if let Some(start) = self.start.get() {
            let now = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.time.store(now, Ordering::Relaxed);
        }
    }

    /// Waits until something `changed` (`false`), or everything that could run
    /// has run.
    async fn wait(&self, changed: &Signal) -> bool {
        self.reached.raised.store(false, Ordering::Relaxed);
        self.wanted.store(true, Ordering::Relaxed);
        let is_idle = poll_fn(|cx| {
            if changed.take() {
                return Poll::Ready(false);
            }
            match self.reached.poll(cx) {
                Poll::Ready(()) => Poll::Ready(true),
                Poll::Pending => changed.poll(cx).map(|()| false),
            }
        });
        let is_idle = is_idle.await;
        self.wanted.store(false, Ordering::Relaxed);
        is_idle
    }
}

/// The clock of one run.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    start: Instant,
    /// Present under virtual time.
    idle: Option<Arc<Idle>>,
}

/// tokio's timers count whole milliseconds.
const TICK: u64 = 1_000_000;

impl Clock {
    pub(crate) fn real() -> Self {
        Self {
            start: Instant::now(),
            idle: None,
        }
    }

    /// The clock of a runtime that was started paused and calls `idle.parked`
    /// before it parks and `idle.unparked` after that.
    pub(crate) fn paused(idle: Arc<Idle>) -> Self {
        let start = *idle.start.get_or_init(Instant::now);
        Self {
            start,
            idle: Some(idle),
        }
    }

    /// Nanoseconds since the run began.
    pub(crate) fn now(&self) -> u64 {
        match &self.idle {
            Some(idle) => idle.time.load(Ordering::Relaxed),
            None => u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX),
        }
    }

    pub(crate) fn instant(&self) -> Instant {
        self.start + Duration::from_nanos(self.now())
    }

    /// How late a wait may end, in nanoseconds, without anybody to blame.
    pub(crate) fn slack(&self) -> u64 {
        if self.idle.is_some() { 0 } else { 2 * TICK }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.now())
    }

    /// Waits until it is `time`, or something `changed` before that.
    ///
    /// Under virtual time everything that can run at the present instant runs
    /// first. Nodes' timers fire on whole milliseconds, and the run's own
    /// events may lie between two of those: the runtime itself goes from tick
    /// to tick, since it alone knows the timers, and only the rest of the way
    /// is jumped.
    pub(crate) async fn advance_to(&self, time: Option<u64>, changed: &Signal) {
        if let Some(idle) = &self.idle
            && !idle.wait(changed).await
        {
            return;
        }
        let now = self.now();
        if self.idle.is_none() {
            self.sleep(time, changed).await;
        } else if let Some(time) = time.filter(|time| time / TICK <= now / TICK) {
            self.jump(time.saturating_sub(now)).await;
        } else if !now.is_multiple_of(TICK) {
            // The runtime adds whole ticks to whatever the time is.
            self.jump(TICK - now % TICK).await;
        } else {
            self.sleep(time.map(|time| time - time % TICK), changed)
                .await;
        }
    }

    async fn jump(&self, nanoseconds: u64) {
        let mut jump = pin!(advance(Duration::from_nanos(nanoseconds)));
        poll_fn(|cx| {
            let polled = jump.as_mut().poll(cx);
            if let Some(idle) = &self.idle {
                idle.unparked();
            }
            polled
        })
        .await;
    }

    async fn sleep(&self, time: Option<u64>, changed: &Signal) {
        let Some(time) = time else {
            return changed.wait().await;
        };
        tokio::select! {
            biased;
            () = changed.wait() => {}
            () = sleep_until(self.start + Duration::from_nanos(time)) => {}
        }
    }
}
