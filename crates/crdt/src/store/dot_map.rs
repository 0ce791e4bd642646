//! Stores under keys.

use super::DotStore;
use crate::sorted_map::{Merge, SortedMap};
use crate::{Dot, DotContext};
use core::borrow::Borrow;
use core::hash::{Hash, Hasher};

/// A dot store under each key; a key is there as long as its store has a dot.
///
/// **A delta says which keys it is about.** A dot belongs to one key for ever. The context of a delta
/// is the dots of a few keys, and the delta lists those: the ones that live, and the ones that are gone.
/// So a join looks at these keys alone, and what it costs grows with the delta and not with the state.
/// A full state doesn't know every key that it ever was about; a join with it walks over everything.
/// The list takes no part in equality: it tells *how* to join and not *what* comes out.
/// Only the mutators here make lists; a map that is collected, or put beside a context by
/// [`from_parts`](crate::store::Causal::from_parts), has none.
///
/// ```
/// use crdt::{OrMap, OrSet, store::{Causal, DotMap}};
///
/// let mut carts: OrMap<&str, OrSet<&str, &str>> = OrMap::default();
/// carts.update(&"a", "cart", |cart, me| cart.add(me, "milk"));
/// let cart = carts.get(&"cart").expect("just written");
/// assert!(cart.contains(&"milk"));
/// let store: &DotMap<_, _> = carts.store();
/// assert!(store.contains_key(&"cart") && store.len() == 1 && !store.is_empty());
/// assert!(store.keys().eq(&["cart"]) && store.iter().all(|(_, cart)| cart.len() == 1));
/// ```
#[derive(Clone, Debug)]
pub struct DotMap<K, S> {
    /// No store in here is empty.
    entries: SortedMap<K, S>,
    /// In a delta: the other keys that the context's dots belong to, under stores without dots.
    /// `None`: unknown, and so in every store within.
    gone: Option<SortedMap<K, S>>,
}

/// The bottom, which is about no key at all.
impl<K, S> Default for DotMap<K, S> {
    fn default() -> Self {
        Self {
            entries: SortedMap::default(),
            gone: Some(SortedMap::default()),
        }
    }
}

impl<K: PartialEq, S: PartialEq> PartialEq for DotMap<K, S> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<K: Eq, S: Eq> Eq for DotMap<K, S> {}

impl<K: Hash, S: Hash> Hash for DotMap<K, S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.entries.hash(state);
    }
}

impl<K, S> DotMap<K, S> {
    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The keys in order, with their stores.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &S)> + Clone {
        self.entries.iter()
    }

    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.entries.iter().map(|(key, _)| key)
    }
}

impl<K: Ord, S> DotMap<K, S> {
    /// The store under the key.
    pub fn get<Q>(&self, key: &Q) -> Option<&S>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.entries.get(key)
    }

    /// Whether the key is there.
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.entries.contains_key(key)
    }
}

impl<K: Ord + Clone, S: DotStore> DotMap<K, S> {
    /// The store of a delta that is about one key.
    pub(crate) fn about(key: K, store: S) -> Self {
        let mut map = Self::default();
        map.note(key, store);
        map
    }

    /// In a delta: one more key that it is about.
    pub(crate) fn note(&mut self, key: K, store: S) {
        if !store.is_empty() {
            self.entries.insert(key, store);
        } else if let Some(gone) = &mut self.gone {
            gone.insert(key, store);
        }
    }

    /// Removes the key and returns it with its store.
    pub(crate) fn take<Q>(&mut self, key: &Q) -> Option<(K, S)>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.generalise();
        self.entries.remove(key)
    }

    /// Puts a store with dots under the key and returns the one that was there.
    pub(crate) fn put(&mut self, key: K, store: S) -> Option<S> {
        self.generalise();
        self.entries.insert(key, store)
    }

    /// The store under the key, to alter it in place.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut S> {
        self.generalise();
        self.entries.get_mut(key)
    }

    /// The keys that the delta is about and that it leaves nothing under.
    #[cfg(feature = "serde")]
    pub(super) fn gone(&self) -> Option<&SortedMap<K, S>> {
        self.gone.as_ref()
    }

    /// A map from its parts, as made outside: empty stores are dropped.
    pub(super) fn from_parts(entries: SortedMap<K, S>, gone: Option<SortedMap<K, S>>) -> Self {
        let mut map = Self { entries, gone };
        map.entries.retain(|_, store| !store.is_empty());
        if let Some(gone) = &mut map.gone {
            gone.retain(|_, store| store.is_empty());
        } else {
            map.entries.values_mut().for_each(S::generalise);
        }
        map
    }

    /// Joins the keys that the delta is about, one by one.
    fn join_keys(
        &mut self,
        seen: &DotContext<S::Replica>,
        other: &Self,
        gone: &SortedMap<K, S>,
        other_seen: &DotContext<S::Replica>,
    ) -> bool {
        let mut changed = false;
        for (key, theirs) in other.entries.iter().chain(gone.iter()) {
            let Some(mine) = self.entries.get_mut(key) else {
                let mut new = theirs.unseen(seen);
                match &mut self.gone {
                    None => new.generalise(),
                    Some(gone) => unite(&mut new, gone.remove(key).map(|(_, store)| store)),
                }
                if !new.is_empty() {
                    changed = true;
                    self.entries.insert(key.clone(), new);
                } else if let Some(gone) = &mut self.gone {
                    gone.insert(key.clone(), new);
                }
                continue;
            };
            changed |= mine.join(seen, theirs, other_seen);
            if self.gone.is_none() {
                mine.generalise();
            }
            if mine.is_empty()
                && let Some((key, store)) = self.entries.remove(key)
                && let Some(gone) = &mut self.gone
            {
                gone.insert(key, store);
            }
        }
        changed
    }
}

/// From keys in any order; of two that are equal the first stays, and none without dots.
impl<K: Ord + Clone, S: DotStore> FromIterator<(K, S)> for DotMap<K, S> {
    fn from_iter<I: IntoIterator<Item = (K, S)>>(entries: I) -> Self {
        Self::from_parts(entries.into_iter().collect(), None)
    }
}

/// Adds what another store lists as gone; it has no dots.
fn unite<S: DotStore>(store: &mut S, listed: Option<S>) {
    if let Some(listed) = listed {
        // Nothing seen and nothing there: only the lists are joined.
        let nothing = DotContext::default();
        store.join(&nothing, &listed, &nothing);
    }
}

impl<K: Ord + Clone, S: DotStore> DotStore for DotMap<K, S> {
    type Replica = S::Replica;

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn join(
        &mut self,
        seen: &DotContext<S::Replica>,
        other: &Self,
        other_seen: &DotContext<S::Replica>,
    ) -> bool {
        let Some(gone) = &other.gone else {
            self.generalise();
            let mut walk = Walk {
                seen,
                other_seen,
                everything: true,
                dropped: None,
            };
            return self.entries.merge(&other.entries, &mut walk);
        };
        let changed = if self.entries.is_few(other.entries.len() + gone.len()) {
            self.join_keys(seen, other, gone, other_seen)
        } else {
            self.join_walk(seen, other, gone, other_seen)
        };
        // A list longer than what lives has outgrown its use.
        if self
            .gone
            .as_ref()
            .is_some_and(|gone| gone.len() > 64 + self.entries.len())
        {
            self.generalise();
        }
        changed
    }

    fn prune(&mut self, seen: &DotContext<S::Replica>) -> bool {
        self.generalise();
        let mut changed = false;
        self.entries.retain(|_, store| {
            changed |= store.prune(seen);
            !store.is_empty()
        });
        changed
    }

    fn unseen(&self, seen: &DotContext<S::Replica>) -> Self {
        let mut gone = self.gone.clone();
        let mut entries = SortedMap::default();
        for (key, store) in self.entries.iter() {
            let new = store.unseen(seen);
            if !new.is_empty() {
                entries.insert(key.clone(), new);
            } else if let Some(gone) = &mut gone {
                gone.insert(key.clone(), new);
            }
        }
        Self { entries, gone }
    }

    fn for_each_dot(&self, visit: &mut dyn FnMut(&Dot<S::Replica>)) {
        for (_, store) in self.entries.iter() {
            store.for_each_dot(visit);
        }
    }

    fn generalise(&mut self) {
        if self.gone.take().is_some() {
            self.entries.values_mut().for_each(S::generalise);
        }
    }
}

impl<K: Ord + Clone, S: DotStore> DotMap<K, S> {
    /// Joins a delta that is not small beside this state, by a walk over both.
    fn join_walk(
        &mut self,
        seen: &DotContext<S::Replica>,
        other: &Self,
        gone: &SortedMap<K, S>,
        other_seen: &DotContext<S::Replica>,
    ) -> bool {
        let mut dropped = SortedMap::default();
        let track = self.gone.is_some();
        let mut walk = Walk {
            seen,
            other_seen,
            everything: false,
            dropped: track.then_some(&mut dropped),
        };
        let mut changed = self.entries.merge(&other.entries, &mut walk);
        if let Some(known) = &mut self.gone {
            for (key, store) in dropped.iter() {
                let mut store = store.clone();
                unite(&mut store, known.remove(key).map(|(_, store)| store));
                known.insert(key.clone(), store);
            }
            if !known.is_empty() {
                for (key, _) in other.entries.iter() {
                    if let Some(store) = self.entries.get_mut(key) {
                        unite(store, known.remove(key).map(|(_, store)| store));
                    }
                }
            }
        }
        let removals = Self {
            entries: SortedMap::default(),
            gone: None,
        };
        changed |= self.join_keys(seen, &removals, gone, other_seen);
        changed
    }
}

/// The join of two maps key by key.
struct Walk<'a, K, S: DotStore> {
    seen: &'a DotContext<S::Replica>,
    other_seen: &'a DotContext<S::Replica>,
    /// Whether the other context may be about keys that only this side has.
    everything: bool,
    /// The keys that the walk leaves nothing under, if anybody asks.
    dropped: Option<&'a mut SortedMap<K, S>>,
}

impl<K: Ord + Clone, S: DotStore> Merge<K, S, S> for Walk<'_, K, S> {
    fn both(&mut self, key: &K, mine: &mut S, theirs: &S) -> bool {
        let changed = mine.join(self.seen, theirs, self.other_seen);
        if mine.is_empty()
            && let Some(dropped) = &mut self.dropped
        {
            dropped.insert(key.clone(), mine.clone());
        }
        changed
    }

    fn mine(&mut self, _key: &K, mine: &mut S) -> bool {
        // A state that lists its keys is never walked with `everything`: see `DotMap::join`.
        self.everything && mine.prune(self.other_seen)
    }

    fn theirs(&mut self, key: &K, theirs: &S) -> Option<S> {
        let mut new = theirs.unseen(self.seen);
        if self.dropped.is_none() {
            // What comes from a delta knows more than this state may claim.
            new.generalise();
        }
        if !new.is_empty() {
            return Some(new);
        }
        if let Some(dropped) = &mut self.dropped {
            dropped.insert(key.clone(), new);
        }
        None
    }

    fn dead(&self, store: &S) -> bool {
        store.is_empty()
    }
}

#[cfg(feature = "serde")]
mod serial {
    use super::{DotMap, DotStore, SortedMap};
    use alloc::vec::Vec;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// `{"live": [[key, store], …], "gone": null or [[key, store], …]}`
    #[derive(Serialize, Deserialize)]
    #[serde(rename = "DotMap")]
    struct Form<L, G> {
        live: L,
        gone: G,
    }

    impl<K: Serialize + Ord + Clone, S: Serialize + DotStore> Serialize for DotMap<K, S> {
        fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
            let live: Vec<_> = self.iter().collect();
            let gone: Option<Vec<_>> = self.gone().map(|gone| gone.iter().collect());
            Form { live, gone }.serialize(serializer)
        }
    }

    impl<'de, K: Deserialize<'de> + Ord + Clone, S: Deserialize<'de> + DotStore> Deserialize<'de>
        for DotMap<K, S>
    {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let form = Form::<Vec<(K, S)>, Option<Vec<(K, S)>>>::deserialize(deserializer)?;
            let gone = form
                .gone
                .map(|gone| gone.into_iter().collect::<SortedMap<_, _>>());
            Ok(Self::from_parts(form.live.into_iter().collect(), gone))
        }
    }
}
