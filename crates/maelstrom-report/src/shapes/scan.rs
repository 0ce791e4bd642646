//! The way through a text: values, lists and objects, and what in them is alike in a row.

use super::text::{integer, string_end};
use super::{Apart, END, INT, Known, REPEAT};

/// Deeper than this a text is not taken apart.
const DEEPEST: usize = 128;
/// More integers in a row are no tuple.
const LONGEST_TUPLE: usize = 8;
/// Shorter texts are taken apart as quickly as they are found again.
const SHORTEST_KNOWN: usize = 16;

/// A place in a text, and what was taken from it so far. `None` from a method says that the text is
/// no JSON.
pub(super) struct Scan<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) ids: bool,
    pub(super) known: &'a [Known],
    pub(super) out: &'a mut Apart,
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
    pub(super) fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    pub(super) fn value(&mut self, depth: usize) -> Option<()> {
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

    pub(super) fn comes(&self, known: &Known) -> bool {
        self.bytes[self.at..].starts_with(&known.text)
    }

    pub(super) fn step_over(&mut self, Known { text, apart }: &Known) {
        self.at += text.len();
        self.out.shape.extend_from_slice(&apart.shape);
        self.out.ints.extend_from_slice(&apart.ints);
        self.out.wides.extend_from_slice(&apart.wides);
    }

    pub(super) fn copy(&mut self, length: usize) {
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
}
