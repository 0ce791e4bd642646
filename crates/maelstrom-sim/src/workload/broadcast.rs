//! `broadcast`: what one node is told, all come to know. After
//! `workload/broadcast.clj`.

use std::sync::Arc;

use async_trait::async_trait;
use maelstrom_check::Value;
use maelstrom_proto::broadcast::{Request, Topology};
use rand::rngs::ChaCha8Rng;

use super::{Finale, Generator, Once, Operations, Workload, plain, toss, valued};
use crate::client::{Client, ClientError, Completion, Invocation, TIMEOUT};
use crate::schema::{Form, Shape};
use crate::settings::Settings;
use crate::topology::topology;

pub(super) fn workload(settings: &Settings) -> Workload {
    let topology = topology(settings.topology, &settings.nodes);
    (
        Box::new(Mix { next_value: 0 }),
        Arc::new(Broadcast { topology }),
    )
}

/// Broadcasts 0, 1, 2, … and reads, one as likely as the other.
struct Mix {
    next_value: i64,
}

struct Broadcast {
    topology: Topology,
}

const TOPOLOGY_OK: Form = Form::plain("topology_ok");
const BROADCAST_OK: Form = Form::plain("broadcast_ok");
const READ_OK: Form = Form::new("read_ok", &[("messages", Shape::List(&Shape::Any))]);

impl Generator for Mix {
    fn next(&mut self, _: u64, rng: &mut ChaCha8Rng) -> Invocation {
        if toss(rng) {
            return plain("read");
        }
        let value = self.next_value;
        self.next_value += 1;
        valued("broadcast", value)
    }

    fn finale(&self, threads: usize) -> Option<Box<dyn Finale>> {
        Once::read(threads)
    }
}

#[async_trait]
impl Operations for Broadcast {
    async fn set_up(&self, client: &Client) -> Result<(), ClientError> {
        let topology = self.topology.clone();
        let request = Request::Topology { topology };
        client.rpc(&request, &TOPOLOGY_OK, TIMEOUT).await?;
        Ok(())
    }

    async fn invoke(&self, client: &Client, invocation: &Invocation) -> Completion {
        let result = match invocation.value.as_int() {
            Some(value) => broadcast(client, value).await,
            None => read(client).await,
        };
        let harmless = invocation.f == "read";
        result.map_or_else(
            |error| Completion::of_error(invocation, error, harmless),
            Completion::ok,
        )
    }
}

async fn broadcast(client: &Client, value: i64) -> Result<Value, ClientError> {
    let message = u64::try_from(value).unwrap_or_default();
    let request = Request::Broadcast { message };
    client.rpc(&request, &BROADCAST_OK, TIMEOUT).await?;
    Ok(value.into())
}

async fn read(client: &Client) -> Result<Value, ClientError> {
    let reply = client.rpc(&Request::Read, &READ_OK, TIMEOUT).await?;
    Ok(reply.get("messages").into())
}
