//! The time of a run, in nanoseconds since it began: virtual or real.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
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

/// Tells when everything that could run has run.
///
/// The runtime calls [`Idle::parked`] whenever it has nothing left to do, and
/// that wakes whoever waits in [`Idle::wait`].
#[derive(Debug, Default)]
pub(crate) struct Idle {
    wanted: AtomicBool,
    reached: Notify,
}

impl Idle {
    pub(crate) fn parked(&self) {
        if self.wanted.load(Ordering::Relaxed) {
            self.reached.notify_waiters();
        }
    }

    async fn wait(&self) {
        /// Nobody waits any more, whichever way the wait ended.
        struct Done<'a>(&'a AtomicBool);
        impl Drop for Done<'_> {
            fn drop(&mut self) {
                self.0.store(false, Ordering::Relaxed);
            }
        }
        let reached = self.reached.notified();
        self.wanted.store(true, Ordering::Relaxed);
        let _done = Done(&self.wanted);
        reached.await;
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
    /// before it parks.
    pub(crate) fn paused(idle: Arc<Idle>) -> Self {
        Self {
            start: Instant::now(),
            idle: Some(idle),
        }
    }

    /// Nanoseconds since the run began.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// How late a wait may end, in nanoseconds, without anybody to blame.
    pub(crate) fn slack(&self) -> u64 {
        if self.idle.is_some() { 0 } else { 2 * TICK }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Waits until it is `time`, or something `changed` before that.
    ///
    /// Under virtual time everything that can run at the present instant runs
    /// first. Nodes' timers fire on whole milliseconds, and the run's own
    /// events may lie between two of those: the runtime itself goes from tick
    /// to tick, since it alone knows the timers, and only the rest of the way
    /// is jumped.
    pub(crate) async fn advance_to(&self, time: Option<u64>, changed: &Notify) {
        if let Some(idle) = &self.idle {
            tokio::select! {
                biased;
                () = changed.notified() => return,
                () = idle.wait() => {}
            }
        }
        let now = self.now();
        if self.idle.is_none() {
            self.sleep(time, changed).await;
        } else if let Some(time) = time.filter(|time| time / TICK <= now / TICK) {
            advance(Duration::from_nanos(time.saturating_sub(now))).await;
        } else if !now.is_multiple_of(TICK) {
            // The runtime adds whole ticks to whatever the time is.
            advance(Duration::from_nanos(TICK - now % TICK)).await;
        } else {
            self.sleep(time.map(|time| time - time % TICK), changed)
                .await;
        }
    }

    async fn sleep(&self, time: Option<u64>, changed: &Notify) {
        let Some(time) = time else {
            return changed.notified().await;
        };
        tokio::select! {
            biased;
            () = changed.notified() => {}
            () = sleep_until(self.start + Duration::from_nanos(time)) => {}
        }
    }
}
