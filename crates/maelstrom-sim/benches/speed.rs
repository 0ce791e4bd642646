//! How fast a run under virtual time is.
//!
//! `cargo bench -p maelstrom-sim --bench speed` measures
//!
//! - broadcast-d (25 nodes, 100 ms apart, 100 operations a second, 20 s of the
//!   run's time) with every strategy of the solution, on one core;
//! - a flood on 1,000 nodes under the same rate;
//! - 1,000 seeds of broadcast-c on all cores.
//!
//! Times but the last are the processor's, of the thread that runs: others at
//! work on the same machine hardly show. `-- flood batch` measures these
//! strategies of broadcast-d alone.
#![allow(clippy::print_stdout)] // What a bench is for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use broadcast::{Broadcast, Strategy};
use clap::ValueEnum;
use maelstrom_sim::{Fault, InProcess, Outcome, Run, Settings, TopologyKind, Workload};
use rustix::time::{ClockId, clock_gettime};

/// As the command `glomers` has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often each strategy runs; the median counts.
const ROUNDS: usize = 5;

fn main() {
    let arguments = std::env::args().skip(1).filter(|text| text != "--bench");
    let wanted: Vec<String> = arguments.collect();
    // Asked by `cargo test --benches`: that it runs is all.
    if wanted.iter().any(|text| text == "--test") {
        return;
    }
    broadcast_d(&wanted);
    if wanted.is_empty() {
        a_thousand_nodes();
        a_thousand_seeds();
    }
}

fn settings(nodes: usize) -> Settings {
    Settings::new(Workload::Broadcast)
        .node_count(nodes)
        .time_limit(20)
}

fn run(settings: Settings, strategy: Strategy, seed: u64) -> Outcome {
    let host = InProcess::new(move |ctx| Broadcast::new(strategy, &ctx));
    let outcome = Run::new(settings, seed, host).execute();
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    outcome
}

fn broadcast_d(wanted: &[String]) {
    println!("broadcast-d, 20 s of 25 nodes, median of {ROUNDS}:");
    for strategy in Strategy::value_variants() {
        let Some(name) = strategy.to_possible_value() else {
            continue;
        };
        let name = name.get_name();
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        let once = || run(settings(25).rate(100.0).latency_ms(100), *strategy, 1);
        // Each run is gone before the next begins, as in a sweep.
        let round = |_| {
            let (time, outcome) = cpu_time(once);
            (time, outcome.journal.messages.len())
        };
        let mut rounds: Vec<_> = (0..ROUNDS).map(round).collect();
        rounds.sort_unstable();
        let (time, messages) = rounds[ROUNDS / 2];
        println!(
            "  {:20} {:>6.1} ms of processor time   {messages:>7} messages, {:>8.0} a second",
            name,
            time.as_secs_f64() * 1000.0,
            messages as f64 / time.as_secs_f64()
        );
    }
}

fn a_thousand_nodes() {
    for topology in [TopologyKind::Grid, TopologyKind::Tree4] {
        let settings = settings(1000)
            .rate(100.0)
            .latency_ms(100)
            .topology(topology);
        let (time, outcome) = cpu_time(|| run(settings, Strategy::Flood, 1));
        let (seconds, messages) = (time.as_secs_f64(), outcome.journal.messages.len());
        println!(
            "flood on 1,000 nodes, 20 s, {topology}: {seconds:.1} s of processor time, \
            {messages} messages, {:.0} a second",
            messages as f64 / seconds
        );
    }
}

fn a_thousand_seeds() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, messages) = (AtomicU64::new(1), AtomicU64::new(0));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > 1000 {
                        return;
                    }
                    let settings = settings(5).rate(10.0).nemesis(Fault::Partition);
                    let outcome = run(settings, Strategy::Flood, seed);
                    std::hint::black_box(outcome.check());
                    let count = outcome.journal.messages.len() as u64;
                    messages.fetch_add(count, Ordering::Relaxed);
                }
            });
        }
    });
    println!(
        "1,000 seeds of broadcast-c, checked, on {cores} cores: {:.1} s of wall time, {} messages",
        start.elapsed().as_secs_f64(),
        messages.into_inner()
    );
}

/// What `work` takes of the processor's time, and what comes out of it.
fn cpu_time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = thread_time();
    let result = work();
    (thread_time() - start, result)
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
