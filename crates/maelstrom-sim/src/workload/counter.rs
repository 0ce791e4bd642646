//! `pn-counter` and `g-counter`: a sum. After `workload/pn_counter.clj`.

use std::sync::Arc;

use async_trait::async_trait;
use maelstrom_check::Value;
use maelstrom_proto::counter::Request;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::{Finale, Generator, Once, Operations, Workload, plain, toss, valued};
use crate::client::{Client, ClientError, Completion, Invocation, TIMEOUT};
use crate::schema::{Form, Shape};

pub(super) fn workload(deltas: Deltas) -> Workload {
    (Box::new(Mix { deltas }), Arc::new(Counter))
}

/// What is added.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Deltas {
    /// Also what is less than nothing.
    Any,
    /// Adding less than nothing is drawn, and left out: reads become twice as
    /// frequent as adds.
    Growing,
}

/// Adds -5 to 4 and reads, one as likely as the other.
struct Mix {
    deltas: Deltas,
}

struct Counter;

const ADD_OK: Form = Form::plain("add_ok");
const READ_OK: Form = Form::new("read_ok", &[("value", Shape::Integer)]);

impl Generator for Mix {
    fn next(&mut self, _: u64, rng: &mut ChaCha8Rng) -> Invocation {
        loop {
            if toss(rng) {
                return plain("read");
            }
            let delta: i64 = rng.random_range(-5..5);
            if delta >= 0 || self.deltas == Deltas::Any {
                return valued("add", delta);
            }
        }
    }

    fn finale(&self, threads: usize) -> Option<Box<dyn Finale>> {
        Once::read(threads)
    }
}

#[async_trait]
impl Operations for Counter {
    async fn invoke(&self, client: &Client, invocation: &Invocation) -> Completion {
        let result = match invocation.value.as_int() {
            Some(delta) => add(client, delta).await,
            None => read(client).await,
        };
        result.map_or_else(
            |error| Completion::unhandled(invocation, error),
            Completion::ok,
        )
    }
}

async fn add(client: &Client, delta: i64) -> Result<Value, ClientError> {
    client
        .rpc(&Request::Add { delta }, &ADD_OK, TIMEOUT)
        .await?;
    Ok(delta.into())
}

async fn read(client: &Client) -> Result<Value, ClientError> {
    let reply = client.rpc(&Request::Read, &READ_OK, TIMEOUT).await?;
    match reply.get("value") {
        Some(Value::Int(value)) => Ok(Value::Int(*value)),
        // Maelstrom's client makes a machine's integer of it.
        value => Err(ClientError::Malformed(format!(
            "the counter was read as {}, which does not fit in 64 bits",
            Value::from(value)
        ))),
    }
}
