//! Read, compute, compare-and-set: among many, and when answers are lost.

use std::collections::BTreeSet;
use std::time::Duration;

use maelstrom_kv::{CreatesKeys, Kv, KvError, LinKv, Result, SeqKv};
use maelstrom_node::{Context, Error, ErrorCode};
use serde_json::json;
use tokio::time::Instant;

use crate::fake::Age;
use crate::network::{Fate, Network};

fn plus(delta: i64) -> impl FnMut(Option<i64>) -> i64 {
    move |sum| sum.unwrap_or(0) + delta
}

async fn add_from_ten_nodes<S: CreatesKeys>(network: &Network, client: fn(&Context) -> Kv<S>) {
    let adds = (0..10).map(|node| {
        let kv = client(&network.node(&format!("n{node}"))).within(Duration::from_secs(60));
        tokio::spawn(async move {
            for _ in 0..10 {
                kv.update("sum", plus(1)).await.unwrap();
            }
        })
    });
    for add in adds.collect::<Vec<_>>() {
        add.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn updates_of_many_nodes_all_count_on_lin_kv() {
    let network = Network::new(Age::Random);
    add_from_ten_nodes(&network, LinKv::new).await;
    let sum: i64 = LinKv::new(&network.node("n99")).get("sum").await.unwrap();
    assert_eq!(sum, 100);
}

#[tokio::test(start_paused = true)]
async fn updates_of_many_nodes_all_count_on_seq_kv_however_stale() {
    for age in [Age::Random, Age::Oldest] {
        let network = Network::new(age);
        add_from_ten_nodes(&network, SeqKv::new).await;
        let reader = SeqKv::new(&network.node("n99"));
        let sum: i64 = reader.read_latest("sum").await.unwrap();
        assert_eq!(sum, 100, "{age:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_returns_what_it_set() {
    let kv = LinKv::new(&Network::new(Age::Random).node("n0"));
    assert_eq!(kv.update("sum", plus(5)).await.unwrap(), 5);
    assert_eq!(kv.update("sum", plus(-2)).await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn one_time_limit_covers_every_attempt() {
    let network = Network::new(Age::Random);
    let (kv, rival) = (
        LinKv::new(&network.node("n0")),
        LinKv::new(&network.node("n1")),
    );
    kv.put("sum", &0).await.unwrap();
    // Somebody changes the key all the time.
    tokio::spawn(async move {
        for number in 1.. {
            rival.put("sum", &number).await.unwrap();
        }
    });
    let start = Instant::now();
    let kv = kv.within(Duration::from_secs(3));
    let error = kv.update("sum", plus(1)).await.unwrap_err();
    assert!(
        matches!(error, KvError::Contended { attempts: 3.., .. }),
        "{error}"
    );
    assert!(error.is_definite());
    assert!(start.elapsed() <= Duration::from_secs(3));
    assert_eq!(Error::from(error).code, ErrorCode::TemporarilyUnavailable);
}

/// Loses answers to every second compare-and-set.
fn lose_answers(network: &Network) {
    let mut sets = 0;
    network.fate(move |message| {
        if message.body.header().unwrap().kind != "cas" {
            return Fate::Answered;
        }
        sets += 1;
        if sets % 2 == 1 {
            Fate::Unanswered
        } else {
            Fate::Answered
        }
    });
}

#[tokio::test(start_paused = true)]
async fn an_update_never_takes_effect_twice() -> Result<()> {
    let network = Network::new(Age::Random);
    let kv = LinKv::new(&network.node("n0")).within(Duration::from_secs(2));
    kv.put("sum", &0).await?;
    lose_answers(&network);
    let start = Instant::now();
    let error = kv.update("sum", plus(1)).await.unwrap_err();
    assert!(error.is_timeout() && !error.is_definite(), "{error}");
    assert_eq!(start.elapsed().as_secs(), 2);
    assert_eq!(network.count("cas"), 1);
    assert_eq!(kv.get::<_, i64>("sum").await?, 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_read_of_an_update_that_is_lost_is_repeated() -> Result<()> {
    let network = Network::new(Age::Random);
    let kv = LinKv::new(&network.node("n0"));
    kv.put("sum", &4).await?;
    let mut reads = 0;
    network.fate(move |message| {
        reads += usize::from(message.body.header().unwrap().kind == "read");
        if reads == 1 {
            Fate::Lost
        } else {
            Fate::Answered
        }
    });
    assert_eq!(kv.update("sum", plus(1)).await?, 5);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_update_goes_on_when_an_answer_is_lost() -> Result<()> {
    let network = Network::new(Age::Random);
    let kv = SeqKv::new(&network.node("n0"));
    lose_answers(&network);
    for element in [3, 1, 2] {
        let added = kv.update_idempotent("seen", |seen: Option<BTreeSet<u64>>| {
            let mut seen = seen.unwrap_or_default();
            seen.insert(element);
            seen
        });
        assert!(added.await?.contains(&element));
    }
    let seen: BTreeSet<u64> = kv.read_latest("seen").await?;
    assert_eq!(seen, BTreeSet::from([1, 2, 3]));
    Ok(())
}

/// The first compare-and-set is carried out unanswered; then somebody else is
/// faster each time, or the service is unavailable.
#[tokio::test(start_paused = true)]
async fn an_idempotent_update_that_may_have_happened_fails_indefinitely() -> Result<()> {
    for unavailable in [false, true] {
        let network = Network::new(Age::Random);
        let (kv, rival) = (
            LinKv::new(&network.node("n0")).within(Duration::from_secs(3)),
            LinKv::new(&network.node("n1")),
        );
        kv.put("largest", &0).await?;
        let mut sets = 0;
        network.fate(move |message| {
            let set = message.body.header().unwrap().kind == "cas";
            sets += usize::from(set);
            match sets {
                1 if set => Fate::Unanswered,
                2.. if set && unavailable => Fate::Refused(ErrorCode::TemporarilyUnavailable),
                _ => Fate::Answered,
            }
        });
        if !unavailable {
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                for number in 6.. {
                    rival.put("largest", &number).await.unwrap();
                }
            });
        }
        let start = Instant::now();
        let largest = |value: Option<i64>| value.unwrap_or(0).max(5);
        let error = kv.update_idempotent("largest", largest).await.unwrap_err();
        assert!(error.is_timeout() && !error.is_definite(), "{error}");
        assert!(start.elapsed() > Duration::from_secs(1), "{error}");
        assert!(network.count("cas") > 2, "it goes on");
        assert!(kv.get::<_, i64>("largest").await? >= 5, "it happened");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_update_goes_on_while_the_service_is_unavailable() -> Result<()> {
    let network = Network::new(Age::Random);
    let back = Instant::now() + Duration::from_secs(2);
    network.fate(move |message| {
        let set = message.body.header().unwrap().kind == "cas";
        if set && Instant::now() < back {
            Fate::Refused(ErrorCode::TemporarilyUnavailable)
        } else {
            Fate::Answered
        }
    });
    let kv = LinKv::new(&network.node("n0"));
    let largest = |value: Option<i64>| value.unwrap_or(0).max(5);
    assert_eq!(kv.update_idempotent("largest", largest).await?, 5);
    Ok(())
}

/// A round trip takes 620 ms, and the first wait 500 ms at most.
#[tokio::test(start_paused = true)]
async fn an_idempotent_update_waits_longer_each_time() -> Result<()> {
    let network = Network::new(Age::Random);
    network.fate(|_| Fate::Late(Duration::from_millis(600)));
    let kv = LinKv::new(&network.node("n0"));
    let largest = |value: Option<i64>| value.unwrap_or(0).max(5);
    assert_eq!(kv.update_idempotent("largest", largest).await?, 5);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn fields_that_the_type_does_not_have_do_not_stop_an_update() -> Result<()> {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Known {
        count: u64,
    }
    let kv = LinKv::new(&Network::new(Age::Random).node("n0"));
    kv.put("entry", &json!({"count": 1, "since": "always"}))
        .await?;
    let entry: Known = kv
        .update("entry", |entry: Option<Known>| Known {
            count: entry.map_or(0, |entry| entry.count) + 1,
        })
        .await?;
    assert_eq!(entry.count, 2);
    Ok(())
}
