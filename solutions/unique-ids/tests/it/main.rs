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
