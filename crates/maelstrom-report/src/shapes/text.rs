//! Strings and numbers: what stands between the marks of lists and objects.

use serde::de::IgnoredAny;

use super::scan::Scan;
use super::{INT, Known, WIDE, Wide};

/// A hexadecimal number of fewer digits may as well be a word.
const SHORTEST_HEX: usize = 10;
const UUID: usize = 36;

impl Scan<'_> {
    pub(super) fn number(&mut self) -> Option<()> {
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
    pub(super) fn string(&mut self) -> Option<()> {
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
pub(super) fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
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
pub(super) fn integer(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
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
