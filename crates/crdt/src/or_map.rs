//! A map whose keys can be removed, with mergeable values.

use crate::store::{Causal, DotMap, DotStore, Pair};
use crate::{DotContext, Join};
use core::borrow::Borrow;
use core::{fmt, mem};

/// The replica ids in the dots of a causal type.
type ReplicaOf<V> = <<V as Causal>::Store as DotStore>::Replica;

/// An observed-remove map: under each key a causal type, which may be another map.
///
/// **Use it** for structured state: sets, flags, registers and maps under names that come and go.
/// Values that are no causal types go in by way of [`Resettable`](crate::Resettable), such as a counter.
/// For plain values of which the latest shall win, see [`LwwMap`](crate::LwwMap).
///
/// **What a removal undoes.** All of the value under the key that its replica has seen, and nothing that it hasn't.
/// If another replica updates the value at the same time, the key stays, with what that *update* wrote and
/// without the rest: the removal resets the value. So the update wins over the removal, and a key that is written
/// again after a removal starts from nothing.
///
/// **What is an update's own** depends on the type under the key. In a [`Resettable`](crate::Resettable) a replica's
/// update carries its whole share over, with what it wrote before: of a counter that a replica
/// raised by 5, a removal that saw the 5 and an increment by 1 at the same time leave 6, and not 1.
///
/// **Presence.** A key is there as long as its value has a dot: a key whose set became empty
/// is gone, like one that was removed.
///
/// **Cost.** All values share one causal context, an entry a replica. Keys take their own size and the store's.
/// A join of two states is one walk over both; a join of a delta costs O(log n) for each key that it is about,
/// and so within the values.
///
/// **Reading.** [`get`](OrMap::get) gives the store of the value: [`Elements`](crate::store::Elements) of an
/// [`OrSet`](crate::OrSet), a [`DotFun`](crate::store::DotFun) of an [`MvRegister`](crate::MvRegister) or a `Resettable`,
/// a [`DotSet`](crate::store::DotSet) of an [`EwFlag`](crate::EwFlag), a [`DotMap`] of a map.
///
/// **Source.** Almeida, Shoker, Baquero: *Delta state replicated data types*, JPDC 111, 2018 (the map that embeds causal
/// δ-CRDTs); the reset semantics as in Riak's map.
///
/// **JSON.** `{"store": {"live": [[key, store], …], "gone": null or [[key, store], …]}, "context": …}`.
///
/// ```
/// use crdt::{Join, OrMap, OrSet};
///
/// let mut a: OrMap<&str, OrSet<&str, &str>> = OrMap::default();
/// a.update(&"a", "tags", |tags, me| tags.add(me, "old"));
/// let mut b = a.clone();
///
/// let removal = a.remove(&"tags");
/// let update = b.update(&"b", "tags", |tags, me| tags.add(me, "new"));
/// a.join(&update);
/// b.join(&removal);
/// assert_eq!(a, b);
///
/// let tags = a.get(&"tags").expect("the update wins");
/// assert!(tags.contains(&"new"));
/// assert!(!tags.contains(&"old")); // seen by the removal
/// assert!(a.contains_key(&"tags") && a.len() == 1 && a.keys().eq(&["tags"]));
/// assert!(a.iter().all(|(_, tags)| tags.len() == 1));
/// assert_eq!(a.context(), b.context());
///
/// // With the context it is a value of its own again, to be read and joined elsewhere.
/// let tags: OrSet<&str, &str> = a.value(&"tags").expect("it is there");
/// assert!(tags.contains(&"new"));
/// assert!(OrMap::<&str, OrSet<&str, &str>>::new().is_empty());
/// ```
pub struct OrMap<K, V: Causal> {
    pair: Pair<DotMap<K, V::Store>, ReplicaOf<V>>,
}

impl<K: Ord + Clone, V: Causal> OrMap<K, V> {
    /// Changes the value under the key, or a new one, in the name of the replica; returns the delta.
    ///
    /// The closure is to call the mutators of the value, and to return **their delta**
    /// (joined, if it calls several), not the value.
    pub fn update(
        &mut self,
        replica: &ReplicaOf<V>,
        key: K,
        change: impl FnOnce(&mut V, &ReplicaOf<V>) -> V,
    ) -> Self {
        let store = self
            .pair
            .store
            .get_mut(&key)
            .map(mem::take)
            .unwrap_or_default();
        let mut loan = Loan::new(self, &key, store);
        let (store, context) = change(&mut loan.value, replica).into_parts();
        drop(loan);
        Self {
            pair: Pair {
                store: DotMap::about(key, store),
                context,
            },
        }
    }

    /// Removes the key with all of its value that was seen; returns the delta,
    /// which is the bottom if the key isn't there.
    pub fn remove<Q>(&mut self, key: &Q) -> Self
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let Some((key, store)) = self.pair.store.take(key) else {
            return Self::default();
        };
        let context = store.dots();
        let mut nothing = V::Store::default();
        // The context may be about anything within the value.
        nothing.generalise();
        Self {
            pair: Pair {
                store: DotMap::about(key, nothing),
                context,
            },
        }
    }
}

impl<K: Ord, V: Causal> OrMap<K, V> {
    /// The store of the value under the key.
    pub fn get<Q>(&self, key: &Q) -> Option<&V::Store>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.pair.store.get(key)
    }

    /// A copy of the value under the key, with the map's causal context: to be read, and joined into other copies.
    ///
    /// Change it only under a replica id that writes nowhere else. Under one that goes on writing in the map
    /// the two would name different events by one dot, and a join of them loses one;
    /// to change the value in the map there is [`update`](OrMap::update).
    pub fn value<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let mut store = self.get(key)?.clone();
        store.generalise();
        Some(V::from_parts(store, self.pair.context.clone()))
    }

    /// Whether there is something under the key.
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.pair.store.contains_key(key)
    }
}

impl<K, V: Causal> OrMap<K, V> {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.pair.store.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pair.store.is_empty()
    }

    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.pair.store.keys()
    }

    /// The keys in order, with the stores of their values.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V::Store)> + Clone {
        self.pair.store.iter()
    }

    /// Which writes have been seen, in all values.
    pub fn context(&self) -> &DotContext<ReplicaOf<V>> {
        &self.pair.context
    }
}

/// A value lent out of the map together with the map's context; both go back on drop,
/// so that a closure that panics takes nothing with it.
struct Loan<'a, K: Ord + Clone, V: Causal> {
    map: &'a mut OrMap<K, V>,
    key: &'a K,
    value: V,
}

impl<'a, K: Ord + Clone, V: Causal> Loan<'a, K, V> {
    fn new(map: &'a mut OrMap<K, V>, key: &'a K, mut store: V::Store) -> Self {
        store.generalise();
        let context = mem::take(&mut map.pair.context);
        Self {
            map,
            key,
            value: V::from_parts(store, context),
        }
    }
}

impl<K: Ord + Clone, V: Causal> Drop for Loan<'_, K, V> {
    fn drop(&mut self) {
        let (mut store, context) = mem::take(&mut self.value).into_parts();
        store.generalise();
        self.map.pair.context = context;
        if store.is_empty() {
            self.map.pair.store.take(self.key);
        } else {
            self.map.pair.store.put(self.key.clone(), store);
        }
    }
}

impl<K, V: Causal> Default for OrMap<K, V> {
    fn default() -> Self {
        Self {
            pair: Pair::default(),
        }
    }
}

impl<K: Clone, V: Causal> Clone for OrMap<K, V> {
    fn clone(&self) -> Self {
        Self {
            pair: self.pair.clone(),
        }
    }
}

impl<K: PartialEq, V: Causal> PartialEq for OrMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.pair == other.pair
    }
}

impl<K: Eq, V: Causal> Eq for OrMap<K, V> where V::Store: Eq {}

impl<K, V: Causal> fmt::Debug for OrMap<K, V>
where
    K: fmt::Debug,
    V::Store: fmt::Debug,
    ReplicaOf<V>: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrMap")
            .field("store", &self.pair.store)
            .field("context", &self.pair.context)
            .finish()
    }
}

impl<K: Ord + Clone, V: Causal> Join for OrMap<K, V> {
    fn join(&mut self, other: &Self) -> bool {
        self.pair.join(&other.pair)
    }
}

impl<K: Ord + Clone, V: Causal> Causal for OrMap<K, V> {
    type Store = DotMap<K, V::Store>;

    fn from_parts(mut store: Self::Store, context: DotContext<ReplicaOf<V>>) -> Self {
        store.generalise();
        Self {
            pair: Pair { store, context },
        }
    }

    fn into_parts(self) -> (Self::Store, DotContext<ReplicaOf<V>>) {
        (self.pair.store, self.pair.context)
    }

    fn store(&self) -> &Self::Store {
        &self.pair.store
    }

    fn context(&self) -> &DotContext<ReplicaOf<V>> {
        &self.pair.context
    }
}

#[cfg(feature = "serde")]
mod serial {
    use super::{Causal, OrMap, Pair, ReplicaOf};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    impl<K: Serialize + Ord + Clone, V: Causal> Serialize for OrMap<K, V>
    where
        V::Store: Serialize,
        ReplicaOf<V>: Serialize,
    {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.pair.serialize(serializer)
        }
    }

    impl<'de, K: Deserialize<'de> + Ord + Clone, V: Causal> Deserialize<'de> for OrMap<K, V>
    where
        V::Store: Deserialize<'de>,
        ReplicaOf<V>: Deserialize<'de>,
    {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Ok(Self {
                pair: Pair::deserialize(deserializer)?,
            })
        }
    }
}
