//! Values under the dots that wrote them.

use super::DotStore;
use crate::{Dot, DotContext};
use alloc::vec::Vec;

/// A value for each live dot: what was written and not yet overwritten.
///
/// A dot names one write, so it has the same value everywhere.
///
/// ```
/// use crdt::{Dot, MvRegister, store::{Causal, DotFun}};
///
/// let mut title = MvRegister::default();
/// title.write(&"a", "draft");
/// let values: Vec<_> = title.store().values().copied().collect();
/// assert_eq!(values, ["draft"]);
/// let one = DotFun::single(Dot::new("a", 1), "draft");
/// assert!(one.len() == 1 && !one.is_empty());
/// assert!(one.iter().eq([(&Dot::new("a", 1), &"draft")]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DotFun<R, T> {
    /// Sorted by dot, each once.
    entries: Vec<(Dot<R>, T)>,
}

impl<R, T> Default for DotFun<R, T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
        }
    }
}

impl<R, T> DotFun<R, T> {
    /// One value under its dot.
    pub fn single(dot: Dot<R>, value: T) -> Self {
        Self {
            entries: Vec::from([(dot, value)]),
        }
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The values, in the order of their dots.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &T> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// The dots and their values, in the order of the dots.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Dot<R>, &T)> {
        self.entries.iter().map(|(dot, value)| (dot, value))
    }
}

impl<R: Ord, T> DotFun<R, T> {
    fn has(&self, dot: &Dot<R>) -> bool {
        self.entries
            .binary_search_by(|(known, _)| known.cmp(dot))
            .is_ok()
    }

    /// Takes out what the replica wrote.
    pub(crate) fn take(&mut self, replica: &R) -> Option<(Dot<R>, T)> {
        let at = self
            .entries
            .iter()
            .position(|(dot, _)| dot.replica == *replica)?;
        Some(self.entries.remove(at))
    }

    pub(crate) fn insert(&mut self, dot: Dot<R>, value: T) {
        let at = self.entries.partition_point(|(known, _)| *known < dot);
        self.entries.insert(at, (dot, value));
    }
}

/// From values in any order; of two under one dot the first stays.
impl<R: Ord, T> FromIterator<(Dot<R>, T)> for DotFun<R, T> {
    fn from_iter<I: IntoIterator<Item = (Dot<R>, T)>>(entries: I) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries.dedup_by(|later, first| later.0 == first.0);
        Self { entries }
    }
}

impl<R: Ord + Clone, T: Clone + PartialEq> DotStore for DotFun<R, T> {
    type Replica = R;

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn join(&mut self, seen: &DotContext<R>, other: &Self, other_seen: &DotContext<R>) -> bool {
        let news = other
            .entries
            .iter()
            .filter(|(dot, _)| !self.has(dot) && !seen.contains(dot));
        let news: Vec<_> = news.cloned().collect();
        let before = self.entries.len();
        self.entries
            .retain(|(dot, _)| other.has(dot) || !other_seen.contains(dot));
        let changed = self.entries.len() != before || !news.is_empty();
        if !news.is_empty() {
            self.entries.extend(news);
            self.entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        }
        changed
    }

    fn prune(&mut self, seen: &DotContext<R>) -> bool {
        let before = self.entries.len();
        self.entries.retain(|(dot, _)| !seen.contains(dot));
        self.entries.len() != before
    }

    fn unseen(&self, seen: &DotContext<R>) -> Self {
        Self {
            entries: self
                .entries
                .iter()
                .filter(|(dot, _)| !seen.contains(dot))
                .cloned()
                .collect(),
        }
    }

    fn for_each_dot(&self, visit: &mut dyn FnMut(&Dot<R>)) {
        self.entries.iter().for_each(|(dot, _)| visit(dot));
    }
}

#[cfg(feature = "serde")]
mod serial {
    use super::{Dot, DotFun, Vec};
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// `[[replica, counter, value], …]`
    impl<R: Serialize, T: Serialize> Serialize for DotFun<R, T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(
                self.iter()
                    .map(|(dot, value)| (&dot.replica, dot.counter, value)),
            )
        }
    }

    impl<'de, R: Deserialize<'de> + Ord, T: Deserialize<'de>> Deserialize<'de> for DotFun<R, T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let mut entries = Vec::new();
            for (replica, counter, value) in Vec::<(R, u64, T)>::deserialize(deserializer)? {
                if counter == 0 {
                    return Err(D::Error::custom("a dot's counter starts at 1"));
                }
                entries.push((Dot { replica, counter }, value));
            }
            Ok(entries.into_iter().collect())
        }
    }
}
