//! A set of dots.

use super::DotStore;
use crate::{Dot, DotContext};
use alloc::vec;
use alloc::vec::Vec;
use core::{mem, slice};

/// A set of dots: a thing is there as long as one of its writes is.
///
/// **Cost.** One dot, by far the most common case, lies inline: no allocation.
///
/// ```
/// use crdt::{Dot, store::DotSet};
///
/// let dots: DotSet<_> = [Dot::new("b", 1), Dot::new("a", 4)].into_iter().collect();
/// assert_eq!(dots.as_slice(), [Dot::new("a", 4), Dot::new("b", 1)]);
/// assert!(!dots.is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DotSet<R>(Repr<R>);

/// Sorted; `Many` never holds exactly one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Repr<R> {
    One(Dot<R>),
    Many(Vec<Dot<R>>),
}

impl<R> Default for DotSet<R> {
    fn default() -> Self {
        Self(Repr::Many(Vec::new()))
    }
}

impl<R> From<Dot<R>> for DotSet<R> {
    fn from(dot: Dot<R>) -> Self {
        Self(Repr::One(dot))
    }
}

impl<R: Ord> FromIterator<Dot<R>> for DotSet<R> {
    fn from_iter<I: IntoIterator<Item = Dot<R>>>(dots: I) -> Self {
        let mut dots: Vec<_> = dots.into_iter().collect();
        dots.sort_unstable();
        dots.dedup();
        Self::from_sorted(dots)
    }
}

impl<R> DotSet<R> {
    fn from_sorted(mut dots: Vec<Dot<R>>) -> Self {
        match dots.len() {
            1 => dots.pop().map_or_else(Self::default, Self::from),
            _ => Self(Repr::Many(dots)),
        }
    }

    /// The dots, sorted.
    pub fn as_slice(&self) -> &[Dot<R>] {
        match &self.0 {
            Repr::One(dot) => slice::from_ref(dot),
            Repr::Many(dots) => dots,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    fn into_vec(self) -> Vec<Dot<R>> {
        match self.0 {
            Repr::One(dot) => vec![dot],
            Repr::Many(dots) => dots,
        }
    }
}

impl<R: Ord + Clone> DotStore for DotSet<R> {
    type Replica = R;

    fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    fn join(&mut self, seen: &DotContext<R>, other: &Self, other_seen: &DotContext<R>) -> bool {
        if self == other {
            return false;
        }
        let stays =
            |dot: &Dot<R>| other.as_slice().binary_search(dot).is_ok() || !other_seen.contains(dot);
        let comes =
            |dot: &Dot<R>| self.as_slice().binary_search(dot).is_err() && !seen.contains(dot);
        let new: Vec<_> = other
            .as_slice()
            .iter()
            .filter(|dot| comes(dot))
            .cloned()
            .collect();
        if new.is_empty() && self.as_slice().iter().all(stays) {
            return false;
        }
        let mut dots = mem::take(self).into_vec();
        dots.retain(stays);
        dots.extend(new);
        dots.sort_unstable();
        *self = Self::from_sorted(dots);
        true
    }

    fn prune(&mut self, seen: &DotContext<R>) -> bool {
        if !self.as_slice().iter().any(|dot| seen.contains(dot)) {
            return false;
        }
        let mut dots = mem::take(self).into_vec();
        dots.retain(|dot| !seen.contains(dot));
        *self = Self::from_sorted(dots);
        true
    }

    fn unseen(&self, seen: &DotContext<R>) -> Self {
        match &self.0 {
            Repr::One(dot) if !seen.contains(dot) => self.clone(),
            Repr::One(_) => Self::default(),
            Repr::Many(dots) => Self::from_sorted(
                dots.iter()
                    .filter(|dot| !seen.contains(dot))
                    .cloned()
                    .collect(),
            ),
        }
    }

    fn for_each_dot(&self, visit: &mut dyn FnMut(&Dot<R>)) {
        self.as_slice().iter().for_each(visit);
    }
}

#[cfg(feature = "serde")]
mod serial {
    use super::{Dot, DotSet, Vec};
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// `[[replica, counter], …]`
    impl<R: Serialize> Serialize for DotSet<R> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(
                self.as_slice()
                    .iter()
                    .map(|dot| (&dot.replica, dot.counter)),
            )
        }
    }

    impl<'de, R: Deserialize<'de> + Ord> Deserialize<'de> for DotSet<R> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let dots = Vec::<(R, u64)>::deserialize(deserializer)?;
            if dots.iter().any(|&(_, counter)| counter == 0) {
                return Err(D::Error::custom("a dot's counter starts at 1"));
            }
            Ok(dots
                .into_iter()
                .map(|(replica, counter)| Dot { replica, counter })
                .collect())
        }
    }
}
