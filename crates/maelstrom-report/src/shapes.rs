//! JSON texts taken apart: their shape, which few share, their integers, and their long numbers.
//!
//! `{"k":[1,2,3],"by":"n7"}` has the shape `{"k":[␂␁␃],"by":"n␁"}` and the integers `3 1 2 3 7`:
//! what is alike in a row, between ␂ and ␃ in the shape, stands there once, and its count among
//! the integers. A few integers beside something else stand one by one: `["r",9]` is `["r",␁]`.
//! ␄ stands for a number too long for a double: decimal, or the hexadecimal digits of a hash, an
//! id, a UUID. None of these marks can stand in JSON, which escapes such characters.

use serde::de::IgnoredAny;

/// Stands in a shape for an integer.
pub(crate) const INT: u8 = 1;
/// Before and after what is repeated.
pub(crate) const REPEAT: u8 = 2;
pub(crate) const END: u8 = 3;
/// Stands in a shape for a [`Wide`].
pub(crate) const WIDE: u8 = 4;

/// Deeper than this a text is not taken apart.
const DEEPEST: usize = 128;
/// More integers in a row are no tuple.
const LONGEST_TUPLE: usize = 8;
/// A hexadecimal number of fewer digits may as well be a word.
const SHORTEST_HEX: usize = 10;
const UUID: usize = 36;

/// A number of more digits than a double holds, and how it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wide {
    /// 0 for decimal, 33 for a UUID, else how many hexadecimal digits it has.
    pub(crate) form: u8,
    pub(crate) value: u128,
}

impl Wide {
    /// How many bytes its value takes.
    pub(crate) fn bytes(self) -> usize {
        match self.form {
            0 => 8,
            33 => 16,
            digits => usize::from(digits).div_ceil(2),
        }
    }
}

/// What one text is made of.
#[derive(Debug, Default)]
pub(crate) struct Apart {
    /// UTF-8, as the text is.
    pub(crate) shape: Vec<u8>,
    pub(crate) ints: Vec<i64>,
    pub(crate) wides: Vec<Wide>,
    /// The ids that only join requests and replies; they are not in the shape.
    pub(crate) msg_id: Option<i64>,
    pub(crate) reply: Option<i64>,
    /// The last string that was more than plain letters: many come again at once.
    string: Option<Box<Known>>,
}

/// A text that was taken apart, to be found again inside another.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) text: Vec<u8>,
    pub(crate) apart: Apart,
}

/// Shorter texts are taken apart as quickly as they are found again.
const SHORTEST_KNOWN: usize = 16;

impl Apart {
    /// Takes a text apart, into the room of the one before.
    pub(crate) fn of(&mut self, text: &[u8]) {
        self.take(text, false, &[]);
    }

    /// Takes the body of a message apart: its ids go out of it, and what stands in it of texts
    /// that are `known` is copied from there.
    pub(crate) fn of_body(&mut self, text: &[u8], known: &[Known]) {
        self.take(text, true, known);
    }

    fn take(&mut self, text: &[u8], ids: bool, known: &[Known]) {
        self.clear();
        let mut scan = Scan {
            bytes: text,
            at: 0,
            ids,
            known,
            out: self,
        };
        let whole = scan.value(0).and_then(|()| scan.end());
        if whole.is_none() {
            // No JSON: it is shown as a string.
            self.clear();
            let text = serde_json::Value::from(String::from_utf8_lossy(text));
            self.shape = text.to_string().into_bytes();
        }
    }

    fn lengths(&self) -> (usize, usize, usize) {
        (self.shape.len(), self.ints.len(), self.wides.len())
    }

    fn clear(&mut self) {
        self.shape.clear();
        self.ints.clear();
        self.wides.clear();
        (self.msg_id, self.reply) = (None, None);
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    ids: bool,
    known: &'a [Known],
    out: &'a mut Apart,
}

/// An element of an array or an object that the next may be like.
struct Element {
    /// Where it stands in the shape.
    from: usize,
    to: usize,
    /// The place of its count.
    count: usize,
}

impl Scan<'_> {
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// Nothing but whitespace is left.
    fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'"' => self.string()?,
            b'{' | b'[' if depth == DEEPEST => return None,
            // What a body repeats of an operation stands under a key of its own.
            b'{' | b'[' if depth == 1 && self.take_known() => {}
            b'{' => self.elements(b'}', depth)?,
            b'[' => self.elements(b']', depth)?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => {
                let rest = &self.bytes[self.at..];
                let words = [&b"null"[..], b"true", b"false"];
                let word = words.into_iter().find(|word| rest.starts_with(word))?;
                self.copy(word.len());
            }
        }
        Some(())
    }

    /// Steps over a known text if one comes next, with what it is made of.
    fn take_known(&mut self) -> bool {
        let comes = |known: &&Known| known.text.len() >= SHORTEST_KNOWN && self.comes(known);
        let found = self.known.iter().find(comes);
        if let Some(known) = found {
            self.step_over(known);
        }
        found.is_some()
    }

    fn comes(&self, known: &Known) -> bool {
        self.bytes[self.at..].starts_with(&known.text)
    }

    fn step_over(&mut self, Known { text, apart }: &Known) {
        self.at += text.len();
        self.out.shape.extend_from_slice(&apart.shape);
        self.out.ints.extend_from_slice(&apart.ints);
        self.out.wides.extend_from_slice(&apart.wides);
    }

    fn copy(&mut self, length: usize) {
        let copied = &self.bytes[self.at..self.at + length];
        self.out.shape.extend_from_slice(copied);
        self.at += length;
    }

    /// Copies a bracket or a colon.
    fn copy_mark(&mut self, mark: u8) {
        self.out.shape.push(mark);
        self.at += 1;
    }

    /// Steps over a comma, after which something has to come.
    fn comma(&mut self, close: u8) -> Option<()> {
        self.at += 1;
        (self.peek()? != close).then_some(())
    }

    /// The elements up to the bracket that closes them, with both brackets.
    fn elements(&mut self, close: u8, depth: usize) -> Option<()> {
        self.copy_mark(self.bytes[self.at]);
        let mut last: Option<Element> = None;
        let mut any = false;
        while self.peek()? != close {
            if close == b']' && self.integers(any)? {
                (any, last) = (true, None);
                continue;
            }
            let from = self.out.shape.len();
            if any {
                self.out.shape.push(b',');
            }
            let inner = self.out.shape.len();
            let first = self.bytes[self.at];
            let second = self.bytes.get(self.at + 1).copied().unwrap_or_default();
            let repeats = match close {
                b'}' => second.is_ascii_digit(),
                // Short integers are told already: these are long, or no integers.
                _ => matches!(first, b'{' | b'[' | b'-' | b'0'..=b'9'),
            };
            let count = self.out.ints.len();
            if repeats {
                self.out.shape.push(REPEAT);
            }
            let taken = close == b'}' && self.ids && depth == 0 && self.id();
            if close == b'}' && !taken {
                self.member(depth)?;
            } else if !taken {
                self.value(depth + 1)?;
            }
            match self.peek()? {
                b',' => self.comma(close)?,
                next if next == close => {}
                _ => return None,
            }
            if taken {
                self.out.shape.truncate(from);
                continue;
            }
            any = true;
            if !repeats {
                last = None;
                continue;
            }
            self.out.shape.push(END);
            let shape = &self.out.shape;
            match &last {
                Some(last) if shape[last.from..last.to] == shape[inner..] => {
                    self.out.shape.truncate(from);
                    self.out.ints[last.count] += 1;
                }
                _ => {
                    let to = self.out.shape.len();
                    self.out.ints.insert(count, 1);
                    last = Some(Element {
                        from: inner,
                        to,
                        count,
                    });
                }
            }
        }
        self.copy_mark(close);
        Some(())
    }

    /// Takes the integers that come next in a list, with the commas after them; `any` when others
    /// stand before them. `false` when there is none.
    fn integers(&mut self, any: bool) -> Option<bool> {
        let count = self.out.ints.len();
        while let Some((number, end)) = integer(self.bytes, self.at) {
            self.out.ints.push(number);
            self.at = end;
            match self.peek()? {
                b',' => self.comma(b']')?,
                b']' => break,
                _ => return None,
            }
        }
        let taken = self.out.ints.len() - count;
        if taken > 0 && any {
            self.out.shape.push(b',');
        }
        let is_all = !any && self.bytes[self.at] == b']';
        if is_all || taken > LONGEST_TUPLE {
            self.out.ints.insert(count, taken as i64);
            self.out.shape.extend_from_slice(&[REPEAT, INT, END]);
            return Some(true);
        }
        for place in 0..taken {
            if place > 0 {
                self.out.shape.push(b',');
            }
            self.out.shape.push(INT);
        }
        Some(taken > 0)
    }

    /// A key of an object with its value.
    fn member(&mut self, depth: usize) -> Option<()> {
        if self.bytes[self.at] != b'"' {
            return None;
        }
        let is_type = self.ids && depth == 0 && self.bytes[self.at..].starts_with(b"\"type\"");
        self.string()?;
        if self.peek()? != b':' {
            return None;
        }
        self.copy_mark(b':');
        if is_type && self.peek()? == b'"' {
            // The types of messages are told apart by their shapes.
            self.copy(string_end(self.bytes, self.at)? - self.at);
            return Some(());
        }
        self.value(depth + 1)
    }

    /// Takes one of the ids with its number, if it comes next.
    fn id(&mut self) -> bool {
        let rest = &self.bytes[self.at..];
        let name = [&b"\"msg_id\""[..], b"\"in_reply_to\""];
        let Some(which) = name.iter().position(|name| rest.starts_with(name)) else {
            return false;
        };
        let start = self.at;
        self.at += name[which].len();
        if self.peek() == Some(b':') {
            self.at += 1;
            self.peek();
            if let Some((id, end)) = integer(self.bytes, self.at) {
                self.at = end;
                match which {
                    0 => self.out.msg_id = Some(id),
                    _ => self.out.reply = Some(id),
                }
                return true;
            }
        }
        self.at = start;
        false
    }

    fn number(&mut self) -> Option<()> {
        if let Some((number, end)) = integer(self.bytes, self.at) {
            self.at = end;
            self.int(number);
            return Some(());
        }
        let part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
        let rest = &self.bytes[self.at..];
        let length = 1 + rest[1..].iter().take_while(|byte| part(byte)).count();
        let text = &rest[..length];
        serde_json::from_slice::<IgnoredAny>(text).ok()?;
        match serde_json::from_slice::<u64>(text) {
            Ok(value) => {
                self.at += length;
                self.wide(0, value.into());
            }
            Err(_) => self.copy(length),
        }
        Some(())
    }

    fn int(&mut self, number: i64) {
        self.out.shape.push(INT);
        self.out.ints.push(number);
    }

    fn wide(&mut self, form: u8, value: u128) {
        self.out.shape.push(WIDE);
        self.out.wides.push(Wide { form, value });
    }

    /// A string with its quotes. The numbers in it go out as others do: names, keys, ids end in some.
    fn string(&mut self) -> Option<()> {
        let inner = &self.bytes[self.at + 1..];
        let plain = inner.iter().position(|byte| STOPS[usize::from(*byte)])?;
        if inner[plain] == b'"' {
            self.copy(plain + 2);
            return Some(());
        }
        let mut last = self.out.string.take().unwrap_or_default();
        if !last.text.is_empty() && self.comes(&last) {
            self.step_over(&last);
        } else {
            self.numbered(&mut last)?;
        }
        self.out.string = Some(last);
        Some(())
    }

    /// A string with numbers or escapes, which becomes the last.
    fn numbered(&mut self, last: &mut Known) -> Option<()> {
        let end = string_end(self.bytes, self.at)?;
        let (shape, ints, wides) = self.out.lengths();
        last.text.clear();
        last.text.extend_from_slice(&self.bytes[self.at..end]);
        let mut copied = self.at;
        self.at += 1;
        while self.at < end {
            let from = self.at;
            let rest = &self.bytes[from..end];
            // Hexadecimal digits count where there may be enough of them.
            let is_long = rest.len() > SHORTEST_HEX;
            if !(rest[0].is_ascii_digit() || is_long && matches!(rest[0], b'a'..=b'f')) {
                self.at += 1;
                continue;
            }
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let hex = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let length = digits + rest[digits..].iter().take_while(hex).count();
            if length < SHORTEST_HEX && rest[0] > b'9' && !(length == 8 && uuid(rest)) {
                let letters = |byte: &&u8| !byte.is_ascii_digit();
                self.at += rest[..length].iter().take_while(letters).count();
                continue;
            }
            self.at += length;
            let long = &rest[..length];
            let wide = if length == 8 && uuid(rest) {
                Some((33, UUID, in_base(16, &rest[..UUID])))
            } else if digits == length && (16..=20).contains(&length) && rest[0] != b'0' {
                let decimal = u64::try_from(in_base(10, long)).ok();
                decimal.map(|decimal| (0, length, decimal.into()))
            } else if (SHORTEST_HEX..=32).contains(&length) && (digits < length || length > 15) {
                Some((length as u8, length, in_base(16, long)))
            } else {
                None
            };
            if let Some((form, length, value)) = wide {
                self.out.shape.extend_from_slice(&self.bytes[copied..from]);
                copied = from + length;
                self.at = copied;
                self.wide(form, value);
            } else if let (true, Some((number, to))) = (digits > 0, integer_in(rest, digits)) {
                self.out.shape.extend_from_slice(&self.bytes[copied..from]);
                copied = from + to;
                self.at = copied;
                self.int(number);
            } else if digits > 0 {
                self.at = from + digits;
            }
        }
        self.at = end;
        self.out.shape.extend_from_slice(&self.bytes[copied..end]);
        last.apart.clear();
        last.apart.shape.extend_from_slice(&self.out.shape[shape..]);
        last.apart.ints.extend_from_slice(&self.out.ints[ints..]);
        last.apart.wides.extend_from_slice(&self.out.wides[wides..]);
        Some(())
    }
}

/// The bytes that end the plain part of a string: the quote, an escape, digits, and what can't
/// stand in one.
const STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let mut control = 0;
    while control < 0x20 {
        stops[control] = true;
        control += 1;
    }
    stops[b'"' as usize] = true;
    stops[b'\\' as usize] = true;
    let mut digit = b'0';
    while digit <= b'9' {
        stops[digit as usize] = true;
        digit += 1;
    }
    stops
};

/// Whether a UUID stands here.
fn uuid(bytes: &[u8]) -> bool {
    bytes.len() >= UUID
        && bytes[..UUID].iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// What digits mean in that base, at most 32 of them; anything between them is passed over.
fn in_base(base: u32, digits: &[u8]) -> u128 {
    let digits = digits
        .iter()
        .filter_map(|byte| char::from(*byte).to_digit(base));
    digits.fold(0, |value, digit| {
        value * u128::from(base) + u128::from(digit)
    })
}

/// The integer that a string has here, whatever comes after it.
fn integer_in(bytes: &[u8], digits: usize) -> Option<(i64, usize)> {
    if digits > 15 || (bytes[0] == b'0' && digits > 1) {
        return None;
    }
    let number = bytes[..digits]
        .iter()
        .fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    Some((number, digits))
}

/// The place after the string that begins at `at`.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        match *bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += escape(&bytes[at..])?,
            0..0x20 => return None,
            _ => at += 1,
        }
    }
}

/// How long the escape is that stands here.
fn escape(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => bytes
            .get(2..6)?
            .iter()
            .all(u8::is_ascii_hexdigit)
            .then_some(6),
        _ => None,
    }
}

/// The integer that begins at `at`, and the place after it. Only one that is written as the
/// page's script would write it, which is to say no fraction and no more than 15 digits.
fn integer(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let negative = bytes.get(at) == Some(&b'-');
    let first = at + usize::from(negative);
    let digits = bytes.get(first..)?;
    let mut number = 0_i64;
    let mut length = 0;
    for digit in digits.iter().map(|byte| byte.wrapping_sub(b'0')) {
        if digit > 9 {
            break;
        }
        // More digits than fit are counted all the same.
        number = number.wrapping_mul(10).wrapping_add(digit.into());
        length += 1;
    }
    let goes_on = matches!(digits.get(length), Some(b'.' | b'e' | b'E'));
    let leading = length > 1 && digits[0] == b'0';
    if !(1..=15).contains(&length) || goes_on || leading || (negative && number == 0) {
        return None;
    }
    Some((if negative { -number } else { number }, first + length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The shape with readable marks, and the integers.
    fn apart(text: &str) -> (String, Vec<i64>) {
        let mut apart = Apart::default();
        apart.of(text.as_bytes());
        let marks = [(INT, "#"), (REPEAT, "<"), (END, ">"), (WIDE, "%")];
        let shape = String::from_utf8(apart.shape).unwrap();
        let shape = marks.iter().fold(shape, |shape, (mark, shown)| {
            shape.replace(char::from(*mark), shown)
        });
        (shape, apart.ints)
    }

    #[test]
    fn numbers_go_out_of_a_text_and_all_else_stays() {
        let text = r#"{"k":[5,7,6],"n":-300,"s":"a\"1,2","x":1.5}"#;
        let shape = r##"{"k":[<#>],"n":#,"s":"a\"#,#","x":1.5}"##;
        assert_eq!(apart(text), (shape.into(), vec![3, 5, 7, 6, -300, 1, 2]));
        for kept in [
            "-0",
            "1e5",
            "1.25",
            "1e400",
            r#""007""#,
            r#""\u00ea\/""#,
            r#""facade""#,
            "null",
        ] {
            assert_eq!(apart(kept), (kept.into(), vec![]));
        }
    }

    #[test]
    fn what_is_alike_in_a_row_is_counted() {
        let all = "[<[<#>]>,<[]>,null]";
        assert_eq!(
            apart("[[1,2],[3],[],null]"),
            (all.into(), vec![2, 2, 1, 2, 1, 3, 1])
        );
        let state = r#"{"7":1,"8":[2],"9":[3],"rest":{}}"#;
        let shape = r##"{<"#":#>,<"#":[<#>]>,"rest":{}}"##;
        let ints = vec![1, 7, 1, 2, 8, 1, 2, 9, 1, 3];
        assert_eq!(apart(state), (shape.into(), ints));
    }

    #[test]
    fn a_few_integers_beside_something_else_stand_one_by_one() {
        for (text, shape, ints) in [
            (r#"["w",9,-3]"#, r##"["w",#,#]"##, vec![9, -3]),
            ("[1,[2],3]", "[#,<[<#>]>,#]", vec![1, 1, 1, 2, 3]),
            (
                "[1,2,3,4,5,6,7,8,null]",
                "[#,#,#,#,#,#,#,#,null]",
                vec![1, 2, 3, 4, 5, 6, 7, 8],
            ),
            (
                "[null,1,2,3,4,5,6,7,8,9]",
                "[null,<#>]",
                vec![9, 1, 2, 3, 4, 5, 6, 7, 8, 9],
            ),
            (" [ 1, 2 ,3 ] ", "[<#>]", vec![3, 1, 2, 3]),
            ("[ ]", "[]", vec![]),
        ] {
            assert_eq!(apart(text), (shape.into(), ints), "{text}");
        }
    }

    #[test]
    fn long_numbers_in_a_row_are_counted_too() {
        let long = "[1700000000000000000,1700000000000004096]";
        assert_eq!(apart(long), ("[<%>]".into(), vec![2]));
        assert_eq!(apart("[0.5,0.5,7]"), ("[<0.5>,#]".into(), vec![2, 7]));
    }

    #[test]
    fn long_numbers_are_told_by_how_they_are_written() {
        let mut apart = Apart::default();
        let text = r#"["n1-9f2c4e6a8b0d1","550e8400-e29b-41d4-a716-446655440000",12345678901234567890,"0123456789012345"]"#;
        apart.of(text.as_bytes());
        let forms: Vec<(u8, usize)> = apart.wides.iter().map(|w| (w.form, w.bytes())).collect();
        assert_eq!(forms, [(13, 7), (33, 16), (0, 8), (16, 8)]);
        assert_eq!(apart.wides[2].value, 12_345_678_901_234_567_890);
        assert_eq!(apart.wides[0].value, 0x9_f2c4_e6a8_b0d1);
    }

    #[test]
    fn a_string_that_comes_again_is_taken_apart_as_at_first() {
        let string = r#""n7/1700000000000000/9f2c4e6a8b0d""#;
        let mut once = Apart::default();
        once.of(string.as_bytes());
        let mut thrice = Apart::default();
        let text = format!(r#"{{"a":{string},"b":[{string},"n8"],"c":{string}}}"#);
        thrice.of(text.as_bytes());
        let shape = String::from_utf8(once.shape).unwrap();
        let whole = format!(r#"{{"a":{shape},"b":[{shape},"n"],"c":{shape}}}"#);
        assert_eq!(
            String::from_utf8(thrice.shape).unwrap(),
            whole.replace(r#""n""#, "\"n\u{1}\"")
        );
        assert_eq!(thrice.ints, [7, 7, 8, 7]);
        assert_eq!(
            thrice.wides,
            [once.wides.clone(), once.wides.clone(), once.wides].concat()
        );
    }

    #[test]
    fn what_is_no_json_is_a_string() {
        for text in [
            "{\"a\":1",
            "{1}",
            "",
            "[1 2]",
            "\u{1}",
            "[1,2,]",
            "[null,]",
            "{\"a\":1,}",
            "[01]",
            "[-]",
            "[1.]",
            "[nul]",
            "\"\u{1}\"",
            "\"7\n\"",
            r#""\x""#,
            r#""\u12""#,
            "+1",
        ] {
            let string = serde_json::Value::from(text).to_string();
            assert_eq!(apart(text), (string, vec![]), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn json_is_taken_apart_and_nothing_else(
            text in prop::sample::select(vec![
                r#"{"type":"read","ids":[1, -20,3],"n":1.5e3,"ok":true}"#,
                r#"[[7,"a\u00e9\n9"],[null,false,12345678901234567890],{}]"#,
                r#"{"5":{"a":"n1/1700000000000000"},"6":[0,0.25]}"#,
            ]),
            edits in prop::collection::vec((any::<prop::sample::Index>(), r#"[\[\]{},:"\\019.eEut \n-]?"#), 0..3),
        ) {
            let mut text = text.to_owned();
            for (place, put) in edits {
                let at = place.index(text.len());
                text.replace_range(at..=at, &put);
            }
            let is_json = serde_json::from_str::<IgnoredAny>(&text).is_ok();
            let as_string = serde_json::Value::from(&*text).to_string();
            prop_assert_eq!(apart(&text).0 != as_string, is_json, "{}", text);
        }
    }

    #[test]
    fn a_known_text_is_taken_apart_as_any_other() {
        let mut known = Known {
            text: r#"[["r",9,[1,2,30]],["append",9,"n1-12345678901234567890"]]"#.into(),
            apart: Apart::default(),
        };
        known.apart.of(&known.text);
        let text = std::str::from_utf8(&known.text).unwrap();
        let body = format!(r#"{{"type":"txn","txn":{text},"more":{text},"deep":[{text}]}}"#);
        let (mut plain, mut copied) = (Apart::default(), Apart::default());
        plain.of_body(body.as_bytes(), &[]);
        let mut known = [Known::default(), known];
        copied.of_body(body.as_bytes(), &known);
        assert_eq!(copied.shape, plain.shape);
        assert_eq!((&copied.ints, &copied.wides), (&plain.ints, &plain.wides));
        assert_eq!(plain.wides.len(), 3);
        // It is copied and not read: were it empty, nothing would be left of what stands under a
        // key of its own.
        known[1].apart.clear();
        copied.of_body(body.as_bytes(), &known);
        assert_eq!(copied.wides.len(), 1);
    }

    #[test]
    fn ids_go_out_of_a_body_wherever_they_stand() {
        for (text, rest, msg_id, reply) in [
            (
                r#"{"type":"read","msg_id":3}"#,
                r#"{"type":"read"}"#,
                Some(3),
                None,
            ),
            (
                r#"{"msg_id":3,"type":"read"}"#,
                r#"{"type":"read"}"#,
                Some(3),
                None,
            ),
            (r#"{"in_reply_to":1,"msg_id":3}"#, "{}", Some(3), Some(1)),
            (
                r#"{"type":"a","in_reply_to":1,"msg_id":3}"#,
                r#"{"type":"a"}"#,
                Some(3),
                Some(1),
            ),
            (
                r#"{"a":{"msg_id":"x"},"b":"msg_id"}"#,
                r#"{"a":{"msg_id":"x"},"b":"msg_id"}"#,
                None,
                None,
            ),
            (
                r#"{"a": "b c", "msg_id": 3, "in_reply_to": 4}"#,
                r#"{"a":"b c"}"#,
                Some(3),
                Some(4),
            ),
            (r#"{"msg_id":"x"}"#, r#"{"msg_id":"x"}"#, None, None),
            (r#"{"type":"phase2"}"#, r#"{"type":"phase2"}"#, None, None),
            (
                r#"{"a":"\"msg_id\":","msg_id":-4}"#,
                r#"{"a":"\"msg_id\":"}"#,
                Some(-4),
                None,
            ),
        ] {
            let mut apart = Apart::default();
            apart.of_body(text.as_bytes(), &[]);
            assert_eq!(
                (&*apart.shape, apart.msg_id, apart.reply),
                (rest.as_bytes(), msg_id, reply),
                "{text}"
            );
        }
    }
}
