//! Bytes in, lines out: the reading half of the line transport.

use std::io::{self, BufRead};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// The longest line taken. Anything longer is no message but a fault, and may
/// not fill the memory.
pub(crate) const LONGEST: usize = 256 * 1024 * 1024;

/// Reads a stream and cuts it into lines, copying nothing but the piece of a
/// line that a chunk ended in.
#[derive(Debug)]
pub(crate) struct LineReader<R> {
    input: R,
    buffer: Vec<u8>,
    /// The bytes read and not taken yet.
    start: usize,
    end: usize,
    /// How far from `start` there is no newline, as known.
    searched: usize,
    /// The rest of the current line is dropped: it is too long.
    dropping: bool,
    longest: usize,
}

/// What the reader came upon.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// A line without its newline.
    Whole(&'a [u8]),
    /// The beginning of a line that is longer than any message may be. Its
    /// rest is passed over.
    TooLong(&'a [u8]),
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(crate) fn new(input: R) -> Self {
        Self::with_longest(input, LONGEST)
    }

    fn with_longest(input: R, longest: usize) -> Self {
        Self {
            input,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            searched: 0,
            dropping: false,
            longest,
        }
    }

    /// Reads once; the number of bytes read, 0 at the end of the input. Every
    /// line that is complete must have been taken before.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.make_room();
        let mut free = ReadBuf::new(&mut self.buffer[self.end..]);
        ready!(Pin::new(&mut self.input).poll_read(cx, &mut free))?;
        let read = free.filled().len();
        self.end += read;
        Poll::Ready(Ok(read))
    }

    /// The next complete line of what was read.
    pub(crate) fn next(&mut self) -> Option<Line<'_>> {
        loop {
            let unsearched = &self.buffer[self.start + self.searched..self.end];
            let mut rest = unsearched;
            let length = rest.skip_until(b'\n').expect("a slice can always be read");
            let found = length > 0 && unsearched[length - 1] == b'\n';
            if !found {
                self.searched += length;
                return self.cut_off();
            }
            let from = self.start;
            let to = from + self.searched + length;
            (self.start, self.searched) = (to, 0);
            if !std::mem::take(&mut self.dropping) {
                return Some(Line::Whole(&self.buffer[from..to - 1]));
            }
        }
    }

    /// What is left when the input has ended without a newline.
    pub(crate) fn rest(&mut self) -> &[u8] {
        let rest = &self.buffer[self.start..self.end];
        self.start = self.end;
        if self.dropping { &[] } else { rest }
    }

    /// Begins to drop a line that has grown too long.
    fn cut_off(&mut self) -> Option<Line<'_>> {
        if self.dropping {
            (self.start, self.searched) = (self.end, 0);
        } else if self.searched > self.longest {
            let from = self.start;
            self.dropping = true;
            (self.start, self.searched) = (self.end, 0);
            return Some(Line::TooLong(&self.buffer[from..from + CHUNK]));
        }
        None
    }

    fn make_room(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            // A line of megabytes is rare; its memory is given back.
            if self.buffer.len() > 16 * CHUNK {
                self.buffer = vec![0; CHUNK];
            }
        } else if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.buffer.len() - self.end < CHUNK / 4 {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    /// The lines of `text`, read `step` bytes at a time.
    async fn lines(text: &[u8], step: usize, longest: usize) -> Vec<(bool, Vec<u8>)> {
        let mut builder = tokio_test_stream(text, step);
        let mut reader = LineReader::with_longest(&mut builder, longest);
        let mut lines = Vec::new();
        while poll_fn(|cx| reader.poll_fill(cx)).await.unwrap() > 0 {
            while let Some(line) = reader.next() {
                lines.push(match line {
                    Line::Whole(line) => (true, line.to_vec()),
                    Line::TooLong(line) => (false, line[..4].to_vec()),
                });
            }
        }
        let rest = reader.rest().to_vec();
        if !rest.is_empty() {
            lines.push((true, rest));
        }
        lines
    }

    /// A reader that gives at most `step` bytes at a time.
    fn tokio_test_stream(text: &[u8], step: usize) -> impl AsyncRead + Unpin + use<'_> {
        struct Steps<'a>(&'a [u8], usize);
        impl AsyncRead for Steps<'_> {
            fn poll_read(
                mut self: Pin<&mut Self>,
                _: &mut Context<'_>,
                buffer: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                let size = self.1.min(self.0.len()).min(buffer.remaining());
                let (now, later) = self.0.split_at(size);
                buffer.put_slice(now);
                self.0 = later;
                Poll::Ready(Ok(()))
            }
        }
        Steps(text, step)
    }

    #[tokio::test]
    async fn lines_come_out_whole_however_they_arrive() {
        let long = "x".repeat(200_000);
        let text = format!("a\n\nbc\n{long}\nlast");
        for step in [1, 2, 3, 1000, CHUNK, usize::MAX] {
            let found = lines(text.as_bytes(), step, LONGEST).await;
            let found: Vec<_> = found.iter().map(|(_, line)| line.as_slice()).collect();
            let expected: Vec<_> = text.split('\n').map(str::as_bytes).collect();
            assert_eq!(found, expected, "{step}");
        }
    }

    #[tokio::test]
    async fn a_line_without_end_is_cut_and_the_next_one_is_fine() {
        let text = format!("ok\n{}\nfine\n{}", "y".repeat(900_000), "z".repeat(900_000));
        for step in [1000, CHUNK, usize::MAX] {
            let found = lines(text.as_bytes(), step, 2 * CHUNK).await;
            let expected: [(bool, &[u8]); 4] = [
                (true, b"ok"),
                (false, b"yyyy"),
                (true, b"fine"),
                (false, b"zzzz"),
            ];
            let found: Vec<_> = found
                .iter()
                .map(|(whole, line)| (*whole, line.as_slice()))
                .collect();
            assert_eq!(found, expected, "{step}");
        }
    }
}
