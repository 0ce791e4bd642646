use rand::SeedableRng;

use super::*;

#[test]
fn a_problem_is_told_to_whoever_is_about_to_wait() {
    let rng = || ChaCha8Rng::seed_from_u64(1);
    let slow = Latency {
        mean_ms: 9000,
        ..Latency::default()
    };
    let network = Network::new(slow, rng(), rng(), 1 << 30, Clock::real());
    let n0 = network.add_node(&"n0".into());
    network.add_node(&"n1".into());
    let message = |dest| Message::new("n0", dest, Body::parse(r#"{"type":"x"}"#).unwrap());
    // The engine waits, a node's thread speaks, and the engine wakes and looks.
    network.next_due();
    network.send(n0, message("n1"));
    assert!(network.changed().take());
    assert!(network.take_problems().is_empty());
    // The thread speaks once more, and the engine is about to wait.
    network.send(n0, message("nobody"));
    network.next_due();
    assert!(network.changed().take(), "the problem would wait with it");
}
