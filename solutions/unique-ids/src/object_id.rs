//! Object ids: 12 bytes of time, machine and counter, as in MongoDB.
//!
//! Four bytes of seconds since the Unix epoch, five that belong to the process,
//! three of a counter that starts anywhere and wraps round. Written as 24
//! hexadecimal digits. The place among the nodes takes two of the five bytes,
//! so that ids of different nodes differ for certain, and chance the other
//! three, so that a node that was restarted most likely differs from its former
//! self.
//!
//! A second holds 16.7 million ids of a node. If the clock steps back, the time
//! stays where it was, and the counter goes on: nothing repeats before it has
//! gone all the way round.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::ChaCha8Rng;

const COUNTER_LIMIT: u64 = 1 << 24;

/// Makes ids of one process.
#[derive(Clone, Debug)]
pub struct ObjectIds {
    process: u64,
    seconds: u64,
    counter: u64,
    /// How many ids the current second may still have.
    left: u64,
}

impl ObjectIds {
    /// The generator of the node at `place`.
    pub fn new(place: usize, mut rng: ChaCha8Rng) -> Self {
        let chance: u64 = rng.random_range(0..1 << 24);
        Self {
            process: ((place as u64 & 0xffff) << 24) | chance,
            seconds: 0,
            counter: rng.random_range(0..COUNTER_LIMIT),
            left: COUNTER_LIMIT,
        }
    }

    /// A new id, at `wall_clock` since the Unix epoch.
    pub fn next(&mut self, wall_clock: Duration) -> String {
        let now = wall_clock.as_secs();
        if now > self.seconds {
            (self.seconds, self.left) = (now, COUNTER_LIMIT);
        } else if self.left == 0 {
            (self.seconds, self.left) = (self.seconds + 1, COUNTER_LIMIT);
        }
        self.left -= 1;
        self.counter = (self.counter + 1) % COUNTER_LIMIT;
        let seconds = self.seconds & 0xffff_ffff;
        format!("{seconds:08x}{:010x}{:06x}", self.process, self.counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::collections::BTreeSet;

    #[test]
    fn an_id_is_24_digits_of_time_process_and_counter() {
        let mut ids = ObjectIds::new(3, ChaCha8Rng::seed_from_u64(1));
        let first = ids.next(Duration::from_secs(0x5f00_0001));
        assert_eq!(first.len(), 24);
        assert_eq!((&first[..8], &first[8..12]), ("5f000001", "0003"));
        let second = ids.next(Duration::from_secs(0x5f00_0001));
        assert_eq!(first[..18], second[..18]);
        assert_ne!(first, second);
    }

    #[test]
    fn a_clock_that_steps_back_repeats_nothing() {
        let mut ids = ObjectIds::new(0, ChaCha8Rng::seed_from_u64(1));
        let times = (0..1000).map(|i| Duration::from_secs(1_700_000_000 + (i * 7) % 13));
        let all: BTreeSet<String> = times.map(|time| ids.next(time)).collect();
        assert_eq!(all.len(), 1000);
    }

    #[test]
    fn a_used_up_second_borrows_the_next_one() {
        let mut ids = ObjectIds::new(0, ChaCha8Rng::seed_from_u64(1));
        let now = Duration::from_secs(16);
        ids.next(now);
        ids.left = 0;
        assert!(ids.next(now).starts_with("00000011"));
    }
}
