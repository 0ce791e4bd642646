//! The lock: one holder at a time, tenures that end by themselves, and tokens
//! that grow.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use maelstrom_kv::{Fence, KvError, LinKv, Lock, Result};
use maelstrom_node::ErrorCode;
use rand::RngExt;
use tokio::time::{Instant, sleep};

use crate::fake::Age;
use crate::network::{Fate, Network};

const LEASE: Duration = Duration::from_secs(1);

fn lock(network: &Network, node: &str) -> Lock {
    LinKv::new(&network.node(node)).lock("x").lease(LEASE)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn a_lock_is_held_released_and_held_by_the_next() -> Result<()> {
    let network = Network::new(Age::Random);
    let (a, b) = (lock(&network, "n0"), lock(&network, "n1"));
    let lease = a.acquire(seconds(1)).await?;
    assert_eq!(lease.token(), 1);
    assert!(lease.remaining() > LEASE / 2);
    let refused = b.acquire(LEASE / 2).await.unwrap_err();
    assert!(matches!(refused, KvError::Contended { .. }), "{refused}");
    lease.release().await?;
    assert_eq!(b.acquire(seconds(1)).await?.token(), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_stops_is_succeeded_after_its_lease_and_not_before() -> Result<()> {
    let network = Network::new(Age::Random);
    let (a, b) = (lock(&network, "n0"), lock(&network, "n1"));
    let mut lease = a.acquire(seconds(1)).await?;
    let start = Instant::now();
    let next = b.acquire(seconds(10)).await?;
    assert!(start.elapsed() >= LEASE * 5 / 4, "{:?}", start.elapsed());
    assert_eq!(lease.remaining(), Duration::ZERO, "the first one knows");
    assert!(next.token() > lease.token());
    let lost = lease.renew().await.unwrap_err();
    assert!(matches!(lost, KvError::PreconditionFailed(_)), "{lost}");
    let lost = lease.release().await.unwrap_err();
    assert!(matches!(lost, KvError::PreconditionFailed(_)), "{lost}");
    assert!(next.remaining() > Duration::ZERO);
    next.release().await
}

/// A holder that was stopped right after it had looked at its lease.
#[tokio::test(start_paused = true)]
async fn a_stale_holder_is_refused_by_its_token() -> Result<()> {
    let network = Network::new(Age::Random);
    let (a, b) = (lock(&network, "n0"), lock(&network, "n1"));
    let mut fence = Fence::default();
    let stale = a.acquire(seconds(1)).await?;
    assert!(stale.remaining() > Duration::ZERO && fence.admits(stale.token()));
    sleep(2 * LEASE).await;
    let next = b.acquire(seconds(10)).await?;
    assert!(fence.admits(next.token()), "whoever holds it now may act");
    assert!(
        !fence.admits(stale.token()),
        "whoever held it before may not"
    );
    assert!(fence.admits(next.token()));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_renewed_lasts() -> Result<()> {
    let network = Network::new(Age::Random);
    let (a, b) = (lock(&network, "n0"), lock(&network, "n1"));
    let mut lease = a.acquire(seconds(1)).await?;
    let other = tokio::spawn(async move { b.acquire(seconds(10)).await });
    for _ in 0..20 {
        sleep(LEASE / 3).await;
        lease.renew().await?;
        assert!(lease.remaining() > LEASE / 2);
    }
    assert!(!other.is_finished());
    lease.release().await?;
    assert_eq!(other.await.unwrap()?.token(), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_claim_or_renewal_whose_answer_is_lost_is_found_again() -> Result<()> {
    let network = Network::new(Age::Random);
    let lock = lock(&network, "n0");
    let mut sets = 0;
    let mut fate = move |message: &maelstrom_node::Message| {
        sets += usize::from(message.body.header().unwrap().kind == "cas");
        if sets % 2 == 1 {
            Fate::Unanswered
        } else {
            Fate::Answered
        }
    };
    network.fate(move |message| match &*message.body.header().unwrap().kind {
        "cas" => fate(message),
        _ => Fate::Answered,
    });
    let mut lease = lock.acquire(seconds(10)).await?;
    assert_eq!(lease.token(), 1);
    lease.renew().await?; // Answered.
    let lost = lease.renew().await.unwrap_err(); // Done, but not answered.
    assert!(!lost.is_definite(), "{lost}");
    lease.renew().await?; // Finds its own change.
    assert!(lease.remaining() > Duration::ZERO);
    Ok(())
}

/// Loses the answer to the next compare-and-set of that node.
fn lose_an_answer(network: &Network, node: &'static str) {
    let mut lost = false;
    network.fate(move |message| {
        let set = message.body.header().unwrap().kind == "cas" && message.src == node;
        if set && !std::mem::replace(&mut lost, true) {
            Fate::Unanswered
        } else {
            Fate::Answered
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_renewal_whose_answer_is_lost_counts_from_when_it_was_sent() -> Result<()> {
    let network = Network::new(Age::Random);
    let (a, b) = (lock(&network, "n0"), lock(&network, "n1"));
    let mut lease = a.acquire(seconds(1)).await?;
    let next = tokio::spawn(async move {
        let next = b.acquire(seconds(10)).await;
        next.map(|next| (next.token(), Instant::now()))
    });
    sleep(LEASE / 3).await;
    lose_an_answer(&network, "n0");
    let lost = lease.renew().await.unwrap_err();
    assert!(lost.is_timeout(), "{lost}");
    lease.renew().await?;
    let until = Instant::now() + lease.remaining();
    let (token, since) = next.await.unwrap()?;
    assert_eq!(token, 2);
    assert!(until <= since, "two holders for {:?}", until - since);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_is_found_late_is_renewed_again() -> Result<()> {
    let network = Network::new(Age::Random);
    let mut lease = lock(&network, "n0").acquire(seconds(1)).await?;
    lose_an_answer(&network, "n0");
    let lost = lease.renew().await.unwrap_err();
    assert!(lost.is_timeout(), "{lost}");
    assert!(lease.remaining() > LEASE / 2, "{:?}", lease.remaining());
    sleep(LEASE / 2).await;
    lease.renew().await?;
    assert!(lease.remaining() > LEASE / 2, "{:?}", lease.remaining());
    lease.release().await
}

#[tokio::test(start_paused = true)]
async fn a_lock_is_released_after_a_renewal_whose_answer_was_lost() -> Result<()> {
    let network = Network::new(Age::Random);
    let mut lease = lock(&network, "n0").acquire(seconds(1)).await?;
    lose_an_answer(&network, "n0");
    let lost = lease.renew().await.unwrap_err();
    assert!(lost.is_timeout(), "{lost}");
    lease.release().await?;
    let next = lock(&network, "n1").acquire(LEASE / 4).await?;
    assert_eq!(next.token(), 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_answer_is_lost_is_recognised_in_time() -> Result<()> {
    let network = Network::new(Age::Random);
    lose_an_answer(&network, "n0");
    let lease = lock(&network, "n0").acquire(seconds(10)).await?;
    assert_eq!(lease.token(), 1);
    assert!(lease.remaining() >= LEASE / 2, "{:?}", lease.remaining());
    lease.release().await
}

/// The second claim is sent just before the first one arrives, and is beaten by
/// it.
#[tokio::test(start_paused = true)]
async fn a_lease_counts_from_the_claim_that_succeeded() -> Result<()> {
    let network = Network::new(Age::Random);
    let first_sent = Arc::new(Mutex::new(None));
    let noted = first_sent.clone();
    network.fate(move |message| {
        let mut noted = noted.lock().unwrap();
        if message.body.header().unwrap().kind == "cas" && noted.is_none() {
            *noted = Some(Instant::now());
            // Within the 30 ms of the look and the second claim.
            return Fate::Late(LEASE / 3 + Duration::from_millis(10));
        }
        Fate::Answered
    });
    let lease = lock(&network, "n0").acquire(seconds(10)).await?;
    assert_eq!((lease.token(), network.count("cas")), (1, 2));
    let until = Instant::now() + lease.remaining();
    assert!(until <= first_sent.lock().unwrap().unwrap() + LEASE);
    Ok(())
}

/// Of the lease of a claim whose answer was lost, as much again is lost before
/// the lock is looked at.
#[tokio::test(start_paused = true)]
async fn a_claim_that_is_recognised_late_is_claimed_anew() -> Result<()> {
    let network = Network::new(Age::Random);
    let mut claims = 0;
    network.fate(move |message| match &*message.body.header().unwrap().kind {
        "cas" => {
            claims += 1;
            if claims == 1 {
                Fate::Unanswered
            } else {
                Fate::Answered
            }
        }
        _ if claims == 1 => Fate::Late(LEASE / 4),
        _ => Fate::Answered,
    });
    let lease = lock(&network, "n0").acquire(seconds(10)).await?;
    assert_eq!(lease.token(), 2);
    assert!(lease.remaining() > LEASE / 2, "{:?}", lease.remaining());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_acquisition_whose_claim_is_in_doubt_fails_indefinitely() {
    let network = Network::new(Age::Random);
    lose_an_answer(&network, "n0");
    let lost = lock(&network, "n0").acquire(LEASE / 4).await.unwrap_err();
    assert!(lost.is_timeout() && !lost.is_definite(), "{lost}");
    let refused = lock(&network, "n1").acquire(LEASE / 4).await.unwrap_err();
    assert!(refused.is_definite(), "n0 holds it: {refused}");
}

/// Nodes of equal seeds draw equal numbers, and these two claim at once.
#[tokio::test(start_paused = true)]
async fn a_claim_of_another_node_is_not_taken_for_ones_own() {
    let network = Network::new(Age::Random);
    // The network's seed is the sum of the id's bytes.
    let (a, b) = (lock(&network, "n01"), lock(&network, "n10"));
    let (a, b) = tokio::join!(a.acquire(LEASE / 2), b.acquire(LEASE / 2));
    assert_eq!(network.count("cas"), 2);
    assert!(a.is_ok() != b.is_ok(), "{a:?}, {b:?}");
}

#[tokio::test(start_paused = true)]
async fn an_acquisition_goes_on_when_it_is_cut_off_for_a_while() -> Result<()> {
    let network = Network::new(Age::Random);
    let whole = Instant::now() + 5 * LEASE;
    network.fate(move |_| match Instant::now() < whole {
        true => Fate::Lost,
        false => Fate::Answered,
    });
    let lease = lock(&network, "n0").acquire(seconds(60)).await?;
    assert!(Instant::now() < whole + LEASE);
    lease.release().await
}

#[tokio::test(start_paused = true)]
async fn an_acquisition_ends_when_its_time_is_up() {
    for cut_off in [LEASE / 100, LEASE / 2, LEASE] {
        for wait in [LEASE / 10, LEASE * 3 / 4, 3 * LEASE] {
            let network = Network::new(Age::Random);
            let other = lock(&network, "n1").acquire(LEASE).await.unwrap();
            let start = Instant::now();
            network.fate(move |_| match start.elapsed() < cut_off {
                true => Fate::Answered,
                false => Fate::Lost,
            });
            let refused = lock(&network, "n0").acquire(wait).await.unwrap_err();
            let late = start.elapsed().saturating_sub(wait);
            // A millisecond is what the clock's timers are good for.
            assert!(
                late <= Duration::from_millis(1),
                "{wait:?}, {cut_off:?}: {late:?}, {refused}"
            );
            drop(other);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn among_many_with_lost_messages_no_two_hold_it_and_tokens_grow() {
    let network = Network::new(Age::Random);
    let mut sent = 0_u64;
    network.fate(move |_| {
        sent += 1;
        match sent % 7 {
            0 => Fate::Lost,
            3 => Fate::Unanswered,
            _ => Fate::Answered,
        }
    });
    // Who holds the lock until when, as far as the holders know.
    let tenures = Arc::new(Mutex::new(Vec::<(u64, Instant, Instant)>::new()));
    let fence = Arc::new(Mutex::new(Fence::default()));
    let nodes = (0..5).map(|node| {
        let ctx = network.node(&format!("n{node}"));
        let lock = LinKv::new(&ctx).lock("x").lease(LEASE);
        let (tenures, fence) = (tenures.clone(), fence.clone());
        tokio::spawn(async move {
            let mut rng = ctx.rng();
            for _ in 0..8 {
                let Ok(lease) = lock.acquire(seconds(30)).await else {
                    continue;
                };
                if lease.remaining() > Duration::ZERO {
                    let until = Instant::now() + lease.remaining();
                    let mut tenures = tenures.lock().unwrap();
                    tenures.push((lease.token(), Instant::now(), until));
                    assert!(fence.lock().unwrap().admits(lease.token()));
                }
                // Some give it back in time, some are late, some never do.
                sleep(Duration::from_millis(rng.random_range(0..1500))).await;
                if rng.random_bool(0.7) {
                    // Whoever asks to release holds it no longer, answer or not.
                    let (token, held) = (lease.token(), Instant::now());
                    for tenure in tenures.lock().unwrap().iter_mut() {
                        if tenure.0 == token {
                            tenure.2 = tenure.2.min(held);
                        }
                    }
                    let _ = lease.release().await;
                }
            }
        })
    });
    for node in nodes.collect::<Vec<_>>() {
        node.await.unwrap();
    }
    let tenures = tenures.lock().unwrap();
    assert!(tenures.len() >= 10, "{tenures:?}");
    for pair in tenures.windows(2) {
        let ((token, _, until), (next_token, next_since, _)) = (pair[0], pair[1]);
        assert!(token < next_token, "{pair:?}");
        assert!(until <= next_since, "{pair:?}");
    }
}

/// What the documentation says of an acquisition that is dropped.
#[tokio::test(start_paused = true)]
async fn a_dropped_acquisition_leaves_the_lock_taken_for_a_lease() -> Result<()> {
    let network = Network::new(Age::Random);
    // The look takes 20 ms, and so does the claim.
    let dropped = lock(&network, "n0");
    let dropped = dropped.acquire(seconds(1));
    assert!(
        tokio::time::timeout(LEASE / 33, dropped).await.is_err(),
        "it was still waiting"
    );
    let start = Instant::now();
    let next = lock(&network, "n1").acquire(seconds(10)).await?;
    assert_eq!(next.token(), 2);
    assert!((LEASE..2 * LEASE).contains(&start.elapsed()));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_acquisition_does_not_hammer_a_service_that_is_unavailable() {
    let network = Network::new(Age::Random);
    network.fate(|message| match &*message.body.header().unwrap().kind {
        "cas" => Fate::Refused(ErrorCode::TemporarilyUnavailable),
        _ => Fate::Answered,
    });
    let kv = LinKv::new(&network.node("n0"));
    let lock = kv.lock("k").lease(Duration::from_millis(800));
    let error = lock.acquire(Duration::from_secs(2)).await.unwrap_err();
    assert!(!matches!(error, KvError::Contended { .. }), "{error}");
    // A look and a claim take 40 ms, the rest after them 100 to 200.
    let claims = network.count("cas");
    assert!((8..=15).contains(&claims), "{claims}");
}
