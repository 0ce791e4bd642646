//! [Maelstrom](https://github.com/jepsen-io/maelstrom) as a library: a network,
//! clients and faults around nodes, from one seed.
//!
//! ```
//! use maelstrom_node::handler;
//! use maelstrom_node::proto::echo::{Request, Response};
//! use maelstrom_sim::{InProcess, Run, Settings, Verdict, Workload};
//!
//! let host = InProcess::new(|_| handler(|_, Request::Echo { echo }| async {
//!     Ok(Response::EchoOk { echo })
//! }));
//! let settings = Settings::new(Workload::Echo).node_count(1).time_limit(10);
//! let outcome = Run::new(settings, 7, host).execute();
//! assert_eq!(outcome.check().verdict(), Verdict::Valid);
//! ```
//!
//! - [`Settings`] are Maelstrom's own, with its defaults.
//! - A [`Run`] is a value: settings, seed and [`Host`] in, [`Outcome`] out.
//! - [`InProcess`] hosts nodes as values, under virtual time: twenty seconds of
//!   network pass in milliseconds, and the same seed gives the same run.
//! - [`Process`] hosts programs in any language, in real time.
//! - The network, the clients and the nemesis behave as Maelstrom's do; where
//!   they are modelled on a file of its, the module names it.

mod client;
mod clock;
mod engine;
mod host;
mod journal;
mod nemesis;
mod network;
mod problem;
mod run;
mod schema;
mod seed;
mod service;
mod settings;
mod threads;
mod topology;
mod workload;

pub use clock::Pace;
pub use host::{Host, InProcess, Outbox, Process, RunningNode, StartError};
pub use journal::{Event, EventKind, Journal};
pub use maelstrom_check::{Availability, ConsistencyModel, Verdict, Workload};
pub use maelstrom_proto::NodeId;
pub use problem::{Problem, ProblemKind};
pub use run::{Outcome, Phase, Progress, Run, RunError};
pub use settings::{
    Concurrency, Fault, Latency, LatencyDist, ServiceMode, Settings, SettingsError, TopologyKind,
};
pub use topology::topology;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
