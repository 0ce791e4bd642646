//! `unique-ids`: a node hands out ids. After `workload/unique_ids.clj`.

use std::sync::Arc;

use async_trait::async_trait;
use maelstrom_proto::unique_ids::Request;
use rand::rngs::ChaCha8Rng;

use super::{Generator, Operations, Workload, plain};
use crate::client::{Client, Completion, Invocation, TIMEOUT};
use crate::schema::{Form, Shape};

struct UniqueIds;

pub(super) fn workload() -> Workload {
    (Box::new(UniqueIds), Arc::new(UniqueIds))
}

const GENERATE_OK: Form = Form::new("generate_ok", &[("id", Shape::Any)]);

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
        match client.rpc(&Request::Generate, &GENERATE_OK, TIMEOUT).await {
            Ok(reply) => Completion::ok(reply.get("id")),
            Err(error) => Completion::of_error(invocation, error, false),
        }
    }
}
