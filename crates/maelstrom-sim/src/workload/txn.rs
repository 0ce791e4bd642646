//! `txn-list-append` and `txn-rw-register`: transactions. After
//! `workload/txn_list_append.clj`, `workload/txn_rw_register.clj`, and Elle's
//! generator.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use maelstrom_check::Value;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::keys::KeyPool;
use super::{Generator, Operations, Workload, valued};
use crate::client::{Client, ClientError, Completion, Invocation, TIMEOUT, reply};
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
#[derive(Debug, Serialize, Deserialize)]
struct Step(String, serde_json::Value, serde_json::Value);

#[derive(Serialize)]
#[serde(tag = "type", rename = "txn")]
struct Request {
    txn: Vec<Step>,
}

reply!(TxnReply::TxnOk { txn: Vec<Step> });

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
        let TxnReply::TxnOk { txn, .. } = client.rpc(&Request { txn }, TIMEOUT).await?;
        let steps: Result<Vec<Value>, ClientError> =
            txn.into_iter().map(|step| self.read(step)).collect();
        Ok(Value::vector(steps?))
    }

    /// A step of a reply. Maelstrom looks at its shape, and not at whether it
    /// is the one that was asked for.
    fn read(&self, step: Step) -> Result<Value, ClientError> {
        let Step(f, key, value) = &step;
        let shape_fits = match f.as_str() {
            "r" if self.objects == Objects::Lists => value.is_array() || value.is_null(),
            "r" => true,
            f => f == self.objects.write(),
        };
        if !shape_fits {
            return Err(ClientError::Malformed(format!(
                "the answer to a transaction holds the step {step}, which is none of \
                 [\"r\", key, {}] and [\"{}\", key, value]",
                match self.objects {
                    Objects::Lists => "list or null",
                    Objects::Registers => "value",
                },
                self.objects.write(),
            )));
        }
        let (key, value) = (Value::from(key.clone()), Value::from(value.clone()));
        Ok(Value::vector([Value::keyword(f), key, value]))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(f, key, value) = self;
        write!(out, "[\"{f}\", {key}, {value}]")
    }
}
