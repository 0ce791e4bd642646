//! Smaller settings: for each, what is worth a try, the smallest first.

use std::time::Duration;

use maelstrom_check::Workload;

use crate::settings::{Concurrency, LatencyDist, Settings};

/// Gives settings to be tried instead of the ones at hand, which were made from
/// the second.
type Smaller = fn(&Settings, &Settings) -> Vec<Settings>;

/// Everything that can be made smaller, in the order in which it is worth it:
/// what makes the runs to come cheaper goes first.
pub(super) fn smaller() -> impl Iterator<Item = Smaller> {
    let all: [Smaller; 9] = [
        time, nodes, faults, clients, rate, keys, steps, latency, interval,
    ];
    all.into_iter()
}

/// Less time, and nothing else.
pub(super) fn shorter(settings: &Settings) -> Vec<Settings> {
    let seconds = steps_to(settings.time_limit.as_secs());
    let seconds = seconds.map(|seconds| settings.clone().time_limit(seconds));
    seconds.collect()
}

/// 1, 2, 3, 5, 8, … up to a number, that excluded.
fn steps_to(end: u64) -> impl Iterator<Item = u64> {
    let fibonacci = std::iter::successors(Some((1, 2)), |(a, b)| Some((*b, a + b)));
    fibonacci
        .map(|(a, _)| a)
        .take_while(move |step| *step < end)
}

/// Less time, in which faults come as much closer together.
fn time(settings: &Settings, _: &Settings) -> Vec<Settings> {
    let whole = settings.time_limit.as_secs_f64();
    let closer = |mut shorter: Settings| {
        if !shorter.nemesis.is_empty() {
            let share = shorter.time_limit.as_secs_f64() / whole;
            shorter.nemesis_interval = rounded(settings.nemesis_interval.mul_f64(share));
        }
        shorter
    };
    shorter(settings).into_iter().map(closer).collect()
}

/// To half a second, and that at least: short to type.
fn rounded(duration: Duration) -> Duration {
    Duration::from_secs_f64(((2.0 * duration.as_secs_f64()).round() / 2.0).max(0.5))
}

/// Fewer nodes, also in the time that there was at first: a time that is just
/// enough for many may be too short for few.
fn nodes(settings: &Settings, first: &Settings) -> Vec<Settings> {
    let counts = steps_to(settings.nodes.len() as u64);
    let of = |count: u64| {
        let mut fewer = settings.clone();
        fewer
            .nodes
            .truncate(usize::try_from(count).unwrap_or(usize::MAX));
        let mut longer = fewer.clone();
        longer.time_limit = first.time_limit.min(4 * settings.time_limit);
        longer.nemesis_interval = first.nemesis_interval.min(4 * settings.nemesis_interval);
        let longer = (longer != fewer).then_some(longer);
        [fewer].into_iter().chain(longer)
    };
    counts.flat_map(of).collect()
}

/// No faults, or one kind of several, or all but one.
fn faults(settings: &Settings, _: &Settings) -> Vec<Settings> {
    let with = |faults: Vec<_>| {
        let mut fewer = settings.clone();
        fewer.nemesis = faults.into_iter().collect();
        fewer
    };
    if settings.nemesis.is_empty() {
        return Vec::new();
    }
    let all = &settings.nemesis;
    let one = all.iter().map(|fault| vec![*fault]);
    let rest = all.iter().map(|gone| {
        let rest = all.iter().copied().filter(|fault| fault != gone);
        rest.collect::<Vec<_>>()
    });
    let candidates = [Vec::new()].into_iter().chain(one).chain(rest);
    let fewer = candidates.filter(|faults| faults.len() < all.len());
    fewer.map(with).collect()
}

/// Fewer clients: for each node, or over all.
fn clients(settings: &Settings, _: &Settings) -> Vec<Settings> {
    let nodes = settings.nodes.len();
    let now = settings.concurrency.threads(nodes);
    let candidates = [
        Concurrency::Total(1),
        Concurrency::Total(2),
        Concurrency::Total(3),
        Concurrency::PerNode(1),
        Concurrency::PerNode(2),
    ];
    let fewer = candidates
        .into_iter()
        .filter(|fewer| fewer.threads(nodes) < now);
    fewer
        .map(|fewer| settings.clone().concurrency(fewer))
        .collect()
}

/// Fewer operations in the same time.
fn rate(settings: &Settings, _: &Settings) -> Vec<Settings> {
    let rates = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];
    let slower = rates.into_iter().filter(|rate| *rate < settings.rate);
    slower.map(|rate| settings.clone().rate(rate)).collect()
}

/// Fewer keys, where the workload has any.
fn keys(settings: &Settings, _: &Settings) -> Vec<Settings> {
    if !is_transactional(settings) && settings.workload != Workload::Kafka {
        return Vec::new();
    }
    let fewer = (1..3).filter(|keys| *keys < settings.key_count);
    fewer.map(|keys| settings.clone().key_count(keys)).collect()
}

const fn is_transactional(settings: &Settings) -> bool {
    matches!(
        settings.workload,
        Workload::TxnListAppend | Workload::TxnRwRegister
    )
}

/// Shorter transactions.
fn steps(settings: &Settings, _: &Settings) -> Vec<Settings> {
    if !is_transactional(settings) {
        return Vec::new();
    }
    let fewer = (1..3).filter(|steps| *steps < settings.max_txn_length);
    fewer
        .map(|steps| settings.clone().max_txn_length(steps))
        .collect()
}

/// No latency, or always the same.
fn latency(settings: &Settings, _: &Settings) -> Vec<Settings> {
    let none = settings
        .clone()
        .latency_ms(0)
        .latency_dist(LatencyDist::Constant);
    let constant = settings.clone().latency_dist(LatencyDist::Constant);
    let simpler = [none, constant].into_iter();
    simpler.filter(|simpler| simpler != settings).collect()
}

/// The interval that there was at first, if that does as well.
fn interval(settings: &Settings, first: &Settings) -> Vec<Settings> {
    let mut plain = settings.clone();
    plain.nemesis_interval = first.nemesis_interval;
    let differs = plain != *settings;
    if differs { vec![plain] } else { Vec::new() }
}
