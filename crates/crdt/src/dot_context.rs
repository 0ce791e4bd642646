//! Which events have been seen, gaps and all.

use crate::{Dot, Join, VersionVector};
use alloc::vec::Vec;
use core::mem;

/// The set of all events seen: a causal context.
///
/// **Use it** under a type of your own that names its writes by dots; the causal types here
/// ([`OrSet`](crate::OrSet), [`MvRegister`](crate::MvRegister), …) each carry one.
///
/// **Form.** A [`VersionVector`] for what each replica wrote without a gap, and a *cloud* of runs for what came
/// ahead of its predecessors. When the gap closes, runs sink into the vector: a replica that has
/// received everything has an empty cloud.
///
/// **Cost.** `size_of::<(R, u64)>()` bytes a replica and `size_of::<(R, u64, u64)>()` a run; a look-up is one
/// or two binary searches; a join is a walk over both vectors, or a search per entry where one is small.
///
/// **Source.** P. S. Almeida, A. Shoker, C. Baquero: *Delta state replicated data types*, JPDC 111, 2018:
/// causal contexts and their compression to a version vector and a dot cloud.
///
/// ```
/// use crdt::{Dot, DotContext, Join};
///
/// let mut seen = DotContext::default();
/// seen.insert(&Dot::new("a", 1));
/// seen.insert(&Dot::new("a", 3)); // ahead of the second
/// assert!(!seen.contains(&Dot::new("a", 2)));
/// assert!(!seen.is_contiguous());
///
/// seen.join(&DotContext::from(Dot::new("a", 2)));
/// assert!(seen.is_contiguous());
/// assert_eq!(seen.vector().get(&"a"), 3);
/// // Whoever made events names the next one; a delta's may come ahead.
/// assert_eq!(seen.next_dot(&"a"), Dot::new("a", 4));
/// let mut other = DotContext::new();
/// assert!(other.is_empty() && seen.includes(&other));
/// other.insert_run(&"b", 2, 5);
/// assert!(other.cloud().eq([(&"b", 2, 5)]));
/// assert!(!seen.includes(&other));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DotContext<R> {
    vector: VersionVector<R>,
    /// Sorted; none empty, none touching another or the vector's count of its replica.
    cloud: Vec<Run<R>>,
}

/// The events `first..=last` of a replica.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Run<R> {
    replica: R,
    first: u64,
    last: u64,
}

impl<R> Default for DotContext<R> {
    fn default() -> Self {
        Self {
            vector: VersionVector::default(),
            cloud: Vec::new(),
        }
    }
}

impl<R> DotContext<R> {
    /// A context that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was seen of each replica without a gap.
    pub fn vector(&self) -> &VersionVector<R> {
        &self.vector
    }

    /// What was seen ahead of a gap: replica, first and last counter of each run.
    pub fn cloud(&self) -> impl ExactSizeIterator<Item = (&R, u64, u64)> + Clone {
        self.cloud
            .iter()
            .map(|run| (&run.replica, run.first, run.last))
    }

    /// Whether no replica's events have a gap, so that the vector says it all.
    pub fn is_contiguous(&self) -> bool {
        self.cloud.is_empty()
    }

    /// Whether nothing has been seen.
    pub fn is_empty(&self) -> bool {
        self.vector.is_empty() && self.cloud.is_empty()
    }
}

impl<R: Ord> DotContext<R> {
    /// Whether the event has been seen. Counter 0 names no event.
    pub fn contains(&self, dot: &Dot<R>) -> bool {
        self.vector.contains(dot) || self.run_with(&dot.replica, dot.counter).is_some()
    }

    /// The run in the cloud that has the event.
    fn run_with(&self, replica: &R, counter: u64) -> Option<&Run<R>> {
        if self.cloud.is_empty() {
            return None;
        }
        let after = self
            .cloud
            .partition_point(|run| (&run.replica, run.first) <= (replica, counter));
        let run = self.cloud.get(after.checked_sub(1)?)?;
        (run.replica == *replica && run.last >= counter).then_some(run)
    }

    fn has_run(&self, replica: &R, first: u64, last: u64) -> bool {
        let known = self.vector.get(replica);
        // Runs never touch, so one run has all of it or there is a gap.
        last <= known
            || self
                .run_with(replica, first.max(known.saturating_add(1)))
                .is_some_and(|run| run.last >= last)
    }

    /// Whether everything that `other` has seen has been seen here.
    pub fn includes(&self, other: &Self) -> bool {
        self.vector >= other.vector
            && other
                .cloud
                .iter()
                .all(|run| self.has_run(&run.replica, run.first, run.last))
    }
}

impl<R: Ord + Clone> DotContext<R> {
    /// Names the next event of the replica, and sees it.
    ///
    /// The name is new as long as the replica that asks is the only one under its id
    /// and has not forgotten any event that it named before.
    ///
    /// # Panics
    ///
    /// After 2^64 - 1 events of one replica, because the next would bear the name of the last.
    pub fn next_dot(&mut self, replica: &R) -> Dot<R> {
        let after = self.cloud.partition_point(|run| run.replica <= *replica);
        let ahead = match after.checked_sub(1).map(|at| &self.cloud[at]) {
            Some(run) if run.replica == *replica => run.last,
            _ => self.vector.get(replica),
        };
        let counter = ahead
            .checked_add(1)
            .expect("a replica has fewer than 2^64 events");
        let dot = Dot::new(replica.clone(), counter);
        self.insert(&dot);
        dot
    }

    /// Sees the event; returns whether that is news. Counter 0 names no event and is ignored.
    pub fn insert(&mut self, dot: &Dot<R>) -> bool {
        self.insert_run(&dot.replica, dot.counter, dot.counter)
    }

    /// Sees the replica's events from `first` to `last`; returns whether any is news.
    pub fn insert_run(&mut self, replica: &R, first: u64, last: u64) -> bool {
        let first = first.max(1);
        if first > last || self.has_run(replica, first, last) {
            return false;
        }
        if first <= self.vector.get(replica).saturating_add(1) {
            self.vector.raise(replica, last);
            self.sink(replica);
        } else {
            self.float(replica, first, last);
        }
        true
    }

    /// Moves runs of the replica that its count has reached out of the cloud.
    fn sink(&mut self, replica: &R) {
        let start = self.cloud.partition_point(|run| run.replica < *replica);
        let mut end = start;
        while let Some(run) = self.cloud.get(end)
            && run.replica == *replica
            && run.first <= self.vector.get(replica).saturating_add(1)
        {
            self.vector.raise(replica, run.last);
            end += 1;
        }
        self.cloud.drain(start..end);
    }

    /// Adds a run to the cloud and unites it with those that it touches.
    fn float(&mut self, replica: &R, mut first: u64, mut last: u64) {
        let mut start = self
            .cloud
            .partition_point(|run| (&run.replica, run.first) < (replica, first));
        if let Some(before) = start.checked_sub(1)
            && self.cloud[before].replica == *replica
            && self.cloud[before].last.saturating_add(1) >= first
        {
            start = before;
        }
        let mut end = start;
        while let Some(run) = self.cloud.get(end)
            && run.replica == *replica
            && run.first <= last.saturating_add(1)
        {
            first = first.min(run.first);
            last = last.max(run.last);
            end += 1;
        }
        self.cloud.splice(
            start..end,
            [Run {
                replica: replica.clone(),
                first,
                last,
            }],
        );
    }

    /// Restores the cloud's form after runs were added or the vector grew. Wants the cloud sorted.
    fn settle(&mut self) {
        for run in mem::take(&mut self.cloud) {
            let known = self.vector.get(&run.replica);
            if run.first <= known.saturating_add(1) {
                self.vector.raise(&run.replica, run.last);
                continue;
            }
            match self.cloud.last_mut() {
                Some(before)
                    if before.replica == run.replica
                        && run.first <= before.last.saturating_add(1) =>
                {
                    before.last = before.last.max(run.last);
                }
                _ => self.cloud.push(run),
            }
        }
    }
}

impl<R: Ord + Clone> Join for DotContext<R> {
    fn join(&mut self, other: &Self) -> bool {
        let mut grew = self.vector.join(&other.vector);
        if grew && !self.cloud.is_empty() {
            self.settle();
        }
        if other.cloud.len() < 32 {
            for run in &other.cloud {
                grew |= self.insert_run(&run.replica, run.first, run.last);
            }
        } else if !other
            .cloud
            .iter()
            .all(|run| self.has_run(&run.replica, run.first, run.last))
        {
            grew = true;
            self.cloud.extend_from_slice(&other.cloud);
            self.cloud.sort_unstable();
            self.settle();
        }
        grew
    }
}

impl<R: Ord + Clone> From<Dot<R>> for DotContext<R> {
    fn from(dot: Dot<R>) -> Self {
        let mut context = Self::default();
        context.insert(&dot);
        context
    }
}

impl<R: Ord + Clone> FromIterator<Dot<R>> for DotContext<R> {
    fn from_iter<I: IntoIterator<Item = Dot<R>>>(dots: I) -> Self {
        let mut context = Self::default();
        for dot in dots {
            context.insert(&dot);
        }
        context
    }
}

#[cfg(feature = "serde")]
mod serial {
    use super::{DotContext, Run, Vec, VersionVector};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// `{"vector": [[replica, count], …], "cloud": [[replica, first, last], …]}`
    #[derive(Serialize, Deserialize)]
    #[serde(rename = "DotContext")]
    #[serde(bound(deserialize = "V: Deserialize<'de>, R: Deserialize<'de>"))]
    struct Form<V, R> {
        vector: V,
        cloud: Vec<(R, u64, u64)>,
    }

    impl<R: Serialize> Serialize for DotContext<R> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let cloud = self
                .cloud
                .iter()
                .map(
                    |Run {
                         replica,
                         first,
                         last,
                     }| (replica, *first, *last),
                )
                .collect();
            Form {
                vector: &self.vector,
                cloud,
            }
            .serialize(serializer)
        }
    }

    impl<'de, R: Deserialize<'de> + Ord + Clone> Deserialize<'de> for DotContext<R> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let form = Form::<VersionVector<R>, R>::deserialize(deserializer)?;
            let mut context = DotContext {
                vector: form.vector,
                cloud: Vec::new(),
            };
            for (replica, first, last) in form.cloud {
                context.insert_run(&replica, first, last);
            }
            Ok(context)
        }
    }
}
