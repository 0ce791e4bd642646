//! What clients do: a module for each workload.

mod broadcast;
mod counter;
mod echo;
mod g_set;
mod kafka;
mod keys;
mod lin_kv;
mod txn;
mod unique_ids;

use std::sync::Arc;

use async_trait::async_trait;
use maelstrom_check::{Op, Value, Workload as Kind};
use rand::rngs::ChaCha8Rng;

use crate::client::{Client, ClientError, Completion, Invocation};
use crate::settings::Settings;
use crate::threads::Threads;

/// Draws the operations that clients start.
pub(crate) trait Generator: Send {
    /// Which of the free threads carries out the next operation. At least one
    /// is free.
    fn choose(&mut self, threads: &Threads, _rng: &mut ChaCha8Rng) -> usize {
        threads.free().unwrap_or_default()
    }

    /// The next operation, at `now`, for the thread chosen.
    fn next(&mut self, now: u64, rng: &mut ChaCha8Rng) -> Invocation;

    /// Hears how an operation ended.
    fn update(&mut self, _completion: &Op) {}

    /// What clients do after the recovery, where the workload has that.
    fn finale(&self, _threads: usize) -> Option<Box<dyn Finale>> {
        None
    }
}

/// The last operations of a run, which every thread does for itself.
pub(crate) trait Finale: Send {
    /// When a thread's next operation is due. `None` when it has no more.
    fn due(&self, thread: usize, now: u64) -> Option<u64>;

    /// That operation.
    fn next(&mut self, thread: usize, now: u64, rng: &mut ChaCha8Rng) -> Invocation;

    /// Hears how an operation of a thread ended.
    fn update(&mut self, _thread: usize, _completion: &Op) {}
}

/// Every thread does the same, once.
struct Once {
    invocation: Invocation,
    done: Vec<bool>,
}

impl Once {
    fn boxed(invocation: Invocation, threads: usize) -> Option<Box<dyn Finale>> {
        let done = vec![false; threads];
        Some(Box::new(Self { invocation, done }))
    }

    /// A read, marked as final.
    fn read(threads: usize) -> Option<Box<dyn Finale>> {
        let read = Invocation {
            is_final: true,
            ..plain("read")
        };
        Self::boxed(read, threads)
    }
}

impl Finale for Once {
    fn due(&self, thread: usize, now: u64) -> Option<u64> {
        (!self.done[thread]).then_some(now)
    }

    fn next(&mut self, thread: usize, _: u64, _: &mut ChaCha8Rng) -> Invocation {
        self.done[thread] = true;
        self.invocation.clone()
    }
}

/// Carries out operations with requests to a node.
#[async_trait]
pub(crate) trait Operations: Send + Sync {
    /// Whether a client goes on after an operation whose outcome it does not
    /// know. Otherwise it is closed, and a new one opened.
    fn keeps_clients(&self) -> bool {
        false
    }

    /// What is said to each node once before the first operation.
    async fn set_up(&self, _client: &Client) -> Result<(), ClientError> {
        Ok(())
    }

    /// Carries out one operation.
    async fn invoke(&self, client: &Client, invocation: &Invocation) -> Completion;
}

/// The two halves of a workload.
pub(crate) type Workload = (Box<dyn Generator>, Arc<dyn Operations>);

/// The workload that the settings name.
pub(crate) fn workload(settings: &Settings) -> Workload {
    match settings.workload {
        Kind::Broadcast => broadcast::workload(settings),
        Kind::Echo => echo::workload(),
        Kind::GCounter => counter::workload(counter::Deltas::Growing),
        Kind::GSet => g_set::workload(),
        Kind::Kafka => kafka::workload(settings),
        Kind::LinKv => lin_kv::workload(settings),
        Kind::PnCounter => counter::workload(counter::Deltas::Any),
        Kind::TxnListAppend => txn::workload(settings, txn::Objects::Lists),
        Kind::TxnRwRegister => txn::workload(settings, txn::Objects::Registers),
        Kind::UniqueIds => unique_ids::workload(),
    }
}

/// An operation without a value.
fn plain(f: &'static str) -> Invocation {
    valued(f, Value::Nil)
}

/// An operation with a value.
fn valued(f: &'static str, value: impl Into<Value>) -> Invocation {
    Invocation {
        f,
        value: value.into(),
        is_final: false,
        extra: Vec::new(),
    }
}

/// One of several generators, each as likely as the others, as Jepsen's `mix`
/// has it: the choice for the next operation is made when one is emitted.
fn toss(rng: &mut ChaCha8Rng) -> bool {
    rand::RngExt::random_bool(rng, 0.5)
}
