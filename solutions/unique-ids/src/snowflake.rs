//! Snowflake: 64 bits of time, machine and counter.
//!
//! 41 bits of milliseconds since an epoch of our own (69 years), 10 bits of
//! machine, 12 bits of counter: as Twitter laid them out in 2010. Ids fit a
//! signed 64-bit integer and sort by time.
//!
//! The known weakness is the clock: if it steps back, a time and counter that
//! were given once may come again. So the generator keeps a time of its own
//! that never steps back. While the clock stands still or is behind, it counts
//! on; when the counter of a millisecond is used up, it borrows the next one.

use std::time::Duration;

/// 2020-01-01, in milliseconds since the Unix epoch.
const EPOCH: u64 = 1_577_836_800_000;

const MACHINE_BITS: u32 = 10;
const COUNTER_BITS: u32 = 12;

/// Makes ids of one machine.
#[derive(Clone, Debug)]
pub struct Snowflake {
    machine: u64,
    /// The time and counter of the next id, as one number: the carry out of the
    /// counter is the borrowed millisecond.
    next: u64,
}

impl Snowflake {
    /// The generator of machine number `machine`, below 1024.
    ///
    /// # Panics
    /// When there are more machines than bits for them.
    pub fn new(machine: usize) -> Self {
        let machine = u64::try_from(machine).unwrap_or(u64::MAX);
        assert!(machine < 1 << MACHINE_BITS, "machine {machine} of 1024");
        Self { machine, next: 0 }
    }

    /// A new id, greater than all before it, at `wall_clock` since the Unix epoch.
    pub fn next(&mut self, wall_clock: Duration) -> u64 {
        let now = u64::try_from(wall_clock.as_millis()).unwrap_or(u64::MAX);
        let now = now.saturating_sub(EPOCH) << COUNTER_BITS;
        let id = self.next.max(now);
        self.next = id + 1;
        let (time, counter) = (id >> COUNTER_BITS, id & ((1 << COUNTER_BITS) - 1));
        (time << (MACHINE_BITS + COUNTER_BITS)) | (self.machine << COUNTER_BITS) | counter
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn time_machine_and_counter_stand_where_they_should() {
        let mut ids = Snowflake::new(5);
        let now = Duration::from_millis(EPOCH + 3);
        assert_eq!(ids.next(now), (3 << 22) | (5 << 12));
        assert_eq!(ids.next(now), (3 << 22) | (5 << 12) | 1);
    }

    #[test]
    fn a_full_millisecond_borrows_the_next_one() {
        let mut ids = Snowflake::new(0);
        let now = Duration::from_millis(EPOCH);
        let all: Vec<u64> = (0..5000).map(|_| ids.next(now)).collect();
        assert!(all.is_sorted_by(|a, b| a < b));
        assert_eq!(all[4096] >> 22, 1);
    }

    proptest! {
        #[test]
        fn ids_grow_whatever_the_clock_does(steps in prop::collection::vec(-5000_i64..5000, 1..200)) {
            let mut clock = i64::try_from(EPOCH).unwrap() + 100_000;
            let (mut ours, mut theirs) = (Snowflake::new(1), Snowflake::new(2));
            let mut last = 0;
            for step in steps {
                clock += step;
                let now = Duration::from_millis(clock.unsigned_abs());
                let id = ours.next(now);
                prop_assert!(id > last);
                prop_assert_ne!(id, theirs.next(now));
                last = id;
            }
        }
    }
}
