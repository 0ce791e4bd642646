//! Runs that fail, cut down to small ones that fail alike: seven planted bugs,
//! each brought to as little as it needs. Final reads, which every client does
//! in the end where a workload has them, are not counted.

use std::ops::ControlFlow;

use maelstrom_node::{Context, Node};
use maelstrom_sim::{
    Concurrency, ConsistencyModel, Fault, InProcess, Run, RunError, Selection, Settings, Shrink,
    ShrinkError, Shrunk, Workload,
};

use super::planted;

/// The first seed from 0 up whose run fails, cut down.
fn shrink<N: Node>(
    settings: &Settings,
    make: impl Fn(Context) -> N + Clone + Send + Sync + 'static,
) -> Shrunk {
    let host = InProcess::new(make);
    let shrunk =
        (0..20).find_map(
            |seed| match Shrink::new(settings.clone(), seed, host.clone()).run() {
                Ok(shrunk) => Some(shrunk),
                Err(ShrinkError::Valid { .. }) => None,
                Err(error) => panic!("seed {seed}: {error}"),
            },
        );
    let shrunk = shrunk.expect("some seed of twenty fails");
    assert!(shrunk.complete && shrunk.runs <= 3000, "{shrunk}");
    shrunk
}

/// That it is at most as large as the bug needs, and that settings and seed
/// repeat it.
fn check<N: Node>(
    settings: &Settings,
    make: impl Fn(Context) -> N + Clone + Send + Sync + 'static,
    (nodes, operations, faults): (usize, usize, usize),
) -> Shrunk {
    let shrunk = shrink(settings, make.clone());
    let size = shrunk.size;
    assert!(
        size.nodes <= nodes && size.operations <= operations && size.faults <= faults,
        "{shrunk}"
    );
    let small = &shrunk.outcome;
    let again = Run::new(small.settings.clone(), small.seed, InProcess::new(make)).execute();
    assert_eq!(again.history.to_json_lines(), small.history.to_json_lines());
    assert_eq!(again.journal, small.journal);
    shrunk
}

/// What is printed, but for how long the search was.
fn story(shrunk: &Shrunk) -> String {
    let searched = format!("Found in {} runs.", shrunk.runs);
    shrunk.to_string().replace(&searched, "Found.")
}

fn settings(workload: Workload) -> Settings {
    Settings::new(workload)
        .node_count(5)
        .rate(10.0)
        .time_limit(20)
}

#[test]
fn a_broadcast_that_is_not_retried_needs_two_nodes_one_value_and_one_cut() {
    let settings = settings(Workload::Broadcast).nemesis(Fault::Partition);
    let shrunk = check(&settings, planted::broadcast_without_retry, (2, 1, 1));
    insta::assert_snapshot!("broadcast_without_retry", story(&shrunk));
}

#[test]
fn a_counter_that_counts_twice_needs_two_nodes_and_one_add() {
    let settings = settings(Workload::GCounter).nemesis(Fault::Loss);
    let shrunk = check(&settings, planted::counter_that_counts_twice, (2, 1, 1));
    insta::assert_snapshot!("counter_that_counts_twice", story(&shrunk));
}

#[test]
fn a_log_that_reuses_offsets_needs_one_node_and_two_sends() {
    let settings = settings(Workload::Kafka)
        .node_count(2)
        .concurrency(Concurrency::PerNode(2))
        .rate(200.0);
    check(&settings, planted::kafka_that_reuses_offsets, (1, 2, 0));
}

#[test]
fn transactions_without_isolation_need_one_node_and_two_of_them() {
    let settings = settings(Workload::TxnListAppend)
        .node_count(1)
        .concurrency(Concurrency::Total(6))
        .rate(200.0)
        .consistency_models(vec![ConsistencyModel::SERIALIZABLE]);
    check(&settings, planted::txn_without_isolation, (1, 2, 0));
}

#[test]
fn a_register_that_lags_needs_two_nodes_and_three_operations() {
    let settings = settings(Workload::LinKv)
        .node_count(3)
        .concurrency(Concurrency::PerNode(2))
        .latency_ms(20);
    check(&settings, planted::registers_that_lag, (2, 3, 0));
}

#[test]
fn ids_that_a_restart_forgets_need_one_node_and_two_ids() {
    let settings = settings(Workload::UniqueIds).nemesis(Fault::Kill);
    let shrunk = check(&settings, planted::ids_that_forget, (1, 2, 2));
    insta::assert_snapshot!("ids_that_forget", story(&shrunk));
}

#[test]
fn a_run_that_ends_before_its_time_ends_the_same_way_when_small() {
    let shrunk = check(
        &settings(Workload::Echo),
        planted::echo_to_nobody,
        (1, 3, 0),
    );
    assert!(shrunk.anomalies.iter().eq(["unknown-destination"]));
}

#[test]
fn the_same_run_shrinks_to_the_same_run() {
    let settings = settings(Workload::Broadcast).nemesis(Fault::Partition);
    let shrink = || shrink(&settings, planted::broadcast_without_retry);
    let (first, second) = (shrink(), shrink());
    assert_eq!(first.to_string(), second.to_string());
    assert_eq!(first.outcome.settings, second.outcome.settings);
    assert_eq!(first.outcome.journal, second.outcome.journal);
}

#[test]
fn a_run_that_passes_has_nothing_to_be_shrunk() {
    let host = InProcess::new(super::echo);
    let error = Shrink::new(settings(Workload::Echo), 3, host)
        .run()
        .unwrap_err();
    assert!(matches!(error, ShrinkError::Valid { seed: 3 }), "{error}");
    assert!(error.to_string().contains("seed 3 is valid"), "{error}");
}

#[test]
fn a_run_that_tests_nothing_or_cant_be_made_is_told_apart() {
    let run = |settings: Settings| Shrink::new(settings, 3, InProcess::new(super::echo)).run();
    let nothing = settings(Workload::Echo).only_operations("none".parse().unwrap());
    let error = run(nothing).unwrap_err();
    assert!(matches!(error, ShrinkError::Unknown { .. }), "{error}");
    let error = run(settings(Workload::Echo).node_count(0)).unwrap_err();
    assert!(
        matches!(&error, ShrinkError::Run(run) if matches!(**run, RunError::Settings(_))),
        "{error}"
    );
}

#[test]
fn a_search_that_is_stopped_gives_what_it_has() {
    let shrink = || {
        let settings = settings(Workload::Broadcast).nemesis(Fault::Partition);
        Shrink::new(
            settings,
            0,
            InProcess::new(planted::broadcast_without_retry),
        )
    };
    let error = shrink().max_runs(0).run().unwrap_err();
    assert!(matches!(error, ShrinkError::Stopped { seed: 0 }), "{error}");
    let first = shrink().max_runs(1).run().unwrap();
    assert_eq!(
        (first.runs, first.size, first.complete),
        (1, first.before, false)
    );
    let some = shrink().before_run(|attempt| match attempt.smallest {
        Some(size) if size.operations < 10 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    let some = some.run().unwrap();
    assert!(!some.complete && some.size < some.before && !some.anomalies.is_empty());
}

#[test]
fn what_is_not_selected_does_not_take_place_and_stirs_nothing_else() {
    let run = |settings: Settings| {
        Run::new(
            settings,
            5,
            InProcess::new(planted::broadcast_without_retry),
        )
        .execute()
    };
    let settings = settings(Workload::Broadcast)
        .nemesis(Fault::Partition)
        .nemesis_interval(3.0);
    let whole = run(settings.clone());
    let all = run(settings
        .clone()
        .only_operations("1-100000".parse().unwrap()));
    assert_eq!(whole.journal, all.journal);
    let some = run(settings
        .only_operations("2,5".parse().unwrap())
        .only_faults("none".parse().unwrap()));
    assert_eq!(whole.drawn, some.drawn);
    let asked = |outcome: &maelstrom_sim::Outcome| {
        let asked = outcome.history.client_ops().map(|(_, op)| op);
        let asked = asked.filter(|op| op.is_invoke() && !op.is_final());
        let asked = asked.map(|op| (op.time, op.f.clone(), op.value.clone(), op.process.clone()));
        asked.collect::<Vec<_>>()
    };
    let (whole, some) = (asked(&whole), asked(&some));
    assert_eq!(some, [whole[1].clone(), whole[4].clone()]);
}

#[test]
fn a_timeline_counts_what_is_said_again_and_leaves_out_what_is_said_in_bulk() {
    let settings = Settings::new(Workload::Broadcast)
        .node_count(5)
        .time_limit(2)
        .latency_ms(50)
        .only_operations("2".parse::<Selection>().unwrap());
    let outcome = Run::new(settings, 1, InProcess::new(planted::broadcast_that_babbles)).execute();
    insta::assert_snapshot!("babble", outcome.timeline());
}
