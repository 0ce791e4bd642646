//! UUIDs: 128 bits of chance, with the time in front or without.
//!
//! Version 4 is 122 random bits; version 7 (RFC 9562) has 48 bits of
//! milliseconds and then 74 random ones, so ids sort by time. That no two are
//! ever the same is not certain, only far more likely than a memory that never
//! errs: with a billion ids of version 4 the chance of a collision is 10^-19.
//! Nothing need be known of other nodes, not even a name.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use uuid::{Builder, Uuid};

/// Which kind of UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Random.
    V4,
    /// The time in milliseconds, then random.
    V7,
}

/// Makes UUIDs of chance that is given to it.
#[derive(Debug)]
pub struct Uuids {
    version: Version,
    rng: ChaCha8Rng,
}

impl Uuids {
    /// A generator that draws from `rng`.
    pub fn new(version: Version, rng: ChaCha8Rng) -> Self {
        Self { version, rng }
    }

    /// A new id, at `wall_clock` since the Unix epoch.
    pub fn next(&mut self, wall_clock: Duration) -> Uuid {
        match self.version {
            Version::V4 => Builder::from_random_bytes(self.rng.random()).into_uuid(),
            Version::V7 => {
                let milliseconds = u64::try_from(wall_clock.as_millis()).unwrap_or(u64::MAX);
                Builder::from_unix_timestamp_millis(milliseconds, &self.rng.random()).into_uuid()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn versions_and_time_are_as_the_standard_says() {
        let now = Duration::from_millis(0x0123_4567_89ab);
        let mut v4 = Uuids::new(Version::V4, ChaCha8Rng::seed_from_u64(1));
        let mut v7 = Uuids::new(Version::V7, ChaCha8Rng::seed_from_u64(1));
        assert_eq!(v4.next(now).get_version_num(), 4);
        let id = v7.next(now);
        assert_eq!(id.get_version_num(), 7);
        assert!(id.to_string().starts_with("01234567-89ab-7"), "{id}");
        assert_ne!(id, v7.next(now));
        assert!(v7.next(now + Duration::from_millis(1)) > id);
    }

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let ids = |seed| {
            let mut ids = Uuids::new(Version::V4, ChaCha8Rng::seed_from_u64(seed));
            ids.next(Duration::ZERO)
        };
        assert_eq!(ids(7), ids(7));
        assert_ne!(ids(7), ids(8));
    }
}
