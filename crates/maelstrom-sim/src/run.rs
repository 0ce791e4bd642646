//! A run as a value: settings, a seed and a host in; history and journal out.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use maelstrom_check::{History, Options, Results, check, net};
use maelstrom_proto::{Message, NodeId};
use tokio::runtime::Builder;
use tokio::task::coop::unconstrained;

use crate::clock::{Clock, Idle, Pace};
use crate::engine::Engine;
use crate::host::{Host, StartError};
use crate::journal::{Event, Journal, Tell};
use crate::problem::{Problem, Traces};
use crate::settings::{Fault, Settings, SettingsError};
use crate::workload::workload;

/// A run to be carried out.
///
/// ```
/// use maelstrom_node::handler;
/// use maelstrom_node::proto::echo::{Request, Response};
/// use maelstrom_sim::{InProcess, Run, Settings, Workload};
///
/// let host = InProcess::new(|_| handler(|_, Request::Echo { echo }| async {
///     Ok(Response::EchoOk { echo })
/// }));
/// let outcome = Run::new(Settings::new(Workload::Echo).time_limit(5), 42, host).execute();
/// assert!(outcome.failure.is_none());
/// assert!(outcome.history.len() > 10);
/// ```
pub struct Run {
    pub(crate) settings: Settings,
    pub(crate) seed: u64,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) pace: Pace,
    pub(crate) progress: Option<Box<dyn Fn(Progress) + Send + Sync>>,
    pub(crate) tell: Option<Tell>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// The time since the run began, on the run's own clock.
    pub elapsed: Duration,
    /// How many operations were started so far, about.
    pub operations: usize,
}

/// The parts of a run, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nodes are started, and told who they are.
    SetUp,
    /// Operations are started, and faults injected.
    Operations,
    /// The network is whole again, and nodes have time.
    Recovery,
    /// Every client reads once more.
    FinalReads,
}

/// What came out of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The settings it was run with.
    pub settings: Settings,
    /// The seed it was run with.
    pub seed: u64,
    /// What clients asked and what came back, up to the failure if there was one.
    pub history: History,
    /// Every message.
    pub journal: Journal,
    /// For each operation of the history, how many events the journal had when
    /// it was noted: what tells their order where they have the same time.
    pub places: Vec<usize>,
    /// How much was drawn before the recovery, whether it took place or not.
    pub drawn: Drawn,
    /// What nodes did wrong that did not end the run.
    pub notices: Vec<Problem>,
    /// What ended the run before its time.
    pub failure: Option<RunError>,
}

/// How much a run drew: the numbers that a [`Selection`](crate::Selection) is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Operations of clients.
    pub operations: usize,
    /// Actions of the nemesis.
    pub faults: usize,
}

impl Outcome {
    /// What the checkers say of it: Maelstrom's own, and the stricter ones
    /// beside them.
    #[allow(clippy::field_reassign_with_default)] // Options may grow fields.
    pub fn check(&self) -> Results {
        let mut options = Options::default();
        options.availability = self.settings.availability;
        options
            .consistency_models
            .clone_from(&self.settings.consistency_models);
        let net = net(self.journal.net_events(), &self.history);
        check(self.settings.workload, &self.history, &options).with_net(net)
    }
}

/// Why a run could not be carried out to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The settings are impossible. Nothing was started.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The host's nodes need the real clock. Nothing was started.
    #[error("processes live in real time: a run of them can't have virtual time")]
    RealTimeOnly,
    /// Nobody but the system sets the clocks of processes. Nothing was started.
    #[error(
        "the wall clocks of processes can't be skewed: that fault is for nodes in this process"
    )]
    ClocksOfProcesses,
    /// The runtime could not be started.
    #[error("the runtime could not be started: {0}")]
    Runtime(#[source] io::Error),
    /// A node could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A node did not take its `init`.
    #[error("{node} did not take its init: {reason}{}", following(traces))]
    Init {
        /// The node.
        node: NodeId,
        /// What came instead of `init_ok`.
        reason: String,
        /// What else is known of the node.
        traces: Option<Traces>,
    },
    /// A node did not take what the workload begins with, which is a topology
    /// where it is anything.
    #[error(
        "{node} did not take the `topology` that the workload begins with: {reason}{}",
        following(traces)
    )]
    SetUp {
        /// The node.
        node: NodeId,
        /// What came instead of the reply.
        reason: String,
        /// What else is known of the node.
        traces: Option<Traces>,
    },
    /// A node did what no node may do.
    #[error("{0}")]
    Node(Box<Problem>),
    /// The process was asked to end.
    #[error("it was interrupted")]
    Interrupted,
    /// The history would not be one.
    #[error("the history could not be written: {0}")]
    History(#[from] maelstrom_check::Error),
}

/// What else is known of a node, behind what is wrong with it.
fn following(traces: &Option<Traces>) -> String {
    let traces = traces.as_ref();
    traces.map_or_else(String::new, |traces| format!(". {traces}"))
}

impl Run {
    /// A run under virtual time.
    pub fn new(settings: Settings, seed: u64, host: impl Host + 'static) -> Self {
        Self {
            settings,
            seed,
            host: Arc::new(host),
            pace: Pace::Virtual,
            progress: None,
            tell: None,
        }
    }

    /// Chooses how time passes.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Calls `tell` now and then while the run is under way.
    #[must_use]
    pub fn on_progress(mut self, tell: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Box::new(tell));
        self
    }

    /// Calls `tell` of each message that is sent, received or dropped, as it
    /// happens: the journal while it is written. The network waits meanwhile.
    #[must_use]
    pub fn on_event(mut self, tell: impl Fn(&Event, &Message) + Send + Sync + 'static) -> Self {
        self.tell = Some(Arc::new(tell));
        self
    }

    /// Carries the run out, on a runtime of its own.
    ///
    /// Under virtual time the same settings, seed and nodes give the same
    /// history and the same journal, byte for byte.
    ///
    /// # Panics
    /// When called from within a tokio runtime.
    pub fn execute(self) -> Outcome {
        let refused = |failure| Outcome {
            settings: self.settings.clone(),
            seed: self.seed,
            history: History::new(),
            journal: Journal::default(),
            places: Vec::new(),
            drawn: Drawn::default(),
            notices: Vec::new(),
            failure: Some(failure),
        };
        if let Err(error) = self.settings.validate() {
            return refused(error.into());
        }
        if self.pace == Pace::Virtual && self.host.needs_real_time() {
            return refused(RunError::RealTimeOnly);
        }
        if self.host.needs_real_time() && self.settings.nemesis.contains(&Fault::Skew) {
            return refused(RunError::ClocksOfProcesses);
        }
        let workload = workload(&self.settings);
        let idle = Arc::new(Idle::default());
        let mut builder = Builder::new_current_thread();
        match self.pace {
            Pace::Real => builder.enable_all(),
            Pace::Virtual => {
                let (idle, awake) = (idle.clone(), idle.clone());
                builder
                    .enable_time()
                    .start_paused(true)
                    .on_thread_park(move || idle.parked())
                    .on_thread_unpark(move || awake.unparked())
            }
        };
        let runtime = match builder.build() {
            Ok(runtime) => runtime,
            Err(error) => return refused(RunError::Runtime(error)),
        };
        runtime.block_on(async {
            let clock = match self.pace {
                Pace::Real => Clock::real(),
                Pace::Virtual => Clock::paused(idle),
            };
            // The engine polls many futures in one go; tokio's budget for
            // fairness would make some of them wait for no reason.
            let engine = Engine::new(&self, workload, clock);
            if self.pace == Pace::Real {
                engine.end_on_signals();
            }
            unconstrained(engine.execute()).await
        })
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("settings", &self.settings)
            .field("seed", &self.seed)
            .field("host", &self.host)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}
