//! What the packed run leaves out because its reader can guess it.
//!
//! Packer and reader keep the same small memory of what came before, and make the same guess; only
//! how far it was off is written. `guess.mjs` is the other half of this file, step for step.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::shapes::Wide;

/// Integers, written with as few bytes as their size needs.
#[derive(Debug, Default)]
pub(crate) struct Column {
    /// Each written at once; a zero is the only one that begins with a byte of zero.
    bytes: Vec<u8>,
    len: usize,
    zeros: usize,
}

impl Column {
    pub(crate) fn push(&mut self, number: i64) {
        write(number, &mut self.bytes);
        self.len += 1;
        self.zeros += usize::from(number == 0);
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Whether it is written as what is not 0, each after how many zeros.
    pub(crate) fn is_sparse(&self) -> bool {
        (self.len - self.zeros) * 4 < self.len
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        if !self.is_sparse() {
            return self.bytes;
        }
        let mut sparse = Vec::with_capacity(self.bytes.len() / 2);
        let mut rest = &self.bytes[..];
        while let Some(zeros) = rest.iter().position(|byte| *byte != 0) {
            write(zeros as i64, &mut sparse);
            rest = &rest[zeros..];
            let length = 1 + rest.iter().take_while(|byte| **byte > 127).count();
            sparse.extend_from_slice(&rest[..length]);
            rest = &rest[length..];
        }
        sparse
    }
}

/// Seven bits a byte, the lowest first; the sign is the lowest bit of all.
pub(crate) fn write(number: i64, bytes: &mut Vec<u8>) {
    let mut rest = ((number << 1) ^ (number >> 63)) as u64;
    while rest > 127 {
        bytes.push(rest as u8 | 128);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

/// What has followed in the same situation before, the latest first.
#[derive(Debug, Default)]
pub(crate) struct Ranks {
    seen: FxHashMap<(usize, usize), Vec<usize>>,
    rank: Column,
    new: Column,
}

impl Ranks {
    pub(crate) fn push(&mut self, situation: (usize, usize), value: usize) {
        let seen = self.seen.entry(situation).or_default();
        match seen.iter().position(|before| *before == value) {
            Some(rank) => {
                self.rank.push(rank as i64);
                seen[..=rank].rotate_right(1);
            }
            None => {
                self.rank.push(seen.len() as i64);
                self.new.push(value as i64);
                seen.insert(0, value);
            }
        }
    }

    pub(crate) fn columns(self) -> [Column; 2] {
        [self.rank, self.new]
    }
}

/// Requests that were delivered and not answered yet, the eldest first.
#[derive(Debug, Default)]
pub(crate) struct Pending(VecDeque<Request>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) src: usize,
    pub(crate) dest: usize,
    pub(crate) id: i64,
    pub(crate) text: usize,
}

/// More than these are forgotten: some are never answered.
const MOST_PENDING: usize = 256;

impl Pending {
    pub(crate) fn push(&mut self, request: Request) {
        if self.0.len() == MOST_PENDING {
            self.0.pop_front();
        }
        self.0.push_back(request);
    }

    /// Takes out the request that a reply is for, with its place.
    pub(crate) fn answer(&mut self, from: usize, to: usize, id: i64) -> Option<(usize, Request)> {
        let is = |request: &Request| request.id == id && request.dest == from && request.src == to;
        let place = self.0.iter().position(is)?;
        Some((place, self.0.remove(place)?))
    }
}

/// How many texts each lane remembers, and how many beginnings of shapes have guesses of their own.
const RECENT: usize = 3;
const SLOTS: usize = 24;
/// The text that is answered, those of both ends, the last of the shape, and the text itself so
/// far, which may be a list of things that are alike.
const KNOWN: usize = 3 + 2 * RECENT;
const ITSELF: usize = KNOWN - 1;
const LAST: usize = KNOWN - 2;
const MOST_TRUST: i8 = 8;
const MOST_PAUSE: u8 = 63;
/// How far a number is looked for.
const NEAR: usize = 16;

/// Texts that were told, and guesses of the numbers in the next.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// The integers of all texts, and where each text's begin.
    ints: Vec<i64>,
    starts: Vec<usize>,
    /// The shape of each.
    pub(crate) shape_of: Vec<usize>,
    shapes: FxHashMap<Vec<u8>, usize>,
    pub(crate) shape_texts: Vec<String>,
    of_shape: Vec<Shape>,
    /// The latest texts of each lane, the latest first.
    recent: Vec<[Option<usize>; RECENT]>,
    /// The long numbers, alike, and those seen lately.
    wides: Vec<Wide>,
    wide_starts: Vec<usize>,
    wides_seen: VecDeque<Wide>,
    /// How many guesses were right before each that was wrong, and by how much the number is
    /// other than the last in its place.
    right: Column,
    wrong: Column,
    run: i64,
    /// A long number's place among those seen lately, or 0 for one that is new.
    wide: Column,
    wide_forms: Column,
    wide_bytes: Vec<u8>,
}

/// What is remembered of a shape.
#[derive(Debug, Clone)]
struct Shape {
    /// Its last text.
    last: Option<usize>,
    /// Which of the known texts it was like at its end.
    goes_on: usize,
    /// Its first numbers.
    slots: [Slot; SLOTS],
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// The number that stood here last.
    value: i64,
    /// Where it was found when it was looked for last: in which of the known texts, at which place.
    source: (usize, usize),
    /// How much more often it was right to look there again than to go on.
    trust: i8,
    /// Once it was looked for in vain, so many are let go, and more the next time.
    wait: u8,
    pause: u8,
    /// How long the steps were lately to what was wrongly guessed: from what stood here last, from
    /// what stands where the text goes on, from the number before.
    lengths: [u32; 3],
}

impl Slot {
    /// From where the steps are the shortest.
    fn shortest(&self) -> usize {
        let [last, near, before] = self.lengths;
        if last <= near && last <= before {
            0
        } else if near <= before {
            1
        } else {
            2
        }
    }

    fn measure(&mut self, steps: [i64; 3]) {
        for (length, step) in self.lengths.iter_mut().zip(steps) {
            let bits = 64 - step.unsigned_abs().leading_zeros();
            *length = *length - *length / 8 + bits;
        }
    }
}

/// Where a number stands, right after the other if there is one.
fn search(ints: &[i64], before: Option<i64>, number: i64) -> Option<usize> {
    // Most often it is not there, which is the quicker to see.
    if !ints.contains(&number) {
        return None;
    }
    match before {
        None => ints.iter().position(|there| *there == number),
        Some(before) => {
            let mut pairs = ints.iter().zip(ints.get(1..)?);
            let place = pairs.position(|(first, there)| *there == number && *first == before)?;
            Some(place + 1)
        }
    }
}

/// The same, near the beginning of one of the texts.
fn find(known: &[&[i64]; KNOWN], before: Option<i64>, number: i64) -> Option<(usize, usize)> {
    known.iter().enumerate().find_map(|(text, ints)| {
        let place = search(&ints[..ints.len().min(NEAR)], before, number)?;
        Some((text, place))
    })
}

impl Texts {
    pub(crate) fn new(lanes: usize) -> Self {
        Self {
            recent: vec![[None; RECENT]; lanes],
            ..Self::default()
        }
    }

    /// The number of a shape.
    pub(crate) fn shape(&mut self, shape: &[u8]) -> usize {
        if let Some(number) = self.shapes.get(shape) {
            return *number;
        }
        self.shapes.insert(shape.to_owned(), self.shape_texts.len());
        let text = String::from_utf8_lossy(shape).into_owned();
        self.shape_texts.push(text);
        self.of_shape.push(Shape {
            last: None,
            goes_on: 0,
            slots: [Slot::default(); SLOTS],
        });
        self.shape_texts.len() - 1
    }

    /// The latest text of a lane.
    pub(crate) fn latest(&self, lane: usize) -> Option<usize> {
        self.recent[lane][0]
    }

    /// Has a lane remember a text.
    pub(crate) fn remember(&mut self, lane: usize, text: usize) {
        self.recent[lane].rotate_right(1);
        self.recent[lane][0] = Some(text);
    }

    /// Whether a text is this one.
    pub(crate) fn is(&self, text: usize, (shape, ints, wides): (usize, &[i64], &[Wide])) -> bool {
        self.shape_of[text] == shape
            && self.ints[self.starts[text]..].starts_with(ints)
            && self
                .starts
                .get(text + 1)
                .is_none_or(|end| end - self.starts[text] == ints.len())
            && self.wides[self.wide_starts[text]..].starts_with(wides)
    }

    /// Tells a text, and gives its number. It is guessed from the text that it answers, and
    /// from those that its sender and its receiver know.
    pub(crate) fn tell(
        &mut self,
        (shape, ints, wides): (usize, &[i64], &[Wide]),
        answers: Option<usize>,
        lanes: [usize; 2],
    ) -> usize {
        let text = self.starts.len();
        self.starts.push(self.ints.len());
        self.shape_of.push(shape);
        let mut known = [None; KNOWN];
        known[0] = answers;
        known[1..=RECENT].copy_from_slice(&self.recent[lanes[0]]);
        if lanes[0] != lanes[1] {
            known[1 + RECENT..=2 * RECENT].copy_from_slice(&self.recent[lanes[1]]);
        }
        known[LAST] = self.of_shape[shape].last.replace(text);
        if !ints.is_empty() {
            self.guess(shape, ints, &known);
        }
        self.ints.extend_from_slice(ints);
        self.wide_starts.push(self.wides.len());
        self.wides.extend_from_slice(wides);
        wides.iter().for_each(|wide| self.wide(*wide));
        text
    }

    /// Two guesses are made of each number, and the one is taken that was right more often in this
    /// place: it stands where it was found the last time in a text of this shape, or it goes on
    /// as a text that is known does.
    fn guess(&mut self, shape: usize, ints: &[i64], known: &[Option<usize>; KNOWN]) {
        let (all, starts) = (&self.ints, &self.starts);
        let mut known = known.map(|text| -> &[i64] {
            text.map_or(&[], |text| &all[starts[text]..starts[text + 1]])
        });
        let memory = &mut self.of_shape[shape];
        let (mut text, mut place) = (memory.goes_on, 0);
        // Where the number before was expected in vain.
        let mut vain = None;
        // From which number on it is looked for again, and how many are let go in vain.
        let (mut look, mut pause) = (0, 1);
        let mut at = 0;
        while at < ints.len() {
            known[ITSELF] = &ints[..at];
            if at >= SLOTS && text != ITSELF {
                // What goes on as it did is passed at once.
                let there = known[text].get(place..).unwrap_or_default();
                let same = there
                    .iter()
                    .zip(&ints[at..])
                    .take_while(|(a, b)| a == b)
                    .count();
                if same > 0 {
                    self.run += same as i64;
                    (at, place, vain) = (at + same, place + same, None);
                    memory.slots[SLOTS - 1].value = ints[at - 1];
                    continue;
                }
            }
            let number = &ints[at];
            let goes_on = known[text].get(place);
            let going_on = goes_on == Some(number);
            let slot = at.min(SLOTS - 1);
            let own = &mut memory.slots[slot];
            let found = known[own.source.0].get(own.source.1) == Some(number);
            let trusted = own.trust >= 0 && at < SLOTS;
            if if trusted { found } else { going_on } {
                self.run += 1;
            } else {
                let near = goes_on.copied().unwrap_or(own.value);
                let before = at.checked_sub(1).map_or(own.value, |before| ints[before]);
                let steps = [own.value, near, before].map(|from| number - from);
                self.right.push(self.run);
                self.wrong.push(steps[own.shortest()]);
                self.run = 0;
                own.measure(steps);
            }
            own.value = *number;
            if at < SLOTS {
                own.trust += i8::from(found) - i8::from(going_on);
                own.trust = own.trust.clamp(-MOST_TRUST, MOST_TRUST);
                if found {
                    own.pause = 0;
                } else if own.wait > 0 {
                    own.wait -= 1;
                } else {
                    let same = known[LAST].get(at) == Some(number);
                    let same = same.then_some((LAST, at));
                    match same.or_else(|| find(&known, None, *number)) {
                        Some(found) => own.source = found,
                        None => {
                            own.pause = (own.pause * 2 + 1).min(MOST_PAUSE);
                            own.wait = own.pause;
                        }
                    }
                }
            }
            let was = std::mem::replace(&mut vain, (!going_on).then_some(place));
            (at, place) = (at + 1, place + 1);
            if going_on {
                continue;
            }
            if let Some(was) = was.filter(|was| known[text].get(*was) == Some(number)) {
                // Something was put in.
                (place, vain) = (was + 1, None);
                continue;
            }
            if at < look {
                continue;
            }
            let before = at.checked_sub(2).map(|before| ints[before]);
            let near = place.saturating_sub(NEAR / 4).min(known[text].len());
            let there = &known[text][near..known[text].len().min(place + NEAR)];
            let here = search(there, before, *number).map(|found| (text, near + found));
            match here.or_else(|| find(&known, before, *number)) {
                Some((like, found)) => {
                    (text, place, vain) = (like, found + 1, None);
                    pause = 1;
                }
                None => {
                    look = at + pause;
                    pause *= 2;
                }
            }
        }
        memory.goes_on = text;
    }

    fn wide(&mut self, wide: Wide) {
        // Most often it is the last one again, which then stands where it is to stand.
        if self.wides_seen.front() == Some(&wide) {
            return self.wide.push(1);
        }
        let seen = self.wides_seen.iter().position(|seen| *seen == wide);
        self.wide.push(seen.map_or(0, |place| place as i64 + 1));
        match seen {
            Some(place) => drop(self.wides_seen.remove(place)),
            None => {
                self.wide_forms.push(wide.form.into());
                let bytes = wide.value.to_be_bytes();
                self.wide_bytes
                    .extend_from_slice(&bytes[16 - wide.bytes()..]);
                self.wides_seen.truncate(NEAR - 1);
            }
        }
        self.wides_seen.push_front(wide);
    }

    /// How many texts, integers and long numbers there are, and whether each integer has 32 bits
    /// at most.
    pub(crate) fn counts(&self) -> (usize, usize, usize, bool) {
        let short = self
            .ints
            .iter()
            .all(|number| i32::try_from(*number).is_ok());
        (self.starts.len(), self.ints.len(), self.wides.len(), short)
    }

    /// The columns by their names, and the bytes of the long numbers.
    pub(crate) fn columns(self) -> ([(&'static str, Column); 4], Vec<u8>) {
        let columns = [
            ("right", self.right),
            ("wrong", self.wrong),
            ("wide", self.wide),
            ("wideForm", self.wide_forms),
        ];
        (columns, self.wide_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_zeros_is_written_as_the_others_and_the_gaps_before_them() {
        let mut column = Column::default();
        let numbers = [0, 0, 0, 64, 0, 0, 0, 0, -8192, 0, 0, 0, 1];
        numbers.iter().for_each(|number| column.push(*number));
        assert!(column.is_sparse());
        let mut bytes = Vec::new();
        [3, 64, 4, -8192, 3, 1]
            .iter()
            .for_each(|number| write(*number, &mut bytes));
        assert_eq!((column.len(), column.into_bytes()), (13, bytes));
        let mut zeros = Column::default();
        (0..5).for_each(|_| zeros.push(0));
        assert_eq!((zeros.is_sparse(), zeros.into_bytes()), (true, vec![]));
    }
}
