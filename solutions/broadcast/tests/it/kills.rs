//! Nodes are killed and start again with empty memory: what anybody else knew
//! is not lost.

use broadcast::Strategy;
use clap::ValueEnum;
use maelstrom_check::Value;
use maelstrom_sim::{Fault, Outcome, Settings, Workload};

use crate::measure::run;

fn settings(nodes: usize) -> Settings {
    Settings::new(Workload::Broadcast)
        .node_count(nodes)
        .rate(30.0)
        .time_limit(20)
        .latency_ms(30)
        .nemesis(Fault::Kill)
        .nemesis_interval(3.0)
}

/// The values that a node knew that was not killed afterwards, and whether some
/// were told before the last kill.
fn kept(outcome: &Outcome) -> (Vec<Value>, bool) {
    let (mut kept, mut old) = (Vec::new(), false);
    let last = outcome.kills().last().map_or(0, |(time, _)| *time);
    for op in outcome.history.ops().iter().filter(|op| op.is_ok()) {
        let values = match op.f.as_str() {
            "broadcast" => std::slice::from_ref(&op.value),
            "read" if !op.is_final() => op.value.items(),
            _ => continue,
        };
        if let Some(node) = outcome.asked(op)
            && outcome.outlives(node, op.time)
        {
            old |= op.time < last && !values.is_empty();
            kept.extend(values.iter().cloned());
        }
    }
    (kept, old)
}

fn keeps_what_survivors_knew(strategy: Strategy, settings: &Settings, seeds: u64) {
    let mut tried = 0;
    for seed in 0..seeds {
        let outcome = run(strategy, settings, seed);
        assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
        let (kept, old) = kept(&outcome);
        tried += usize::from(old);
        let ops = outcome.history.ops().iter();
        let finals = ops.filter(|op| op.is_ok() && op.is_final());
        let finals: Vec<_> = finals.collect();
        assert_eq!(finals.len(), settings.nodes.len());
        for read in finals {
            let has = |value: &&Value| !read.value.items().contains(value);
            let missed: Vec<_> = kept.iter().filter(has).collect();
            assert!(missed.is_empty(), "{strategy:?}, seed {seed}: {missed:?}");
        }
    }
    assert!(tried * 4 >= seeds as usize, "{tried} of {seeds} tried it");
}

#[test]
fn no_strategy_loses_what_a_survivor_knew() {
    for strategy in Strategy::value_variants() {
        keeps_what_survivors_knew(*strategy, &settings(5), 12);
    }
}

#[test]
fn nor_in_a_line_or_among_many() {
    let line = settings(4).topology(maelstrom_sim::TopologyKind::Line);
    for strategy in Strategy::value_variants() {
        keeps_what_survivors_knew(*strategy, &line, 6);
        keeps_what_survivors_knew(*strategy, &settings(25).time_limit(10), 2);
    }
}
