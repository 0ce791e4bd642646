//! The store of an observed-remove set.

use super::{DotMap, DotSet, DotStore};
use crate::{Dot, DotContext};
use core::borrow::Borrow;

/// The elements of an [`OrSet`](crate::OrSet), each under the dots of the additions that keep it there.
///
/// This is what you read where an `OrSet` is nested in an [`OrMap`](crate::OrMap).
///
/// **JSON.** `{"live": [[replica, [[first, [element, …]], …]], …], "gone": null or [element, …]}`:
/// for each replica the elements that it added, in the order of its counters, in runs of consecutive counters
/// of which only the first is written. An element that several replicas added at the same time stands under each.
/// `gone` lists, in a delta, the elements that it removes.
///
/// ```
/// use crdt::{Dot, OrSet, store::{Causal, Elements}};
///
/// let mut set = OrSet::default();
/// set.add(&"a", 7);
/// assert!(set.store().contains(&7));
/// let elements: &Elements<_, _> = set.store();
/// assert!(elements.len() == 1 && !elements.is_empty() && elements.iter().eq(&[7]));
/// assert!(elements.with_dots().eq([(&7, [Dot::new("a", 1)].as_slice())]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Elements<E, R> {
    map: DotMap<E, DotSet<R>>,
}

impl<E, R> Default for Elements<E, R> {
    fn default() -> Self {
        Self {
            map: DotMap::default(),
        }
    }
}

impl<E, R> Elements<E, R> {
    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// The elements in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &E> + Clone {
        self.map.keys()
    }

    /// The elements in order, with the dots that keep each.
    pub fn with_dots(&self) -> impl DoubleEndedIterator<Item = (&E, &[Dot<R>])> + Clone {
        self.map
            .iter()
            .map(|(element, dots)| (element, dots.as_slice()))
    }
}

impl<E: Ord, R> Elements<E, R> {
    /// Whether the element is there.
    pub fn contains<Q>(&self, element: &Q) -> bool
    where
        E: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.map.contains_key(element)
    }
}

impl<E: Ord + Clone, R: Ord + Clone> Elements<E, R> {
    /// The store of a delta about one element.
    pub(crate) fn about(element: E, dots: DotSet<R>) -> Self {
        Self {
            map: DotMap::about(element, dots),
        }
    }

    /// In a delta: one more element that it removes.
    pub(crate) fn note_gone(&mut self, element: E) {
        self.map.note(element, DotSet::default());
    }

    pub(crate) fn take<Q>(&mut self, element: &Q) -> Option<(E, DotSet<R>)>
    where
        E: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.map.take(element)
    }

    pub(crate) fn put(&mut self, element: E, dots: DotSet<R>) -> Option<DotSet<R>> {
        self.map.put(element, dots)
    }
}

impl<E: Ord + Clone, R: Ord + Clone> DotStore for Elements<E, R> {
    type Replica = R;

    fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    fn join(&mut self, seen: &DotContext<R>, other: &Self, other_seen: &DotContext<R>) -> bool {
        self.map.join(seen, &other.map, other_seen)
    }

    fn prune(&mut self, seen: &DotContext<R>) -> bool {
        self.map.prune(seen)
    }

    fn unseen(&self, seen: &DotContext<R>) -> Self {
        Self {
            map: self.map.unseen(seen),
        }
    }

    fn for_each_dot(&self, visit: &mut dyn FnMut(&Dot<R>)) {
        self.map.for_each_dot(visit);
    }

    fn generalise(&mut self) {
        self.map.generalise();
    }
}

/// From elements in any order; of two that are equal the first stays, and none without dots.
impl<E: Ord + Clone, R: Ord + Clone> FromIterator<(E, DotSet<R>)> for Elements<E, R> {
    fn from_iter<I: IntoIterator<Item = (E, DotSet<R>)>>(elements: I) -> Self {
        Self {
            map: elements.into_iter().collect(),
        }
    }
}

#[cfg(feature = "serde")]
mod serial {
    use super::{Dot, DotMap, DotSet, Elements};
    use crate::sorted_map::SortedMap;
    use alloc::vec::Vec;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// A replica and what it added, in runs: the first counter, and the elements from there on.
    type Added<R, E> = (R, Vec<(u64, Vec<E>)>);

    #[derive(Serialize, Deserialize)]
    #[serde(rename = "Elements")]
    struct Form<L, G> {
        live: L,
        gone: G,
    }

    impl<E, R> Serialize for Elements<E, R>
    where
        E: Serialize + Ord + Clone,
        R: Serialize + Ord + Clone,
    {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut dots: Vec<(&Dot<R>, &E)> = Vec::with_capacity(self.len());
            for (element, of) in self.with_dots() {
                dots.extend(of.iter().map(|dot| (dot, element)));
            }
            dots.sort_unstable_by(|a, b| a.0.cmp(b.0));
            let mut live: Vec<Added<&R, &E>> = Vec::new();
            let mut before = 0_u64;
            for (dot, element) in dots {
                let continues = before.checked_add(1) == Some(dot.counter);
                before = dot.counter;
                match live.last_mut() {
                    Some((replica, runs)) if **replica == dot.replica => match runs.last_mut() {
                        Some((_, run)) if continues => run.push(element),
                        _ => runs.push((dot.counter, Vec::from([element]))),
                    },
                    _ => live.push((
                        &dot.replica,
                        Vec::from([(dot.counter, Vec::from([element]))]),
                    )),
                }
            }
            let gone: Option<Vec<&E>> = self
                .map
                .gone()
                .map(|gone| gone.iter().map(|(element, _)| element).collect());
            Form { live, gone }.serialize(serializer)
        }
    }

    impl<'de, E, R> Deserialize<'de> for Elements<E, R>
    where
        E: Deserialize<'de> + Ord + Clone,
        R: Deserialize<'de> + Ord + Clone,
    {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let form = Form::<Vec<Added<R, E>>, Option<Vec<E>>>::deserialize(deserializer)?;
            let mut dots = Vec::new();
            for (replica, runs) in form.live {
                for (first, run) in runs {
                    let after_first = (run.len() as u64).saturating_sub(1);
                    if first == 0 || first.checked_add(after_first).is_none() {
                        return Err(D::Error::custom(
                            "a run of dots starts at 1 or later and ends before 2^64",
                        ));
                    }
                    let named = (first..=u64::MAX).zip(run);
                    dots.extend(
                        named.map(|(counter, element)| {
                            (element, Dot::new(replica.clone(), counter))
                        }),
                    );
                }
            }
            dots.sort_by(|a, b| a.0.cmp(&b.0));
            let mut entries: Vec<(E, Vec<Dot<R>>)> = Vec::with_capacity(dots.len());
            for (element, dot) in dots {
                match entries.last_mut() {
                    Some((last, of)) if *last == element => of.push(dot),
                    _ => entries.push((element, Vec::from([dot]))),
                }
            }
            let entries = entries
                .into_iter()
                .map(|(element, of)| (element, of.into_iter().collect()))
                .collect();
            let gone = form.gone.map(|gone| {
                gone.into_iter()
                    .map(|element| (element, DotSet::default()))
                    .collect::<SortedMap<_, _>>()
            });
            Ok(Self {
                map: DotMap::from_parts(entries, gone),
            })
        }
    }
}
