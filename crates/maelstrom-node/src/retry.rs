//! How long to wait between attempts.

use std::time::Duration;

use rand::{Rng, RngExt};

/// No wait is none, which would be a loop.
const SHORTEST: Duration = Duration::from_millis(1);

/// As good as for ever: no run lasts as long, and clocks can tell that time.
pub(crate) const LONGEST: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// How an RPC is repeated until it is acknowledged.
///
/// Each attempt waits for its reply; when none has come in time the same
/// request is sent again, and the wait doubles up to a limit. Each
/// wait is drawn from the upper half of its span, so that nodes that failed
/// together do not retry together.
///
/// ```
/// use std::time::Duration;
/// use maelstrom_node::Retry;
///
/// let patient = Retry::new()
///     .first_wait(Duration::from_millis(300))
///     .longest_wait(Duration::from_secs(5))
///     .deadline(Duration::from_secs(20));
/// // Three hundred milliseconds, six hundred, … and up to half less of each.
/// # use rand::SeedableRng;
/// # let mut rng = rand::rngs::ChaCha8Rng::seed_from_u64(1);
/// let second = patient.wait(1, &mut rng);
/// assert!((Duration::from_millis(300)..=Duration::from_millis(600)).contains(&second));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    pub(crate) first_wait: Duration,
    pub(crate) longest_wait: Duration,
    pub(crate) deadline: Option<Duration>,
}

impl Default for Retry {
    fn default() -> Self {
        Self::new()
    }
}

impl Retry {
    /// Waits of 200 ms growing to 2 s, without end.
    pub const fn new() -> Self {
        Self {
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(2),
            deadline: None,
        }
    }

    /// How long the first attempt waits for its reply, a millisecond at least.
    /// Longer than a round trip, or every request is sent twice.
    pub const fn first_wait(mut self, wait: Duration) -> Self {
        self.first_wait = wait;
        self
    }

    /// The limit up to which the wait doubles.
    pub const fn longest_wait(mut self, wait: Duration) -> Self {
        self.longest_wait = wait;
        self
    }

    /// Gives up this long after the first attempt, with
    /// [`RpcError::Timeout`](crate::RpcError::Timeout).
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The wait of attempt number `attempt`, counted from 0: for protocols that
    /// repeat something other than a request.
    ///
    /// ```
    /// use maelstrom_node::{Context, Retry};
    ///
    /// async fn probe(ctx: &Context) {
    ///     let (retry, mut rng) = (Retry::default(), ctx.rng());
    ///     for attempt in 0..5 {
    ///         ctx.send(&ctx.node_ids()[0], &serde_json::json!({"type": "probe"}));
    ///         tokio::time::sleep(retry.wait(attempt, &mut rng)).await;
    ///     }
    /// }
    /// ```
    pub fn wait(&self, attempt: u32, rng: &mut impl Rng) -> Duration {
        let doubled = self.first_wait.saturating_mul(1 << attempt.min(20));
        let span = doubled.min(self.longest_wait.max(self.first_wait));
        let span = span.clamp(SHORTEST, LONGEST);
        span.mul_f64(rng.random_range(0.5..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    #[test]
    fn waits_double_up_to_the_limit_and_differ() {
        let retry = Retry::default();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for (attempt, span) in [
            (0, 200),
            (1, 400),
            (2, 800),
            (3, 1600),
            (4, 2000),
            (99, 2000),
        ] {
            let span = Duration::from_millis(span);
            let waits: Vec<_> = (0..50).map(|_| retry.wait(attempt, &mut rng)).collect();
            assert!(
                waits.iter().all(|wait| (span / 2..=span).contains(wait)),
                "{attempt}"
            );
            assert!(
                waits.iter().any(|wait| *wait != waits[0]),
                "{attempt}: no jitter"
            );
        }
    }
}
