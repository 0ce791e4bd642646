//! `g-set`: a set that grows. After `workload/g_set.clj`.

use std::sync::Arc;

use async_trait::async_trait;
use maelstrom_check::Value;
use maelstrom_proto::g_set::Request;
use rand::rngs::ChaCha8Rng;

use super::{Finale, Generator, Once, Operations, Workload, plain, toss, valued};
use crate::client::{Client, ClientError, Completion, Invocation, TIMEOUT};
use crate::schema::{Form, Shape};

pub(super) fn workload() -> Workload {
    (Box::new(Mix { next_element: 0 }), Arc::new(GSet))
}

/// Adds 0, 1, 2, … and reads, one as likely as the other.
struct Mix {
    next_element: i64,
}

struct GSet;

const ADD_OK: Form = Form::plain("add_ok");
const READ_OK: Form = Form::new("read_ok", &[("value", Shape::List(&Shape::Any))]);

impl Generator for Mix {
    fn next(&mut self, _: u64, rng: &mut ChaCha8Rng) -> Invocation {
        if toss(rng) {
            return plain("read");
        }
        self.next_element += 1;
        valued("add", self.next_element - 1)
    }

    fn finale(&self, threads: usize) -> Option<Box<dyn Finale>> {
        Once::read(threads)
    }
}

#[async_trait]
impl Operations for GSet {
    async fn invoke(&self, client: &Client, invocation: &Invocation) -> Completion {
        let result = match invocation.value.as_int() {
            Some(element) => add(client, element).await,
            None => read(client).await,
        };
        result.map_or_else(
            |error| Completion::unhandled(invocation, error),
            Completion::ok,
        )
    }
}

async fn add(client: &Client, element: i64) -> Result<Value, ClientError> {
    client
        .rpc(&Request::Add { element }, &ADD_OK, TIMEOUT)
        .await?;
    Ok(element.into())
}

async fn read(client: &Client) -> Result<Value, ClientError> {
    let reply = client.rpc(&Request::<i64>::Read, &READ_OK, TIMEOUT).await?;
    Ok(reply.get("value").into())
}
