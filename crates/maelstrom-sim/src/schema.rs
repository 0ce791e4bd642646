//! The form that a reply must have, and what is wrong with one that has not.
//!
//! After the schemas of Maelstrom's workloads, which are closed: a field that
//! is not named there is a mistake. Where they ask for a list, `null` counts as
//! an empty one.

use std::fmt;

use maelstrom_check::Value;

/// What a field may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Anything, `null` included.
    Any,
    /// An integer of any size.
    Integer,
    /// This text.
    Exactly(&'static str),
    /// Any number of these, in an array or `null`.
    List(&'static Shape),
    /// One of each of these, in an array.
    Tuple(&'static [Shape]),
    /// An object whose values are these.
    Object(&'static Shape),
    /// One of these.
    Either(&'static [Shape]),
}

/// A reply: its type and its fields, beside `in_reply_to`, which it must have,
/// and `msg_id`, which it may have.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) kind: &'static str,
    pub(crate) fields: &'static [(&'static str, Shape)],
}

impl Form {
    /// A reply that says nothing but that something was done.
    pub(crate) const fn plain(kind: &'static str) -> Self {
        Self { kind, fields: &[] }
    }

    /// A reply with these fields.
    pub(crate) const fn new(kind: &'static str, fields: &'static [(&'static str, Shape)]) -> Self {
        Self { kind, fields }
    }

    /// Every field with its shape, and whether it may be left out.
    fn all(&self) -> impl Iterator<Item = (&'static str, Shape, bool)> {
        let own = self
            .fields
            .iter()
            .map(|(name, shape)| (*name, *shape, false));
        std::iter::once(("type", Shape::Exactly(self.kind), false))
            .chain(own)
            .chain([
                ("in_reply_to", Shape::Integer, false),
                ("msg_id", Shape::Integer, true),
            ])
    }

    /// What is wrong with a reply, field by field. Nothing with most.
    pub(crate) fn problems(&self, reply: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, shape, optional) in self.all() {
            match reply.get(name) {
                None if optional => {}
                None => problems.push(format!("`{name}` is missing")),
                Some(value) => {
                    if let Some(problem) = shape.problem(value) {
                        problems.push(format!("`{name}` {problem}"));
                    }
                }
            }
        }
        for (key, _) in reply.entries() {
            let name = key.name().unwrap_or_default();
            if self.all().all(|(known, ..)| known != name) {
                problems.push(format!("`{name}` is not defined for it"));
            }
        }
        problems
    }
}

impl Shape {
    /// What is wrong with a value, as what follows its name.
    fn problem(self, value: &Value) -> Option<String> {
        let fits = match self {
            Self::Any => true,
            Self::Integer => matches!(value, Value::Int(_) | Value::Big(_)),
            Self::Exactly(text) => value.name() == Some(text),
            Self::List(item) => match value {
                Value::Nil => true,
                Value::Vector(_) if matches!(item, Self::Any) => true,
                Value::Vector(items) => return nested(items.iter().map(|value| (*item, value))),
                _ => false,
            },
            Self::Tuple(shapes) => match value {
                Value::Vector(items) if items.len() == shapes.len() => {
                    return nested(shapes.iter().copied().zip(items.iter()));
                }
                _ => false,
            },
            Self::Object(item) => match value {
                Value::Map(entries) => {
                    let wrong = |(key, value): &(Value, Value)| {
                        let problem = item.problem(value)?;
                        Some(format!("at {} {problem}", Json(key)))
                    };
                    return entries.iter().find_map(wrong);
                }
                _ => false,
            },
            Self::Either(shapes) => shapes.iter().any(|shape| shape.problem(value).is_none()),
        };
        (!fits).then(|| format!("is {} where {self} is expected", Json(value)))
    }
}

/// The first element of an array that is wrong, and its place.
fn nested<'a>(mut items: impl Iterator<Item = (Shape, &'a Value)>) -> Option<String> {
    let mut place = 0;
    items.find_map(|(shape, value)| {
        place += 1;
        let problem = shape.problem(value)?;
        Some(format!("[{}] {problem}", place - 1))
    })
}

/// The form as one would write it down.
impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (place, (name, shape, optional)) in self.all().enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            write!(f, "{comma}\"{name}\": {shape}")?;
            if optional {
                f.write_str(" (may be left out)")?;
            }
        }
        f.write_str("}")
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("anything"),
            Self::Integer => f.write_str("integer"),
            Self::Exactly(text) => write!(f, "\"{text}\""),
            Self::List(item) => write!(f, "[{item}, …]"),
            Self::Tuple(shapes) => {
                f.write_str("[")?;
                series(f, shapes, ", ")?;
                f.write_str("]")
            }
            Self::Object(item) => write!(f, "{{text: {item}, …}}"),
            Self::Either(shapes) => series(f, shapes, " or "),
        }
    }
}

fn series(f: &mut fmt::Formatter<'_>, shapes: &[Shape], between: &str) -> fmt::Result {
    for (place, shape) in shapes.iter().enumerate() {
        let between = if place > 0 { between } else { "" };
        write!(f, "{between}{shape}")?;
    }
    Ok(())
}

/// How much of a value is quoted.
const QUOTED: usize = 80;

/// A value as it travels, its beginning at least.
struct Json<'a>(&'a Value);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&excerpt(&self.0.to_json().to_string(), QUOTED))
    }
}

/// The beginning of a text, or all of it where it is no longer than `most`.
pub(crate) fn excerpt(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGS: Form = Form::new("poll_ok", &[("msgs", Shape::Object(&LOG))]);
    const LOG: Shape = Shape::List(&Shape::Tuple(&[Shape::Integer, Shape::Any]));

    fn check(form: &Form, reply: &str, expected: &[&str]) {
        let reply = Value::from_json(reply).unwrap();
        assert_eq!(form.problems(&reply), expected, "{reply}");
    }

    /// As schema.core judges the same replies.
    #[test]
    fn a_reply_is_judged_as_maelstrom_judges_it() {
        let read = Form::new("read_ok", &[("messages", Shape::List(&Shape::Any))]);
        for fine in [
            r#"{"type":"read_ok","in_reply_to":1,"messages":[null,1,{"a":2}]}"#,
            r#"{"type":"read_ok","in_reply_to":1,"messages":null,"msg_id":-4}"#,
            r#"{"type":"read_ok","in_reply_to":1,"messages":[],"msg_id":123456789012345678901}"#,
        ] {
            check(&read, fine, &[]);
        }
        check(
            &read,
            r#"{"type":"nope","in_reply_to":1,"msg_id":null,"mood":"fine"}"#,
            &[
                "`type` is \"nope\" where \"read_ok\" is expected",
                "`messages` is missing",
                "`msg_id` is null where integer is expected",
                "`mood` is not defined for it",
            ],
        );
        check(
            &read,
            r#"{"in_reply_to":1,"messages":{},"msg_id":1.0}"#,
            &[
                "`type` is missing",
                "`messages` is {} where [anything, …] is expected",
                "`msg_id` is 1.0 where integer is expected",
            ],
        );
        for (msgs, wrong) in [
            (r#"{"k":null}"#, None),
            (r#"{"k":[[1,null]]}"#, None),
            (
                "null",
                Some("is null where {text: [[integer, anything], …], …} is expected"),
            ),
            (
                "[]",
                Some("is [] where {text: [[integer, anything], …], …} is expected"),
            ),
            (
                r#"{"k":[null]}"#,
                Some("at \"k\" [0] is null where [integer, anything] is expected"),
            ),
            (
                r#"{"k":[[1,2],[1]]}"#,
                Some("at \"k\" [1] is [1] where [integer, anything] is expected"),
            ),
            (
                r#"{"k":[[1,2,3]]}"#,
                Some("at \"k\" [0] is [1,2,3] where [integer, anything] is expected"),
            ),
            (
                r#"{"k":[["1",2]]}"#,
                Some("at \"k\" [0] [0] is \"1\" where integer is expected"),
            ),
        ] {
            let wrong: Vec<String> = wrong
                .map(|wrong| format!("`msgs` {wrong}"))
                .into_iter()
                .collect();
            let wrong: Vec<&str> = wrong.iter().map(String::as_str).collect();
            let reply = format!(r#"{{"type":"poll_ok","in_reply_to":1,"msgs":{msgs}}}"#);
            check(&LOGS, &reply, &wrong);
        }
    }

    #[test]
    fn a_form_shows_what_is_expected() {
        assert_eq!(
            LOGS.to_string(),
            "{\"type\": \"poll_ok\", \"msgs\": {text: [[integer, anything], …], …}, \
             \"in_reply_to\": integer, \"msg_id\": integer (may be left out)}"
        );
    }
}
