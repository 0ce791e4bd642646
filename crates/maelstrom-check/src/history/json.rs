//! Reading and writing JSON without losing a digit.
//!
//! serde_json makes floats of integers beyond 64 bits, and two ids of 128 bits
//! that differ may then be one and the same. Values are read here, numbers as
//! they are written; serde_json says what is wrong with a text that is not JSON.

use std::borrow::Cow;
use std::sync::Arc;

use super::value::{Value, json_key};

/// How deep a text may nest, as for serde_json.
const MAX_DEPTH: usize = 127;

impl Value {
    /// Reads JSON. Integers of any size stay as they are; of a key that an object
    /// gives twice the later value stands, as it does for most readers.
    ///
    /// # Errors
    /// When the text is not JSON.
    ///
    /// ```
    /// use maelstrom_check::Value;
    ///
    /// let ids = Value::from_json("[340282366920938463463374607431768211455, 1e3, 7]").unwrap();
    /// assert_eq!(ids.to_string(), "[340282366920938463463374607431768211455N 1000.0 7]");
    /// ```
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let mut reader = Reader { text, at: 0 };
        match reader.value(MAX_DEPTH) {
            Some(value) if reader.at == text.len() => Ok(value),
            _ => Err(complaint(text)),
        }
    }

    /// The same value as JSON text, as [`Value::to_json`] has it, but for integers
    /// of any size: they stay numbers.
    ///
    /// ```
    /// use maelstrom_check::Value;
    ///
    /// let text = r#"{"id":340282366920938463463374607431768211455,"sum":1.0}"#;
    /// assert_eq!(Value::from_json(text).unwrap().to_json_text(), text);
    /// ```
    pub fn to_json_text(&self) -> String {
        let mut text = String::new();
        self.write_json(&mut text);
        text
    }

    fn write_json(&self, out: &mut String) {
        match self {
            Self::Big(digits) if self.is_integer() => out.push_str(digits),
            Self::Vector(items) | Self::List(items) | Self::Set(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    item.write_json(out);
                }
                out.push(']');
            }
            Self::Map(entries) => {
                out.push('{');
                for (i, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    Self::from(&*json_key(key)).write_json(out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
            Self::Tagged(tagged) => tagged.1.write_json(out),
            _ => out.push_str(&self.to_json().to_string()),
        }
    }
}

/// A position in a text. Every method returns `None` where the text is not JSON.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// A value with the whitespace around it, nested `depth` levels deep at most.
    fn value(&mut self, depth: usize) -> Option<Value> {
        self.skip_whitespace();
        let value = match self.peek()? {
            b'"' => match self.string()? {
                Cow::Borrowed(text) => text.into(),
                Cow::Owned(text) => text.into(),
            },
            b'[' => self.array(depth.checked_sub(1)?)?,
            b'{' => self.object(depth.checked_sub(1)?)?,
            b't' => self.word("true", Value::Bool(true))?,
            b'f' => self.word("false", Value::Bool(false))?,
            b'n' => self.word("null", Value::Nil)?,
            _ => self.number()?,
        };
        self.skip_whitespace();
        Some(value)
    }

    fn array(&mut self, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        self.series(b'[', b']', |reader| {
            items.extend(reader.small_integers().into_iter().map(Value::Int));
            items.push(reader.value(depth)?);
            Some(())
        })?;
        Some(Value::Vector(Arc::new(items)))
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        let mut entries = Vec::new();
        self.series(b'{', b'}', |reader| {
            reader.skip_whitespace();
            let key = reader.string()?;
            reader.skip_whitespace();
            reader.take(b':').then_some(())?;
            entries.push((Value::from(&*key), reader.value(depth)?));
            Some(())
        })?;
        Some(Value::map(entries))
    }

    /// What stands between two brackets, with commas between.
    fn series(
        &mut self,
        open: u8,
        close: u8,
        mut one: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.take(open).then_some(())?;
        self.skip_whitespace();
        if self.take(close) {
            return Some(());
        }
        loop {
            one(self)?;
            if self.take(close) {
                return Some(());
            }
            self.take(b',').then_some(())?;
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        self.text[self.at..].starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    /// What most arrays are full of: integers of a few digits, without
    /// whitespace around them. Takes those with a comma behind them, so that
    /// there must be one more value.
    fn small_integers(&mut self) -> Vec<i64> {
        let mut integers = Vec::new();
        let rest = &self.text.as_bytes()[self.at..];
        let (mut taken, mut number) = (0, 0_i64);
        for (at, byte) in rest.iter().enumerate() {
            let length = at - taken;
            let is_plain = (1..16).contains(&length) && (rest[taken] != b'0' || length == 1);
            match byte {
                b'0'..=b'9' => {
                    let digit = i64::from(byte - b'0');
                    number = number.wrapping_mul(10).wrapping_add(digit);
                }
                b',' if is_plain => {
                    integers.push(number);
                    (taken, number) = (at + 1, 0);
                }
                _ => break,
            }
        }
        self.at += taken;
        integers
    }

    /// A number: an integer of any size, or else what a float makes of it.
    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        self.take(b'-');
        let (first, digits) = (self.peek(), self.digits()?);
        if first == Some(b'0') && digits > 1 {
            return None;
        }
        let mut is_whole = true;
        if self.take(b'.') {
            is_whole = false;
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            is_whole = false;
            let _signed = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let text = &self.text[start..self.at];
        if !is_whole {
            return text.parse().ok().map(Value::Float);
        }
        let small = text.parse().map(Value::Int);
        Some(small.unwrap_or_else(|_| Value::Big(text.into())))
    }

    /// Steps over one digit at least, and says how many there were.
    fn digits(&mut self) -> Option<usize> {
        let rest = &self.text.as_bytes()[self.at..];
        let others = rest.iter().position(|byte| !byte.is_ascii_digit());
        let digits = others.unwrap_or(rest.len());
        self.at += digits;
        (digits > 0).then_some(digits)
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        let start = self.at;
        self.take(b'"').then_some(())?;
        let mut is_plain = true;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    is_plain = false;
                    self.at += 2;
                }
                byte if byte < b' ' => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        if is_plain {
            return Some(Cow::Borrowed(&self.text[start + 1..self.at - 1]));
        }
        // Escapes are left to serde_json.
        let quoted = &self.text[start..self.at];
        serde_json::from_str(quoted).ok().map(Cow::Owned)
    }

    /// Steps over `byte` if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        let comes = self.peek() == Some(byte);
        self.at += usize::from(comes);
        comes
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }
}

/// What is wrong with a text.
fn complaint(text: &str) -> serde_json::Error {
    let complaint = serde_json::from_str::<serde_json::Value>(text).err();
    complaint.unwrap_or_else(|| serde::de::Error::custom("not JSON"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> String {
        match Value::from_json(text) {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn numbers_stay_as_they_are_written() {
        for (text, expected) in [
            ("0", "0"),
            ("[0,10,7]", "[0 10 7]"),
            (
                "[123456789012345,1234567890123456]",
                "[123456789012345 1234567890123456]",
            ),
            ("-0", "0"),
            ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808", "9223372036854775808N"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("1.5e3", "1500.0"),
            ("-2E-1", "-0.2"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn of_a_key_given_twice_the_later_value_stands() {
        assert_eq!(read(r#"{"a":1,"b":2,"a":3}"#), r#"{"a" 3, "b" 2}"#);
    }

    #[test]
    fn text_that_is_not_json_is_refused_and_serde_json_says_why() {
        for text in [
            "",
            " ",
            "[1,]",
            "[1 2]",
            "[",
            "{\"a\"}",
            "{\"a\":1,}",
            "{a:1}",
            "01",
            "-",
            "1.",
            ".5",
            "+1",
            "1e",
            "nul",
            "truely",
            "\"a",
            "\"\\x\"",
            "\"\u{1}\"",
            "[1] 2",
            "\"\\ud800\"",
        ] {
            let expected = serde_json::from_str::<serde_json::Value>(text).unwrap_err();
            assert_eq!(read(text), expected.to_string(), "{text}");
        }
    }

    #[test]
    fn a_text_may_nest_as_deep_as_serde_json_lets_it() {
        for (depth, fits) in [(127, true), (128, false)] {
            let text = "[".repeat(depth) + &"]".repeat(depth);
            assert_eq!(Value::from_json(&text).is_ok(), fits);
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&text).is_ok(),
                fits
            );
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            (-1000..1000).prop_map(|n| (f64::from(n) / 8.0).into()),
            ".{0,4}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::btree_map(".{0,3}", inner, 0..5)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_means_what_serde_json_says(json in json(), pretty in any::<bool>()) {
            let text = if pretty { format!("{json:#}") } else { json.to_string() };
            prop_assert_eq!(Value::from_json(&text).unwrap(), Value::from(json));
        }

        /// One character changed, taken out or put in.
        #[test]
        fn what_is_nearly_json_is_judged_as_serde_json_does(
            json in json(),
            place in any::<prop::sample::Index>(),
            taken in 0..2_usize,
            put in r#"[\[\]{},:"\\0-9.eE+\- nx]?"#,
        ) {
            let mut text: Vec<char> = json.to_string().chars().collect();
            let place = place.index(text.len());
            text.splice(place..place + taken, put.chars());
            let text = String::from_iter(text);
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            // What is too large for a float is infinite here, and an error there.
            let is_huge = |e: &serde_json::Error| e.to_string().contains("out of range");
            let is_json = theirs.as_ref().err().is_none_or(is_huge);
            prop_assert_eq!(Value::from_json(&text).is_ok(), is_json, "{}", text);
        }
    }
}
