//! The transaction workloads: several steps that are to happen as one.
//!
//! A step (a *micro-operation*) travels as an array of three: `["r", 1, null]`.
//! [`Register`] holds the steps of txn-rw-register, [`List`] those of
//! txn-list-append; the request is the same for both.

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a client asks. `Step` is [`Register`] or [`List`].
///
/// ```
/// use maelstrom_proto::{Body, txn::{Register, Request, Response}};
///
/// let body = Body::parse(r#"{"type":"txn","msg_id":3,"txn":[["r",1,null],["w",1,6]]}"#).unwrap();
/// let Request::Txn { mut txn } = body.decode::<Request<Register>>().unwrap();
/// assert_eq!(txn, [Register::Read(1, None), Register::Write(1, 6)]);
///
/// txn[0] = Register::Read(1, Some(5));
/// assert_eq!(
///     Body::reply(&Response::TxnOk { txn }, 3).unwrap().as_str(),
///     r#"{"type":"txn_ok","txn":[["r",1,5],["w",1,6]],"in_reply_to":3}"#
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request<Step = Register> {
    /// Carries out the steps in order, all or none.
    Txn {
        /// The steps; what is to be read is `null`.
        txn: Vec<Step>,
    },
}

/// The answer to [`Request`].
///
/// ```
/// use maelstrom_proto::{txn, Body};
/// let reply = txn::Response::TxnOk { txn: vec![txn::Register::Read(1_u64, Some(4_u64)), txn::Register::Write(2, 9)] };
/// let body = Body::reply(&reply, 3).unwrap();
/// assert_eq!(body.as_str(), r#"{"type":"txn_ok","txn":[["r",1,4],["w",2,9]],"in_reply_to":3}"#);
/// assert_eq!(body.decode::<txn::Response>().unwrap(), reply);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response<Step = Register> {
    /// The transaction is committed.
    TxnOk {
        /// The same steps, what was read filled in.
        txn: Vec<Step>,
    },
}

/// A step on registers: `["r", key, value]` or `["w", key, value]`.
///
/// ```
/// use maelstrom_proto::txn::Register;
///
/// let steps: Vec<Register> = serde_json::from_str(r#"[["r",1,null],["w",2,9]]"#).unwrap();
/// assert_eq!(steps, [Register::Read(1, None), Register::Write(2, 9)]);
/// let keys: Vec<u64> = steps.iter().map(|step| *step.key()).collect();
/// assert_eq!(keys, [1, 2]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Register<K = u64, V = u64> {
    /// Reads a register. `None` in a request, and in the answer for a register
    /// that nobody has written.
    Read(K, Option<V>),
    /// Writes a register.
    Write(K, V),
}

/// A step on lists: `["r", key, [...]]` or `["append", key, value]`.
///
/// ```
/// use maelstrom_proto::txn::List;
///
/// let steps: Vec<List> = serde_json::from_str(r#"[["r",1,[4,5]],["append",1,6],["r",2,null]]"#).unwrap();
/// assert_eq!(steps, [List::Read(1, Some(vec![4, 5])), List::Append(1, 6), List::Read(2, None)]);
/// assert!(steps[..2].iter().all(|step| *step.key() == 1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum List<K = u64, V = u64> {
    /// Reads a list. `None` in a request, and in the answer for a list that
    /// nobody has appended to.
    Read(K, Option<Vec<V>>),
    /// Appends to a list, which comes into being with its first element.
    Append(K, V),
}

impl<K, V> Register<K, V> {
    /// The key that the step is about.
    pub fn key(&self) -> &K {
        let (Self::Read(key, _) | Self::Write(key, _)) = self;
        key
    }
}

impl<K, V> List<K, V> {
    /// The key that the step is about.
    pub fn key(&self) -> &K {
        let (Self::Read(key, _) | Self::Append(key, _)) = self;
        key
    }
}

impl<K: Serialize, V: Serialize> Serialize for Register<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Read(key, value) => ("r", key, value).serialize(serializer),
            Self::Write(key, value) => ("w", key, value).serialize(serializer),
        }
    }
}

impl<K: Serialize, V: Serialize> Serialize for List<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Read(key, list) => ("r", key, list).serialize(serializer),
            Self::Append(key, value) => ("append", key, value).serialize(serializer),
        }
    }
}

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Register<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Steps {
            update: "w",
            read: Self::Read,
            write: Self::Write,
        })
    }
}

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for List<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Steps {
            update: "append",
            read: Self::Read,
            write: Self::Append,
        })
    }
}

/// Reads an array of three whose first element says what the third one is.
struct Steps<K, Seen, V, Step> {
    /// The name of the step that changes something.
    update: &'static str,
    read: fn(K, Option<Seen>) -> Step,
    write: fn(K, V) -> Step,
}

impl<'de, K, Seen, V, Step> Visitor<'de> for Steps<K, Seen, V, Step>
where
    K: Deserialize<'de>,
    Seen: Deserialize<'de>,
    V: Deserialize<'de>,
{
    type Value = Step;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a step [\"r\" or \"{}\", key, value]", self.update)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Step, A::Error> {
        fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(
            seq: &mut A,
            index: usize,
        ) -> Result<T, A::Error> {
            seq.next_element()?
                .ok_or_else(|| A::Error::invalid_length(index, &"a step of three elements"))
        }

        let name: String = next(&mut seq, 0)?;
        let key = next(&mut seq, 1)?;
        let step = if name == "r" {
            (self.read)(key, next(&mut seq, 2)?)
        } else if name == self.update {
            (self.write)(key, next(&mut seq, 2)?)
        } else {
            let found = serde::de::Unexpected::Str(&name);
            return Err(A::Error::invalid_value(found, &self));
        };
        match seq.next_element::<serde::de::IgnoredAny>()? {
            None => Ok(step),
            Some(_) => Err(A::Error::invalid_length(4, &"a step of three elements")),
        }
    }
}
