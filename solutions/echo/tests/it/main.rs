//! The echo node under the official settings, and under worse ones.

use echo::Echo;
use maelstrom_sim::{Availability, Fault, InProcess, Run, Settings, Verdict, Workload};

#[test]
fn valid_on_50_seeds() {
    let settings = Settings::new(Workload::Echo).node_count(1).time_limit(10);
    for seed in 0..50 {
        let outcome = Run::new(settings.clone(), seed, InProcess::new(|_| Echo)).execute();
        assert_eq!(outcome.check().verdict(), Verdict::Valid, "seed {seed}");
    }
}

#[test]
fn totally_available_whatever_the_network_does() {
    let settings = Settings::new(Workload::Echo)
        .rate(100.0)
        .nemesis(Fault::Partition)
        .availability(Availability::Total);
    let outcome = Run::new(settings, 1, InProcess::new(|_| Echo)).execute();
    assert_eq!(outcome.check().verdict(), Verdict::Valid);
}
