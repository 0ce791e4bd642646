//! The id generators under the official settings, and a broken one beside it.

use clap::ValueEnum;
use maelstrom_node::handler;
use maelstrom_node::proto::unique_ids::{Request, Response};
use maelstrom_sim::{Availability, Fault, InProcess, Run, Settings, Verdict, Workload};
use unique_ids::{Strategy, UniqueIds};

fn official() -> Settings {
    Settings::new(Workload::UniqueIds)
        .node_count(3)
        .rate(1000.0)
        .time_limit(30)
        .availability(Availability::Total)
        .nemesis(Fault::Partition)
}

fn host(strategy: Strategy) -> InProcess {
    InProcess::new(move |ctx| UniqueIds::new(strategy, &ctx))
}

#[test]
fn valid_on_50_seeds_and_silent_between_servers() {
    let settings = official().time_limit(1);
    for strategy in Strategy::value_variants() {
        for seed in 0..50 {
            let outcome = Run::new(settings.clone(), seed, host(*strategy)).execute();
            let results = outcome.check();
            assert_eq!(
                results.verdict(),
                Verdict::Valid,
                "{strategy:?}, seed {seed}"
            );
            assert_eq!(
                results.net.map(|net| net.servers.msg_count),
                Some(0),
                "{strategy:?}, seed {seed}"
            );
        }
    }
}

#[test]
fn the_official_length_is_valid_too() {
    let outcome = Run::new(official(), 1, host(Strategy::Sequence)).execute();
    assert_eq!(outcome.check().verdict(), Verdict::Valid);
    assert!(outcome.history.len() > 50_000, "{}", outcome.history.len());
}

/// How many ids came twice in 20 runs, in which nodes are killed and forget.
fn repeated(strategy: Strategy, settings: &Settings) -> u64 {
    let (mut given, mut repeated) = (0, 0);
    for seed in 0..20 {
        let outcome = Run::new(settings.clone(), seed, host(strategy)).execute();
        assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
        let workload = &outcome.check().to_json()["workload"];
        let count = |name: &str| workload[name].as_u64().unwrap_or_default();
        given += count("acknowledged-count");
        repeated += count("duplicated-count");
    }
    assert!(given > 10_000, "{strategy:?}: {given}");
    repeated
}

#[test]
fn kills_make_the_sequence_repeat_itself_and_no_other() {
    // A client of a killed node waits for five seconds before it asks again.
    let settings = official().rate(100.0).nemesis_interval(3.0);
    let settings = settings.nemesis(Fault::Kill);
    for strategy in Strategy::value_variants() {
        let repeats = repeated(*strategy, &settings) > 0;
        assert_eq!(repeats, *strategy == Strategy::Sequence, "{strategy:?}");
    }
    // And clocks that jump, back too.
    let settings = settings.nemesis(Fault::Skew);
    for strategy in [Strategy::UuidV4, Strategy::UuidV7] {
        assert_eq!(repeated(strategy, &settings), 0, "{strategy:?}");
    }
}

#[test]
fn a_node_that_leaves_its_name_out_is_caught() {
    let host = InProcess::new(|_| {
        let next = std::sync::atomic::AtomicU64::new(0);
        handler(move |_, Request::Generate| {
            let id = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            async move { Ok(Response::GenerateOk { id: id.into() }) }
        })
    });
    let outcome = Run::new(official().time_limit(3), 1, host).execute();
    let results = outcome.check();
    assert_eq!(results.verdict(), Verdict::Invalid);
    let json = results.to_json();
    let count = json["workload"]["duplicated-count"].as_u64();
    assert!(count > Some(100), "{count:?}");
}
