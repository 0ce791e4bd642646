//! `unique-ids`: a node hands out ids. After `workload/unique_ids.clj`.

use std::sync::Arc;

use async_trait::async_trait;
use maelstrom_proto::unique_ids::Request;
use rand::rngs::ChaCha8Rng;

use super::{Generator, Operations, Workload, plain};
use crate::client::{Client, Completion, Invocation, TIMEOUT, reply};

struct UniqueIds;

pub(super) fn workload() -> Workload {
    (Box::new(UniqueIds), Arc::new(UniqueIds))
}

reply!(GenerateReply::GenerateOk {
    id: serde_json::Value
});

impl Generator for UniqueIds {
    fn next(&mut self, _: u64, _: &mut ChaCha8Rng) -> Invocation {
        plain("generate")
    }
}

#[async_trait]
impl Operations for UniqueIds {
    fn keeps_clients(&self) -> bool {
        true
    }

    async fn invoke(&self, client: &Client, invocation: &Invocation) -> Completion {
        match client.rpc(&Request::Generate, TIMEOUT).await {
            Ok(GenerateReply::GenerateOk { id, .. }) => Completion::ok(id),
            Err(error) => Completion::of_error(invocation, error, false),
        }
    }
}
