//! The one idea of merging: a join-semilattice.

use alloc::collections::BTreeMap;

/// A bounded join-semilattice: a type whose values can be merged in any order,
/// any number of times, and still come out the same.
///
/// [`join`](Join::join) is the least upper bound. It applies full states and deltas alike,
/// because a delta is a (small) value of the same type.
///
/// # Laws
///
/// Writing `a ⊔ b` for the value of `a` after `a.join(&b)`, and `⊥` for `Self::default()`:
///
/// | Law | |
/// |---|---|
/// | commutative | `a ⊔ b == b ⊔ a` |
/// | associative | `(a ⊔ b) ⊔ c == a ⊔ (b ⊔ c)` |
/// | idempotent | `a ⊔ a == a` |
/// | bottom | `⊥ ⊔ a == a ⊔ ⊥ == a` |
/// | change | `a.join(&b)` returns `true` exactly when it altered `a` |
///
/// A mutator `m` that goes with the type must only *inflate* (`m(a) ⊔ a == m(a)`),
/// and its delta must do the mutator's work: `a ⊔ mδ(a) == m(a)`.
///
/// The laws hold over the states that replicas can reach. Types that count events by replica,
/// such as [`GCounter`](crate::GCounter) or [`OrSet`](crate::OrSet), rely on **one writer per replica id**:
/// two replicas that share an id, or a replica that forgets its state and goes on under its old id,
/// give one name to two events, and no merge can tell those apart.
///
/// The feature `testing` holds your own types to these laws with one call.
///
/// # Source
///
/// M. Shapiro, N. Preguiça, C. Baquero, M. Zawirski: *A comprehensive study of Convergent and
/// Commutative Replicated Data Types*, INRIA RR-7506, 2011, section 2.3 (state-based objects, definition 2.3).
/// P. S. Almeida, A. Shoker, C. Baquero: *Delta state replicated data types*, JPDC 111, 2018, section 4.
///
/// # Example
///
/// ```
/// use crdt::Join;
///
/// /// The highest version seen.
/// #[derive(Clone, Debug, Default, PartialEq)]
/// struct Seen(u32);
///
/// impl Join for Seen {
///     fn join(&mut self, other: &Self) -> bool {
///         let grew = other.0 > self.0;
///         self.0 = self.0.max(other.0);
///         grew
///     }
/// }
///
/// let mut here = Seen(3);
/// assert!(here.join(&Seen(5)));
/// assert!(!here.join(&Seen(4)));
/// assert_eq!(here, Seen(5));
/// ```
pub trait Join: Default {
    /// Takes the least upper bound of the two values into `self`;
    /// returns whether that changed `self`.
    ///
    /// `false` means that everything in `other` was known already,
    /// so there is nothing to pass on.
    fn join(&mut self, other: &Self) -> bool;

    /// Whether this is the least value, which changes nothing when joined.
    ///
    /// A mutator that had nothing to do returns such a delta; it need not be sent.
    fn is_bottom(&self) -> bool
    where
        Self: PartialEq,
    {
        *self == Self::default()
    }

    /// Whether `self` has everything that `other` has: `self ⊔ other == self`.
    ///
    /// Costs a clone and a join.
    fn covers(&self, other: &Self) -> bool
    where
        Self: Clone,
    {
        !self.clone().join(other)
    }
}

/// Nothing: the lattice of one value.
impl Join for () {
    fn join(&mut self, (): &Self) -> bool {
        false
    }
}

/// `false` below `true`: a flag that can only be raised.
impl Join for bool {
    fn join(&mut self, other: &Self) -> bool {
        let grew = *other && !*self;
        *self |= *other;
        grew
    }
}

/// A new bottom, `None`, below every value of another lattice.
impl<T: Join + Clone> Join for Option<T> {
    fn join(&mut self, other: &Self) -> bool {
        match (self, other) {
            (_, None) => false,
            (Some(mine), Some(theirs)) => mine.join(theirs),
            (mine @ None, Some(theirs)) => {
                *mine = Some(theirs.clone());
                true
            }
        }
    }
}

/// A map that only grows, joined key by key.
///
/// For a map whose keys can be removed again see [`OrMap`](crate::OrMap) and [`LwwMap`](crate::LwwMap).
impl<K: Ord + Clone, V: Join + Clone> Join for BTreeMap<K, V> {
    fn join(&mut self, other: &Self) -> bool {
        let mut grew = false;
        for (key, theirs) in other {
            if let Some(mine) = self.get_mut(key) {
                grew |= mine.join(theirs);
            } else {
                self.insert(key.clone(), theirs.clone());
                grew = true;
            }
        }
        grew
    }
}

/// Two values side by side, each joined with its own kind.
impl<A: Join, B: Join> Join for (A, B) {
    fn join(&mut self, other: &Self) -> bool {
        // `|` and not `||`: both halves have to be joined.
        self.0.join(&other.0) | self.1.join(&other.1)
    }
}

/// Three values side by side, each joined with its own kind.
impl<A: Join, B: Join, C: Join> Join for (A, B, C) {
    fn join(&mut self, other: &Self) -> bool {
        self.0.join(&other.0) | self.1.join(&other.1) | self.2.join(&other.2)
    }
}
