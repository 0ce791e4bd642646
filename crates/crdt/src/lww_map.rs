//! A map that keeps the last write to each key.

use crate::Join;
use crate::sorted_map::{Merge, SortedMap};
use core::borrow::Borrow;
use core::fmt;

/// A last-writer-wins map: an [`LwwRegister`](crate::LwwRegister) for each key, and a removal is a write as well.
///
/// **Use it** for settings, presence, caches: plain values under keys, of which the latest shall win.
/// For values that merge, see [`OrMap`](crate::OrMap).
///
/// **Timestamps and ties** are those of the register: timestamp, then replica id; a write or removal that is not above
/// what the key holds does nothing.
///
/// **Cost.** A key, a timestamp, a replica id and a value for each key *ever written*: a removed key keeps its stamp,
/// for without it an older write that arrives late would bring the key back.
/// A join of two states is one walk over both; a join of a delta costs O(log n) a key, whatever the size of the state.
///
/// **Source.** Shapiro et al., INRIA RR-7506, 2011, section 3.2.1 for the register, 3.3.3 for removals with timestamps.
///
/// **JSON.** `{"live": [[key, timestamp, replica, value], …], "removed": [[key, timestamp, replica], …]}`.
///
/// ```
/// use crdt::{Join, LwwMap};
///
/// let mut a = LwwMap::default();
/// let mut b = LwwMap::default();
/// a.insert(1, &"a", "colour", "red");
/// b.insert(2, &"b", "colour", "blue");
/// let removal = b.remove(3, &"b", "colour");
/// a.join(&removal);
/// assert_eq!(a.get(&"colour"), None);
///
/// a.insert(4, &"a", "colour", "green");
/// b.join(&a);
/// assert_eq!(b.get(&"colour"), Some(&"green"));
/// assert_eq!(b.stamp(&"colour"), Some((&4, &"a")));
/// assert!(b.contains_key(&"colour") && b.iter().eq([(&"colour", &"green")]));
///
/// // What was removed is remembered.
/// b.remove(5, &"b", "colour");
/// assert!(b.is_empty() && b.len() == 0 && b.removed() == 1);
/// assert_eq!(LwwMap::<&str, &str, &str>::new().removed(), 0);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct LwwMap<K, V, R, S = u64> {
    writes: SortedMap<K, Write<V, R, S>>,
    live: usize,
}

/// The last write to a key; `None` is a removal.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Write<V, R, S> {
    stamp: S,
    replica: R,
    value: Option<V>,
}

impl<V: Clone, R: Ord + Clone, S: Ord + Clone> Write<V, R, S> {
    fn join(&mut self, other: &Self) -> bool {
        let newer = (&self.stamp, &self.replica) < (&other.stamp, &other.replica);
        if newer {
            self.clone_from(other);
        }
        newer
    }
}

impl<K, V, R, S> Default for LwwMap<K, V, R, S> {
    fn default() -> Self {
        Self {
            writes: SortedMap::default(),
            live: 0,
        }
    }
}

impl<K, V, R, S> LwwMap<K, V, R, S> {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many keys have a value.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// How many removed keys are remembered.
    pub fn removed(&self) -> usize {
        self.writes.len() - self.live
    }

    /// The keys that have a value, in order, with it.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + Clone {
        self.writes
            .iter()
            .filter_map(|(key, write)| Some((key, write.value.as_ref()?)))
    }
}

impl<K: Ord, V, R, S> LwwMap<K, V, R, S> {
    /// The value of the key.
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.writes.get(key)?.value.as_ref()
    }

    /// Whether the key has a value.
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.get(key).is_some()
    }

    /// When and by whom the key was last written or removed.
    pub fn stamp<Q>(&self, key: &Q) -> Option<(&S, &R)>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.writes
            .get(key)
            .map(|write| (&write.stamp, &write.replica))
    }
}

impl<K: Ord + Clone, V: Clone, R: Ord + Clone, S: Ord + Clone> LwwMap<K, V, R, S> {
    /// Gives the key a value if the timestamp, then the replica, is above what is there;
    /// returns the delta, which is the bottom if it isn't.
    pub fn insert(&mut self, stamp: S, replica: &R, key: K, value: V) -> Self {
        self.write(
            key,
            Write {
                stamp,
                replica: replica.clone(),
                value: Some(value),
            },
        )
    }

    /// Removes the key if the timestamp, then the replica, is above what is there;
    /// returns the delta, which is the bottom if it isn't.
    ///
    /// A key that isn't there is removed all the same: the removal wins over older writes still on their way.
    pub fn remove(&mut self, stamp: S, replica: &R, key: K) -> Self {
        self.write(
            key,
            Write {
                stamp,
                replica: replica.clone(),
                value: None,
            },
        )
    }

    fn write(&mut self, key: K, write: Write<V, R, S>) -> Self {
        let mut delta = Self::default();
        if self.apply(&key, &write) {
            delta.live = usize::from(write.value.is_some());
            delta.writes.insert(key, write);
        }
        delta
    }

    fn apply(&mut self, key: &K, write: &Write<V, R, S>) -> bool {
        let Some(mine) = self.writes.get_mut(key) else {
            self.live += usize::from(write.value.is_some());
            self.writes.insert(key.clone(), write.clone());
            return true;
        };
        let was_live = usize::from(mine.value.is_some());
        let newer = mine.join(write);
        self.live = self.live + usize::from(mine.value.is_some()) - was_live;
        newer
    }
}

/// The later write to each key.
struct Later;

impl<K, V: Clone, R: Ord + Clone, S: Ord + Clone> Merge<K, Write<V, R, S>, Write<V, R, S>>
    for Later
{
    fn both(&mut self, _: &K, mine: &mut Write<V, R, S>, theirs: &Write<V, R, S>) -> bool {
        mine.join(theirs)
    }

    fn mine(&mut self, _: &K, _: &mut Write<V, R, S>) -> bool {
        false
    }

    fn theirs(&mut self, _: &K, theirs: &Write<V, R, S>) -> Option<Write<V, R, S>> {
        Some(theirs.clone())
    }

    fn dead(&self, _: &Write<V, R, S>) -> bool {
        false
    }
}

impl<K: Ord + Clone, V: Clone, R: Ord + Clone, S: Ord + Clone> Join for LwwMap<K, V, R, S> {
    fn join(&mut self, other: &Self) -> bool {
        if self.writes.is_few(other.writes.len()) {
            let mut grew = false;
            for (key, write) in other.writes.iter() {
                grew |= self.apply(key, write);
            }
            return grew;
        }
        let grew = self.writes.merge(&other.writes, &mut Later);
        if grew {
            self.live = self
                .writes
                .iter()
                .filter(|(_, write)| write.value.is_some())
                .count();
        }
        grew
    }
}

impl<K, V, R, S> fmt::Debug for LwwMap<K, V, R, S>
where
    K: fmt::Debug,
    V: fmt::Debug,
    R: fmt::Debug,
    S: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.writes.fmt(f)
    }
}

#[cfg(feature = "serde")]
mod serial {
    use super::{LwwMap, SortedMap, Write};
    use alloc::vec::Vec;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Two lists, because a value that is `null` is not a removal.
    #[derive(Serialize, Deserialize)]
    #[serde(rename = "LwwMap")]
    struct Form<L, D> {
        live: Vec<L>,
        removed: Vec<D>,
    }

    impl<K: Serialize, V: Serialize, R: Serialize, S: Serialize> Serialize for LwwMap<K, V, R, S> {
        fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
            let mut form = Form {
                live: Vec::new(),
                removed: Vec::new(),
            };
            for (
                key,
                Write {
                    stamp,
                    replica,
                    value,
                },
            ) in self.writes.iter()
            {
                match value {
                    Some(value) => form.live.push((key, stamp, replica, value)),
                    None => form.removed.push((key, stamp, replica)),
                }
            }
            form.serialize(serializer)
        }
    }

    impl<'de, K, V, R, S> Deserialize<'de> for LwwMap<K, V, R, S>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        R: Deserialize<'de> + Ord,
        S: Deserialize<'de> + Ord,
    {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let Form { live, removed } =
                Form::<(K, S, R, V), (K, S, R)>::deserialize(deserializer)?;
            let live = live
                .into_iter()
                .map(|(key, stamp, replica, value)| (key, stamp, replica, Some(value)));
            let removed = removed
                .into_iter()
                .map(|(key, stamp, replica)| (key, stamp, replica, None));
            let mut writes: Vec<_> = live
                .chain(removed)
                .map(|(key, stamp, replica, value)| {
                    (
                        key,
                        Write {
                            stamp,
                            replica,
                            value,
                        },
                    )
                })
                .collect();
            // Of two writes to a key, the later comes first and stays.
            writes.sort_by(|(_, a), (_, b)| (&b.stamp, &b.replica).cmp(&(&a.stamp, &a.replica)));
            let writes: SortedMap<_, _> = writes.into_iter().collect();
            let live = writes
                .iter()
                .filter(|(_, write)| write.value.is_some())
                .count();
            Ok(Self { writes, live })
        }
    }
}
