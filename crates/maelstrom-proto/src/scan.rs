//! Finding the protocol's own fields in a line without building values.
//!
//! One pass over the bytes finds where each field stands; nothing is
//! allocated. The scan is cautious: whatever is unusual (an escaped key, a
//! field twice, a number that is no plain integer, anything malformed that it
//! notices) makes it give up, and the reader falls back to serde, which either
//! understands the text or says what is wrong with it.
//!
//! What the scan skips it does not check: values are matched by brackets and
//! quotes alone. Their text is checked when a type is asked for.

use std::borrow::Cow;

use crate::body::Header;

/// Where the parts of an envelope stand in its line.
pub(crate) struct Scanned<'a> {
    pub(crate) id: Option<u64>,
    pub(crate) src: &'a str,
    pub(crate) dest: &'a str,
    pub(crate) body: &'a str,
    pub(crate) header: Header<'a>,
}

/// The envelope on a line, if it is an ordinary one.
pub(crate) fn envelope(line: &str) -> Option<Scanned<'_>> {
    let mut scan = Scan::new(line);
    let (mut id, mut src, mut dest, mut body) = (None, None, None, None);
    scan.object(|key, scan| match key {
        "id" => once(&mut id, scan.integer()?),
        "src" => once(&mut src, scan.plain_string()?),
        "dest" => once(&mut dest, scan.plain_string()?),
        "body" => {
            let start = scan.at;
            let header = scan.header()?;
            once(&mut body, (&line[start..scan.at], header))
        }
        _ => None,
    })?;
    scan.end()?;
    let (body, header) = body?;
    Some(Scanned {
        id: id.flatten(),
        src: src?,
        dest: dest?,
        body,
        header,
    })
}

/// The protocol's fields of a body, if it is an ordinary one.
pub(crate) fn header(body: &str) -> Option<Header<'_>> {
    let mut scan = Scan::new(body);
    let header = scan.header()?;
    scan.end()?;
    Some(header)
}

/// Fills a place that must not have been filled before.
fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

/// The bytes that a string without escapes ends at: its closing quote, and all
/// that makes it another kind of string, or none.
const ENDS_PLAIN: [bool; 256] = {
    let mut ends = [false; 256];
    let mut control = 0;
    while control < 0x20 {
        ends[control] = true;
        control += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};

/// The bytes that matter on the way through an array or an object.
const IS_STRUCTURE: [bool; 256] = {
    let mut is = [false; 256];
    is[b'"' as usize] = true;
    is[b'{' as usize] = true;
    is[b'[' as usize] = true;
    is[b'}' as usize] = true;
    is[b']' as usize] = true;
    is
};

/// A position in a text. Every method returns `None` to give up.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        let mut scan = Self { text, at: 0 };
        scan.skip_whitespace();
        scan
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    /// Steps over `byte` and the whitespace after it.
    fn expect(&mut self, byte: u8) -> Option<()> {
        if self.peek()? != byte {
            return None;
        }
        self.at += 1;
        self.skip_whitespace();
        Some(())
    }

    /// Nothing but whitespace is left.
    fn end(&mut self) -> Option<()> {
        self.skip_whitespace();
        (self.at == self.text.len()).then_some(())
    }

    /// Walks over an object; `member` steps over each value. Ends right behind
    /// the closing brace.
    fn object(&mut self, mut member: impl FnMut(&'a str, &mut Self) -> Option<()>) -> Option<()> {
        self.expect(b'{')?;
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            let key = self.plain_string()?;
            self.skip_whitespace();
            self.expect(b':')?;
            member(key, self)?;
            self.skip_whitespace();
            if self.peek()? == b'}' {
                self.at += 1;
                return Some(());
            }
            self.expect(b',')?;
        }
    }

    fn header(&mut self) -> Option<Header<'a>> {
        let (mut kind, mut msg_id, mut in_reply_to) = (None, None, None);
        self.object(|key, scan| match key {
            "type" => once(&mut kind, scan.plain_string()?),
            "msg_id" => once(&mut msg_id, scan.integer()?),
            "in_reply_to" => once(&mut in_reply_to, scan.integer()?),
            _ => scan.skip_value(),
        })?;
        Some(Header {
            kind: Cow::Borrowed(kind?),
            msg_id: msg_id.flatten(),
            in_reply_to: in_reply_to.flatten(),
        })
    }

    /// A string without escapes.
    fn plain_string(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        if self.peek()? != b'"' {
            return None;
        }
        let start = self.at + 1;
        let mut end = start;
        while !ENDS_PLAIN[usize::from(*bytes.get(end)?)] {
            end += 1;
        }
        if bytes[end] != b'"' {
            return None;
        }
        self.at = end + 1;
        Some(&self.text[start..end])
    }

    /// A plain integer, or `null`.
    fn integer(&mut self) -> Option<Option<u64>> {
        let bytes = self.text.as_bytes();
        if bytes[self.at..].starts_with(b"null") {
            self.at += 4;
            return Some(None);
        }
        let start = self.at;
        let mut end = start;
        let mut number = 0_u64;
        while let Some(digit @ b'0'..=b'9') = bytes.get(end) {
            number = number
                .wrapping_mul(10)
                .wrapping_add(u64::from(digit - b'0'));
            end += 1;
        }
        // JSON knows no leading zeros; a fraction, an exponent and numbers that
        // may not fit are for serde.
        let odd = !(1..20).contains(&(end - start)) || (end > start + 1 && bytes[start] == b'0');
        if odd || matches!(bytes.get(end), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        self.at = end;
        Some(Some(number))
    }

    /// Steps over any value by its brackets and quotes.
    fn skip_value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => self.skip_string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                _ if depth > 0 => {
                    let mut rest = self.text.as_bytes()[self.at..].iter();
                    self.at += rest.position(|byte| IS_STRUCTURE[usize::from(*byte)])?;
                }
                _ => return self.skip_scalar(),
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    /// Steps over a number, `true`, `false` or `null`.
    fn skip_scalar(&mut self) -> Option<()> {
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest
            .iter()
            .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n'))?;
        self.at += length;
        (length > 0).then_some(())
    }

    fn skip_string(&mut self) -> Option<()> {
        let bytes = self.text.as_bytes();
        self.at += 1;
        loop {
            match bytes.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(())
    }
}
