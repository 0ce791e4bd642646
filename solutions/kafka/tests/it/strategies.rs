//! What each strategy promises, under the official settings and under faults.

use clap::ValueEnum;
use kafka::message::{Request, Response};
use kafka::{Kafka, Strategy};
use maelstrom_node::testing::TestNode;
use maelstrom_node::{Context, Error, ErrorCode, Node, Result};
use maelstrom_sim::{Fault, InProcess, LatencyDist, Run, Verdict};
use serde_json::{Value, json};

use super::measure::{Figures, official, run, worst};

/// Those that are right on several nodes as long as the network is whole.
const DISTRIBUTED: [Strategy; 6] = [
    Strategy::LinKvCas,
    Strategy::LinKvLock,
    Strategy::Leader,
    Strategy::FixedLeader,
    Strategy::Owner,
    Strategy::Lanes,
];

/// The official settings for a quarter of the time.
fn short() -> maelstrom_sim::Settings {
    official().time_limit(5)
}

#[test]
fn lanes_cost_a_tenth_of_a_message_and_answer_everything() {
    for settings in [official(), official().nemesis(Fault::Partition)] {
        let figures = worst(Strategy::Lanes, &settings, 0..1);
        assert_eq!(figures.valid, figures.runs, "{figures}");
        assert!(figures.servers <= 0.10, "{figures}");
        assert_eq!(figures.unanswered, 0, "{figures}");
    }
}

#[test]
fn lanes_hold_on_50_seeds_of_a_second() {
    let settings = official().time_limit(1);
    let settings = settings.nemesis(Fault::Partition).nemesis_interval(0.3);
    let figures = worst(Strategy::Lanes, &settings, 0..50);
    assert_eq!((figures.valid, figures.unanswered), (50, 0), "{figures}");
}

#[test]
fn lanes_hold_on_more_nodes_and_slow_links() {
    for distribution in [LatencyDist::Uniform, LatencyDist::Exponential] {
        let settings = short().node_count(5).rate(200.0).latency_ms(100);
        let settings = settings.latency_dist(distribution);
        let settings = settings.nemesis(Fault::Partition).nemesis_interval(2.0);
        let figures = worst(Strategy::Lanes, &settings, 0..2);
        assert_eq!((figures.valid, figures.unanswered), (2, 0), "{figures}");
    }
}

#[test]
fn all_but_single_lose_nothing_whatever_the_latency() {
    for distribution in [LatencyDist::Uniform, LatencyDist::Exponential] {
        let settings = short().time_limit(3).rate(200.0).latency_ms(10);
        let settings = settings.latency_dist(distribution);
        for strategy in DISTRIBUTED {
            let figures = worst(strategy, &settings, 0..2);
            assert_eq!(figures.valid, 2, "{strategy:?}: {figures}");
        }
    }
}

#[test]
fn all_but_single_are_right_on_two_nodes() {
    for strategy in DISTRIBUTED {
        let figures = worst(strategy, &short().time_limit(3), 0..2);
        assert_eq!(figures.valid, 2, "{strategy:?}: {figures}");
    }
}

#[test]
fn single_is_right_alone_and_caught_on_two_nodes() {
    let alone = Figures::of(&run(Strategy::Single, &short().node_count(1), 1));
    assert_eq!((alone.valid, alone.servers), (1, 0.0), "{alone}");
    let two = Figures::of(&run(Strategy::Single, &short().time_limit(1), 1));
    assert_eq!(two.valid, 0);
    assert!(two.errors.contains(&"inconsistent-offsets".into()), "{two}");
}

#[test]
fn sends_to_an_owner_time_out_in_a_partition() {
    let settings = short().nemesis(Fault::Partition).nemesis_interval(20.0);
    for strategy in [Strategy::Leader, Strategy::FixedLeader, Strategy::Owner] {
        // Some partitions of two nodes cut nothing; not all of six.
        let figures = worst(strategy, &settings, 0..6);
        assert!(figures.unanswered > 0, "{strategy:?}: {figures}");
    }
}

/// Lanes that answer polls with all that they have, watermark or not.
struct Hasty(Kafka, std::sync::Mutex<kafka::Messages>);

impl Node for Hasty {
    type Request = Request;
    type Response = Response;

    async fn handle(&self, ctx: Context, request: Request) -> Result<Response> {
        let key = match &request {
            Request::Send { key, msg, .. } => Some((key.clone(), msg.clone())),
            _ => None,
        };
        if let Request::Replicate(batch) = &request {
            for item in &batch.items {
                if let kafka::message::Item::Append(key, offset, message) = item {
                    self.keep(key, *offset, message);
                }
            }
        }
        if let Request::Poll { offsets } = &request {
            let held = self
                .1
                .lock()
                .expect("no handler panics while it holds the lock");
            let page = |(key, from): (&String, &u64)| {
                let page = held.get(key)?.iter().filter(|(offset, _)| offset >= from);
                Some((key.clone(), page.cloned().collect()))
            };
            let msgs = offsets.iter().filter_map(page).collect();
            return Ok(Response::PollOk { msgs });
        }
        let response = self.0.handle(ctx, request).await?;
        if let (Response::SendOk { offset }, Some((key, message))) = (&response, key) {
            self.keep(&key, *offset, &message);
        }
        Ok(response)
    }
}

impl Hasty {
    fn keep(&self, key: &str, offset: u64, message: &Value) {
        let mut held = self
            .1
            .lock()
            .expect("no handler panics while it holds the lock");
        let log = held.entry(key.to_owned()).or_default();
        if let Err(place) = log.binary_search_by_key(&offset, |(offset, _)| *offset) {
            log.insert(place, (offset, message.clone()));
        }
    }
}

#[test]
fn lanes_without_a_watermark_are_caught() {
    let host = InProcess::new(|ctx| Hasty(Kafka::new(Strategy::Lanes, &ctx), Default::default()));
    let outcome = Run::new(short(), 1, host).execute();
    assert_eq!(outcome.check().verdict(), Verdict::Invalid);
    let figures = Figures::of(&outcome);
    let skipped = ["poll-skip", "lost-write"].map(String::from);
    assert!(
        skipped.iter().any(|kind| figures.errors.contains(kind)),
        "{figures}"
    );
}

/// A client is gone after five seconds, and Maelstrom hears nothing more from a
/// node that answers it then.
#[test]
fn no_client_is_answered_when_it_is_gone() {
    let slow = official().latency_ms(100);
    let lossy = slow.clone().nemesis(Fault::Loss).nemesis(Fault::Slow);
    for settings in [slow, lossy] {
        for strategy in Strategy::value_variants() {
            for seed in 0..2 {
                let outcome = run(*strategy, &settings, seed);
                let notices = &outcome.notices;
                assert!(notices.is_empty(), "{strategy:?}, seed {seed}: {notices:?}");
            }
        }
    }
}

/// A round trip to the service takes 200 ms, and six of them a send.
#[test]
fn locks_are_had_where_the_service_is_far() {
    let figures = worst(Strategy::LinKvLock, &official().latency_ms(100), 0..3);
    assert_eq!(figures.valid, 3, "{figures}");
    assert!(figures.operations > 60, "{figures}");
}

/// Nothing was appended by a send that did not get the lock.
#[test]
fn a_send_behind_others_ends_in_a_definite_error_and_a_poll_with_what_is_known() {
    let mut node = TestNode::new(|ctx: Context| Kafka::new(Strategy::LinKvLock, &ctx));
    let send = json!({"type": "send", "key": "k", "msg": 5});
    node.request("c1", &send);
    let answer = node.ask::<_, Value>("c2", &send);
    let error = answer.expect_err("the service is silent");
    assert_eq!(error.code, ErrorCode::TemporarilyUnavailable);
    let poll = json!({"type": "poll", "offsets": {"k": 0}});
    let answer = node.ask::<_, Value>("c2", &poll);
    assert_eq!(answer.expect("no news is no error")["msgs"], json!({}));
}

/// A request that the network repeats is carried out once, and the answer to its
/// second copy, which may come first, is no other than that to its first.
#[test]
fn what_the_network_repeats_is_appended_once() {
    let settings = short().rate(100.0).latency_ms(10);
    let settings = settings.latency_dist(LatencyDist::Exponential);
    let settings = settings.nemesis(Fault::Duplicate).nemesis_interval(2.0);
    for strategy in DISTRIBUTED {
        let figures = worst(strategy, &settings, 0..6);
        assert_eq!(figures.valid, 6, "{strategy:?}: {figures}");
    }
}

/// Peers may not be there yet, and Maelstrom hears nothing more from a node that
/// speaks to somebody whom it does not know.
#[test]
fn a_node_that_starts_is_silent_at_first() {
    for strategy in Strategy::value_variants() {
        let mut node = TestNode::new(|ctx: Context| Kafka::new(*strategy, &ctx));
        node.advance(std::time::Duration::from_millis(99));
        node.expect_silence();
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let settings = short().time_limit(2).nemesis(Fault::Partition);
    for strategy in Strategy::value_variants() {
        let journal = |seed| {
            let mut bytes = Vec::new();
            let outcome = run(*strategy, &settings, seed);
            outcome.journal.write_json_lines(&mut bytes).unwrap();
            bytes
        };
        let (first, again, other) = (journal(1), journal(1), journal(2));
        assert!(first == again, "{strategy:?}: the same seed gave two runs");
        assert!(first != other, "{strategy:?}: two seeds gave the same run");
    }
}

#[test]
fn what_is_malformed_is_answered_with_the_right_code() {
    for strategy in Strategy::value_variants() {
        let mut node = TestNode::new(|ctx: Context| Kafka::new(*strategy, &ctx));
        for (body, code) in [
            (
                json!({"type": "poll", "offsets": {"k": -1}}),
                ErrorCode::MalformedRequest,
            ),
            (
                json!({"type": "commit_offsets", "offsets": {"k": -1}}),
                ErrorCode::MalformedRequest,
            ),
            (
                json!({"type": "send", "key": 7}),
                ErrorCode::MalformedRequest,
            ),
            (json!({"type": "subscribe"}), ErrorCode::NotSupported),
            (
                json!({"type": "replicate", "life": 1, "ack": 0, "first": 0, "end": 0}),
                ErrorCode::NotSupported,
            ),
        ] {
            let answer: std::result::Result<Value, Error> = node.ask("c1", &body);
            let error = answer.expect_err("it is malformed");
            assert_eq!(error.code, code, "{strategy:?}: {body}");
        }
    }
}

#[test]
fn replies_have_the_fields_that_are_allowed_and_commits_never_fail() {
    for strategy in [Strategy::Single, Strategy::FixedLeader, Strategy::Lanes] {
        let start = |ctx: Context| Kafka::new(strategy, &ctx);
        let mut node = TestNode::<Kafka, _>::new(start);
        // Nobody answers: it is on its own after a second.
        node.advance(std::time::Duration::from_secs(2));
        let mut ask = |body: Value| -> Value {
            let answer: std::result::Result<Value, Error> = node.ask("c1", &body);
            let mut answer = answer.expect("it is answered");
            let fields = answer.as_object_mut().unwrap();
            fields.remove("in_reply_to");
            answer
        };
        assert_eq!(
            ask(json!({"type": "send", "key": "k", "msg": 5})),
            json!({"type": "send_ok", "offset": 0}),
            "{strategy:?}"
        );
        // An offset that does not exist, in a log that does not either.
        let commit = json!({"type": "commit_offsets", "offsets": {"k": 0, "none": 99}});
        assert_eq!(ask(commit), json!({"type": "commit_offsets_ok"}));
        assert_eq!(
            ask(json!({"type": "list_committed_offsets", "keys": ["k", "unknown"]})),
            json!({"type": "list_committed_offsets_ok", "offsets": {"k": 0}})
        );
        let poll = ask(json!({"type": "poll", "offsets": {"k": 0, "unknown": 3}}));
        let served = match strategy {
            // Peers that are silent may append below.
            Strategy::Lanes => json!({}),
            _ => json!({"k": [[0, 5]]}),
        };
        assert_eq!(poll, json!({"type": "poll_ok", "msgs": served}));
    }
}
