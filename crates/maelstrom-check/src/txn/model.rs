//! [`ConsistencyModel`]: what may be asked of transactions.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// A consistency model, by the name that Elle calls it.
///
/// ```
/// use maelstrom_check::ConsistencyModel;
///
/// let model: ConsistencyModel = "read-committed".parse()?;
/// assert!(model.prohibits("G1a") && !model.prohibits("lost-update"));
/// assert_eq!("strict-serializable".parse::<ConsistencyModel>()?.name(), "strong-serializable");
/// assert!("read-comitted".parse::<ConsistencyModel>().unwrap_err().to_string().contains("read-committed"));
/// # Ok::<(), maelstrom_check::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsistencyModel(&'static str);

/// Short names of Adya's thesis and others that Elle takes, and what they stand for.
const ALIASES: &[(&str, &str)] = &[
    ("strong-serializable", "strict-serializable"),
    ("conflict-serializable", "serializable"),
    ("PL-1", "read-uncommitted"),
    ("PL-2", "read-committed"),
    ("PL-CS", "cursor-stability"),
    ("PL-2L", "monotonic-view"),
    ("PL-MSR", "monotonic-snapshot-read"),
    ("PL-2+", "consistent-view"),
    ("PL-FCV", "forward-consistent-view"),
    ("PL-SI", "snapshot-isolation"),
    ("PL-2.99", "repeatable-read"),
    ("PL-3U", "update-serializable"),
    ("PL-3", "serializable"),
    ("PL-SS", "strict-serializable"),
    ("strong-PL-1", "strong-read-uncommitted"),
    ("strong-PL-2", "strong-read-committed"),
    ("strong-session-PL-1", "strong-session-read-uncommitted"),
    ("strong-session-PL-2", "strong-session-read-committed"),
];

impl ConsistencyModel {
    /// What Maelstrom asks for unless told otherwise.
    pub const STRICT_SERIALIZABLE: Self = Self("strict-serializable");
    /// Reads may see what is never committed; writes of a transaction stay together.
    pub const READ_UNCOMMITTED: Self = Self("read-uncommitted");
    /// Reads see what was committed, and nothing of a transaction under way.
    pub const READ_COMMITTED: Self = Self("read-committed");
    /// The strongest model that needs no order between transactions but what they read and wrote.
    pub const SERIALIZABLE: Self = Self("serializable");

    /// Every model, sorted by name.
    pub fn all() -> Vec<Self> {
        adya::model::all_models().into_iter().map(Self).collect()
    }

    /// The name that Elle prints.
    pub fn name(self) -> &'static str {
        shown(self.0)
    }

    /// The name that the engine knows.
    pub(super) fn engine_name(self) -> &'static str {
        self.0
    }

    /// The anomalies that this model rules out, by name.
    pub fn prohibited(self) -> BTreeSet<String> {
        adya::model::prohibited_by(&[self.0])
    }

    /// Whether an anomaly of that name shows that this model does not hold.
    pub fn prohibits(self, anomaly: &str) -> bool {
        self.prohibited().contains(anomaly)
    }

    /// Whether every history that keeps this model keeps `other` too.
    pub fn implies(self, other: Self) -> bool {
        adya::model::implied_models(&[self.0]).contains(other.0)
    }
}

/// Elle prints one model under another name than the engine.
pub(super) fn shown(name: &str) -> &str {
    if name == "strict-serializable" {
        "strong-serializable"
    } else {
        name
    }
}

impl fmt::Display for ConsistencyModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ConsistencyModel {
    type Err = Error;

    /// The model of that name, its own or an alias.
    ///
    /// # Errors
    /// [`Error::UnknownName`], which lists the names there are and the nearest.
    fn from_str(name: &str) -> Result<Self, Error> {
        let plain = ALIASES
            .iter()
            .find(|(alias, _)| *alias == name)
            .map_or(name, |(_, n)| n);
        let all = adya::model::all_models();
        all.iter()
            .find(|m| **m == plain)
            .map(|m| Self(m))
            .ok_or_else(|| {
                let mut known: Vec<&str> = all.into_iter().collect();
                known.extend(ALIASES.iter().map(|(alias, _)| *alias));
                known.sort_unstable();
                Error::unknown_name("consistency model", name, &known)
            })
    }
}
