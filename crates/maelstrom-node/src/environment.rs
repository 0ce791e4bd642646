//! What a node takes from outside besides messages: randomness and wall time.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::rngs::{ChaCha8Rng, SysRng};
use rand::{SeedableRng, TryRng};
use tokio::time::Instant;

/// Where a node's randomness and wall-clock time come from.
///
/// The system's own by default; a simulation gives a seed and a clock.
///
/// ```
/// use std::time::Duration;
/// use maelstrom_node::Environment;
///
/// let fixed = Environment::seeded(7, || Duration::from_secs(1_700_000_000));
/// assert_eq!(fixed.wall_clock().as_secs(), 1_700_000_000);
/// ```
#[derive(Clone)]
pub struct Environment {
    /// `None`: entropy of the system's, for each node anew.
    seed: Option<u64>,
    wall_clock: Arc<dyn Fn() -> Duration + Send + Sync>,
    instants: Arc<dyn Fn() -> Instant + Send + Sync>,
}

impl Environment {
    /// The system's entropy, drawn for each node anew, and the system's clock.
    /// A node panics at its `init` when the operating system gives no entropy.
    ///
    /// ```
    /// let environment = maelstrom_node::Environment::system();
    /// assert!(environment.wall_clock().as_secs() > 1_700_000_000);
    /// ```
    pub fn system() -> Self {
        Self {
            seed: None,
            wall_clock: Arc::new(|| {
                SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default()
            }),
            instants: Arc::new(Instant::now),
        }
    }

    /// A fixed seed, and a clock that gives the time since the Unix epoch.
    ///
    /// Nodes of one seed draw the same numbers, as do the lives of one node:
    /// where both send to the same services, give each a seed of its own.
    ///
    /// ```
    /// use std::time::Duration;
    /// use maelstrom_node::Environment;
    ///
    /// // The clock of a simulation, one second ahead of its own time.
    /// let start = tokio::time::Instant::now();
    /// let skewed = Environment::seeded(42, move || start.elapsed() + Duration::from_secs(1));
    /// assert!(skewed.wall_clock() >= Duration::from_secs(1));
    /// ```
    pub fn seeded(seed: u64, wall_clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self {
            seed: Some(seed),
            wall_clock: Arc::new(wall_clock),
            instants: Arc::new(Instant::now),
        }
    }

    /// Has nodes ask `clock` what instant it is, for a host that knows it sooner
    /// than tokio does: a clock of tokio's that can be paused is behind a lock.
    /// It must be the instant that tokio would tell, whose timers end all waits;
    /// and whoever moves tokio's clock must move this one.
    ///
    /// ```
    /// use std::time::Duration;
    /// use maelstrom_node::Environment;
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// // A paused clock stands still until its host has it advance.
    /// let now = Instant::now();
    /// let environment = Environment::seeded(42, || Duration::ZERO).instants(move || now);
    /// # }
    /// ```
    pub fn instants(mut self, clock: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        self.instants = Arc::new(clock);
        self
    }

    pub(crate) fn now(&self) -> Instant {
        (self.instants)()
    }

    /// The wall-clock time since the Unix epoch. It may jump and step back.
    ///
    /// ```
    /// use std::time::Duration;
    /// let stopped = maelstrom_node::Environment::seeded(0, || Duration::from_secs(5));
    /// assert_eq!(stopped.wall_clock(), Duration::from_secs(5));
    /// ```
    pub fn wall_clock(&self) -> Duration {
        (self.wall_clock)()
    }

    /// The random numbers of a node.
    pub(crate) fn rng(&self) -> ChaCha8Rng {
        let mut bytes = [0; 32];
        match self.seed {
            Some(seed) => bytes[..8].copy_from_slice(&seed.to_le_bytes()),
            None => SysRng
                .try_fill_bytes(&mut bytes)
                .expect("the operating system gives entropy"),
        }
        ChaCha8Rng::from_seed(bytes)
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}
