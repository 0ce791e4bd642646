//! What a program printed, read as Maelstrom reads it.
//!
//! Maelstrom's reader is strict with the envelope (a field too many, or an `id`
//! of `null`, and the line is no message) and lenient with the text: control
//! characters may stand in strings as they are, bytes that are no UTF-8 count as
//! U+FFFD, what stands behind the message on its line is passed over, of a field
//! that is given twice the last counts, and a body that is missing, `null` or `[]`
//! counts as `{}`.

use std::fmt;

use maelstrom_proto::{Body, Frame, Message, NodeId};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// What a line says.
pub(super) struct Line {
    pub(super) message: Message,
    /// What stands behind the message, but for space around it.
    pub(super) rest: String,
}

/// The message on a line, or what is wrong with it.
pub(super) fn read(line: &[u8]) -> Result<Line, String> {
    let ordinary = std::str::from_utf8(line).ok().and_then(ordinary);
    let alone = |message| Line {
        message,
        rest: String::new(),
    };
    ordinary.map_or_else(|| unusual(line), |message| Ok(alone(message)))
}

/// The message on a line that is as it should be, read the quick way.
fn ordinary(line: &str) -> Option<Message> {
    let frame = Frame::parse(line).ok()?;
    let start = frame.body().as_ptr().addr() - line.as_ptr().addr();
    let end = start + frame.body().len();
    // An `id` of null is read as none.
    let has_id = |part: &str| part.contains("\"id\"");
    let is_odd = frame.id().is_none() && (has_id(&line[..start]) || has_id(&line[end..]));
    (!is_odd).then(|| frame.to_message().ok()).flatten()
}

/// The message on any other line, or what is wrong with it.
fn unusual(line: &[u8]) -> Result<Line, String> {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if text.starts_with('\u{feff}') {
        let mark = "it begins with a byte order mark (U+FEFF), which is no part of JSON";
        return Err(mark.to_owned());
    }
    let read = match first(text) {
        Err(_) if text.chars().any(char::is_control) => first(&without_controls(text)),
        read => read,
    };
    read.map_err(|error| error.to_string())
}

/// The message that a text begins with.
fn first(text: &str) -> Result<Line, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text).into_iter();
    let Envelope { src, dest, body } = match reader.next() {
        Some(read) => read?,
        // Nothing at all, and the error that says so.
        None => serde_json::from_str(text)?,
    };
    Ok(Line {
        message: Message::new(NodeId::from(src), NodeId::from(dest), body),
        rest: text[reader.byte_offset()..].trim().to_owned(),
    })
}

struct Envelope {
    src: String,
    dest: String,
    body: Body,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Field {
    Src,
    Dest,
    Body,
    Id,
}

/// Read by hand, as a field may be given twice: the last counts.
impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with src, dest and body")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope, A::Error> {
        let (mut src, mut dest, mut content) = (None, None, None);
        while let Some(field) = map.next_key()? {
            match field {
                Field::Src => src = Some(map.next_value()?),
                Field::Dest => dest = Some(map.next_value()?),
                Field::Body => content = Some(body(map.next_value::<Box<RawValue>>()?.as_ref())?),
                // The network gives its own.
                Field::Id => integer(map.next_value::<Box<RawValue>>()?.as_ref())?,
            }
        }
        Ok(Envelope {
            src: src.ok_or_else(|| Error::missing_field("src"))?,
            dest: dest.ok_or_else(|| Error::missing_field("dest"))?,
            body: content.unwrap_or_else(empty),
        })
    }
}

/// The body of a message that says nothing.
fn empty() -> Body {
    Body::parse("{}").expect("it is an object")
}

/// A body, or nothing in a form that Maelstrom takes for an empty one.
fn body<E: Error>(text: &RawValue) -> Result<Body, E> {
    match text.get() {
        "null" => Ok(empty()),
        list if serde_json::from_str::<[(); 0]>(list).is_ok() => Ok(empty()),
        object => serde_json::from_str(object).map_err(E::custom),
    }
}

/// An integer of any size, and nothing else.
fn integer<E: Error>(number: &RawValue) -> Result<(), E> {
    let digits = number.get().trim_start_matches('-');
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(E::custom(format!(
        "`id` may be left out, but where it is given it is an integer, not {number}"
    )))
}

/// The same text with its control characters escaped; outside of strings JSON
/// has none but those that are space.
fn without_controls(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let (mut in_string, mut after_backslash) = (false, false);
    for c in text.chars() {
        if in_string && c < ' ' {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
        in_string ^= c == '"' && !after_backslash;
        after_backslash = c == '\\' && !after_backslash;
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_maelstrom_reads_it() {
        for (line, body) in [
            (r#"{"src":"a","dest":"b","body":{"n":1}}"#, r#"{"n":1}"#),
            (
                "{\"src\":\"a\",\"dest\":\"b\",\"body\":{\"n\":1}}\r\n",
                r#"{"n":1}"#,
            ),
            (
                r#"{"dest":"b","id":-12345678901234567890,"src":"a","body":{}}"#,
                "{}",
            ),
            (
                "{\"src\":\"a\",\"dest\":\"b\",\"body\":{\"s\":\"x\\\"\ty\"}}\n",
                r#"{"s":"x\"\u0009y"}"#,
            ),
            (
                r#"{"src":"a","dest":"b","body":{"s":"\ud800"}}"#,
                r#"{"s":"\ud800"}"#,
            ),
            (r#"{"src":"a","dest":"b"}"#, "{}"),
            (r#"{"src":"a","dest":"b","body":null}"#, "{}"),
            (r#"{"src":"a","dest":"b","body":[ ]}"#, "{}"),
            (
                r#"{"id":1,"src":"x","body":{"n":1},"dest":"y","src":"a","dest":"b","id":2,"body":{"n":2,"n":3}}"#,
                r#"{"n":2,"n":3}"#,
            ),
        ] {
            let Line { message, rest } = read(line.as_bytes()).unwrap();
            assert_eq!(rest, "", "{line}");
            assert_eq!((message.src.as_str(), message.dest.as_str()), ("a", "b"));
            assert_eq!(message.body.as_str(), body, "{line}");
        }
        let foreign = read(b"{\"src\":\"a\",\"dest\":\"b\",\"body\":{\"s\":\"\xff\"}}").unwrap();
        assert_eq!(foreign.message.body.as_str(), "{\"s\":\"\u{fffd}\"}");
    }

    #[test]
    fn what_stands_behind_a_message_is_no_part_of_it() {
        let message = r#"{"src":"a","dest":"b","body":{"s":"}"}}"#;
        let twice = message.repeat(2);
        for (line, behind) in [
            (format!("{message} sent\r\n"), "sent"),
            (format!("{message}}}"), "}"),
            (format!("{message}\u{1}\"\n"), "\u{1}\""),
            (twice, message),
        ] {
            let Line { message, rest } = read(line.as_bytes()).unwrap();
            assert_eq!(message.body.as_str(), r#"{"s":"}"}"#, "{line}");
            assert_eq!(rest, behind, "{line}");
        }
    }

    #[test]
    fn a_line_that_is_no_message_says_why() {
        for (line, reason) in [
            ("", "it is empty"),
            (" \r\n", "it is empty"),
            (
                "\u{feff}{\"src\":\"a\",\"dest\":\"b\",\"body\":{}}",
                "byte order mark",
            ),
            ("hello", "expected value"),
            (
                r#"{"src":"a","dest":"b","body":{},"mood":1}"#,
                "unknown field `mood`",
            ),
            (
                r#"{"src":"a","dest":"b","body":{},"id":null}"#,
                "is an integer, not null",
            ),
            (
                r#"{"src":"a","dest":"b","body":{},"id":1.0}"#,
                "is an integer, not 1.0",
            ),
            (r#"{"src":null,"dest":"b","body":{}}"#, "invalid type: null"),
            (r#"{"dest":"b","body":{}}"#, "missing field `src`"),
            (
                r#"{"src":"a","dest":"b","body":7}"#,
                "a body is a JSON object, not `7`",
            ),
            (r#"sent {"src":"a","dest":"b","body":{}}"#, "expected value"),
            (
                r#"{"src":"a","dest":"b","body":{} "#,
                "EOF while parsing an object",
            ),
        ] {
            let error = read(line.as_bytes()).err().unwrap();
            assert!(error.contains(reason), "{line}: {error}");
        }
    }
}
