//! Names of the parties on the network, and their order.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The name of a party on the network: a node (`n0`), a client (`c12`) or a
/// service (`lin-kv`).
///
/// Cloning is cheap: names of up to 23 bytes, which all of Maelstrom's are, are
/// copied as they stand, and longer ones are shared. Ids are ordered as people count:
/// digits compare by their number, so `n2` comes before `n10`. A map is asked
/// by an id and not by its text, whose order is another.
///
/// ```
/// use maelstrom_proto::NodeId;
///
/// let mut ids: Vec<NodeId> = ["n10", "n2", "n1"].map(NodeId::from).to_vec();
/// ids.sort();
/// assert_eq!(ids, ["n1", "n2", "n10"].map(NodeId::from));
/// let places: std::collections::BTreeMap<NodeId, usize> = ids.into_iter().zip(0..).collect();
/// assert_eq!(places[&"n10".into()], 2);
/// ```
///
/// ```compile_fail
/// # use maelstrom_proto::NodeId;
/// # let places = std::collections::BTreeMap::from([(NodeId::from("n10"), 2)]);
/// assert_eq!(places["n10"], 2);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(SmolStr);

/// What kind of party a [`NodeId`] names.
///
/// ```
/// use maelstrom_proto::{NodeId, NodeKind};
/// assert_eq!(NodeId::from("lin-tso").kind(), NodeKind::Service);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// A process under test.
    Node,
    /// One of the workbench's clients. Maelstrom decides this by the first
    /// letter alone: every name that begins with `c` is a client.
    Client,
    /// One of Maelstrom's own services: `lin-kv`, `seq-kv`, `lww-kv`, `lin-tso`.
    Service,
}

impl NodeId {
    /// The names of the services that Maelstrom provides.
    ///
    /// ```
    /// use maelstrom_proto::{NodeId, NodeKind};
    /// assert!(NodeId::SERVICES.iter().all(|name| NodeId::from(*name).kind() == NodeKind::Service));
    /// ```
    pub const SERVICES: [&'static str; 4] = ["lin-kv", "seq-kv", "lww-kv", "lin-tso"];

    /// A node id with this name.
    ///
    /// ```
    /// use maelstrom_proto::NodeId;
    /// assert_eq!(NodeId::new(format!("n{}", 3)), NodeId::from("n3"));
    /// ```
    pub fn new(name: impl AsRef<str>) -> Self {
        Self(SmolStr::new(name))
    }

    /// The name as text.
    ///
    /// ```
    /// let id = maelstrom_proto::NodeId::from("n12");
    /// let number: u64 = id.as_str()[1..].parse().unwrap();
    /// assert_eq!(number, 12);
    /// ```
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is a node, a client or a service.
    ///
    /// ```
    /// use maelstrom_proto::{NodeId, NodeKind};
    /// assert_eq!(NodeId::from("n3").kind(), NodeKind::Node);
    /// assert_eq!(NodeId::from("c3").kind(), NodeKind::Client);
    /// assert_eq!(NodeId::from("seq-kv").kind(), NodeKind::Service);
    /// ```
    pub fn kind(&self) -> NodeKind {
        if self.is_client() {
            NodeKind::Client
        } else if Self::SERVICES.contains(&&*self.0) {
            NodeKind::Service
        } else {
            NodeKind::Node
        }
    }

    /// Whether Maelstrom counts this name as a client: it begins with `c`.
    ///
    /// ```
    /// use maelstrom_proto::NodeId;
    /// assert!(NodeId::from("c3").is_client() && !NodeId::from("n3").is_client());
    /// ```
    pub fn is_client(&self) -> bool {
        self.0.as_bytes().first() == Some(&b'c')
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for NodeId {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl From<String> for NodeId {
    fn from(name: String) -> Self {
        Self(name.into())
    }
}

impl From<std::borrow::Cow<'_, str>> for NodeId {
    fn from(name: std::borrow::Cow<'_, str>) -> Self {
        Self(name.into())
    }
}

impl From<NodeId> for String {
    fn from(id: NodeId) -> Self {
        id.0.into()
    }
}

impl From<&NodeId> for NodeId {
    fn from(id: &NodeId) -> Self {
        id.clone()
    }
}

impl AsRef<str> for NodeId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for NodeId {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&str> for NodeId {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

impl PartialOrd for NodeId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for NodeId {
    fn cmp(&self, other: &Self) -> Ordering {
        natural_order(&self.0, &other.0).then_with(|| self.0.cmp(&other.0))
    }
}

/// Compares runs of digits by their number and everything else by character.
fn natural_order(mut a: &str, mut b: &str) -> Ordering {
    loop {
        let (text_a, rest_a) = split_at_digits(a, false);
        let (text_b, rest_b) = split_at_digits(b, false);
        let (digits_a, next_a) = split_at_digits(rest_a, true);
        let (digits_b, next_b) = split_at_digits(rest_b, true);
        let number = |digits: &str| digits.trim_start_matches('0').len();
        let order = text_a
            .cmp(text_b)
            .then_with(|| number(digits_a).cmp(&number(digits_b)))
            .then_with(|| {
                let trim = |digits| str::trim_start_matches(digits, '0');
                trim(digits_a).cmp(trim(digits_b))
            });
        if order.is_ne() || (next_a.is_empty() && next_b.is_empty()) {
            return order;
        }
        (a, b) = (next_a, next_b);
    }
}

/// Splits off the longest prefix whose characters all are (or are not) digits.
fn split_at_digits(text: &str, digits: bool) -> (&str, &str) {
    let end = text
        .find(|c: char| c.is_ascii_digit() != digits)
        .unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_as_people_count() {
        let mut ids: Vec<NodeId> = [
            "n10", "c1", "n9", "n", "n1a2", "n1a10", "lin-kv", "n01", "n1",
        ]
        .map(NodeId::from)
        .to_vec();
        ids.sort();
        let names: Vec<&str> = ids.iter().map(NodeId::as_str).collect();
        assert_eq!(
            names,
            [
                "c1", "lin-kv", "n", "n01", "n1", "n1a2", "n1a10", "n9", "n10"
            ]
        );
    }

    #[test]
    fn order_agrees_with_equality() {
        let (a, b) = (NodeId::from("n1"), NodeId::from("n01"));
        assert_ne!(a, b);
        assert_ne!(a.cmp(&b), Ordering::Equal);
        assert_eq!(a.cmp(&a.clone()), Ordering::Equal);
    }

    #[test]
    fn digits_longer_than_any_integer_still_compare() {
        let a = NodeId::new(format!("n{}", "9".repeat(40)));
        let b = NodeId::new(format!("n1{}", "0".repeat(40)));
        assert!(a < b);
    }

    #[test]
    fn non_ascii_and_escaped_names_survive_json() {
        let id: NodeId = serde_json::from_str("\"knoten-\\u00fc\"").unwrap();
        assert_eq!(id, "knoten-ü");
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"knoten-ü\"");
    }
}
