//! Requests that wait for their replies, each until its deadline at most.
//!
//! One table and one task with one timer serve all requests of a node: a
//! request costs an entry, not a timer and a channel of its own.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use rustc_hash::FxHashMap;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Requests in flight, by `msg_id`.
#[derive(Clone, Default)]
pub(crate) struct Pending(Arc<Inner>);

#[derive(Default)]
struct Inner {
    table: Mutex<Table>,
    /// A deadline came in that lies before the one slept for.
    earlier: Notify,
}

#[derive(Default)]
struct Table {
    /// The ids are our own: nobody can aim at a bucket.
    calls: FxHashMap<u64, Call>,
    /// May hold calls that are over already; they are weeded out in time.
    deadlines: BinaryHeap<Reverse<(Instant, u64)>>,
    /// Until when the task that watches the deadlines sleeps, if there is one.
    watched: Option<Instant>,
    closed: bool,
}

enum Call {
    Waiting(Instant, Option<Waker>),
    Over(Outcome),
}

/// How a call ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Reply {
        /// Whether the reply is one of type `error`.
        is_error: bool,
        text: Arc<str>,
    },
    TimedOut,
    Closed,
}

/// A place in the table, given up when the call is over or the caller gone. As
/// a future it waits for the outcome.
pub(crate) struct Waiting<'a> {
    pending: &'a Pending,
    msg_id: u64,
    over: bool,
}

impl Pending {
    /// Takes a place for the reply to `msg_id`. When nobody [watches](Self::watch)
    /// the deadlines yet, `watch` has to see to it.
    pub(crate) fn wait(
        &self,
        msg_id: u64,
        until: Instant,
        watch: impl FnOnce(Self),
    ) -> Waiting<'_> {
        let mut table = self.lock();
        let call = if table.closed {
            Call::Over(Outcome::Closed)
        } else {
            table.deadlines.push(Reverse((until, msg_id)));
            Call::Waiting(until, None)
        };
        table.calls.insert(msg_id, call);
        let watched = table.watched;
        match watched {
            None if !table.closed => {
                table.watched = Some(until);
                drop(table);
                watch(self.clone());
            }
            Some(watched) if until < watched => {
                table.watched = Some(until);
                drop(table);
                self.0.earlier.notify_one();
            }
            _ => {}
        }
        Waiting {
            pending: self,
            msg_id,
            over: false,
        }
    }

    /// Hands a reply to whoever waits for it; `false` when nobody does.
    pub(crate) fn complete(
        &self,
        in_reply_to: u64,
        is_error: bool,
        text: impl FnOnce() -> Arc<str>,
    ) -> bool {
        let mut table = self.lock();
        let Some(call) = table.calls.get_mut(&in_reply_to) else {
            return false;
        };
        let refused = matches!(call, Call::Over(Outcome::Reply { is_error: true, .. }));
        if refused && !is_error {
            // The caller has not seen the error yet, and does better with this.
            let text = text();
            *call = Call::Over(Outcome::Reply { is_error, text });
            return true;
        }
        if !matches!(call, Call::Waiting(..)) {
            return false;
        }
        let text = text();
        let waker = call.end(Outcome::Reply { is_error, text });
        drop(table);
        wake(waker);
        true
    }

    /// Lets every caller know that no reply will come.
    pub(crate) fn close(&self) {
        let mut table = self.lock();
        table.closed = true;
        let mut waiting: Vec<u64> = table.calls.keys().copied().collect();
        waiting.sort_unstable();
        let wakers: Vec<_> = waiting
            .into_iter()
            .filter_map(|msg_id| table.calls.get_mut(&msg_id)?.end(Outcome::Closed))
            .collect();
        table.deadlines.clear();
        drop(table);
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().calls.len()
    }

    /// How many deadlines are remembered, those of calls that are over included.
    #[cfg(test)]
    fn remembered(&self) -> usize {
        self.lock().deadlines.len()
    }

    /// Ends calls at their deadlines until none is left.
    pub(crate) async fn watch(self) {
        loop {
            let Some(next) = self.expire(Instant::now()) else {
                return;
            };
            tokio::select! {
                biased;
                () = self.0.earlier.notified() => {}
                () = tokio::time::sleep_until(next) => {}
            }
        }
    }

    /// Ends the calls whose deadline has come, and returns the next deadline.
    fn expire(&self, now: Instant) -> Option<Instant> {
        let mut table = self.lock();
        let mut wakers = Vec::new();
        let next = loop {
            let Some(&Reverse((until, msg_id))) = table.deadlines.peek() else {
                break None;
            };
            let call = table.calls.get(&msg_id);
            // An attempt before may have had the same number.
            let waits = matches!(call, Some(Call::Waiting(last, _)) if *last == until);
            if waits && until > now {
                break Some(until);
            }
            table.deadlines.pop();
            if waits && let Some(call) = table.calls.get_mut(&msg_id) {
                wakers.extend(call.end(Outcome::TimedOut));
            }
        };
        table.watched = next;
        drop(table);
        wakers.into_iter().for_each(Waker::wake);
        next
    }

    /// Each change leaves the table whole even if a panic cut one short.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    /// Ends a call that still waits; the first outcome stands.
    fn end(&mut self, outcome: Outcome) -> Option<Waker> {
        match self {
            Self::Waiting(_, waker) => {
                let waker = waker.take();
                *self = Self::Over(outcome);
                waker
            }
            Self::Over(_) => None,
        }
    }
}

impl Future for Waiting<'_> {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let mut table = self.pending.lock();
        let call = table.calls.get_mut(&self.msg_id);
        let Some(Call::Waiting(_, waker)) = call else {
            let call = table.give_up(self.msg_id);
            drop(table);
            self.over = true;
            return match call {
                Some(Call::Over(outcome)) => Poll::Ready(outcome),
                _ => Poll::Pending,
            };
        };
        match waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => *waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

impl Table {
    /// Forgets a call. Deadlines of calls that are over may not pile up.
    fn give_up(&mut self, msg_id: u64) -> Option<Call> {
        let call = self.calls.remove(&msg_id);
        if self.deadlines.len() > 2 * self.calls.len() + 64 {
            let calls = &self.calls;
            self.deadlines
                .retain(|Reverse((_, msg_id))| calls.contains_key(msg_id));
        }
        call
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.over {
            let call = self.pending.lock().give_up(self.msg_id);
            drop(call);
        }
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn deadlines_of_calls_that_are_over_do_not_pile_up() {
        let (pending, mut watchers) = (Pending::default(), Vec::new());
        for msg_id in 0..10_000 {
            let until = Instant::now() + Duration::from_secs(3600);
            let waiting = pending.wait(msg_id, until, |pending| {
                watchers.push(tokio::spawn(pending.watch()));
            });
            assert!(pending.complete(msg_id, false, || "{}".into()));
            assert!(matches!(waiting.await, Outcome::Reply { .. }));
        }
        assert_eq!(pending.len(), 0);
        assert!(pending.remembered() <= 64, "{}", pending.remembered());
        assert_eq!(watchers.len(), 1, "one task watches all deadlines");
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_before_the_others_is_kept_too() {
        let (pending, mut watchers) = (Pending::default(), Vec::new());
        let start = Instant::now();
        let late = pending.wait(1, start + Duration::from_secs(9), |pending| {
            watchers.push(tokio::spawn(pending.watch()));
        });
        tokio::task::yield_now().await;
        let soon = pending.wait(2, start + Duration::from_secs(1), |_| {
            panic!("somebody watches already")
        });
        assert!(matches!(soon.await, Outcome::TimedOut));
        assert_eq!(start.elapsed(), Duration::from_secs(1));
        assert!(matches!(late.await, Outcome::TimedOut));
        assert_eq!(start.elapsed(), Duration::from_secs(9));
        tokio::task::yield_now().await;
        assert!(watchers[0].is_finished(), "nothing is left to watch");
    }
}
