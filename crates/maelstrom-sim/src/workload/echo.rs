//! `echo`: a node sends back what it was sent. After `workload/echo.clj`.

use std::sync::Arc;

use async_trait::async_trait;
use maelstrom_check::Value;
use maelstrom_proto::echo::Request;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::{Generator, Operations, Workload, valued};
use crate::client::{Client, Completion, Invocation, TIMEOUT};
use crate::schema::{Form, Shape};

struct Echo;

pub(super) fn workload() -> Workload {
    (Box::new(Echo), Arc::new(Echo))
}

const ECHO_OK: Form = Form::new("echo_ok", &[("echo", Shape::Any)]);

impl Generator for Echo {
    fn next(&mut self, _: u64, rng: &mut ChaCha8Rng) -> Invocation {
        let number = rng.random_range(0..128);
        valued("echo", format!("Please echo {number}"))
    }
}

#[async_trait]
impl Operations for Echo {
    /// The value of an echo that came back is the whole reply.
    async fn invoke(&self, client: &Client, invocation: &Invocation) -> Completion {
        let echo = invocation.value.to_json();
        match client.rpc(&Request::Echo { echo }, &ECHO_OK, TIMEOUT).await {
            Ok(reply) => {
                let fields = reply.entries().iter();
                let field = |(name, value): &(Value, Value)| {
                    (
                        Value::keyword(name.name().unwrap_or_default()),
                        value.clone(),
                    )
                };
                Completion::ok(Value::map(fields.map(field)))
            }
            Err(error) => Completion::of_error(invocation, error, false),
        }
    }
}
