//! Settings as flags: what has to be typed to get from a challenge's official
//! settings to others.

use maelstrom_sim::{Availability, Settings};

/// The flags that turn the first settings into the second.
pub(crate) fn flags(from: &Settings, to: &Settings) -> Vec<String> {
    let pairs = all(from).into_iter().zip(all(to));
    let differing = pairs.filter(|(from, to)| from != to);
    differing
        .map(|(_, (name, value))| format!("--{name} {value}"))
        .collect()
}

/// Every setting, by the name of its flag, as it is typed.
fn all(settings: &Settings) -> [(&'static str, String); 17] {
    let Settings { latency, .. } = settings;
    let list = |names: Vec<String>| match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(","),
    };
    let faults = settings.nemesis.iter().map(ToString::to_string);
    let models = settings.consistency_models.iter().map(ToString::to_string);
    let availability = match settings.availability {
        Availability::AtLeast(share) => share.to_string(),
        Availability::Total => "total".to_owned(),
        // The same as any.
        Availability::Any => "0".to_owned(),
    };
    [
        ("node-count", settings.nodes.len().to_string()),
        ("concurrency", settings.concurrency.to_string()),
        ("rate", settings.rate.to_string()),
        ("time-limit", settings.time_limit.as_secs().to_string()),
        ("latency", latency.mean_ms.to_string()),
        ("latency-dist", latency.distribution.to_string()),
        ("topology", settings.topology.to_string()),
        ("nemesis", list(faults.collect())),
        (
            "nemesis-interval",
            settings.nemesis_interval.as_secs_f64().to_string(),
        ),
        ("availability", availability),
        ("consistency-models", list(models.collect())),
        ("key-count", settings.key_count.to_string()),
        ("max-txn-length", settings.max_txn_length.to_string()),
        (
            "max-writes-per-key",
            settings.max_writes_per_key.to_string(),
        ),
        ("services", settings.services.to_string()),
        ("only-operations", settings.only_operations.to_string()),
        ("only-faults", settings.only_faults.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::CHALLENGES;
    use crate::cli::{Cli, Command};
    use clap::Parser as _;
    use maelstrom_sim::{Concurrency, Fault, LatencyDist, Workload};

    #[test]
    fn what_is_typed_gives_the_settings_that_were_meant() {
        let meant = Settings::new(Workload::Broadcast)
            .node_count(2)
            .concurrency(Concurrency::Total(3))
            .rate(2.5)
            .time_limit(1)
            .latency_ms(7)
            .latency_dist(LatencyDist::Uniform)
            .nemesis(Fault::Kill)
            .nemesis(Fault::Loss)
            .nemesis_interval(0.5)
            .key_count(1)
            .max_txn_length(2)
            .max_writes_per_key(3)
            .only_operations("2,4-6".parse().expect("a selection"))
            .only_faults("none".parse().expect("a selection"));
        for challenge in CHALLENGES {
            let official = (challenge.settings)();
            let mut meant = meant.clone();
            meant.workload = official.workload;
            let words = flags(&official, &meant).join(" ");
            let words = format!("glomers run {} {words}", challenge.id);
            let Command::Run(args) = Cli::try_parse_from(words.split(' '))
                .expect("the flags that were printed")
                .command
            else {
                panic!("{words}");
            };
            let mut typed = args.settings.apply(official);
            if typed.availability == Availability::AtLeast(0.0) {
                typed.availability = Availability::Any;
            }
            assert_eq!(typed, meant, "{words}");
        }
        assert_eq!(flags(&meant, &meant), [""; 0]);
    }
}
