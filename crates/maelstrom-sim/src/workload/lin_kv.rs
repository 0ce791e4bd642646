//! `lin-kv`: registers that act as if there were one copy of each. After
//! `workload/lin_kv.clj` and `jepsen.tests.linearizable-register`.
//!
//! Threads work in groups of twice as many as there are nodes, each group on a
//! key of its own. In a group, threads below the number of nodes read and the
//! others write and compare-and-set. That split goes by the number that a
//! thread has in the whole run, so that every group but the first reads
//! nothing; it is so on Maelstrom.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use maelstrom_check::Value;
use maelstrom_proto::kv::Request;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use serde_json::Value as Json;

use super::{Generator, Operations, Workload, valued};
use crate::client::{Client, ClientError, Completion, Invocation};
use crate::schema::{Form, Shape};
use crate::settings::Settings;
use crate::threads::Threads;

/// How many processes may touch a key before another takes its place.
const PROCESSES_PER_KEY: usize = 20;

pub(super) fn workload(settings: &Settings) -> Workload {
    let nodes = settings.nodes.len();
    let threads = settings.concurrency.threads(nodes);
    let groups = (0..threads / (2 * nodes)).map(|group| Group {
        threads: group * 2 * nodes..(group + 1) * 2 * nodes,
        key: group,
        processes: BTreeSet::new(),
    });
    let groups: Vec<Group> = groups.collect();
    let registers = Registers {
        nodes,
        next_key: groups.len(),
        groups,
        chosen: (0, false),
    };
    // Ten times the mean latency, and a second at least.
    let timeout = (10 * settings.latency.mean_ms).max(1000) * 1_000_000;
    (Box::new(registers), Arc::new(LinKv { timeout }))
}

struct Registers {
    nodes: usize,
    groups: Vec<Group>,
    next_key: usize,
    /// The key of the operation that comes next, and whether it is a read.
    chosen: (usize, bool),
}

/// Threads that work on one key.
struct Group {
    threads: Range<usize>,
    key: usize,
    /// Who has touched the key.
    processes: BTreeSet<u64>,
}

struct LinKv {
    timeout: u64,
}

const READ_OK: Form = Form::new("read_ok", &[("value", Shape::Any)]);
const WRITE_OK: Form = Form::plain("write_ok");
const CAS_OK: Form = Form::plain("cas_ok");

impl Generator for Registers {
    fn choose(&mut self, threads: &Threads, rng: &mut ChaCha8Rng) -> usize {
        let mut free = Vec::new();
        for (index, group) in self.groups.iter_mut().enumerate() {
            if threads.free_among(group.threads.clone()).is_none() {
                continue;
            }
            free.push(index);
            // All that could touch the key count, not only who does.
            let now = threads.processes(group.threads.clone());
            if group
                .processes
                .iter()
                .copied()
                .chain(now)
                .collect::<BTreeSet<_>>()
                .len()
                > PROCESSES_PER_KEY
            {
                group.key = self.next_key;
                group.processes.clear();
                self.next_key += 1;
            }
        }
        let Some(index) = rand::seq::IteratorRandom::choose(free.into_iter(), rng) else {
            return 0;
        };
        let group = &mut self.groups[index];
        group
            .processes
            .extend(threads.processes(group.threads.clone()));
        let Range { start, end } = group.threads;
        let split = self.nodes.clamp(start, end);
        let reader = threads.free_among(start..split);
        let writer = threads.free_among(split..end);
        // Where both are free, each side's chance is its share of the group.
        let share = (split - start) as f64 / (end - start) as f64;
        let reads = writer.is_none() || (reader.is_some() && rng.random_bool(share));
        self.chosen = (group.key, reads);
        let thread = if reads { reader } else { writer };
        thread.unwrap_or_default()
    }

    fn next(&mut self, _: u64, rng: &mut ChaCha8Rng) -> Invocation {
        let (key, reads) = self.chosen;
        let key = i64::try_from(key).unwrap_or(i64::MAX);
        let mut value = || Value::from(rng.random_range(0..5_i64));
        let (f, value) = if reads {
            ("read", Value::Nil)
        } else {
            let (first, second) = (value(), value());
            match rng.random_range(0..3) {
                0 => ("write", first),
                _ => ("cas", Value::vector([first, second])),
            }
        };
        valued(f, Value::vector([Value::from(key), value]))
    }
}

#[async_trait]
impl Operations for LinKv {
    fn keeps_clients(&self) -> bool {
        true
    }

    async fn invoke(&self, client: &Client, invocation: &Invocation) -> Completion {
        match self.run(client, invocation).await {
            Ok(value) => Completion::ok(value),
            Err(error) => Completion::of_error(invocation, error, invocation.f == "read"),
        }
    }
}

impl LinKv {
    async fn run(&self, client: &Client, invocation: &Invocation) -> Result<Value, ClientError> {
        let [key, operand] = invocation.value.items() else {
            unreachable!("the generator makes pairs");
        };
        let (name, timeout) = (key.to_json(), self.timeout);
        match (invocation.f, operand.items()) {
            ("read", _) => {
                let request = Request::<Json, Json>::Read { key: name };
                let reply = client.rpc(&request, &READ_OK, timeout).await?;
                return Ok(Value::vector([key.clone(), reply.get("value").into()]));
            }
            ("cas", [from, to]) => {
                let request = Request::Cas {
                    key: name,
                    from: from.to_json(),
                    to: to.to_json(),
                    create_if_not_exists: false,
                };
                client.rpc(&request, &CAS_OK, timeout).await?;
            }
            _ => {
                let value = operand.to_json();
                let request = Request::Write { key: name, value };
                client.rpc(&request, &WRITE_OK, timeout).await?;
            }
        }
        Ok(invocation.value.clone())
    }
}
