//! JSON texts taken apart: their shape, which few share, and their integers, which deflate well.
//!
//! `{"k":[1,2,3],"n":7}` has the shape `{"k":[␂],"n":␁}` and the numbers `3 1 1 1 7`: a lone
//! integer is itself, a run of them is its length and the steps from each to the next. The two
//! marks can't stand in JSON, which escapes such characters in strings.

use rustc_hash::FxHashMap;

/// Stands in a shape for a lone integer.
const ONE: char = '\u{1}';
/// Stands in a shape for several integers with commas between them.
const RUN: char = '\u{2}';

/// Texts by number, each kept once.
#[derive(Default)]
pub(crate) struct Texts {
    known: FxHashMap<String, usize>,
    shapes: FxHashMap<String, usize>,
    /// Room for the shape of one text.
    shape: String,
    /// The shapes in the order of their numbers.
    pub(crate) shape_texts: Vec<String>,
    /// The shape of each text.
    pub(crate) shape_of: Column,
    /// The integers of all texts, one after the other.
    pub(crate) numbers: Column,
}

impl Texts {
    /// How a text is referred to: 0 if it is new, and then it has the next number; else how
    /// many texts ago it was new.
    pub(crate) fn refer(&mut self, text: &str) -> i64 {
        if let Some(number) = self.known.get(text) {
            return (self.known.len() - number) as i64;
        }
        self.known.insert(text.to_owned(), self.known.len());
        let mut shape = std::mem::take(&mut self.shape);
        shape.clear();
        self.take_apart(text, &mut shape);
        let number = self.shapes.get(&shape).copied().unwrap_or_else(|| {
            self.shapes.insert(shape.clone(), self.shape_texts.len());
            self.shape_texts.push(shape.clone());
            self.shape_texts.len() - 1
        });
        self.shape = shape;
        self.shape_of.push(number as i64);
        0
    }

    fn take_apart(&mut self, text: &str, shape: &mut String) {
        let bytes = text.as_bytes();
        let mut run = Vec::new();
        let (mut at, mut copied) = (0, 0);
        while at < bytes.len() {
            match bytes[at] {
                b'"' => at = string_end(bytes, at),
                b'-' | b'0'..=b'9' => {
                    let start = at;
                    run.clear();
                    let mut next = integer(bytes, at);
                    while let Some((number, end)) = next {
                        run.push(number);
                        at = end;
                        if bytes.get(end) != Some(&b',') {
                            break;
                        }
                        next = integer(bytes, end + 1);
                    }
                    if run.is_empty() {
                        at = number_end(bytes, at);
                        continue;
                    }
                    shape.push_str(&text[copied..start]);
                    copied = at;
                    self.note(&run, shape);
                }
                _ => at += 1,
            }
        }
        shape.push_str(&text[copied..]);
    }

    fn note(&mut self, run: &[i64], shape: &mut String) {
        if let [number] = run {
            shape.push(ONE);
            self.numbers.push(*number);
            return;
        }
        shape.push(RUN);
        self.numbers.push(run.len() as i64);
        let mut before = 0;
        for number in run {
            self.numbers.push(number - before);
            before = *number;
        }
    }
}

/// The place after the string that begins at `at`.
pub(crate) fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn number_end(bytes: &[u8], at: usize) -> usize {
    let part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    at + 1 + bytes[at + 1..].iter().take_while(|byte| part(byte)).count()
}

/// The integer that begins at `at`, and the place after it. Only one that is written as the
/// page's script would write it, which is to say no fraction and no more than 15 digits.
pub(crate) fn integer(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let negative = bytes.get(at) == Some(&b'-');
    let first = at + usize::from(negative);
    let mut number = 0;
    let mut end = first;
    while let Some(digit @ b'0'..=b'9') = bytes.get(end) {
        if end - at == 15 {
            return None;
        }
        number = number * 10 + i64::from(digit - b'0');
        end += 1;
    }
    let goes_on = bytes.get(end).is_some_and(|byte| b".eE".contains(byte));
    if end == first || goes_on || (negative && number == 0) {
        return None;
    }
    Some((if negative { -number } else { number }, end))
}

/// Integers, written with as few bytes as their size needs.
#[derive(Default)]
pub(crate) struct Column(pub(crate) Vec<u8>);

impl Column {
    /// Appends a number: seven bits a byte, the lowest first; the sign is the lowest bit.
    pub(crate) fn push(&mut self, number: i64) {
        let mut rest = ((number << 1) ^ (number >> 63)) as u64;
        while rest > 127 {
            self.0.push(rest as u8 | 128);
            rest >>= 7;
        }
        self.0.push(rest as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape with readable marks, and the numbers.
    fn apart(text: &str) -> (String, Vec<i64>) {
        let mut texts = Texts::default();
        assert_eq!(texts.refer(text), 0);
        let mut numbers = Vec::new();
        let (mut number, mut shift) = (0u64, 0);
        for byte in &texts.numbers.0 {
            number |= u64::from(byte & 127) << shift;
            shift += 7;
            if byte & 128 == 0 {
                numbers.push((number >> 1) as i64 ^ -((number & 1) as i64));
                (number, shift) = (0, 0);
            }
        }
        let shape = texts.shape_texts[0].replace(ONE, "1").replace(RUN, "*");
        (shape, numbers)
    }

    #[test]
    fn integers_go_out_of_a_text_and_all_else_stays() {
        let (shape, numbers) = apart(r#"{"k":[5,7,6],"n":-300,"s":"a\"1,2","x":1.5}"#);
        assert_eq!(shape, r#"{"k":[*],"n":1,"s":"a\"1,2","x":1.5}"#);
        assert_eq!(numbers, [3, 5, 2, -1, -300]);
        assert_eq!(
            apart("[[1,2],[3],null]"),
            ("[[*],[1],null]".into(), vec![2, 1, 1, 3])
        );
        for kept in ["-0", "1e5", "12345678901234567890", "1.25"] {
            assert_eq!(apart(kept), (kept.into(), vec![]));
        }
    }

    #[test]
    fn a_text_is_kept_once_and_referred_to_by_how_long_ago_it_was_new() {
        let mut texts = Texts::default();
        let seen: Vec<i64> = ["1", "2", "1", "3", "2", "2"]
            .map(|text| texts.refer(text))
            .into();
        assert_eq!(seen, [0, 0, 2, 0, 2, 2]);
        assert_eq!(texts.shape_texts.len(), 1);
    }
}
