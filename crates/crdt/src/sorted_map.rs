//! A sorted map in chunks: a walk over it runs at the speed of an array,
//! and an insertion moves one chunk and not the whole.

use alloc::vec::{self, Vec};
use core::borrow::Borrow;
use core::cmp::Ordering;
use core::hash::{Hash, Hasher};
use core::iter::{Flatten, Peekable};
use core::{fmt, mem, slice};

/// The most entries that a chunk holds.
const FULL: usize = 128;
/// How far a chunk is filled when many are written in one go: so that not every insertion splits one.
const FILL: usize = 96;

/// Below this a chunk looks for a neighbour to join.
const SPARSE: usize = FULL / 4;

/// How many entries a chunk takes memory for at a time.
const STEP: usize = 8;

/// A map from sorted keys to values, as a list of short sorted vectors.
///
/// Point operations take two binary searches and move at most [`FULL`] entries;
/// [`merge`](SortedMap::merge) of two maps is one walk over both.
/// A tree does the first as well, and the second several times slower.
#[derive(Clone)]
pub(crate) struct SortedMap<K, V> {
    /// None empty; keys ascend within a chunk and from one chunk to the next.
    chunks: Vec<Vec<(K, V)>>,
    len: usize,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            len: 0,
        }
    }
}

/// Makes room for an entry more. A chunk that is alone may stay as small as a delta.
fn make_room<T>(chunk: &mut Vec<T>) {
    if chunk.len() == chunk.capacity() {
        chunk.reserve_exact(chunk.len().clamp(1, STEP));
    }
}

/// Gives back what a chunk has grown out of.
fn give_back<T>(chunk: &mut Vec<T>) {
    if chunk.capacity() > chunk.len() + 2 * STEP {
        chunk.shrink_to(chunk.len() + STEP);
    }
}

impl<K, V> SortedMap<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + Clone {
        self.entries().map(|(key, value)| (key, value))
    }

    pub(crate) fn entries(&self) -> Flatten<slice::Iter<'_, Vec<(K, V)>>> {
        self.chunks.iter().flatten()
    }

    pub(crate) fn into_entries(self) -> Flatten<vec::IntoIter<Vec<(K, V)>>> {
        self.chunks.into_iter().flatten()
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.chunks.iter_mut().flatten().map(|(_, value)| value)
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    /// The chunk in which the key is or would be, and its position there.
    fn find<Q>(&self, key: &Q) -> Result<(usize, usize), (usize, usize)>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let after = self
            .chunks
            .partition_point(|chunk| chunk[0].0.borrow() <= key);
        let at = after.saturating_sub(1);
        match self.chunks.get(at) {
            None => Err((0, 0)),
            Some(chunk) => match chunk.binary_search_by(|(known, _)| known.borrow().cmp(key)) {
                Ok(position) => Ok((at, position)),
                Err(position) => Err((at, position)),
            },
        }
    }

    pub(crate) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.find(key)
            .ok()
            .map(|(at, position)| &self.chunks[at][position].1)
    }

    /// The key as it lies here.
    pub(crate) fn get_key<Q>(&self, key: &Q) -> Option<&K>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.find(key)
            .ok()
            .map(|(at, position)| &self.chunks[at][position].0)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.find(key)
            .ok()
            .map(|(at, position)| &mut self.chunks[at][position].1)
    }

    pub(crate) fn contains_key<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.find(key).is_ok()
    }

    /// Puts the value under the key and returns the value that was there.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (at, position) = match self.find(&key) {
            Ok((at, position)) => {
                return Some(mem::replace(&mut self.chunks[at][position].1, value));
            }
            Err(place) => place,
        };
        self.len += 1;
        let last = at + 1 >= self.chunks.len();
        let Some(chunk) = self.chunks.get_mut(at) else {
            // A delta stays small.
            self.chunks = Vec::from([Vec::from([(key, value)])]);
            return None;
        };
        if chunk.len() < FULL {
            make_room(chunk);
            chunk.insert(position, (key, value));
        } else if last && position == chunk.len() {
            // Keys that arrive in order fill their chunks instead of leaving each half empty.
            self.chunks.push(Vec::from([(key, value)]));
        } else {
            let mut upper = chunk.split_off(FULL / 2);
            give_back(chunk);
            if position <= FULL / 2 {
                chunk.insert(position, (key, value));
            } else {
                make_room(&mut upper);
                upper.insert(position - FULL / 2, (key, value));
            }
            self.chunks.insert(at + 1, upper);
        }
        None
    }

    pub(crate) fn remove<Q>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let (at, position) = self.find(key).ok()?;
        let entry = self.chunks[at].remove(position);
        self.len -= 1;
        if self.chunks[at].len() < SPARSE {
            self.close_up(at);
        } else {
            give_back(&mut self.chunks[at]);
        }
        Some(entry)
    }

    /// Joins a chunk that has become short to a neighbour, so that memory follows what lives.
    fn close_up(&mut self, at: usize) {
        let room = |neighbour: usize| {
            let taken = self.chunks.get(neighbour).map_or(FULL, Vec::len);
            taken + self.chunks[at].len() <= FILL
        };
        if self.chunks[at].is_empty() {
            self.chunks.remove(at);
        } else if at > 0 && room(at - 1) {
            self.unite(at - 1);
        } else if room(at + 1) {
            self.unite(at);
        } else {
            give_back(&mut self.chunks[at]);
        }
        if self.chunks.capacity() > 4 * self.chunks.len() {
            self.chunks.shrink_to(2 * self.chunks.len());
        }
    }

    /// Appends the next chunk to this one.
    fn unite(&mut self, at: usize) {
        let mut next = self.chunks.remove(at + 1);
        let chunk = &mut self.chunks[at];
        chunk.reserve_exact(next.len());
        chunk.append(&mut next);
        give_back(chunk);
    }

    /// Keeps the entries for which `keep` says so; returns whether any went.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) -> bool {
        let before = self.len;
        for chunk in &mut self.chunks {
            chunk.retain_mut(|(key, value)| keep(key, value));
            give_back(chunk);
        }
        self.chunks.retain(|chunk| !chunk.is_empty());
        self.len = self.chunks.iter().map(Vec::len).sum();
        if self.chunks.len() * SPARSE > self.len + FULL {
            let entries = mem::take(&mut self.chunks);
            *self = Writer::write(entries.into_iter().flatten());
        }
        self.len != before
    }
}

impl<K: Ord + Clone, V> SortedMap<K, V> {
    /// Whether an update of `few` keys is better done key by key than by a walk over all.
    pub(crate) fn is_few(&self, few: usize) -> bool {
        // A search costs about as much as stepping over this many entries.
        few.saturating_mul(32) < self.len
    }

    /// Walks both maps at once and asks what becomes of each key:
    /// the [`Merge`] rules decide. Returns whether anything changed.
    ///
    /// Nothing is moved or allocated up to the first key that comes or goes.
    pub(crate) fn merge<W>(
        &mut self,
        other: &SortedMap<K, W>,
        rules: &mut impl Merge<K, V, W>,
    ) -> bool {
        let mut changed = false;
        let mut theirs = other.chunks.iter().flatten().peekable();
        // In place, as far as no key comes or goes.
        let mut at = 0;
        let mut position = 0;
        'in_place: while let Some(chunk) = self.chunks.get_mut(at) {
            position = 0;
            for (key, value) in chunk.iter_mut() {
                let side = theirs
                    .peek()
                    .map_or(Ordering::Less, |(other, _)| (*key).cmp(other));
                match side {
                    Ordering::Greater => break 'in_place,
                    Ordering::Less => changed |= rules.mine(key, value),
                    Ordering::Equal => {
                        if let Some((_, other)) = theirs.next() {
                            changed |= rules.both(key, value, other);
                        }
                    }
                }
                if rules.dead(value) {
                    // Already asked about: the walk below drops it unasked.
                    break 'in_place;
                }
                position += 1;
            }
            at += 1;
        }
        if at == self.chunks.len() && theirs.peek().is_none() {
            return changed;
        }
        self.rewrite(at, position, theirs, rules) | changed
    }

    /// Merges the other side into all that comes after a place, which is written anew.
    fn rewrite<'a, W: 'a>(
        &mut self,
        at: usize,
        position: usize,
        mut theirs: Peekable<impl Iterator<Item = &'a (K, W)>>,
        rules: &mut impl Merge<K, V, W>,
    ) -> bool
    where
        K: 'a,
    {
        let mut changed = false;
        let rest = self.chunks.split_off(at);
        let mut written = Writer::after(mem::take(&mut self.chunks));
        for (number, chunk) in rest.into_iter().enumerate() {
            let mut mine = chunk.into_iter();
            if number == 0 {
                mine.by_ref()
                    .take(position)
                    .for_each(|entry| written.push(entry));
                // The entry at which the walk in place stopped may be dead already.
                if mine
                    .as_slice()
                    .first()
                    .is_some_and(|(_, value)| rules.dead(value))
                {
                    mine.next();
                    changed = true;
                }
            }
            while let Some((key, value)) = mine.as_mut_slice().first_mut() {
                let side = theirs
                    .peek()
                    .map_or(Ordering::Less, |(other, _)| (*key).cmp(other));
                match side {
                    Ordering::Greater => {
                        changed |= written.take(theirs.next(), rules);
                        continue;
                    }
                    Ordering::Less => changed |= rules.mine(key, value),
                    Ordering::Equal => {
                        if let Some((_, other)) = theirs.next() {
                            changed |= rules.both(key, value, other);
                        }
                    }
                }
                let dead = rules.dead(value);
                changed |= dead;
                if let Some(entry) = mine.next()
                    && !dead
                {
                    written.push(entry);
                }
            }
        }
        while theirs.peek().is_some() {
            changed |= written.take(theirs.next(), rules);
        }
        *self = written.finish();
        changed
    }
}

/// Writes entries in order into chunks.
struct Writer<K, V> {
    chunks: Vec<Vec<(K, V)>>,
    last: Vec<(K, V)>,
}

impl<K, V> Writer<K, V> {
    /// A map of entries that ascend.
    fn write(entries: impl Iterator<Item = (K, V)>) -> SortedMap<K, V> {
        let mut written = Self::after(Vec::new());
        entries.for_each(|entry| written.push(entry));
        written.finish()
    }

    fn after(mut chunks: Vec<Vec<(K, V)>>) -> Self {
        let last = chunks.pop().unwrap_or_default();
        Self { chunks, last }
    }

    fn push(&mut self, entry: (K, V)) {
        if self.last.len() >= FILL {
            let mut full = mem::replace(&mut self.last, Vec::with_capacity(FILL));
            give_back(&mut full);
            self.chunks.push(full);
        }
        self.last.push(entry);
    }

    /// Takes over an entry of the other side, if the rules say so.
    fn take<W>(&mut self, other: Option<&(K, W)>, rules: &mut impl Merge<K, V, W>) -> bool
    where
        K: Clone,
    {
        if let Some((key, other)) = other
            && let Some(value) = rules.theirs(key, other)
        {
            self.push((key.clone(), value));
            return true;
        }
        false
    }

    fn finish(mut self) -> SortedMap<K, V> {
        if !self.last.is_empty() {
            give_back(&mut self.last);
            self.chunks.push(self.last);
        }
        let len = self.chunks.iter().map(Vec::len).sum();
        SortedMap {
            chunks: self.chunks,
            len,
        }
    }
}

/// Two maps are equal that hold the same entries, however these lie in chunks.
impl<K: PartialEq, V: PartialEq> PartialEq for SortedMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for SortedMap<K, V> {}

impl<K: Hash, V: Hash> Hash for SortedMap<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len.hash(state);
        self.entries().for_each(|entry| entry.hash(state));
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for SortedMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// What [`SortedMap::merge`] does with each key.
pub(crate) trait Merge<K, V, W> {
    /// A key on both sides: alters the value, answers whether it changed.
    fn both(&mut self, key: &K, value: &mut V, other: &W) -> bool;
    /// A key on this side only: alters the value, answers whether it changed.
    fn mine(&mut self, key: &K, value: &mut V) -> bool;
    /// A key on the other side only: the value to add here.
    fn theirs(&mut self, key: &K, other: &W) -> Option<V>;
    /// Whether an altered value is to go, with its key.
    fn dead(&self, value: &V) -> bool;
}

/// From entries in any order; of two with one key, the first stays.
impl<K: Ord, V> FromIterator<(K, V)> for SortedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries.dedup_by(|later, first| later.0 == first.0);
        Writer::write(entries.into_iter())
    }
}

#[cfg(test)]
mod tests {
    use super::SortedMap;

    /// How many entries there is memory for, and how many there are.
    fn memory(map: &SortedMap<u64, ()>) -> (usize, usize) {
        (
            map.chunks.iter().map(|chunk| chunk.capacity()).sum(),
            map.len(),
        )
    }

    const KEYS: u64 = 10_007; // a prime, so that any step visits every key

    fn random(number: u64) -> u64 {
        number * 7_919 % KEYS
    }

    fn all() -> SortedMap<u64, ()> {
        let mut map = SortedMap::default();
        for number in 0..KEYS {
            map.insert(random(number), ());
        }
        map
    }

    #[test]
    fn a_map_of_one_takes_memory_for_one() {
        let mut map = SortedMap::default();
        map.insert(1, ());
        assert_eq!(memory(&map), (1, 1));
        let (taken, _) = memory(&[(1, ()), (2, ())].into_iter().collect());
        assert!(taken <= 16, "{taken}");
    }

    #[test]
    fn memory_follows_what_comes_in_any_order() {
        let mut ordered = SortedMap::default();
        for key in 0..KEYS {
            ordered.insert(key, ());
        }
        let collected = (0..KEYS).map(|key| (key, ())).collect();
        for map in [all(), ordered, collected] {
            let (taken, len) = memory(&map);
            assert!(taken <= len * 5 / 4, "{taken} for {len}");
        }
    }

    #[test]
    fn memory_follows_what_stays() {
        let (mut one_by_one, mut at_once) = (all(), all());
        for number in 0..KEYS {
            if !random(number).is_multiple_of(7) {
                one_by_one.remove(&random(number));
            }
        }
        at_once.retain(|key, _| key.is_multiple_of(7));
        assert_eq!(one_by_one, at_once);
        for mut map in [one_by_one, at_once] {
            let (taken, len) = memory(&map);
            assert!(taken <= len * 3 / 2, "{taken} for {len}");
            assert!(map.chunks.capacity() <= 4 * map.chunks.len());
            for key in 0..KEYS {
                map.remove(&key);
            }
            assert_eq!((memory(&map), map.chunks.capacity()), ((0, 0), 0));
        }
    }
}
