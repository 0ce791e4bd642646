//! The course of a run: set-up, operations and faults, recovery, final reads.
//!
//! After Jepsen's interpreter and Maelstrom's `core.clj`. One loop drives
//! everything that the run itself decides; nodes' own tasks run beside it, on
//! the same clock.

mod faults;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::{BoxFuture, FutureExt, join_all};
use futures::stream::{FuturesUnordered, StreamExt};
use maelstrom_check::{History, Op, OpType, Value};
use maelstrom_proto::{Message, init};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand::seq::IteratorRandom;

use crate::client::{Client, ClientError, Completion, INIT_TIMEOUT, Invocation};
use crate::clock::Clock;
use crate::host::{Host, RunningNode};
use crate::nemesis::Nemesis;
use crate::network::Network;
use crate::problem::Problem;
use crate::run::{Drawn, Outcome, Phase, Progress, Run, RunError};
use crate::seed::Stream;
use crate::service::{Party, services};
use crate::settings::Settings;
use crate::threads::Threads;
use crate::workload::{Finale, Generator, Operations, Workload};
use faults::{Life, Restarted};

/// What a node answers `init` with. Maelstrom looks at nothing else of it.
const INIT_OK: &str = "init_ok";

/// How long nodes may recover before the final reads, in nanoseconds.
const RECOVERY: u64 = 10_000_000_000;

/// How long messages between nodes wait for one that has not come up yet.
const COMING_UP: u64 = 2_000_000_000;

/// What a wall clock shows when a run under virtual time begins, in seconds
/// since the Unix epoch: the same for every run.
const EPOCH: u64 = 1_700_000_000;

pub(crate) struct Engine<'a> {
    run: &'a Run,
    settings: &'a Settings,
    network: Network,
    clock: Clock,
    /// Nodes and services by their number on the network; clients leave gaps.
    nodes: Vec<Option<Box<dyn RunningNode>>>,
    generator: Box<dyn Generator>,
    operations: Arc<dyn Operations>,
    rng: ChaCha8Rng,
    nemesis: Option<Nemesis>,
    /// What waits until nodes that are processes have come up, in order of
    /// arrival: the number of the receiver, the message, and until when.
    early: Vec<(usize, Message, u64)>,
    /// What the nemesis has done to each node.
    lives: Vec<Life>,
    /// Nodes that were started again and wait for their `init_ok`.
    restarts: FuturesUnordered<BoxFuture<'static, Restarted>>,
    /// What the nemesis will have done once they have it.
    restarted: Option<Vec<(Value, Value)>>,
    /// What clients do at the end, once they are there.
    finale: Option<Box<dyn Finale>>,
    threads: Threads,
    in_flight: FuturesUnordered<BoxFuture<'static, Finished>>,
    history: History,
    /// The place of each operation of the history among the journal's events.
    places: Vec<usize>,
    /// How many operations and faults were drawn.
    drawn: Drawn,
    notices: Vec<Problem>,
    /// Set when somebody wants the run to end.
    interrupted: Arc<AtomicBool>,
}

struct Finished {
    thread: usize,
    invocation: Invocation,
    completion: Completion,
}

impl<'a> Engine<'a> {
    pub(crate) fn new(run: &'a Run, workload: Workload, clock: Clock) -> Self {
        let settings = &run.settings;
        let network = Network::new(
            settings.latency,
            Stream::Network.rng(run.seed),
            Stream::Links.rng(run.seed),
            settings.memory_limit,
            clock.clone(),
        );
        if let Some(tell) = &run.tell {
            network.tell(tell.clone());
        }
        let threads = settings.concurrency.threads(settings.nodes.len());
        let (generator, operations) = workload;
        Self {
            run,
            settings,
            network,
            clock,
            nodes: Vec::new(),
            early: Vec::new(),
            generator,
            operations,
            rng: Stream::Clients.rng(run.seed),
            nemesis: None,
            lives: Vec::new(),
            restarts: FuturesUnordered::new(),
            restarted: None,
            finale: None,
            threads: Threads::new(threads),
            in_flight: FuturesUnordered::new(),
            history: History::new(),
            places: Vec::new(),
            drawn: Drawn::default(),
            notices: Vec::new(),
            interrupted: Arc::default(),
        }
    }

    /// Ends the run when the process is asked to end, so that no node is left
    /// behind.
    pub(crate) fn end_on_signals(&self) {
        let interrupted = self.interrupted.clone();
        let network = self.network.clone();
        tokio::spawn(async move {
            if asked_to_end().await.is_ok() {
                interrupted.store(true, Ordering::Relaxed);
                network.changed().raise();
            }
        });
    }

    /// Runs from beginning to end, and leaves no node behind either way.
    pub(crate) async fn execute(mut self) -> Outcome {
        let result = self.phases().await;
        for node in self.nodes.iter_mut().flatten() {
            node.stop().await;
        }
        Outcome {
            settings: self.settings.clone(),
            seed: self.run.seed,
            history: self.history,
            journal: self.network.take_journal(),
            places: self.places,
            drawn: self.drawn,
            notices: self.notices,
            failure: result.err(),
        }
    }

    async fn phases(&mut self) -> Result<(), RunError> {
        self.progress(Phase::SetUp);
        let host = self.run.host.clone();
        self.start_services();
        self.start_nodes(&*host)?;
        self.init_nodes().await?;
        let _set_up_clients = self.set_up_workload().await?;
        self.main_phase().await?;
        self.drain().await?;
        self.finale = self.generator.finale(self.threads.len());
        if self.finale.is_some() {
            self.recover().await?;
            self.final_phase().await?;
        }
        Ok(())
    }

    fn start_services(&mut self) {
        for (name, service) in services(self.settings.services, self.run.seed) {
            let (number, party) = Party::register(&self.network, name, service);
            self.place(number, Box::new(party));
        }
    }

    /// Notes who has a number on the network.
    fn place(&mut self, number: usize, party: Box<dyn RunningNode>) {
        self.nodes.resize_with(number, || None);
        self.nodes.push(Some(party));
    }

    fn node(&self, number: usize) -> Option<&dyn RunningNode> {
        self.nodes.get(number)?.as_deref()
    }

    fn start_nodes(&mut self, host: &dyn Host) -> Result<(), RunError> {
        for (index, id) in self.settings.nodes.iter().enumerate() {
            let number = self.network.add_node(id);
            self.lives.push(Life::new(number));
            let node = self.start_node(host, index)?;
            self.place(number, node);
        }
        Ok(())
    }

    async fn init_nodes(&mut self) -> Result<(), RunError> {
        let nodes = &self.settings.nodes;
        // Each goes when its node has answered, as Maelstrom's do.
        let clients: Vec<Client> = nodes
            .iter()
            .map(|id| Client::open(&self.network, id))
            .collect();
        let inits = nodes.iter().zip(clients).map(|(id, client)| {
            let request = init::Request::Init {
                node_id: id.clone(),
                node_ids: nodes.clone(),
            };
            async move {
                let result = client.rpc_of_type(&request, INIT_OK, INIT_TIMEOUT).await;
                result.map_err(|error| (id, error))
            }
        });
        let results = self.drive(join_all(inits)).await?;
        for (result, life) in results.into_iter().zip(&self.lives) {
            result.map_err(|(node, error)| RunError::Init {
                node: node.clone(),
                reason: match error {
                    ClientError::Timeout => "no answer within 10 s".into(),
                    other => other.to_string(),
                },
                traces: self.node(life.number).and_then(|node| node.traces()),
            })?;
        }
        Ok(())
    }

    /// The clients stay on the network to the end, as Maelstrom's do.
    async fn set_up_workload(&mut self) -> Result<Vec<Client>, RunError> {
        let nodes = &self.settings.nodes;
        let clients: Vec<Client> = nodes
            .iter()
            .map(|id| Client::open(&self.network, id))
            .collect();
        let operations = self.operations.clone();
        let set_ups = clients.iter().map(|client| operations.set_up(client));
        let results = self.drive(join_all(set_ups)).await?;
        for ((node, result), life) in nodes.iter().zip(results).zip(&self.lives) {
            result.map_err(|error| RunError::SetUp {
                node: node.clone(),
                reason: error.to_string(),
                traces: self.node(life.number).and_then(|node| node.traces()),
            })?;
        }
        Ok(clients)
    }

    /// Starts operations at the rate asked for, and lets the nemesis act, until
    /// the time is up.
    async fn main_phase(&mut self) -> Result<(), RunError> {
        let start = self.clock.now();
        let cutoff = start + nanoseconds(self.settings.time_limit);
        if !self.settings.nemesis.is_empty() {
            let interval = self.settings.nemesis_interval.as_secs_f64() * 1e9;
            let rng = Stream::Faults.rng(self.run.seed);
            self.nemesis = Some(Nemesis::new(
                &self.settings.nemesis,
                &self.settings.nodes,
                interval,
                start,
                rng,
            ));
        }
        let longest_gap = 2e9 / self.settings.rate;
        let mut next_operation = start;
        loop {
            let now = self.clock.now();
            let free = self.threads.free().filter(|_| self.settings.rate > 0.0);
            let operation = free.map(|_| next_operation.max(now));
            let fault = self
                .nemesis
                .as_ref()
                .filter(|_| self.restarted.is_none())
                .map(|nemesis| nemesis.next_at().max(now));
            let soonest = operation.into_iter().chain(fault).min();
            let Some(soonest) = soonest.filter(|time| *time < cutoff) else {
                if operation.is_some() || now >= cutoff {
                    return Ok(());
                }
                // Jepsen asks again whenever an operation has ended, and a thread
                // that is free then goes on.
                self.step(Some(cutoff)).await?;
                continue;
            };
            self.progress(Phase::Operations);
            if soonest > now {
                self.step(Some(soonest)).await?;
            } else if operation == Some(soonest)
                && (fault != operation || self.rng.random_bool(0.5))
            {
                // The gap counts from when the operation was due, unless it
                // had to wait for a free thread: the run falls behind then and
                // does not catch up.
                let late = now - next_operation > self.clock.slack();
                let due = if late { now } else { next_operation };
                next_operation = due + (self.rng.random_range(0.0..1.0) * longest_gap) as u64;
                let thread = self.generator.choose(&self.threads, &mut self.rng);
                let invocation = self.generator.next(now, &mut self.rng);
                self.drawn.operations += 1;
                if self
                    .settings
                    .only_operations
                    .contains(self.drawn.operations)
                {
                    self.invoke(thread, invocation)?;
                } else {
                    self.threads.pass_turn();
                }
            } else {
                self.act(now).await?;
            }
        }
    }

    /// Waits for the operations in flight.
    async fn drain(&mut self) -> Result<(), RunError> {
        while !(self.in_flight.is_empty() && self.restarts.is_empty()) {
            self.step(None).await?;
        }
        Ok(())
    }

    /// Heals the network and gives the nodes time.
    async fn recover(&mut self) -> Result<(), RunError> {
        if let Some(nemesis) = self.nemesis.take() {
            for action in nemesis.finale() {
                self.carry_out(action).await?;
                while self.restarted.is_some() {
                    self.step(None).await?;
                }
            }
        }
        let until = self.clock.now() + RECOVERY;
        self.progress(Phase::Recovery);
        while self.clock.now() < until {
            self.step(Some(until)).await?;
        }
        Ok(())
    }

    /// Every client does its last operations, all at the same time.
    async fn final_phase(&mut self) -> Result<(), RunError> {
        self.progress(Phase::FinalReads);
        loop {
            let now = self.clock.now();
            let Some(finale) = &mut self.finale else {
                return Ok(());
            };
            let free = (0..self.threads.len()).filter(|thread| !self.threads.is_busy(*thread));
            let due: Vec<(usize, u64)> = free
                .filter_map(|thread| Some((thread, finale.due(thread, now)?)))
                .collect();
            let ready = due.iter().filter(|(_, time)| *time <= now);
            if let Some((thread, _)) = ready.choose(&mut self.rng) {
                let invocation = finale.next(*thread, now, &mut self.rng);
                self.invoke(*thread, invocation)?;
                continue;
            }
            let soonest = due.iter().map(|(_, time)| *time).min();
            if soonest.is_none() && self.in_flight.is_empty() {
                return Ok(());
            }
            self.step(soonest).await?;
        }
    }

    fn invoke(&mut self, thread: usize, invocation: Invocation) -> Result<(), RunError> {
        self.threads.pass_turn();
        let node = &self.settings.nodes[thread % self.settings.nodes.len()];
        let slot = self.threads.get_mut(thread);
        slot.busy = true;
        if std::mem::take(&mut slot.client_is_spent) {
            slot.client = None;
        }
        let client = slot
            .client
            .get_or_insert_with(|| Arc::new(Client::open(&self.network, node)))
            .clone();
        let mut op = Op::invoke(slot.process, invocation.f, invocation.value.clone());
        if invocation.is_final {
            op = op.with("final?", true);
        }
        for (name, value) in &invocation.extra {
            op = op.with(*name, value.clone());
        }
        self.record(op)?;
        let operations = self.operations.clone();
        self.in_flight.push(Box::pin(async move {
            let completion = operations.invoke(&client, &invocation).await;
            Finished {
                thread,
                invocation,
                completion,
            }
        }));
        Ok(())
    }

    fn finish(&mut self, finished: Finished) -> Result<(), RunError> {
        let Finished {
            thread,
            invocation,
            completion,
        } = finished;
        let threads = self.threads.len() as u64;
        let slot = self.threads.get_mut(thread);
        slot.busy = false;
        let process = slot.process;
        if completion.kind == OpType::Info {
            slot.process += threads;
            slot.client_is_spent = !self.operations.keeps_clients();
        }
        let mut op = Op::new(completion.kind, process, invocation.f, completion.value);
        op.error = completion.error;
        op.extra
            .extend(completion.exception.map(|text| ("exception".into(), text)));
        if invocation.is_final {
            op = op.with("final?", true);
        }
        for (name, value) in invocation.extra {
            op = op.with(name, value);
        }
        match &mut self.finale {
            Some(finale) => finale.update(thread, &op),
            None => self.generator.update(&op),
        }
        self.record(op)
    }

    fn record(&mut self, op: Op) -> Result<(), RunError> {
        let time = i64::try_from(self.clock.now()).unwrap_or(i64::MAX);
        self.history.push(op.at(time))?;
        self.places.push(self.network.events());
        Ok(())
    }

    /// Goes on until an operation ends (`true`) or the time is `limit` (`false`).
    async fn step(&mut self, limit: Option<u64>) -> Result<bool, RunError> {
        loop {
            if let Some(Some(restarted)) = self.restarts.next().now_or_never() {
                self.finish_restart(restarted)?;
                return Ok(true);
            }
            if let Some(Some(finished)) = self.in_flight.next().now_or_never() {
                self.finish(finished)?;
                return Ok(true);
            }
            if self.deliver()? {
                continue;
            }
            if limit.is_some_and(|limit| limit <= self.clock.now()) {
                return Ok(false);
            }
            self.advance(limit).await;
        }
    }

    /// Goes on until `future` is ready.
    async fn drive<F: Future>(&mut self, future: F) -> Result<F::Output, RunError> {
        let mut future = pin!(future);
        loop {
            if let Some(output) = future.as_mut().now_or_never() {
                return Ok(output);
            }
            if !self.deliver()? {
                self.advance(None).await;
            }
        }
    }

    async fn advance(&self, limit: Option<u64>) {
        let early = self.early.iter().map(|(.., until)| *until);
        let due = self.network.next_due();
        let next = early.chain(due).chain(limit).min();
        self.clock.advance_to(next, self.network.changed()).await;
    }

    /// Hands over every message that is due. `true` when there was any, or a
    /// client's wait ended.
    fn deliver(&mut self) -> Result<bool, RunError> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        self.hand_over_early();
        let mut any = false;
        let now = self.clock.now();
        while let Some(delivery) = self.network.next_delivery(now) {
            any = true;
            if let Some((receiver, message)) = delivery {
                self.hand_over(receiver, message);
            }
        }
        for problem in self.network.take_problems() {
            if problem.kind.is_fatal() {
                return Err(RunError::Node(Box::new(problem)));
            }
            tracing::warn!("{problem}");
            self.notices.push(problem);
        }
        Ok(any)
    }

    /// Hands a message to its receiver.
    ///
    /// A process takes its time to start, and what its peers send meanwhile
    /// would stand in its pipe right behind `init`. Many a node begins to handle
    /// the one before it is done with the other, with no name yet to sign with.
    /// So it waits for the node's first word, or for [`COMING_UP`].
    fn hand_over(&mut self, receiver: usize, message: Message) {
        let is_early = self.run.host.needs_real_time()
            && !message.involves_client()
            && self.lives.iter().any(|life| life.number == receiver)
            && !self.network.has_spoken(receiver);
        if is_early {
            let until = self.clock.now() + COMING_UP;
            self.early.push((receiver, message, until));
        } else if let Some(Some(node)) = self.nodes.get_mut(receiver) {
            node.deliver(message);
        }
    }

    fn hand_over_early(&mut self) {
        if self.early.is_empty() {
            return;
        }
        let now = self.clock.now();
        let Self { early, network, .. } = self;
        let come_up = |(receiver, _, until): &mut (usize, Message, u64)| {
            *until <= now || network.has_spoken(*receiver)
        };
        let due: Vec<_> = early.extract_if(.., come_up).collect();
        for (receiver, message, _) in due {
            if let Some(Some(node)) = self.nodes.get_mut(receiver) {
                node.deliver(message);
            }
        }
    }

    fn progress(&self, phase: Phase) {
        if let Some(tell) = &self.run.progress {
            tell(Progress {
                phase,
                elapsed: self.clock.elapsed(),
                operations: self.history.len() / 2,
            });
        }
    }
}

/// Waits for an interrupt (Ctrl-C), a request to terminate, or the end of the
/// terminal, unless the command was told to outlive it (`nohup`).
async fn asked_to_end() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let hangup = async {
            match (!outlives_its_terminal()).then(|| signal(SignalKind::hangup())) {
                Some(Ok(mut hangup)) => hangup.recv().await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = terminate.recv() => Ok(()),
            _ = hangup => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// Whether hangups are ignored, or the system does not tell.
#[cfg(unix)]
fn outlives_its_terminal() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_none_or(|mask| mask & 1 == 1)
}

fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
