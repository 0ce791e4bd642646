//! Every challenge under its official settings, on many seeds: the strategy that
//! it runs is valid on each, and costs no more than this project says it does.

use maelstrom_sim::{Fault, Settings};

use crate::challenge::{CHALLENGES, Challenge, find};
use crate::many::{Many, Summary};
use crate::measured::Figures;

const SEEDS: u64 = 50;

/// What the worst seed may cost, under the official settings: messages between
/// servers per operation, and stable latencies in milliseconds.
struct Goal {
    challenge: &'static str,
    strategy: &'static str,
    servers: f64,
    latencies: Option<(f64, f64)>,
}

const fn goal(challenge: &'static str, strategy: &'static str, servers: f64) -> Goal {
    Goal {
        challenge,
        strategy,
        servers,
        latencies: None,
    }
}

const fn within(goal: Goal, median: f64, maximum: f64) -> Goal {
    Goal {
        latencies: Some((median, maximum)),
        ..goal
    }
}

const GOALS: &[Goal] = &[
    within(goal("broadcast-d", "convergecast-quick", 1.5), 399.0, 599.0),
    within(goal("broadcast-d", "direct", 13.0), 99.0, 110.0),
    within(goal("broadcast-e", "convergecast", 0.40), 999.0, 1799.0),
    goal("unique-ids", "uuid-v7", 0.0),
    goal("counter", "delta-crdt", 0.10),
    goal("kafka-b", "lin-kv-cas", 3.0),
    goal("kafka-b", "lanes", 0.10),
    goal("kafka-c", "lanes", 0.10),
    goal("txn-b", "lww-delta", 0.10),
    goal("txn-c", "lww-delta", 0.10),
];

fn run(challenge: &Challenge, strategy: &str, settings: &Settings, seeds: u64) -> Vec<Summary> {
    let host = challenge.host(Some(strategy).filter(|name| !name.is_empty()));
    let many = Many {
        settings,
        host: &host.expect("the table knows its strategies"),
        thresholds: challenge.thresholds(settings),
    };
    let seeds: Vec<u64> = (0..seeds).collect();
    let summaries = many.run(&seeds, |_| {});
    for summary in &summaries {
        let (id, seed) = (challenge.id, summary.seed);
        let faults = &settings.nemesis;
        assert_eq!(
            summary.failure, None,
            "{id} {strategy} {faults:?}, seed {seed}"
        );
    }
    summaries
}

fn holds(goal: &Goal, summaries: &[Summary]) {
    let worst = |figure: fn(&Figures) -> Option<f64>| {
        let figures = summaries.iter().filter_map(|run| figure(&run.figures));
        figures.fold(0.0, f64::max)
    };
    let (id, strategy) = (goal.challenge, goal.strategy);
    let servers = worst(|figures| figures.servers);
    assert!(servers <= goal.servers, "{id} {strategy}: {servers}");
    if let Some((median, maximum)) = goal.latencies {
        let found = [
            |f: &Figures| f.median_latency(),
            |f: &Figures| f.max_latency(),
        ]
        .map(worst);
        assert!(
            found[0] <= median && found[1] <= maximum,
            "{id} {strategy}: {found:?}"
        );
    }
}

#[test]
fn each_challenge_passes_on_50_seeds() {
    for challenge in CHALLENGES {
        let best = challenge.solution.best;
        let settings = (challenge.settings)();
        let summaries = run(challenge, best, &settings, SEEDS);
        let goals = GOALS.iter().filter(|goal| goal.challenge == challenge.id);
        for goal in goals.filter(|goal| goal.strategy == best) {
            holds(goal, &summaries);
        }
    }
}

/// Those that are set without partitions.
#[test]
fn each_challenge_passes_on_50_seeds_with_partitions() {
    for challenge in CHALLENGES {
        let settings = (challenge.settings)();
        if settings.nemesis.is_empty() && settings.nodes.len() > 1 {
            let settings = settings.nemesis(Fault::Partition);
            run(challenge, challenge.solution.best, &settings, SEEDS);
        }
    }
}

/// Strategies beside the best one that have figures of their own to keep.
#[test]
fn other_strategies_keep_their_figures_on_20_seeds() {
    for goal in GOALS {
        let challenge = find(goal.challenge).expect("it is a challenge");
        if goal.strategy != challenge.solution.best {
            let settings = (challenge.settings)();
            holds(goal, &run(challenge, goal.strategy, &settings, 20));
        }
    }
}
