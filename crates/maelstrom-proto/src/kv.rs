//! Reads, writes and compare-and-set of single keys: the lin-kv workload, and
//! the requests that the services `lin-kv`, `seq-kv` and `lww-kv` answer.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// What a client asks.
///
/// `K` and `V` are the types of keys and values, any JSON by default. The
/// services compare them as JSON values, and keep `1` and `1.0` apart.
///
/// ```
/// use maelstrom_proto::{kv, Body};
///
/// let body = Body::parse(r#"{"type":"cas","key":0,"from":1,"to":2,"msg_id":5}"#).unwrap();
/// let request: kv::Request<u64, i64> = body.decode().unwrap();
/// assert_eq!(
///     request,
///     kv::Request::Cas { key: 0, from: 1, to: 2, create_if_not_exists: false }
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request<K = Value, V = Value> {
    /// Asks for the value of a key. Error 20 when there is none.
    Read {
        /// The key.
        key: K,
    },
    /// Sets a key, whatever it was.
    Write {
        /// The key.
        key: K,
        /// Its new value.
        value: V,
    },
    /// Sets a key to `to` if it is `from`. Error 22 when it is something else,
    /// error 20 when it does not exist.
    Cas {
        /// The key.
        key: K,
        /// The value that it must have.
        from: V,
        /// Its new value.
        to: V,
        /// Sets a key that does not exist to `to`, whatever `from` is.
        /// Understood by the services `lin-kv` and `seq-kv`; the workload's
        /// clients never ask for it, and `lww-kv` does not know it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        create_if_not_exists: bool,
    },
}

/// The answer to [`Request`].
///
/// ```
/// use maelstrom_proto::{kv, Body};
/// let reply = kv::Response::ReadOk { value: 4_i64 };
/// let body = Body::reply(&reply, 3).unwrap();
/// assert_eq!(body.as_str(), r#"{"type":"read_ok","value":4,"in_reply_to":3}"#);
/// assert_eq!(body.decode::<kv::Response<i64>>().unwrap(), reply);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response<V = Value> {
    /// What the key holds.
    ReadOk {
        /// The value.
        value: V,
    },
    /// The key was set.
    WriteOk,
    /// The key had the value expected, and was set.
    CasOk,
}

/// Read by hand, as every operation on a service waits for one: what serde
/// derives for a tagged enum sets all fields aside until it has seen the tag.
impl<'de, V: Deserialize<'de>> Deserialize<'de> for Response<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ResponseVisitor(PhantomData))
    }
}

struct ResponseVisitor<V>(PhantomData<fn() -> V>);

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
enum Kind {
    #[serde(rename = "read_ok")]
    Read,
    #[serde(rename = "write_ok")]
    Write,
    #[serde(rename = "cas_ok")]
    Cas,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Field {
    Type,
    Value,
    #[serde(other)]
    Other,
}

impl<'de, V: Deserialize<'de>> Visitor<'de> for ResponseVisitor<V> {
    type Value = Response<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer to a read, a write or a compare-and-set")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Response<V>, A::Error> {
        let (mut kind, mut value) = (None, None);
        while let Some(field) = map.next_key()? {
            match field {
                Field::Type if kind.is_some() => return Err(A::Error::duplicate_field("type")),
                Field::Type => kind = Some(map.next_value()?),
                Field::Value if kind.is_none_or(|kind| kind == Kind::Read) => {
                    if value.replace(map.next_value()?).is_some() {
                        return Err(A::Error::duplicate_field("value"));
                    }
                }
                Field::Value | Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(match kind.ok_or_else(|| A::Error::missing_field("type"))? {
            Kind::Read => Response::ReadOk {
                value: value.ok_or_else(|| A::Error::missing_field("value"))?,
            },
            Kind::Write => Response::WriteOk,
            Kind::Cas => Response::CasOk,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Body, ErrorCode};

    #[test]
    fn an_answer_is_read_whatever_the_order_of_its_fields() {
        for text in [
            r#"{"type":"read_ok","value":3,"in_reply_to":1}"#,
            r#"{"in_reply_to":1,"value":3,"type":"read_ok"}"#,
            r#"{"value":3,"extra":{"value":null},"type":"read_ok"}"#,
        ] {
            let read: Response<u64> = Body::parse(text).unwrap().decode().unwrap();
            assert_eq!(read, Response::ReadOk { value: 3 });
        }
        let written = Body::parse(r#"{"type":"write_ok","value":"whatever"}"#).unwrap();
        assert_eq!(
            written.decode::<Response<u64>>().unwrap(),
            Response::WriteOk
        );
    }

    #[test]
    fn keys_of_maps_within_a_value_are_whatever_they_were() {
        use std::collections::BTreeMap;
        let offsets = BTreeMap::from([(7_u64, vec![1_i64]), (u64::MAX, vec![])]);
        let value = offsets.clone();
        let written = Body::reply(&Response::ReadOk { value }, 3).unwrap();
        let last = r#"{"value":{"7":[1],"18446744073709551615":[]},"type":"read_ok"}"#;
        for body in [written, Body::parse(last).unwrap()] {
            let read: Response<BTreeMap<u64, Vec<i64>>> = body.decode().unwrap();
            let value = offsets.clone();
            assert_eq!(read, Response::ReadOk { value });
        }
    }

    #[test]
    fn an_answer_that_does_not_fit_says_why() {
        for (text, code, reason) in [
            (r#"{"type":"shout"}"#, ErrorCode::NotSupported, "`cas_ok`"),
            (
                r#"{"type":"read_ok"}"#,
                ErrorCode::MalformedRequest,
                "missing field `value`",
            ),
            (
                r#"{"value":3}"#,
                ErrorCode::MalformedRequest,
                "missing field `type`",
            ),
            (
                r#"{"type":"read_ok","value":"x"}"#,
                ErrorCode::MalformedRequest,
                "invalid type",
            ),
        ] {
            let error = Body::parse(text)
                .unwrap()
                .decode::<Response<u64>>()
                .unwrap_err();
            assert_eq!(error.to_error().code, code, "{error}");
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
}
