//! What seq-kv may show, and what the linearised read makes of it.

use std::time::Duration;

use maelstrom_kv::{KvError, SeqKv};
use serde_json::json;

use crate::fake::Age;
use crate::network::{Fate, Network};

#[tokio::test(start_paused = true)]
async fn a_plain_read_may_be_stale_for_ever_and_a_linearised_one_is_not() {
    let network = Network::new(Age::Oldest);
    let (writer, reader) = (
        SeqKv::new(&network.node("n0")),
        SeqKv::new(&network.node("n1")),
    );
    for value in 1..=5 {
        writer.put("a", &value).await.unwrap();
    }
    for _ in 0..10 {
        assert_eq!(reader.find::<_, i64>("a").await.unwrap(), None);
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
    assert_eq!(reader.read_latest::<_, i64>("a").await.unwrap(), 5);
    // From there on the old states are gone, and newer ones are not shown.
    writer.put("a", &6).await.unwrap();
    assert_eq!(reader.get::<_, i64>("a").await.unwrap(), 5);
    assert_eq!(
        reader.read_latest_or_default::<_, i64>("a").await.unwrap(),
        6
    );
    assert_eq!(
        reader.read_latest_or_default::<_, i64>("b").await.unwrap(),
        0
    );
    assert!(matches!(
        reader.read_latest::<_, i64>("b").await,
        Err(KvError::KeyDoesNotExist(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn writing_the_same_value_again_would_not_do() {
    let network = Network::new(Age::Oldest);
    let (writer, reader) = (
        SeqKv::new(&network.node("n0")),
        SeqKv::new(&network.node("n1")),
    );
    reader.put("sync", &json!(1)).await.unwrap();
    writer.put("a", &1).await.unwrap();
    // The trick without the unique value: answered from the old state.
    reader.put("sync", &json!(1)).await.unwrap();
    assert_eq!(reader.find::<_, i64>("a").await.unwrap(), None);
    assert_eq!(reader.read_latest::<_, i64>("a").await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn linearised_reads_are_as_new_as_their_call_whoever_writes() {
    let network = Network::new(Age::Random);
    let (writer, reader) = (
        SeqKv::new(&network.node("n0")),
        SeqKv::new(&network.node("n1")),
    );
    let mut newest = 0;
    for value in 0..200 {
        writer.put("a", &value).await.unwrap();
        let writing = writer.clone();
        let next = tokio::spawn(async move { writing.put("b", &value).await });
        let read: i64 = reader.read_latest("a").await.unwrap();
        assert!(read >= value && read >= newest, "{read} after {value}");
        newest = read;
        next.await.unwrap().unwrap();
    }
}

/// Why a node that polls can't even trust what it saw before.
#[tokio::test(start_paused = true)]
async fn far_behind_the_ring_plain_reads_go_backwards_and_linearised_ones_do_not() {
    let network = Network::new(Age::Random);
    let (writer, plain, latest) = (
        SeqKv::new(&network.node("n0")),
        SeqKv::new(&network.node("n1")),
        SeqKv::new(&network.node("n2")),
    );
    for value in 0..200_i64 {
        writer.put("a", &value).await.unwrap();
    }
    let (mut seen, mut backwards) = (0, 0);
    for _ in 0..50 {
        let read: i64 = plain.get_or_default("a").await.unwrap();
        backwards += usize::from(read < seen);
        seen = read;
    }
    assert!(backwards > 0);
    for _ in 0..50 {
        assert_eq!(latest.read_latest::<_, i64>("a").await.unwrap(), 199);
    }
}

#[tokio::test(start_paused = true)]
async fn a_linearised_read_survives_lost_messages() {
    let network = Network::new(Age::Oldest);
    let (writer, reader) = (
        SeqKv::new(&network.node("n0")),
        SeqKv::new(&network.node("n1")),
    );
    writer.put("a", &1).await.unwrap();
    let mut sent = 0;
    network.fate(move |_| {
        sent += 1;
        match sent % 3 {
            0 => Fate::Lost,
            1 => Fate::Unanswered,
            _ => Fate::Answered,
        }
    });
    assert_eq!(reader.read_latest::<_, i64>("a").await.unwrap(), 1);
}
