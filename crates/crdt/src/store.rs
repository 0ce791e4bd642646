//! Dot stores: what a causal type keeps beside its causal context.
//!
//! A causal type is a pair of a store, which holds what is still there under the dots of the writes
//! that put it there, and a [`DotContext`], which holds the dots of all writes ever seen.
//! What is in the context and not in the store has been removed or overwritten: the context does a tombstone's work
//! at the price of a few numbers a replica.
//!
//! You meet these types when you read a value nested in an [`OrMap`](crate::OrMap),
//! and when you build a causal type of your own: a mutator of that makes a store of the dots that it adds, a context of
//! these and of the dots that it does away with, and joins that pair, which is its delta.
//!
//! ```
//! use crdt::store::{Causal, Elements};
//! use crdt::{DotContext, Join, OrSet};
//!
//! let mut set: OrSet<&str, &str> = OrSet::new();
//! set.add(&"a", "milk");
//!
//! // Milk goes and bread comes, in one delta.
//! let dot = set.context().clone().next_dot(&"b");
//! let mut context: DotContext<&str> = set.context().clone();
//! context.insert(&dot);
//! let bread: Elements<_, _> = [("bread", dot.into())].into_iter().collect();
//! let delta = OrSet::from_parts(bread, context);
//! set.join(&delta);
//! assert!(set.iter().eq(&["bread"]));
//! ```
//!
//! Source: P. S. Almeida, A. Shoker, C. Baquero: *Delta state replicated data types*, JPDC 111, 2018:
//! the dot stores `DotSet`, `DotFun` and `DotMap`, and the join of a `Causal` pair.

mod dot_fun;
mod dot_map;
mod dot_set;
mod elements;

pub use dot_fun::DotFun;
pub use dot_map::DotMap;
pub use dot_set::DotSet;
pub use elements::Elements;

use crate::{Dot, DotContext, Join};

/// What a causal type keeps, seen through the dots in it.
///
/// Every method that takes a context takes the one that goes with the store before it.
///
/// ```
/// use crdt::OrSet;
/// use crdt::store::{Causal, DotStore};
///
/// /// How many events a store is kept alive by.
/// fn dots<C: Causal>(value: &C) -> usize {
///     let mut count = 0;
///     value.store().for_each_dot(&mut |_| count += 1);
///     count
/// }
/// let mut set = OrSet::default();
/// set.add(&"a", "milk");
/// set.add(&"a", "bread");
/// assert_eq!(dots(&set), 2);
/// ```
pub trait DotStore: Clone + Default + PartialEq {
    /// The replica ids in the dots.
    type Replica: Ord + Clone;

    /// Whether no dot is left.
    fn is_empty(&self) -> bool;

    /// Joins another store: a dot stays if both have it,
    /// or if one has it and the other's context has not seen it.
    /// Returns whether that changed the store.
    fn join(
        &mut self,
        seen: &DotContext<Self::Replica>,
        other: &Self,
        other_seen: &DotContext<Self::Replica>,
    ) -> bool;

    /// Drops every dot that the context has seen, as a join with an empty store does.
    /// Returns whether that changed the store.
    fn prune(&mut self, seen: &DotContext<Self::Replica>) -> bool;

    /// A copy of what the context has not seen.
    fn unseen(&self, seen: &DotContext<Self::Replica>) -> Self;

    /// Visits every dot in the store.
    fn for_each_dot(&self, visit: &mut dyn FnMut(&Dot<Self::Replica>));

    /// Forgets which keys the context of a delta is about, so that it may be about any; see [`DotMap`].
    fn generalise(&mut self) {}

    /// The context of all dots in the store.
    fn dots(&self) -> DotContext<Self::Replica> {
        let mut dots = DotContext::default();
        self.for_each_dot(&mut |dot| {
            dots.insert(dot);
        });
        dots
    }
}

/// A type made of a dot store and a causal context; what [`OrMap`](crate::OrMap) nests.
///
/// ```
/// use crdt::OrSet;
/// use crdt::store::Causal;
///
/// let mut set = OrSet::default();
/// set.add(&"a", "milk");
/// let (store, context) = set.clone().into_parts();
/// assert_eq!(OrSet::from_parts(store, context), set);
/// ```
pub trait Causal: Join + Clone + PartialEq {
    /// What it keeps.
    type Store: DotStore;

    /// Puts a value together. The context must have seen every dot in the store;
    /// what it has seen and the store has not counts as gone, whatever key it belongs to.
    ///
    /// A type of your own [generalises](DotStore::generalise) the store first: one that was made for a delta, or for the
    /// bottom, may say of itself that it is about few keys or none, and the context need not agree.
    fn from_parts(
        store: Self::Store,
        context: DotContext<<Self::Store as DotStore>::Replica>,
    ) -> Self;

    /// Takes the value apart.
    fn into_parts(self) -> (Self::Store, DotContext<<Self::Store as DotStore>::Replica>);

    /// What it keeps.
    fn store(&self) -> &Self::Store;

    /// Which events it has seen.
    fn context(&self) -> &DotContext<<Self::Store as DotStore>::Replica>;
}

/// The pair that every causal type here wraps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub(crate) struct Pair<S, R> {
    pub(crate) store: S,
    pub(crate) context: DotContext<R>,
}

impl<S: Default, R> Default for Pair<S, R> {
    fn default() -> Self {
        Self {
            store: S::default(),
            context: DotContext::default(),
        }
    }
}

impl<S: DotStore<Replica = R>, R: Ord + Clone> Join for Pair<S, R> {
    fn join(&mut self, other: &Self) -> bool {
        let store = self.store.join(&self.context, &other.store, &other.context);
        // Not `||`: both halves have to be joined.
        store | self.context.join(&other.context)
    }
}

#[cfg(feature = "serde")]
mod serial {
    use super::{DotContext, DotStore, Pair};
    use serde::{Deserialize, Deserializer};

    #[derive(Deserialize)]
    #[serde(rename = "Pair")]
    #[serde(bound = "S: Deserialize<'de>, R: Deserialize<'de> + Ord + Clone")]
    struct Form<S, R> {
        store: S,
        context: DotContext<R>,
    }

    impl<'de, S, R> Deserialize<'de> for Pair<S, R>
    where
        S: Deserialize<'de> + DotStore<Replica = R>,
        R: Deserialize<'de> + Ord + Clone,
    {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let Form { store, mut context } = Form::<S, R>::deserialize(deserializer)?;
            // What is there has been seen, whatever the text says.
            store.for_each_dot(&mut |dot| {
                context.insert(dot);
            });
            Ok(Self { store, context })
        }
    }
}

/// Gives a newtype around a [`Pair`], whose last parameter is the replica id, its joins and its parts.
macro_rules! causal {
    ($type:ident, ($($param:ident),*), $store:ty) => {
        impl<$($param),*> Default for $type<$($param),*> {
            fn default() -> Self {
                Self { pair: $crate::store::Pair::default() }
            }
        }

        impl<$($param),*> $crate::Join for $type<$($param),*>
        where
            R: Ord + Clone,
            $store: $crate::store::DotStore<Replica = R>,
        {
            fn join(&mut self, other: &Self) -> bool {
                self.pair.join(&other.pair)
            }
        }

        impl<$($param),*> $crate::store::Causal for $type<$($param),*>
        where
            R: Ord + Clone,
            $store: $crate::store::DotStore<Replica = R>,
            Self: Clone + PartialEq,
        {
            type Store = $store;

            fn from_parts(mut store: $store, context: $crate::DotContext<R>) -> Self {
                $crate::store::DotStore::generalise(&mut store);
                Self { pair: $crate::store::Pair { store, context } }
            }

            fn into_parts(self) -> ($store, $crate::DotContext<R>) {
                (self.pair.store, self.pair.context)
            }

            fn store(&self) -> &$store {
                &self.pair.store
            }

            fn context(&self) -> &$crate::DotContext<R> {
                &self.pair.context
            }
        }
    };
}
pub(crate) use causal;
