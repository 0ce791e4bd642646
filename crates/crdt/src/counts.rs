//! Counts by replica, as one sorted vector: what counters and version vectors are made of.

use alloc::vec::Vec;

/// A map from replica to a count above zero, joined by maximum.
///
/// A sorted vector and not a tree: two replicas of one system mostly know the same ids in the same order,
/// so a join is a walk over two arrays.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Counts<R> {
    /// Sorted by replica, each once, no zeros.
    entries: Vec<(R, u64)>,
}

impl<R> Default for Counts<R> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
        }
    }
}

impl<R> Counts<R> {
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&R, u64)> + Clone {
        self.entries
            .iter()
            .map(|(replica, count)| (replica, *count))
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The sum; 2^64 replicas would be needed to overflow it.
    pub(crate) fn sum(&self) -> u128 {
        self.entries
            .iter()
            .map(|&(_, count)| u128::from(count))
            .sum()
    }
}

impl<R: Ord> Counts<R> {
    fn find(&self, replica: &R) -> Result<usize, usize> {
        self.entries.binary_search_by(|(id, _)| id.cmp(replica))
    }

    pub(crate) fn get(&self, replica: &R) -> u64 {
        self.find(replica).map_or(0, |at| self.entries[at].1)
    }

    /// Whether every count of `other` is reached here.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        if other.entries.len() > self.entries.len() {
            return false; // there are no zeros, so a replica there is missing here
        }
        if self.entries.len() / 8 > other.entries.len() {
            return other
                .entries
                .iter()
                .all(|(id, count)| self.get(id) >= *count);
        }
        let mut mine = self.entries.iter();
        other.entries.iter().all(|(id, count)| {
            mine.find(|(known, _)| known >= id)
                .is_some_and(|(known, have)| known == id && have >= count)
        })
    }
}

impl<R: Ord + Clone> Counts<R> {
    /// Raises the replica's count to at least `count`; returns whether it was lower.
    pub(crate) fn raise(&mut self, replica: &R, count: u64) -> bool {
        match self.find(replica) {
            Ok(at) => {
                let have = &mut self.entries[at].1;
                let grew = count > *have;
                *have = count.max(*have);
                grew
            }
            Err(_) if count == 0 => false,
            Err(at) => {
                self.entries.insert(at, (replica.clone(), count));
                true
            }
        }
    }

    pub(crate) fn single(replica: &R, count: u64) -> Self {
        let mut counts = Self::default();
        counts.raise(replica, count);
        counts
    }

    pub(crate) fn join(&mut self, other: &Self) -> bool {
        // A delta: find each place. The cost grows with the delta.
        if self.entries.len() / 8 > other.entries.len() {
            let mut grew = false;
            for (id, count) in &other.entries {
                grew |= self.raise(id, *count);
            }
            return grew;
        }
        // The same replicas in the same order, as far as that holds.
        let mut grew = false;
        let mut same = 0;
        for ((id, have), (theirs, count)) in self.entries.iter_mut().zip(&other.entries) {
            if id != theirs {
                break;
            }
            grew |= count > have;
            *have = (*have).max(*count);
            same += 1;
        }
        if same == other.entries.len() {
            return grew;
        }
        self.merge_from(same, &other.entries[same..]) | grew
    }

    /// Merges a sorted run into the entries from position `from` on.
    fn merge_from(&mut self, from: usize, theirs: &[(R, u64)]) -> bool {
        let mine: Vec<_> = self.entries.drain(from..).collect();
        self.entries.reserve(mine.len().max(theirs.len()));
        let mut grew = false;
        let mut mine = mine.into_iter().peekable();
        for (id, count) in theirs {
            while let Some(before) = mine.next_if(|(known, _)| known < id) {
                self.entries.push(before);
            }
            if let Some((known, have)) = mine.next_if(|(known, _)| known == id) {
                grew |= *count > have;
                self.entries.push((known, have.max(*count)));
            } else {
                self.entries.push((id.clone(), *count));
                grew = true;
            }
        }
        self.entries.extend(mine);
        grew
    }
}

/// From pairs in any order; a replica named twice gets its higher count, zeros are dropped.
impl<R: Ord> FromIterator<(R, u64)> for Counts<R> {
    fn from_iter<I: IntoIterator<Item = (R, u64)>>(pairs: I) -> Self {
        let mut entries: Vec<_> = pairs.into_iter().filter(|&(_, count)| count > 0).collect();
        entries.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        entries.dedup_by(|later, first| later.0 == first.0);
        Self { entries }
    }
}

#[cfg(feature = "serde")]
mod serial {
    use super::{Counts, Vec};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// `[[replica, count], …]`: pairs, because a key of a JSON object has to be a string.
    impl<R: Serialize> Serialize for Counts<R> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(&self.entries)
        }
    }

    impl<'de, R: Deserialize<'de> + Ord> Deserialize<'de> for Counts<R> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Ok(Vec::<(R, u64)>::deserialize(deserializer)?
                .into_iter()
                .collect())
        }
    }
}
