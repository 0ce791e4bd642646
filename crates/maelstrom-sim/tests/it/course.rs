//! The course of a run: rates, clients, recovery, final reads.

use std::time::Duration;

use maelstrom_check::{Op, Process, Verdict};
use maelstrom_node::proto::broadcast::{Request, Response};
use maelstrom_node::{Context, Node, handler};
use maelstrom_sim::{Concurrency, Fault, InProcess, Outcome, Run, RunError, Settings, Workload};

/// Answers everything, and knows nothing.
fn ignorant(_: Context) -> impl Node {
    handler(async |_: Context, request: Request| {
        Ok(match request {
            Request::Topology { .. } => Response::TopologyOk,
            Request::Broadcast { .. } => Response::BroadcastOk,
            Request::Read => Response::ReadOk {
                messages: Vec::new(),
            },
        })
    })
}

fn run(settings: Settings) -> Outcome {
    let outcome = Run::new(settings, 3, InProcess::new(ignorant)).execute();
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    outcome
}

fn invocations(outcome: &Outcome) -> Vec<&Op> {
    outcome
        .history
        .ops()
        .iter()
        .filter(|op| op.is_invoke())
        .collect()
}

#[test]
fn operations_come_at_the_rate_asked_for_until_the_time_is_up() {
    for rate in [5.0, 100.0, 1000.0] {
        let outcome = run(Settings::new(Workload::Broadcast).rate(rate).time_limit(20));
        let ops = invocations(&outcome);
        let main: Vec<_> = ops.iter().filter(|op| !op.is_final()).collect();
        let expected = rate * 20.0;
        let allowed = 4.0 * expected.sqrt();
        assert!(
            (main.len() as f64 - expected).abs() < allowed,
            "{rate}/s: {}",
            main.len()
        );
        assert_eq!(main[0].time, 0, "the first operation starts at once");
        assert!(main.iter().all(|op| op.time < 20_000_000_000));
        let gaps = main.windows(2).map(|pair| pair[1].time - pair[0].time);
        assert!(gaps.max() < Some((2e9 / rate) as i64 + 1));
    }
}

#[test]
fn clients_that_are_all_busy_go_on_until_the_time_is_up_whenever_the_next_fault_is_due() {
    // Takes 70 ms for everything, where twenty operations a second are asked for.
    let slow = |_| {
        handler(async |_: Context, request: Request| {
            tokio::time::sleep(Duration::from_millis(70)).await;
            Ok(match request {
                Request::Topology { .. } => Response::TopologyOk,
                Request::Broadcast { .. } => Response::BroadcastOk,
                Request::Read => Response::ReadOk {
                    messages: Vec::new(),
                },
            })
        })
    };
    for seed in 0..20 {
        let settings = Settings::new(Workload::Broadcast)
            .node_count(2)
            .rate(20.0)
            .time_limit(20)
            .nemesis(Fault::Partition)
            .nemesis_interval(100.0);
        let outcome = Run::new(settings, seed, InProcess::new(slow)).execute();
        let ops = invocations(&outcome);
        let main = ops.iter().filter(|op| !op.is_final());
        let last = main.map(|op| op.time).max();
        assert!(last > Some(19_500_000_000), "seed {seed}: {last:?}");
    }
}

#[test]
fn reads_and_broadcasts_are_equally_likely_and_values_count_up() {
    let outcome = run(Settings::new(Workload::Broadcast)
        .rate(200.0)
        .time_limit(20));
    let ops = invocations(&outcome);
    let values: Vec<i64> = ops.iter().filter_map(|op| op.value.as_int()).collect();
    assert!(values.iter().copied().eq(0..values.len() as i64));
    let share = values.len() as f64 / ops.len() as f64;
    assert!((0.45..0.55).contains(&share), "{share}");
}

#[test]
fn clients_take_turns_and_each_talks_to_its_node() {
    let settings = Settings::new(Workload::Broadcast)
        .node_count(3)
        .concurrency(Concurrency::PerNode(2))
        .rate(50.0)
        .time_limit(20);
    let outcome = run(settings);
    let mut counts = [0_u32; 6];
    for op in invocations(&outcome) {
        let Process::Client(process) = op.process else {
            panic!("{op:?}")
        };
        counts[usize::try_from(process).unwrap()] += 1;
    }
    // As upstream: the nemesis has its place in the round, and what falls to it
    // goes to the first client, which so gets twice as much as each other.
    let total: u32 = counts.iter().sum();
    assert!(counts[0].abs_diff(2 * total / 7) <= 2, "{counts:?}");
    assert!(
        counts[1..]
            .iter()
            .all(|count| count.abs_diff(total / 7) <= 2),
        "{counts:?}"
    );
    // Workers are the clients after those of init (3) and set-up (3); worker i
    // talks to node i modulo n.
    let mut served: Vec<(String, String)> = outcome
        .journal
        .messages
        .iter()
        .filter(|message| message.src.is_client())
        .map(|message| (message.src.to_string(), message.dest.to_string()))
        .collect();
    served.sort();
    served.dedup();
    assert_eq!(served.len(), 12);
}

#[test]
fn recovery_heals_waits_ten_seconds_and_reads_once_per_client() {
    let settings = Settings::new(Workload::Broadcast)
        .rate(10.0)
        .time_limit(20)
        .concurrency(Concurrency::Total(7))
        .nemesis(Fault::Partition);
    let outcome = run(settings);
    let last_fault = outcome
        .history
        .ops()
        .iter()
        .rfind(|op| op.process == Process::Nemesis)
        .unwrap();
    assert_eq!(last_fault.value.name(), Some("network-healed"));
    let ops = invocations(&outcome);
    let finals: Vec<_> = ops.iter().filter(|op| op.is_final()).collect();
    assert_eq!(finals.len(), 7);
    for read in finals {
        assert_eq!(read.time - last_fault.time, 10_000_000_000);
    }
}

#[test]
fn a_rate_of_zero_asks_nothing_and_still_reads_at_the_end() {
    let outcome = run(Settings::new(Workload::Broadcast).rate(0.0).time_limit(20));
    let ops = invocations(&outcome);
    assert_eq!(ops.len(), 5);
    assert!(ops.iter().all(|op| op.time == 30_000_000_000), "{ops:?}");
}

#[test]
fn the_nemesis_acts_where_clients_ask_nothing() {
    let settings = Settings::new(Workload::Broadcast)
        .rate(0.0)
        .time_limit(20)
        .nemesis(Fault::Partition)
        .nemesis_interval(5.0);
    let outcome = run(settings);
    let ops = outcome.history.ops().iter();
    let faults = ops.filter(|op| &*op.f == "start-partition").count();
    assert!(faults >= 2, "{faults}");
    assert_eq!(invocations(&outcome).len(), 5);
}

#[test]
fn the_nemesis_acts_at_once_and_then_at_its_interval() {
    let settings = Settings::new(Workload::Broadcast)
        .time_limit(600)
        .nemesis(Fault::Partition)
        .nemesis_interval(5.0);
    let outcome = run(settings);
    let faults: Vec<&Op> = outcome
        .history
        .ops()
        .iter()
        .filter(|op| !op.is_client())
        .collect();
    assert_eq!(faults[0].time, 0);
    // Two entries an action.
    let actions = faults.len() / 2;
    assert!((95..=150).contains(&actions), "{actions}");
    let names: Vec<&str> = faults.iter().step_by(2).map(|op| op.f.as_str()).collect();
    assert!(
        names
            .windows(2)
            .all(|pair| pair[0] != pair[1] || pair[0] == "stop-partition")
    );
}

#[test]
fn what_can_not_be_run_is_said_before_anything_starts() {
    let impossible = Settings::new(Workload::Echo).rate(-1.0);
    let outcome = Run::new(impossible, 1, InProcess::new(super::echo)).execute();
    assert!(matches!(outcome.failure, Some(RunError::Settings(_))));
}

#[test]
fn a_thread_of_a_node_that_asks_for_the_time_moves_no_clock_but_its_own() {
    use maelstrom_node::proto::echo::{Request, Response};
    use tokio::time::{Instant, sleep};

    let host = InProcess::new(|ctx: Context| {
        let born = Instant::now() - ctx.uptime();
        handler(move |ctx: Context, Request::Echo { echo }| async move {
            sleep(Duration::from_millis(250)).await;
            let elsewhere = ctx.clone();
            let asked = std::thread::spawn(move || elsewhere.uptime()).join();
            assert!(asked.is_ok());
            assert_eq!(ctx.uptime(), born.elapsed());
            Ok(Response::EchoOk { echo })
        })
    });
    let outcome = Run::new(Settings::new(Workload::Echo).time_limit(5), 42, host).execute();
    assert_eq!(outcome.check().verdict(), Verdict::Valid);
    let times: Vec<i64> = outcome.history.ops().iter().map(|op| op.time).collect();
    assert!(times.is_sorted(), "{times:?}");
}
