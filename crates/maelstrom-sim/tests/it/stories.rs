//! What a person is told of a run that went wrong, and `test`, which tells it
//! from within `cargo test`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use maelstrom_node::proto::echo::{Request as Echo, Response};
use maelstrom_node::{Context, Node, handler};
use maelstrom_sim::{Fault, InProcess, Run, Settings, Workload};

use super::echo;
use super::nodes::{Conduct, set};
use super::planted::broadcast_without_retry;

fn settings(workload: Workload) -> Settings {
    Settings::new(workload)
        .node_count(3)
        .rate(2.0)
        .time_limit(5)
}

/// What `test` says when it panics.
fn panicked<N: Node>(
    settings: Settings,
    seeds: Vec<u64>,
    node: impl Fn(Context) -> N + Clone + Send + Sync + 'static,
) -> String {
    let test = AssertUnwindSafe(|| maelstrom_sim::test(settings, seeds, node));
    let panic = catch_unwind(test).unwrap_err();
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap()
}

#[test]
fn a_lost_value_is_told_with_its_node_its_time_and_the_partition() {
    let settings = settings(Workload::Broadcast).nemesis(Fault::Partition);
    let outcome = Run::new(settings, 5, InProcess::new(broadcast_without_retry)).execute();
    insta::assert_snapshot!(outcome.story(&outcome.check()));
}

#[test]
fn what_a_killed_node_forgot_is_told_with_its_death() {
    let settings = settings(Workload::Broadcast).node_count(1).time_limit(20);
    let settings = settings.nemesis(Fault::Kill).nemesis_interval(3.0);
    let outcome = Run::new(settings, 1, InProcess::new(broadcast_without_retry)).execute();
    let story = outcome.story(&outcome.check());
    let lost = story.lines().nth(1).unwrap_or_default();
    assert!(lost.starts_with("  n0 had, and lost, "), "{story}");
    assert!(lost.contains("; n0 was killed at "), "{story}");
}

#[test]
fn a_long_timeline_keeps_its_beginning_and_its_end() {
    let settings = settings(Workload::Broadcast).rate(100.0);
    let outcome = Run::new(settings, 1, InProcess::new(broadcast_without_retry)).execute();
    let timeline = outcome.timeline();
    let lines: Vec<&str> = timeline.lines().collect();
    assert_eq!(lines.len(), 401);
    assert!(
        lines[300].ends_with(" lines are left out …"),
        "{}",
        lines[300]
    );
    assert!(lines[400].contains("process "), "{}", lines[400]);
}

#[test]
fn a_timeline_names_the_nodes_that_a_fault_hit_and_no_fault_that_hit_nobody() {
    let settings = settings(Workload::GSet).time_limit(20);
    let settings = settings.nemesis(Fault::Kill).nemesis(Fault::Pause);
    let settings = settings.nemesis_interval(1.0);
    for seed in 0..20 {
        let host = InProcess::new(|ctx| set(Conduct::Right, ctx));
        let timeline = Run::new(settings.clone(), seed, host).execute().timeline();
        let mut down: Vec<&str> = Vec::new();
        for line in timeline.lines() {
            let Some((_, fault)) = line.split_once("  -- ") else {
                continue;
            };
            if let Some(nodes) = fault.strip_suffix(" killed") {
                down.extend(nodes.split(", "));
            } else if fault.contains(" started again") {
                down.clear();
            }
            let paused = fault.strip_suffix(" paused").unwrap_or_default();
            let dead = paused.split(", ").find(|node| down.contains(node));
            assert_eq!(dead, None, "seed {seed}, {line}");
            assert!(fault.starts_with(['n', 't']), "seed {seed}, {line}");
        }
    }
}

#[test]
fn nothing_is_told_of_values_where_nothing_is_missing() {
    let outcome = Run::new(
        settings(Workload::Broadcast),
        4,
        InProcess::new(broadcast_without_retry),
    );
    let outcome = outcome.execute();
    let results = outcome.check();
    assert_eq!(outcome.story(&results), results.story());
}

#[test]
fn errors_are_told_with_the_words_of_the_node() {
    let outcome = Run::new(settings(Workload::Kafka), 1, InProcess::new(echo)).execute();
    let story = outcome.story(&outcome.check());
    let told: Vec<&str> = story
        .lines()
        .skip_while(|line| *line != "Errors:")
        .collect();
    assert_eq!(told.len(), 3, "{story}");
    for (line, f) in told[1..].iter().zip(["poll", "send"]) {
        assert!(line.starts_with(&format!("  {f}: ")), "{story}");
        assert!(
            line.contains(" fail with not-supported, the first of n"),
            "{story}"
        );
        assert!(line.contains(&format!("`{f}`")), "{story}");
    }
    let silent = |_| {
        handler(async |_, Echo::Echo { .. }| std::future::pending::<Result<Response, _>>().await)
    };
    let outcome = Run::new(settings(Workload::Echo), 1, InProcess::new(silent)).execute();
    let story = outcome.story(&outcome.check());
    let told = " info with net-timeout, the first of n";
    assert!(story.contains(told), "{story}");
}

#[test]
fn a_test_of_a_right_node_returns_and_one_of_a_wrong_node_tells_the_story() {
    let settings = settings(Workload::GSet).nemesis(Fault::Partition);
    let right = |ctx| set(Conduct::Right, ctx);
    maelstrom_sim::test(settings.clone(), 0..10, right);
    let text = panicked(settings, vec![8, 9], |ctx| set(Conduct::Wrong, ctx));
    for part in [
        "seed 8 failed, 0 before it were valid",
        "2 nodes, 1 operation, ",
        "n1 lacks 0 (told to n0",
        "told to n",
        "c4 → n0  add element=0",
    ] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}

#[test]
fn a_test_stops_at_the_first_seed_that_fails_and_names_it() {
    let settings = settings(Workload::Broadcast).nemesis(Fault::Partition);
    let invalid = |seed: &u64| {
        let outcome = Run::new(
            settings.clone(),
            *seed,
            InProcess::new(broadcast_without_retry),
        )
        .execute();
        outcome.check().verdict() != maelstrom_sim::Verdict::Valid
    };
    let seeds: Vec<u64> = (0..1000).collect();
    let first = seeds.iter().find(|seed| invalid(seed)).unwrap();
    let text = panicked(settings.clone(), seeds.clone(), broadcast_without_retry);
    assert!(
        text.starts_with(&format!(
            "seed {first} failed, {first} before it were valid:"
        )),
        "{text}"
    );
}

#[test]
fn what_ends_a_run_or_makes_it_empty_fails_a_test() {
    let impossible = settings(Workload::Echo).node_count(0);
    let text = panicked(impossible, vec![1], echo);
    assert!(text.contains("--node-count can't be 0"), "{text}");
    let text = panicked(
        settings(Workload::Broadcast).rate(0.0),
        vec![1],
        broadcast_without_retry,
    );
    assert!(text.contains("unknown"), "{text}");
    let text = panicked(settings(Workload::Echo), vec![], echo);
    assert!(text.contains("no seed"), "{text}");
}

/// The README and the crate's own page show the test that a stranger's crate runs.
#[test]
fn the_six_lines_are_the_same_wherever_they_stand() {
    let file = |name: &str| {
        let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace("//! ", "");
        let begin = text.find("fn no_element_is_lost").unwrap();
        let end = begin + text[begin..].find("\n}").unwrap();
        text[begin..end].to_owned()
    };
    let stranger = file("../../examples/stranger/tests/faults.rs");
    assert!(stranger.contains("0..100"), "{stranger}");
    assert_eq!(file("README.md"), stranger);
    assert_eq!(file("src/lib.rs"), stranger);
}
