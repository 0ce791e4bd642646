//! `txn-list-append` and `txn-rw-register`: transactions. After
//! `workload/txn_list_append.clj`, `workload/txn_rw_register.clj`, and Elle's
//! generator.

use std::sync::Arc;

use async_trait::async_trait;
use maelstrom_check::Value;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use serde::Serialize;

use super::keys::KeyPool;
use super::{Generator, Operations, Workload, valued};
use crate::client::{Client, ClientError, Completion, Invocation, TIMEOUT};
use crate::schema::{Form, Shape};
use crate::settings::Settings;

pub(super) fn workload(settings: &Settings, objects: Objects) -> Workload {
    let transactions = Transactions {
        objects,
        pool: KeyPool::new(settings.key_count, settings.max_writes_per_key),
        longest: settings.max_txn_length,
    };
    (Box::new(transactions), Arc::new(Txn { objects }))
}

/// What transactions are about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Objects {
    Lists,
    Registers,
}

impl Objects {
    /// The name of the step that changes something.
    const fn write(self) -> &'static str {
        match self {
            Self::Lists => "append",
            Self::Registers => "w",
        }
    }
}

/// Transactions of one to `longest` steps, every length as likely as the others.
struct Transactions {
    objects: Objects,
    pool: KeyPool,
    longest: usize,
}

struct Txn {
    objects: Objects,
}

/// A step as it travels: `["r", 1, null]`.
#[derive(Serialize)]
struct Step(String, serde_json::Value, serde_json::Value);

#[derive(Serialize)]
#[serde(tag = "type", rename = "txn")]
struct Request {
    txn: Vec<Step>,
}

/// Maelstrom looks at the shape of the steps that come back, and not at whether
/// they are those that were asked for.
const LISTS_OK: Form = Form::new("txn_ok", &[("txn", Shape::List(&LISTS_STEP))]);
const LISTS_STEP: Shape = Shape::Either(&[
    Shape::Tuple(&[Shape::Exactly("r"), Shape::Any, Shape::List(&Shape::Any)]),
    Shape::Tuple(&[Shape::Exactly("append"), Shape::Any, Shape::Any]),
]);
const REGISTERS_OK: Form = Form::new("txn_ok", &[("txn", Shape::List(&REGISTERS_STEP))]);
const REGISTERS_STEP: Shape = Shape::Either(&[
    Shape::Tuple(&[Shape::Exactly("r"), Shape::Any, Shape::Any]),
    Shape::Tuple(&[Shape::Exactly("w"), Shape::Any, Shape::Any]),
]);

impl Generator for Transactions {
    fn next(&mut self, _: u64, rng: &mut ChaCha8Rng) -> Invocation {
        let length = rng.random_range(1..=self.longest);
        let step = |_| {
            let access = self.pool.access(rng);
            let (f, value) = match access.write {
                Some(value) => (self.objects.write(), Value::from(value)),
                None => ("r", Value::Nil),
            };
            Value::vector([Value::keyword(f), Value::from(access.key), value])
        };
        let steps: Vec<Value> = (0..length).map(step).collect();
        valued("txn", Value::vector(steps))
    }
}

#[async_trait]
impl Operations for Txn {
    fn keeps_clients(&self) -> bool {
        true
    }

    async fn invoke(&self, client: &Client, invocation: &Invocation) -> Completion {
        match self.run(client, &invocation.value).await {
            Ok(value) => Completion::ok(value),
            Err(error) => Completion::of_error(invocation, error, false),
        }
    }
}

impl Txn {
    async fn run(&self, client: &Client, steps: &Value) -> Result<Value, ClientError> {
        let step = |step: &Value| match step.items() {
            [f, key, value] => {
                let f = f.name().unwrap_or_default().to_owned();
                Step(f, key.to_json(), value.to_json())
            }
            _ => unreachable!("the generator makes steps of three"),
        };
        let txn = steps.items().iter().map(step).collect();
        let form = match self.objects {
            Objects::Lists => &LISTS_OK,
            Objects::Registers => &REGISTERS_OK,
        };
        let reply = client.rpc(&Request { txn }, form, TIMEOUT).await?;
        let steps = reply.get("txn").map_or(&[][..], Value::items);
        let step = |step: &Value| match step.items() {
            [f, rest @ ..] => {
                let f = Value::keyword(f.name().unwrap_or_default());
                Value::vector(std::iter::once(&f).chain(rest))
            }
            [] => Value::Nil,
        };
        Ok(Value::vector(steps.iter().map(step)))
    }
}
