//! The three streams of a process: each read or written without end, whatever
//! the process does at the other, and with bounded memory.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use maelstrom_proto::Message;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::Life;
use crate::host::line::{self, Line};
use crate::problem::ProblemKind;

/// How much is read at once.
const CHUNK: usize = 64 << 10;

/// The longest line that a node may print: beyond it, the line counts as no message.
const LONGEST_LINE: usize = 64 << 20;

/// How much of what a node writes to standard error is kept.
const LARGEST_LOG: usize = 64 << 20;

/// How long a node may leave its standard input unread before that is told.
const PATIENCE: Duration = Duration::from_secs(5);

/// Lines waiting to be written to a node.
#[derive(Debug, Default)]
pub(super) struct Input {
    lines: Mutex<Vec<u8>>,
    filled: Notify,
}

impl Input {
    pub(super) fn push(&self, message: &Message) {
        let mut lines = self.lock();
        write_line(&mut lines, message);
        drop(lines);
        self.filled.notify_one();
    }

    /// Nothing is left half done when a panic strikes.
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The message as Maelstrom writes it. The body is text already.
fn write_line(out: &mut Vec<u8>, message: &Message) {
    let written = "a vector takes whatever is written";
    if let Some(id) = message.id {
        write!(out, "{{\"id\":{id},\"src\":").expect(written);
    } else {
        out.extend_from_slice(b"{\"src\":");
    }
    serde_json::to_writer(&mut *out, &message.src.as_str()).expect(written);
    out.extend_from_slice(b",\"dest\":");
    serde_json::to_writer(&mut *out, &message.dest.as_str()).expect(written);
    out.extend_from_slice(b",\"body\":");
    out.extend_from_slice(message.body.as_str().as_bytes());
    out.extend_from_slice(b"}\n");
}

/// Ends when the node closes its input.
pub(super) async fn write_stdin(
    mut stdin: impl AsyncWrite + Unpin,
    input: Arc<Input>,
    life: Arc<Life>,
) {
    let mut batch = Vec::new();
    let mut told = false;
    loop {
        input.filled.notified().await;
        batch.clear();
        std::mem::swap(&mut batch, &mut *input.lock());
        let mut rest = batch.as_slice();
        while !rest.is_empty() {
            match timeout(PATIENCE, stdin.write(rest)).await {
                Ok(Ok(length @ 1..)) => rest = &rest[length..],
                Ok(_) => {
                    return life
                        .report_closed(|traces| ProblemKind::ClosedInput { traces })
                        .await;
                }
                Err(_) if told || life.paused.load(Ordering::Relaxed) => {}
                Err(_) => {
                    told = true;
                    let waiting = rest.len() + input.lock().len();
                    life.report(|traces| ProblemKind::Unread { waiting, traces });
                }
            }
        }
    }
}

/// Ends when the node closes its output, or prints what is no message.
pub(super) async fn read_stdout(stdout: impl AsyncRead + Unpin, life: Arc<Life>) {
    let mut stdout = BufReader::with_capacity(CHUNK, stdout);
    let mut line = Vec::new();
    let mut after_return = false;
    let mut told = false;
    loop {
        line.clear();
        // One huge line must not hold its memory for ever.
        line.shrink_to(16 * CHUNK);
        let begun = |line: &[u8]| life.begin_line(beginning(line));
        let read = read_line(&mut stdout, &mut line, &mut after_return, begun).await;
        if !matches!(read, Ok(true)) {
            return life
                .report_closed(|traces| ProblemKind::ClosedOutput { traces })
                .await;
        }
        life.begin_line(String::new());
        match take_line(&line, &life) {
            Ok(rest) if rest.is_empty() || told => {}
            Ok(rest) => {
                told = true;
                let text = beginning(rest.as_bytes());
                life.report(|_| ProblemKind::Trailing { text });
            }
            Err(reason) => {
                let line = beginning(&line);
                return life.report(|traces| ProblemKind::BadLine {
                    line,
                    reason,
                    traces,
                });
            }
        }
        if stdout.buffer().is_empty() {
            // A node that never stops talking must not keep others from it.
            tokio::task::yield_now().await;
        }
    }
}

/// Reads up to the end of a line, which is a newline, a carriage return or one
/// behind the other, as for Java. `false` when there is nothing left. What has
/// come of a line whose end has not is shown to `begun`.
async fn read_line(
    input: &mut (impl AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
    after_return: &mut bool,
    begun: impl Fn(&[u8]),
) -> std::io::Result<bool> {
    loop {
        let chunk = input.fill_buf().await?;
        let Some(first) = chunk.first() else {
            return Ok(!line.is_empty());
        };
        if std::mem::take(after_return) && *first == b'\n' {
            input.consume(1);
            continue;
        }
        let end = chunk.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        line.extend_from_slice(&chunk[..end.unwrap_or(chunk.len())]);
        *after_return = end.is_some_and(|end| chunk[end] == b'\r');
        let taken = end.map_or(chunk.len(), |end| end + 1);
        input.consume(taken);
        if end.is_some() || line.len() >= LONGEST_LINE {
            return Ok(true);
        }
        begun(line);
    }
}

/// Sends the message on a line. Gives what stands behind it.
fn take_line(line: &[u8], life: &Life) -> Result<String, String> {
    if line.len() >= LONGEST_LINE {
        return Err(format!("longer than {} MB", LONGEST_LINE >> 20));
    }
    let Line { message, rest } = line::read(line)?;
    life.outbox.send(message);
    Ok(rest)
}

/// Ends when the node, and whoever else writes to the same pipe, closes it.
pub(super) async fn read_stderr(
    mut stderr: impl AsyncRead + Unpin,
    mut log: File,
    life: Arc<Life>,
) {
    let mut chunk = vec![0; CHUNK];
    let mut room = LARGEST_LOG;
    let mut begun = Vec::new();
    while let Ok(length @ 1..) = stderr.read(&mut chunk).await {
        let chunk = &chunk[..length];
        // A full disk must not stop the node, which may wait for us to read.
        if room > 0 {
            let _ = log.write_all(&chunk[..length.min(room)]);
            room = room.saturating_sub(length);
            if room == 0 {
                let size = LARGEST_LOG >> 20;
                let _ = writeln!(log, "\n[the log ends here: it is larger than {size} MB]");
            }
        }
        if let Some(tell) = &life.tell {
            tell_lines(&mut begun, chunk, |line| (tell.0)(life.outbox.id(), line));
        }
        let mut last_lines = life
            .last_lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        last_lines.push(chunk);
    }
    if let Some(tell) = life.tell.as_ref().filter(|_| !begun.is_empty()) {
        let line = String::from_utf8_lossy(&begun);
        (tell.0)(life.outbox.id(), line.trim_end());
    }
}

/// Tells of the lines that a chunk ends, and keeps the one that it begins. A
/// line longer than a chunk is told in pieces.
fn tell_lines(begun: &mut Vec<u8>, chunk: &[u8], mut tell: impl FnMut(&str)) {
    for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
        begun.extend_from_slice(piece);
        if piece.ends_with(b"\n") || begun.len() >= CHUNK {
            tell(String::from_utf8_lossy(begun).trim_end());
            begun.clear();
        }
    }
}

/// What a node wrote last.
#[derive(Debug, Default)]
pub(super) struct LastLines {
    lines: VecDeque<Vec<u8>>,
    /// The last of them has no end yet.
    is_open: bool,
}

impl LastLines {
    /// How many lines a crashed node is quoted with.
    const COUNT: usize = 32;

    fn push(&mut self, chunk: &[u8]) {
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            let open = std::mem::replace(&mut self.is_open, !piece.ends_with(b"\n"));
            if !open {
                if self.lines.len() == Self::COUNT {
                    self.lines.pop_front();
                }
                self.lines.push_back(Vec::new());
            }
            if let Some(line) = self.lines.back_mut() {
                let room = QUOTED - line.len().min(QUOTED);
                line.extend_from_slice(&piece[..piece.len().min(room)]);
            }
        }
    }

    pub(super) fn texts(&self) -> Vec<String> {
        self.lines.iter().map(|line| beginning(line)).collect()
    }
}

/// How much of a line is quoted.
const QUOTED: usize = 500;

fn beginning(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(&line[..line.len().min(QUOTED)]);
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use maelstrom_proto::Body;

    #[test]
    fn a_line_is_the_message_as_serde_writes_it() {
        let body = Body::parse(r#"{"type":"x", "y":[1e99,"é"]}"#).unwrap();
        for (id, src) in [(None, "n0"), (Some(7), "n\"1\\\n")] {
            let mut message = Message::new(src, "c1", body.clone());
            message.id = id;
            let mut line = Vec::new();
            write_line(&mut line, &message);
            let expected = serde_json::to_string(&message).unwrap() + "\n";
            assert_eq!(String::from_utf8(line).unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn a_line_ends_at_a_newline_a_return_or_both() {
        let text = "a\nb\r\nc\rd\n\r\re";
        for size in 1..text.len() {
            let mut input = BufReader::with_capacity(size, text.as_bytes());
            let (mut line, mut lines, mut after_return) = (Vec::new(), Vec::new(), false);
            while read_line(&mut input, &mut line, &mut after_return, |_| {})
                .await
                .unwrap()
            {
                lines.push(String::from_utf8(std::mem::take(&mut line)).unwrap());
            }
            assert_eq!(lines, ["a", "b", "c", "d", "", "", "e"], "{size}");
        }
    }

    #[test]
    fn lines_are_told_once_they_are_whole() {
        let mut begun = Vec::new();
        let mut told = Vec::new();
        for chunk in ["a", "b\nc\n", "", "\n", "d"] {
            tell_lines(&mut begun, chunk.as_bytes(), |line| {
                told.push(line.to_owned())
            });
        }
        assert_eq!(told, ["ab", "c", ""]);
        tell_lines(&mut begun, &[b'x'; CHUNK], |line| {
            told.push(line.to_owned())
        });
        assert_eq!(told[3].len(), CHUNK + 1);
    }

    #[test]
    fn the_last_lines_are_kept_however_they_arrive() {
        let text: String = (0..100).map(|i| format!("line {i}\n")).collect();
        let text = text + &"x".repeat(10_000) + "\nlast";
        for step in [1, 7, 1000, usize::MAX] {
            let mut last = LastLines::default();
            for chunk in text.as_bytes().chunks(step) {
                last.push(chunk);
            }
            let texts = last.texts();
            assert_eq!(texts.len(), 32);
            assert_eq!(
                (texts[0].as_str(), texts[29].as_str()),
                ("line 70", "line 99")
            );
            assert_eq!((texts[30].len(), texts[31].as_str()), (QUOTED, "last"));
        }
    }
}
