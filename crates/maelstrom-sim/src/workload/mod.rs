//! What clients do: a module for each workload.

mod broadcast;
mod echo;
mod unique_ids;

use std::sync::Arc;

use async_trait::async_trait;
use maelstrom_check::Workload as Kind;
use rand::rngs::ChaCha8Rng;

use crate::client::{Client, ClientError, Completion, Invocation};
use crate::settings::Settings;

/// Draws the operations that clients start.
pub(crate) trait Generator: Send {
    /// The next operation.
    fn next(&mut self, rng: &mut ChaCha8Rng) -> Invocation;

    /// The operation that every client does once after the recovery, where
    /// the workload has one.
    fn last(&self) -> Option<Invocation> {
        None
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

/// The workload that the settings name, or nothing where it is not there yet.
pub(crate) fn workload(settings: &Settings) -> Option<Workload> {
    match settings.workload {
        Kind::Echo => Some(echo::workload()),
        Kind::UniqueIds => Some(unique_ids::workload()),
        Kind::Broadcast => Some(broadcast::workload(settings)),
        _ => None,
    }
}

/// An operation without a value.
fn plain(f: &'static str) -> Invocation {
    Invocation {
        f,
        value: maelstrom_check::Value::Nil,
        is_final: false,
    }
}

/// One of several generators, each as likely as the others, as Jepsen's `mix`
/// has it: the choice for the next operation is made when one is emitted.
fn toss(rng: &mut ChaCha8Rng) -> bool {
    rand::RngExt::random_bool(rng, 0.5)
}
