//! Nodes are killed and start again with empty memory: what anybody else knew
//! counts, and counts once.

use clap::ValueEnum;
use counter::Strategy;
use maelstrom_sim::{Fault, Outcome, Verdict};

use crate::measure::{official, run};

/// The sum of the additions that were acknowledged by a node that was not killed
/// afterwards, and of all that were tried: none is below zero.
fn bounds(outcome: &Outcome) -> (i64, i64) {
    let (mut kept, mut tried) = (0, 0);
    for op in outcome.history.ops() {
        let (Some(node), Some(delta), "add") =
            (outcome.asked(op), op.value.as_int(), op.f.as_str())
        else {
            continue;
        };
        if op.is_invoke() {
            tried += delta;
        } else if op.is_ok() && outcome.outlives(node, op.time) {
            kept += delta;
        }
    }
    (kept, tried)
}

#[test]
fn all_nodes_agree_and_have_what_survivors_knew() {
    let settings = official().node_count(5).nemesis(Fault::Kill);
    let settings = settings.nemesis_interval(3.0);
    for strategy in Strategy::value_variants() {
        let on_service = matches!(strategy, Strategy::SeqKvCas | Strategy::SeqKvOwnKey);
        for seed in 0..12 {
            let outcome = run(*strategy, &settings, seed);
            assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
            if on_service {
                // Nothing that was acknowledged is lost at all.
                let verdict = outcome.check().maelstrom;
                assert_eq!(verdict, Verdict::Valid, "{strategy:?}, seed {seed}");
            }
            let ops = outcome.history.ops().iter();
            let finals = ops.filter(|op| op.is_ok() && op.is_final());
            let sums: Vec<_> = finals.filter_map(|op| op.value.as_int()).collect();
            assert_eq!(sums, [sums[0]; 5], "{strategy:?}, seed {seed}");
            let (kept, tried) = bounds(&outcome);
            assert!(
                (kept..=tried).contains(&sums[0]),
                "{strategy:?}, seed {seed}: {} of {kept} to {tried}",
                sums[0]
            );
        }
    }
}
