//! `echo`: a node sends back what it was sent. After `workload/echo.clj`.

use std::sync::Arc;

use async_trait::async_trait;
use maelstrom_check::Value;
use maelstrom_proto::echo::Request;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use super::{Generator, Operations, Workload, valued};
use crate::client::{Client, Completion, Invocation, TIMEOUT, reply};

struct Echo;

pub(super) fn workload() -> Workload {
    (Box::new(Echo), Arc::new(Echo))
}

reply!(EchoReply::EchoOk {
    echo: serde_json::Value
});

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
        match client.rpc(&Request::Echo { echo }, TIMEOUT).await {
            Ok(EchoReply::EchoOk {
                in_reply_to, echo, ..
            }) => {
                let number = i64::try_from(in_reply_to).unwrap_or(i64::MAX);
                Completion::ok(Value::map([
                    (Value::keyword("type"), Value::from("echo_ok")),
                    (Value::keyword("echo"), echo.into()),
                    (Value::keyword("in_reply_to"), Value::from(number)),
                ]))
            }
            Err(error) => Completion::of_error(invocation, error, false),
        }
    }
}
