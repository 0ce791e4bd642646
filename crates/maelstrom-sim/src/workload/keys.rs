//! Which keys operations are about: a pool whose keys wear out.
//!
//! After `wr-txns` in `elle.txn`. A key takes so many writes, 1, 2, 3, …, and
//! then the largest key so far plus one stands in its place. Of two keys next
//! to each other in the pool the later is twice as likely to be picked.

use rand::RngExt;
use rand::rngs::ChaCha8Rng;

/// What is done to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) key: i64,
    /// What is written. `None` for a read.
    pub(super) write: Option<i64>,
}

pub(super) struct KeyPool {
    /// The keys, and the value that each is written next.
    active: Vec<(i64, i64)>,
    newest: i64,
    writes_per_key: i64,
}

impl KeyPool {
    pub(super) fn new(keys: usize, writes_per_key: u64) -> Self {
        let keys = i64::try_from(keys).unwrap_or(i64::MAX);
        Self {
            active: (0..keys).map(|key| (key, 1)).collect(),
            newest: keys - 1,
            writes_per_key: i64::try_from(writes_per_key).unwrap_or(i64::MAX),
        }
    }

    /// A read or a write, one as likely as the other. What falls on a key that
    /// is worn out is drawn anew.
    pub(super) fn access(&mut self, rng: &mut ChaCha8Rng) -> Access {
        loop {
            let is_write = rng.random_bool(0.5);
            let slot = self.slot(rng);
            let (key, next) = &mut self.active[slot];
            if !is_write {
                return Access {
                    key: *key,
                    write: None,
                };
            }
            if *next <= self.writes_per_key {
                *next += 1;
                let write = Some(*next - 1);
                return Access { key: *key, write };
            }
            self.newest += 1;
            self.active[slot] = (self.newest, 1);
        }
    }

    /// A place in the pool: each twice as likely as the one before.
    fn slot(&self, rng: &mut ChaCha8Rng) -> usize {
        let slots = self.active.len();
        // Slots further down than that come up less than once in 2^60 times.
        let counted = slots.min(60);
        let drawn: u64 = rng.random_range(1..1 << counted);
        slots - counted + drawn.ilog2() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Stream;

    #[test]
    fn keys_double_in_weight_and_wear_out() {
        let mut rng = Stream::Clients.rng(1);
        let mut pool = KeyPool::new(10, u64::MAX);
        let mut counts = [0_u32; 10];
        for _ in 0..102_300 {
            counts[usize::try_from(pool.access(&mut rng).key).unwrap()] += 1;
        }
        // The weights are 1, 2, 4, … of 1023.
        for (key, count) in counts.iter().enumerate() {
            let expected = f64::from(100 << key);
            let off = (f64::from(*count) - expected).abs();
            assert!(off < 5.0 * expected.sqrt(), "{key}: {count}");
        }
        let mut pool = KeyPool::new(3, 2);
        let mut written: Vec<(i64, i64)> = Vec::new();
        for _ in 0..1000 {
            let access = pool.access(&mut rng);
            written.extend(access.write.map(|value| (access.key, value)));
        }
        let mut sorted = written.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), written.len(), "every write is unique");
        assert!(written.iter().all(|(_, value)| (1..=2).contains(value)));
        let keys: i64 = written.iter().map(|(key, _)| *key).max().unwrap_or(0);
        assert!((150..300).contains(&keys), "{keys}");
    }

    #[test]
    fn a_pool_of_many_keys_and_of_one_both_work() {
        let mut rng = Stream::Clients.rng(1);
        assert!(KeyPool::new(100, 5).access(&mut rng).key >= 40);
        assert_eq!(KeyPool::new(1, 5).access(&mut rng).key, 0);
    }
}
