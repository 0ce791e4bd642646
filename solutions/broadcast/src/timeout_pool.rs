//! Timeout pool: calls with a short timeout, a few at a time.
//!
//! The value goes to each neighbour as a call that is given up after a timeout
//! and tried again later, after a random wait. No more than a fixed number of
//! calls are under way at once, so a neighbour that is cut off can't take up
//! all of the node. Each timeout is twice the last, up to a second.
//!
//! A timeout below the round trip has every call made several times. So a node
//! watches how long each neighbour takes to answer, and the first timeout is
//! what TCP would wait (RFC 6298, section 2): 100 ms before anything is known,
//! and then the usual round trip with room for its variation. It is a flood,
//! and costs what a flood costs, but a lost message is repeated sooner.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use maelstrom_node::{Context, NodeId, RpcError};
use rand::RngExt;
use rustc_hash::FxHashMap;
use tokio::sync::Semaphore;
use tracing::debug;

use crate::message::{Request, Response};

/// The timeout of a first attempt before any answer has come, and the shortest.
const FIRST_TIMEOUT: Duration = Duration::from_millis(100);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(1);

/// What a timeout exceeds the usual round trip by at least: round trips that
/// never vary would be timed out on their last instant.
const SLACK: Duration = Duration::from_millis(50);

/// How many calls may be under way.
const WORKERS: usize = 64;

/// The workers of a [`Flood`](crate::Flood) that makes a bounded number of calls
/// at once.
#[derive(Clone, Debug, Default)]
pub struct Pool(Arc<State>);

#[derive(Debug)]
struct State {
    workers: Semaphore,
    round_trips: Mutex<FxHashMap<NodeId, RoundTrip>>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            workers: Semaphore::new(WORKERS),
            round_trips: Mutex::default(),
        }
    }
}

impl Pool {
    /// Tells a neighbour until it acknowledges.
    pub(crate) async fn tell(&self, ctx: &Context, neighbour: &NodeId, request: &Request) {
        let mut last = Duration::ZERO;
        loop {
            // The semaphore is never closed.
            let Ok(worker) = self.0.workers.acquire().await else {
                return;
            };
            let usual = self.lock().get(neighbour).copied().unwrap_or_default();
            let timeout = usual.timeout().max(last * 2).min(LONGEST_TIMEOUT);
            let asked = ctx.uptime();
            let answer: Result<Response, RpcError> = ctx.rpc(neighbour, request, timeout).await;
            drop(worker);
            match answer {
                Ok(_) => {
                    let took = ctx.uptime() - asked;
                    let mut round_trips = self.lock();
                    return round_trips.entry(neighbour.clone()).or_default().add(took);
                }
                Err(error) => debug!(%neighbour, %error, "to be tried again"),
            }
            // Meanwhile others may use the worker.
            let share = ctx.rng().random_range(0.0..1.0);
            tokio::time::sleep(timeout.mul_f64(share)).await;
            last = timeout;
        }
    }

    /// Each entry is a pair of numbers, whole whatever panics.
    fn lock(&self) -> MutexGuard<'_, FxHashMap<NodeId, RoundTrip>> {
        let round_trips = &self.0.round_trips;
        round_trips.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a neighbour usually takes to answer, and how much that varies.
#[derive(Clone, Copy, Debug, Default)]
struct RoundTrip(Option<(Duration, Duration)>);

impl RoundTrip {
    /// Learns from an answer. Each attempt has a `msg_id` of its own, so it is
    /// never in doubt which one was answered.
    fn add(&mut self, took: Duration) {
        self.0 = Some(match self.0 {
            None => (took, took / 2),
            Some((usual, variation)) => (
                (usual * 7 + took) / 8,
                (variation * 3 + usual.abs_diff(took)) / 4,
            ),
        });
    }

    fn timeout(self) -> Duration {
        self.0.map_or(FIRST_TIMEOUT, |(usual, variation)| {
            (usual + (variation * 4).max(SLACK)).max(FIRST_TIMEOUT)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn the_timeout_follows_the_round_trips() {
        let mut round_trip = RoundTrip::default();
        assert_eq!(round_trip.timeout(), milliseconds(100));
        round_trip.add(milliseconds(200));
        assert_eq!(round_trip.timeout(), milliseconds(600));
        for _ in 0..20 {
            round_trip.add(milliseconds(200));
        }
        assert_eq!(round_trip.timeout(), milliseconds(250));
        round_trip.add(milliseconds(320));
        let wider = round_trip.timeout();
        assert!(wider > milliseconds(320), "{wider:?}");
        for _ in 0..100 {
            round_trip.add(milliseconds(1));
        }
        assert_eq!(round_trip.timeout(), milliseconds(100));
    }
}
