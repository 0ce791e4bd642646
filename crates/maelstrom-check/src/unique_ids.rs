//! Unique ids: no id is given out twice.
//!
//! Source: `jepsen.checker/unique-ids`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::SerializeMap;

use crate::history::{History, OpType, Value};
use crate::verdict::Verdict;

/// How many of the duplicated ids a result shows.
const SHOWN: usize = 48;

/// What the check of generated ids found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct UniqueIdsResults {
    /// Valid if no id was given twice. Unknown if ids of different kinds, or ids that have
    /// no order, were given: upstream cannot compare them.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// Requests made.
    pub attempted_count: usize,
    /// Ids given.
    pub acknowledged_count: usize,
    /// Ids given more than once.
    pub duplicated_count: usize,
    /// At most 48 of them, those given most often, and how often.
    #[serde(serialize_with = "as_map")]
    pub duplicated: Vec<(Value, usize)>,
    /// The least and the greatest id, of those that are not nil.
    pub range: (Value, Value),
    /// Why the verdict is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

fn as_map<S: serde::Serializer>(dups: &[(Value, usize)], s: S) -> Result<S::Ok, S::Error> {
    let mut m = s.serialize_map(Some(dups.len()))?;
    for (id, n) in dups {
        m.serialize_entry(&id.name().map_or_else(|| id.to_string(), str::to_owned), n)?;
    }
    m.end()
}

/// All ids acknowledged must differ, after `jepsen.checker/unique-ids`.
///
/// ```
/// use maelstrom_check::{History, Op, Verdict, unique_ids};
///
/// let history = History::from_ops([
///     Op::invoke(0, "generate", ()), Op::ok(0, "generate", "n1-1"),
///     Op::invoke(1, "generate", ()), Op::ok(1, "generate", "n1-1"),
/// ]).unwrap();
/// let results = unique_ids(&history);
/// assert_eq!((results.valid, results.duplicated_count), (Verdict::Invalid, 1));
/// ```
pub fn unique_ids(history: &History) -> UniqueIdsResults {
    let generated = || history.ops().iter().filter(|op| op.f == *"generate");
    let mut given: BTreeMap<&Value, usize> = BTreeMap::new();
    let mut acknowledged = 0;
    for op in generated().filter(|op| op.kind == OpType::Ok) {
        *given.entry(&op.value).or_default() += 1;
        acknowledged += 1;
    }
    let mut duplicated: Vec<(Value, usize)> = given
        .iter()
        .filter(|(_, n)| **n > 1)
        .map(|(id, n)| ((*id).clone(), *n))
        .collect();
    let count = duplicated.len();
    // Ties fall as upstream's reversed stable sort lets them: the greater id first.
    duplicated.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| b.0.cmp(&a.0)));
    duplicated.truncate(SHOWN);
    duplicated.sort();
    // Nil sorts first and is no end, for upstream neither.
    let mut ids = given.keys().copied().filter(|id| !id.is_nil());
    let least = ids.next().cloned().unwrap_or_default();
    let greatest = ids.next_back().unwrap_or(&least).clone();
    let range = (least, greatest);
    let error = incomparable(given.keys().copied());
    let valid = if error.is_some() {
        Verdict::Unknown
    } else {
        Verdict::of(count == 0)
    };
    UniqueIdsResults {
        valid,
        attempted_count: generated().filter(|op| op.is_invoke()).count(),
        acknowledged_count: acknowledged,
        duplicated_count: count,
        duplicated,
        range,
        error,
    }
}

/// Why Clojure's `compare` would refuse some pair of these, if it would.
fn incomparable<'a>(ids: impl Iterator<Item = &'a Value>) -> Option<String> {
    // Ids arrive sorted, so those of a kind stand side by side and one look at
    // each neighbour finds every mix. `nil` compares with anything.
    let mut ids = ids.filter(|id| !id.is_nil());
    let mut last = ids.next()?;
    for id in ids {
        if !comparable(last, id) {
            return Some(format!("the ids {last} and {id} cannot be compared"));
        }
        last = id;
    }
    None
}

fn comparable(a: &Value, b: &Value) -> bool {
    use Value::*;
    match (a, b) {
        (Nil, _) | (_, Nil) => true,
        (Int(_) | Float(_) | Big(_), Int(_) | Float(_) | Big(_)) => true,
        (Vector(a), Vector(b)) => {
            a.len() != b.len() || a.iter().zip(b.iter()).all(|(a, b)| comparable(a, b))
        }
        (Map(_) | Set(_) | List(_) | Tagged(_), _) => false,
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}
