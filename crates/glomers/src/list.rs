//! `glomers list`: the challenges, one line each.

use maelstrom_sim::{Availability, Fault, Selection, Settings};

use crate::challenge::CHALLENGES;
use crate::exit;

pub(crate) fn list() -> u8 {
    for challenge in CHALLENGES {
        let settings = describe(&(challenge.settings)());
        anstream::println!("{:<12} {:<40} {settings}", challenge.id, challenge.title);
        let strategies = (challenge.solution.strategies)().join(", ");
        if !strategies.is_empty() {
            anstream::println!("{:<53} strategies: {strategies}", "");
        }
        for threshold in challenge.thresholds {
            anstream::println!("{:<53} {threshold}", "");
        }
    }
    exit::VALID
}

/// The settings that matter, in one line.
pub(crate) fn describe(settings: &Settings) -> String {
    let nodes = settings.nodes.len();
    let mut parts = vec![
        format!("{nodes} node{}", if nodes == 1 { "" } else { "s" }),
        format!("{} ops/s", settings.rate),
        format!("{} s", settings.time_limit.as_secs()),
    ];
    if settings.concurrency.threads(nodes) != nodes {
        parts.push(format!("concurrency {}", settings.concurrency));
    }
    if settings.latency.mean_ms > 0 {
        parts.push(format!(
            "{} ms {}",
            settings.latency.mean_ms, settings.latency.distribution
        ));
    }
    for fault in &settings.nemesis {
        let plural = match fault {
            Fault::Loss | Fault::Slow | Fault::Skew => "",
            _ => "s",
        };
        parts.push(format!(
            "{fault}{plural} every {} s",
            settings.nemesis_interval.as_secs_f64()
        ));
    }
    match settings.availability {
        Availability::Any => {}
        Availability::Total => parts.push("total availability".into()),
        Availability::AtLeast(share) => parts.push(format!("availability {share}")),
    }
    for (what, only) in [
        ("operations", &settings.only_operations),
        ("faults", &settings.only_faults),
    ] {
        if *only != Selection::All {
            parts.push(format!("only {what} {only}"));
        }
    }
    parts.join(", ")
}
