//! One seed, several streams: a change in what one part draws never stirs the
//! others.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

/// Who draws from a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    /// Latencies.
    Network,
    /// When faults come, and which.
    Faults,
    /// Which operations clients start, and when.
    Clients,
    /// What one of the services draws.
    Service(u64),
    /// Which messages are lost or doubled.
    Links,
    /// One node's own randomness; nodes count from 0, and so do their lives.
    Node { index: usize, life: u32 },
}

impl Stream {
    fn number(self) -> u64 {
        match self {
            Self::Network => 0,
            Self::Faults => 1,
            Self::Clients => 2,
            Self::Links => 3,
            Self::Service(number) => (1 << 61) | number,
            Self::Node { index, life } => (1 << 62) | ((index as u64) << 32) | u64::from(life),
        }
    }

    /// The stream of this number for this seed. ChaCha keeps streams of one
    /// seed apart by construction.
    pub(crate) fn rng(self, seed: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(self.number());
        rng
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn streams_differ_and_repeat() {
        let nodes = [(0, 0), (0, 1), (1, 0)];
        let streams = [Stream::Network, Stream::Faults, Stream::Clients]
            .into_iter()
            .chain(nodes.map(|(index, life)| Stream::Node { index, life }));
        let draw = |stream: Stream, seed| stream.rng(seed).random::<u64>();
        let drawn: Vec<u64> = streams.clone().map(|stream| draw(stream, 7)).collect();
        let again: Vec<u64> = streams.clone().map(|stream| draw(stream, 7)).collect();
        let other: Vec<u64> = streams.map(|stream| draw(stream, 8)).collect();
        assert_eq!(drawn, again);
        let mut all = [drawn, other].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 12);
    }
}
