//! Single operations: what they return, and what their errors say.

use std::collections::BTreeMap;
use std::time::Duration;

use maelstrom_kv::{KvError, LinKv, LwwKv, Result, SeqKv, Tso};
use maelstrom_node::{Error, ErrorCode, Retry};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::fake::Age;
use crate::network::{Fate, Network};

#[tokio::test(start_paused = true)]
async fn a_key_is_created_read_written_and_compared() {
    let kv = LinKv::new(&Network::new(Age::Random).node("n0"));
    assert!(matches!(
        kv.get::<_, i64>("a").await,
        Err(KvError::KeyDoesNotExist(_))
    ));
    assert_eq!(kv.find::<_, i64>("a").await.unwrap(), None);
    assert_eq!(kv.get_or("a", 9).await.unwrap(), 9);
    assert_eq!(kv.get_or_default::<_, i64>("a").await.unwrap(), 0);
    let missing = kv.cas("a", &1, &2).await.unwrap_err();
    assert!(matches!(missing, KvError::KeyDoesNotExist(_)) && missing.is_definite());
    kv.create("a", &1).await.unwrap();
    let exists = kv.create("a", &1).await.unwrap_err();
    assert!(matches!(exists, KvError::KeyAlreadyExists(_)) && exists.is_definite());
    kv.put("a", &2).await.unwrap();
    let other = kv.cas("a", &1, &3).await.unwrap_err();
    assert!(matches!(other, KvError::PreconditionFailed(_)) && other.is_definite());
    assert_eq!(Error::from(other).code, ErrorCode::PreconditionFailed);
    kv.cas("a", &2, &3).await.unwrap();
    assert_eq!(kv.get::<_, i64>("a").await.unwrap(), 3);
    let unfit = kv.get::<_, String>("a").await.unwrap_err();
    assert!(unfit.to_string().contains("lin-kv"), "{unfit}");
}

#[tokio::test(start_paused = true)]
async fn keys_and_values_are_whatever_serialises() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Entry {
        names: Vec<String>,
        next: Option<BTreeMap<String, f64>>,
    }
    let kv = LinKv::new(&Network::new(Age::Random).node("n0"));
    let entry = Entry {
        names: vec!["ü".to_owned(), String::new()],
        next: Some([("x".to_owned(), 0.1)].into()),
    };
    kv.put(&("bucket", 7), &entry).await.unwrap();
    assert_eq!(kv.get::<_, Entry>(&("bucket", 7)).await.unwrap(), entry);
    kv.put(&7, &Value::Null).await.unwrap();
    assert_eq!(kv.get::<_, Value>(&7).await.unwrap(), json!(null));
    assert_eq!(
        kv.find::<_, i64>("7").await.unwrap(),
        None,
        "a number is no text"
    );
}

#[tokio::test(start_paused = true)]
async fn keys_of_maps_within_values_are_whatever_they_were() {
    type Offsets = BTreeMap<u64, i64>;
    let kv = LinKv::new(&Network::new(Age::Random).node("n0"));
    let offsets = Offsets::from([(7, -1), (u64::MAX, 2)]);
    kv.put("offsets", &offsets).await.unwrap();
    assert_eq!(kv.get::<_, Offsets>("offsets").await.unwrap(), offsets);
    let raised = kv.update("offsets", |offsets: Option<Offsets>| {
        let mut offsets = offsets.unwrap_or_default();
        offsets.insert(9, 9);
        offsets
    });
    let raised = raised.await.unwrap();
    assert_eq!(raised.len(), 3);
    kv.cas("offsets", &raised, &offsets).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_within_the_time_for_the_whole() {
    let network = Network::new(Age::Random);
    let kv = LinKv::new(&network.node("n0")).within(Duration::from_secs(3));
    kv.put("a", &1).await.unwrap();
    let mut lost = 0;
    network.fate(move |_| {
        lost += 1;
        if lost < 3 { Fate::Lost } else { Fate::Answered }
    });
    assert_eq!(kv.get::<_, i64>("a").await.unwrap(), 1);
    assert_eq!(network.count("read"), 3);
    network.fate(|_| Fate::Lost);
    let start = Instant::now();
    let error = kv.get::<_, i64>("a").await.unwrap_err();
    assert_eq!(start.elapsed().as_millis(), 3000, "one limit for the whole");
    assert!(error.is_timeout() && !error.is_definite(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_write_is_sent_once_and_its_silence_is_indefinite() {
    let network = Network::new(Age::Random);
    let kv = LinKv::new(&network.node("n0")).within(Duration::from_secs(2));
    network.fate(|_| Fate::Unanswered);
    let start = Instant::now();
    let error = kv.put("a", &1).await.unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 2);
    assert!(error.is_timeout() && !error.is_definite(), "{error}");
    assert_eq!(Error::from(error).code, ErrorCode::Timeout);
    assert_eq!(network.count("write"), 1);
    network.fate(|_| Fate::Answered);
    assert_eq!(kv.get::<_, i64>("a").await.unwrap(), 1, "it had happened");
}

#[tokio::test(start_paused = true)]
async fn timestamps_grow_and_a_lost_one_is_no_loss() {
    let network = Network::new(Age::Random);
    let (n0, n1) = (Tso::new(&network.node("n0")), Tso::new(&network.node("n1")));
    assert_eq!((n0.next().await.unwrap(), n1.next().await.unwrap()), (0, 1));
    let mut sent = 0;
    network.fate(move |_| {
        sent += 1;
        if sent == 1 {
            Fate::Unanswered
        } else {
            Fate::Answered
        }
    });
    assert_eq!(n0.next().await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn lww_kv_finds_half_of_what_was_written_once() {
    let network = Network::new(Age::Random);
    let kv = LwwKv::new(&network.node("n0"));
    kv.put("a", &1).await.unwrap();
    let mut found = 0;
    for _ in 0..200 {
        found += kv.get_or_default::<_, i64>("a").await.unwrap();
    }
    assert!((60..140).contains(&found), "{found} of 200");
}

#[tokio::test(start_paused = true)]
async fn seq_kv_knows_the_same_operations() {
    let kv = SeqKv::new(&Network::new(Age::Random).node("n0"));
    kv.create("a", &1).await.unwrap();
    kv.cas("a", &1, &2).await.unwrap();
    assert_eq!(kv.get::<_, i64>("a").await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_ever_gets_an_answer() -> Result<()> {
    let ctx = Network::new(Age::Random).node("n0");
    let kv = LinKv::new(&ctx).within(Duration::MAX);
    kv.put("k", &1).await?;
    kv.cas("k", &1, &2).await?;
    assert_eq!(kv.get::<_, i64>("k").await?, 2);
    assert_eq!(kv.update("k", |k: Option<i64>| k.unwrap() + 1).await?, 3);
    let tso = Tso::new(&ctx).within(Duration::MAX);
    assert!(tso.next().await? < tso.next().await?);
    let lock = kv.lock("x").lease(Duration::MAX);
    let mut lease = lock.acquire(Duration::MAX).await?;
    lease.renew().await?;
    lease.release().await
}

#[tokio::test(start_paused = true)]
async fn a_step_back_without_end_is_cut_short_by_the_deadline() {
    let network = Network::new(Age::Random);
    network.fate(|message| match &*message.body.header().unwrap().kind {
        "read" => Fate::Answered,
        _ => Fate::Refused(ErrorCode::TemporarilyUnavailable),
    });
    let endless = Retry::default().first_wait(Duration::MAX);
    let kv = LinKv::new(&network.node("n0")).retry(endless);
    let refused = kv.put("k", &1).await.unwrap_err();
    assert!(refused.is_definite(), "{refused}");
}
