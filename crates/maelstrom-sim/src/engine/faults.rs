//! What the nemesis does to nodes, links and clocks, and what the history says
//! of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use maelstrom_check::{Op, Process as Actor, Value};
use maelstrom_node::Environment;
use maelstrom_proto::init;
use rand::RngExt;

use super::{EPOCH, Engine, INIT_OK};
use crate::client::{Client, INIT_TIMEOUT};
use crate::host::{Host, Outbox, RunningNode, StartError};
use crate::nemesis::{Action, Skew, isolated};
use crate::run::RunError;
use crate::seed::Stream;

/// What has become of a node.
pub(super) struct Life {
    /// Its number on the network.
    pub(super) number: usize,
    /// How often it was started again.
    count: u32,
    state: State,
    /// How its wall clock is wrong, and since when, in nanoseconds.
    skew: Arc<Mutex<Option<(Skew, u64)>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    Paused,
    Killed,
}

impl Life {
    pub(super) fn new(number: usize) -> Self {
        Self {
            number,
            count: 0,
            state: State::Running,
            skew: Arc::default(),
        }
    }
}

/// A node that was started again, and what it said to its `init`.
pub(super) type Restarted = (usize, Result<(), String>);

impl Engine<'_> {
    /// Starts the life of a node that it is at.
    pub(super) fn start_node(
        &self,
        host: &dyn Host,
        index: usize,
    ) -> Result<Box<dyn RunningNode>, StartError> {
        let (id, life) = (&self.settings.nodes[index], &self.lives[index]);
        let outbox = Outbox::new(&self.network, life.number, id);
        let stream = Stream::Node {
            index,
            life: life.count,
        };
        let (clock, skew) = (self.clock.clone(), life.skew.clone());
        let wall_clock = move || {
            let right = Duration::from_secs(EPOCH) + clock.elapsed();
            let skew = *skew.lock().unwrap_or_else(PoisonError::into_inner);
            skew.map_or(right, |(skew, since)| {
                skewed(right, skew, clock.now() - since)
            })
        };
        let instants = self.clock.clone();
        let environment = Environment::seeded(stream.rng(self.run.seed).random(), wall_clock)
            .instants(move || instants.instant());
        host.start(id, outbox, environment)
    }

    /// Does what is due.
    pub(super) async fn act(&mut self, now: u64) -> Result<(), RunError> {
        self.threads.pass_turn();
        let Some(action) = self.nemesis.as_mut().map(|nemesis| nemesis.act(now)) else {
            return Ok(());
        };
        self.drawn.faults += 1;
        if self.settings.only_faults.contains(self.drawn.faults) {
            self.carry_out(action).await?;
        }
        Ok(())
    }

    /// Does something, and notes before and after that it did.
    pub(super) async fn carry_out(&mut self, action: Action) -> Result<(), RunError> {
        self.note(action.name(), action.value())?;
        let name = action.name();
        let done = match action {
            Action::StartPartition(_, grudge) => {
                self.network.partition(&grudge);
                isolated(&grudge)
            }
            Action::StopPartition => {
                self.network.heal();
                Value::keyword("network-healed")
            }
            Action::Kill(_, nodes) => self.kill(nodes).await,
            Action::Start => return self.start_killed(),
            Action::Pause(_, nodes) => self.pause(nodes),
            Action::Resume => self.resume(),
            Action::StartLinks(fault) => {
                self.network.set_links(fault, true);
                Value::keyword("links-broken")
            }
            Action::StopLinks(fault) => {
                self.network.set_links(fault, false);
                Value::keyword("links-mended")
            }
            Action::StartSkew(_, skews) => self.skew(skews),
            Action::StopSkew => {
                for life in &self.lives {
                    *life.skew.lock().unwrap_or_else(PoisonError::into_inner) = None;
                }
                Value::keyword("clocks-reset")
            }
        };
        self.note(name, done)
    }

    fn note(&mut self, f: &'static str, value: Value) -> Result<(), RunError> {
        self.record(Op::info(Actor::Nemesis, f, value))
    }

    fn name(&self, index: usize) -> Value {
        Value::from(self.settings.nodes[index].as_str())
    }

    async fn kill(&mut self, nodes: Vec<usize>) -> Value {
        let mut done = Vec::new();
        for index in nodes {
            let number = self.lives[index].number;
            self.lives[index].state = State::Killed;
            self.network.stop(number);
            if let Some(mut node) = self.nodes[number].take() {
                node.stop().await;
            }
            done.push((self.name(index), Value::keyword("killed")));
        }
        Value::map(done)
    }

    /// Starts every node that was killed. The nemesis is done once each has
    /// answered its `init`.
    fn start_killed(&mut self) -> Result<(), RunError> {
        let mut done = Vec::new();
        for index in 0..self.lives.len() {
            let outcome = if self.lives[index].state == State::Killed {
                self.start_again(index)?;
                "started"
            } else {
                "already-running"
            };
            done.push((self.name(index), Value::keyword(outcome)));
        }
        self.restarted = Some(done);
        self.end_restarts()
    }

    fn start_again(&mut self, index: usize) -> Result<(), RunError> {
        let life = &mut self.lives[index];
        life.count += 1;
        life.state = State::Running;
        let number = life.number;
        self.network.restart(number);
        let host = self.run.host.clone();
        let node = self.start_node(&*host, index)?;
        self.nodes[number] = Some(node);
        let id = &self.settings.nodes[index];
        let client = Client::open(&self.network, id);
        let request = init::Request::Init {
            node_id: id.clone(),
            node_ids: self.settings.nodes.clone(),
        };
        self.restarts.push(Box::pin(async move {
            let reply = client.rpc_of_type(&request, INIT_OK, INIT_TIMEOUT).await;
            (index, reply.map_err(|error| error.to_string()))
        }));
        Ok(())
    }

    pub(super) fn finish_restart(&mut self, restarted: Restarted) -> Result<(), RunError> {
        let (index, result) = restarted;
        if let Err(reason) = result {
            let name = self.name(index);
            let said = Value::from(format!("init failed: {reason}"));
            for (node, outcome) in self.restarted.iter_mut().flatten() {
                if *node == name {
                    outcome.clone_from(&said);
                }
            }
        }
        self.end_restarts()
    }

    fn end_restarts(&mut self) -> Result<(), RunError> {
        match self.restarted.take() {
            Some(done) if self.restarts.is_empty() => self.note("start", Value::map(done)),
            waiting => {
                self.restarted = waiting;
                Ok(())
            }
        }
    }

    fn pause(&mut self, nodes: Vec<usize>) -> Value {
        let mut done = Vec::new();
        for index in nodes {
            let life = &mut self.lives[index];
            let mut outcome = "not-running";
            if life.state != State::Killed {
                life.state = State::Paused;
                outcome = "paused";
                self.network.stop(life.number);
                if let Some(node) = &mut self.nodes[life.number] {
                    node.pause();
                }
            }
            done.push((self.name(index), Value::keyword(outcome)));
        }
        Value::map(done)
    }

    fn resume(&mut self) -> Value {
        let mut done = Vec::new();
        for index in 0..self.lives.len() {
            let life = &mut self.lives[index];
            if life.state == State::Paused {
                life.state = State::Running;
                if let Some(node) = &mut self.nodes[life.number] {
                    node.resume();
                }
                self.network.resume(life.number);
            }
            done.push((self.name(index), Value::keyword("resumed")));
        }
        Value::map(done)
    }

    fn skew(&mut self, skews: Vec<(usize, Skew)>) -> Value {
        let now = self.clock.now();
        let mut done = Vec::new();
        for (index, skew) in skews {
            let clock = &self.lives[index].skew;
            *clock.lock().unwrap_or_else(PoisonError::into_inner) = Some((skew, now));
            let wrong = [
                (Value::keyword("jump-ms"), Value::from(skew.jump)),
                (Value::keyword("drift-ppm"), Value::from(skew.drift)),
            ];
            done.push((self.name(index), Value::map(wrong)));
        }
        Value::map(done)
    }
}

/// What a clock shows that is wrong for so many nanoseconds.
fn skewed(right: Duration, skew: Skew, passed: u64) -> Duration {
    let passed = i64::try_from(passed).unwrap_or(i64::MAX);
    let drift = passed / 1_000_000 * skew.drift;
    let wrong = skew.jump.saturating_mul(1_000_000).saturating_add(drift);
    let size = Duration::from_nanos(wrong.unsigned_abs());
    if wrong < 0 {
        right.saturating_sub(size)
    } else {
        right + size
    }
}
