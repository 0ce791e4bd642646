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
//! A test of one's own is about six lines: [`test()`] runs a node over many
//! seeds, and panics with the story of the first run that is not valid, cut down
//! to a small one that fails alike.
//!
//! ```
//! # use std::{collections::BTreeSet, sync::Mutex};
//! # use maelstrom_node::proto::g_set::{Request, Response};
//! # use maelstrom_node::{Context, Node, Retry, handler};
//! # fn g_set(_: Context) -> impl Node {
//! #     let known = Mutex::new(BTreeSet::new());
//! #     handler(move |ctx: Context, request: Request<u64>| {
//! #         let mut known = known.lock().unwrap();
//! #         let response = match request {
//! #             Request::Read => Response::ReadOk { value: known.iter().copied().collect() },
//! #             Request::Add { element } => {
//! #                 if known.insert(element) && ctx.sender().is_client() {
//! #                     for peer in ctx.peers().cloned() {
//! #                         let tell = ctx.clone();
//! #                         ctx.spawn(async move {
//! #                             let add: Request<u64> = Request::Add { element };
//! #                             let _ = tell.rpc_retried::<_, Response<u64>>(&peer, &add, Retry::default()).await;
//! #                         });
//! #                     }
//! #                 }
//! #                 Response::AddOk
//! #             }
//! #         };
//! #         async { Ok(response) }
//! #     })
//! # }
//! use maelstrom_sim::{Fault, Settings, Workload};
//!
//! # /* A test is never run within a doc test, so what follows is compiled as a function.
//! #[test]
//! # */
//! fn no_element_is_lost_under_faults() {
//!     let settings = Settings::new(Workload::GSet).node_count(5).time_limit(20);
//!     let settings = settings.nemesis(Fault::Partition).nemesis(Fault::Loss);
//!     maelstrom_sim::test(settings, 0..100, g_set);
//! }
//! # no_element_is_lost_under_faults();
//! ```
//!
//! - [`Settings`] are Maelstrom's own, with its defaults.
//! - A [`Run`] is a value: settings, seed and [`Host`] in, [`Outcome`] out.
//! - [`InProcess`] hosts nodes as values, under virtual time: twenty seconds of
//!   network pass in milliseconds, and the same seed gives the same run.
//! - [`Process`] hosts programs in any language, in real time.
//! - [`Shrink`] cuts a run that fails down to a small one that fails alike, and
//!   [`Outcome::timeline`] shows what happened in it.
//! - The network, the clients and the nemesis behave as Maelstrom's do; where
//!   they are modelled on a file of its, the module names it.

mod client;
mod clock;
mod deaths;
mod engine;
mod host;
mod journal;
mod nemesis;
mod network;
mod problem;
mod run;
mod schema;
mod seed;
mod selection;
mod service;
mod settings;
mod shrink;
mod story;
mod test;
mod threads;
mod timeline;
mod topology;
mod workload;

pub use clock::Pace;
pub use host::{Host, InProcess, Outbox, Process, RunningNode, StartError};
pub use journal::{Event, EventKind, Journal};
pub use maelstrom_check::{Availability, ConsistencyModel, Verdict, Workload};
pub use maelstrom_proto::NodeId;
pub use problem::{Problem, ProblemKind, Traces};
pub use run::{Drawn, Outcome, Phase, Progress, Run, RunError};
pub use selection::Selection;
pub use settings::{
    Concurrency, Fault, Latency, LatencyDist, ServiceMode, Settings, SettingsError, TopologyKind,
};
pub use shrink::{Attempt, Shrink, ShrinkError, Shrunk, Size};
pub use story::story;
pub use test::test;
pub use topology::topology;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
