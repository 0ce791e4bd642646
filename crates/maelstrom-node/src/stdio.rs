//! Serving a node on lines of JSON: standard input and output, or any pair of
//! byte streams.

use std::future::poll_fn;
use std::io::{self, IsTerminal};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Cx, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tracing::{error, info, warn};

use crate::lines::{Line, LineReader};
use crate::outbox::{LineBuffer, Outbox};
use crate::sample::Sample;
use crate::tasks::Tasks;
use crate::{Context, Environment, Node, Server};

/// What to type to begin with.
const INIT: &str = r#"{"src":"c0","dest":"n0","body":{"type":"init","msg_id":1,"node_id":"n0","node_ids":["n0"]}}"#;

/// How long handlers may go on after the end of input, and how long the last
/// lines wait for a reader.
const GRACE: Duration = Duration::from_secs(1);

/// How many chunks are read before the runtime has its turn.
const CHUNKS: usize = 8;

/// How many bytes may wait for a reader before the node stops reading itself:
/// whoever asks without listening to the answers has to wait.
const BACKLOG: usize = 8 * 1024 * 1024;

/// Serves a node on standard input and output until the input ends.
///
/// `make` gets the node's [`Context`] as soon as it knows its name, and may
/// start background tasks there. Input is read only while somebody reads the
/// output; what tasks send of their own accord meanwhile is kept without limit.
/// Logs go to stderr, as much of them as the environment variable `RUST_LOG`
/// asks for (`info` by default).
///
/// ```no_run
/// use maelstrom_node::proto::echo::{Request, Response};
///
/// fn main() -> std::io::Result<()> {
///     maelstrom_node::run(|_| {
///         maelstrom_node::handler(async |_, Request::Echo { echo }| Ok(Response::EchoOk { echo }))
///     })
/// }
/// ```
///
/// # Errors
/// When the runtime can't be started, or standard input or output fails. That
/// nobody reads the output any more ends the node without an error.
pub fn run<N, F>(make: F) -> io::Result<()>
where
    N: Node,
    F: FnOnce(Context) -> N,
{
    #[cfg(feature = "logging")]
    log_to_stderr();
    if io::stdin().is_terminal() {
        info!("a message a line, as Maelstrom sends them, `init` first: {INIT}");
        info!("the end of input (control-D) ends the node");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(async {
        // A pipe is read and written by the event loop itself; anything else
        // (a file, a terminal, a socket) through tokio's own threads.
        let environment = Environment::system();
        match (pipe::stdin(), pipe::stdout()) {
            (Some(input), Some(output)) => serve(make, environment, input, output).await,
            (Some(input), None) => serve(make, environment, input, tokio::io::stdout()).await,
            (None, Some(output)) => serve(make, environment, tokio::io::stdin(), output).await,
            (None, None) => {
                let (input, output) = (tokio::io::stdin(), tokio::io::stdout());
                serve(make, environment, input, output).await
            }
        }
    });
    // A blocked read of a terminal would hold up an orderly end.
    runtime.shutdown_background();
    result
}

/// Serves a node on any pair of byte streams until the input ends.
///
/// Lines that are no messages are counted; a few of them, and their number at
/// the end, are logged.
///
/// ```
/// use maelstrom_node::proto::echo::{Request, Response};
/// use maelstrom_node::{Environment, handler, serve};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// let input = concat!(
///     r#"{"src":"c0","dest":"n0","body":{"type":"init","msg_id":1,"node_id":"n0","node_ids":["n0"]}}"#, "\n",
///     r#"{"src":"c1","dest":"n0","body":{"type":"echo","msg_id":1,"echo":"hello"}}"#, "\n",
/// );
/// let mut output = Vec::new();
/// let node = |_| handler(async |_, Request::Echo { echo }| Ok(Response::EchoOk { echo }));
/// serve(node, Environment::system(), input.as_bytes(), &mut output).await?;
/// assert_eq!(output.iter().filter(|byte| **byte == b'\n').count(), 2);
/// # Ok(()) }
/// ```
///
/// # Errors
/// When reading or writing fails, but for an output that nobody reads any more.
pub async fn serve<N, F, R, W>(
    make: F,
    environment: Environment,
    input: R,
    output: W,
) -> io::Result<()>
where
    N: Node,
    F: FnOnce(Context) -> N,
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let buffer = Arc::new(LineBuffer::default());
    let mut server = Server::with_outbox(make, environment, Outbox::Lines(buffer.clone()));
    let mut writer = Writer {
        output,
        buffer: &buffer,
        batch: Vec::new(),
        written: 0,
        dirty: false,
    };
    let mut reader = Reader {
        lines: LineReader::new(input),
        line_number: 0,
        malformed: Sample::default(),
    };
    // What is done in one go is bounded already.
    let read = poll_fn(|cx| pump(cx, &mut server, &mut reader, &mut writer));
    let read = tokio::task::unconstrained(read).await;
    if reader.malformed.total() > 0 {
        let count = reader.malformed.total();
        warn!(
            count,
            lines = reader.line_number,
            "lines that were no messages"
        );
    }
    let result = match read {
        Err(error) => Err(error),
        Ok(()) => {
            let tasks = server.tasks().clone();
            let mut finish = pin!(server.finish(GRACE));
            let finished = poll_fn(|cx| {
                let finished = finish.as_mut().poll(cx).map(Ok);
                if finished.is_ready() {
                    return finished;
                }
                if tasks.run() {
                    cx.waker().wake_by_ref();
                }
                let blocked = writer.poll_write(cx)?.is_pending();
                park(cx, &tasks, &buffer, blocked)
            });
            match finished.await {
                Ok(()) => writer.write_rest().await,
                Err(error) => Err(error),
            }
        }
    };
    match result {
        // A reader that went away is how a run ends, not a fault of ours.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            error!("nobody reads the output any more; the node ends");
            server.kill();
            Ok(())
        }
        other => other,
    }
}

/// Reads, handles and writes until the input ends: one read, many messages,
/// one write.
fn pump<N, F, R, W>(
    cx: &mut Cx<'_>,
    server: &mut Server<N, F>,
    reader: &mut Reader<R>,
    writer: &mut Writer<'_, W>,
) -> Poll<io::Result<()>>
where
    N: Node,
    F: FnOnce(Context) -> N,
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    // The tasks that were woken by time, then what comes in.
    let tasks = server.tasks().clone();
    writer.buffer.writer_is_awake();
    tasks.runner_is_awake();
    for _ in 0..CHUNKS {
        let more = tasks.run();
        let blocked = writer.poll_write(cx)?.is_pending();
        if blocked && writer.backlog() > BACKLOG {
            return park(cx, &tasks, writer.buffer, blocked);
        }
        match reader.lines.poll_fill(cx)? {
            Poll::Ready(0) => {
                reader.last(server);
                return Poll::Ready(Ok(()));
            }
            Poll::Ready(_) => reader.take_all(server),
            Poll::Pending => return park(cx, &tasks, writer.buffer, blocked),
        }
        if more {
            break;
        }
    }
    // The runtime has its turn.
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// Has this task woken by the next line to write and the next task to run.
fn park<T>(cx: &Cx<'_>, tasks: &Tasks, buffer: &LineBuffer, blocked: bool) -> Poll<T> {
    let written = blocked || buffer.writer_sleeps(cx.waker());
    if !tasks.runner_sleeps(cx.waker()) || !written {
        cx.waker().wake_by_ref();
    }
    Poll::Pending
}

struct Reader<R> {
    lines: LineReader<R>,
    line_number: u64,
    malformed: Sample,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// Takes every complete line that was read.
    fn take_all<N, F>(&mut self, server: &mut Server<N, F>)
    where
        N: Node,
        F: FnOnce(Context) -> N,
    {
        while let Some(line) = self.lines.next() {
            self.line_number += 1;
            let result = match line {
                Line::Whole(line) => take_line(server, line),
                Line::TooLong(line) => Err(("it is too long".to_owned(), line)),
            };
            if let Err((reason, line)) = result {
                complain(&mut self.malformed, self.line_number, &reason, line);
            }
        }
    }

    /// Takes a last line that has no newline.
    fn last<N, F>(&mut self, server: &mut Server<N, F>)
    where
        N: Node,
        F: FnOnce(Context) -> N,
    {
        self.line_number += 1;
        let line = self.lines.rest();
        if let Err((reason, line)) = take_line(server, line) {
            complain(&mut self.malformed, self.line_number, &reason, line);
        }
    }
}

fn take_line<'a, N, F>(server: &mut Server<N, F>, line: &'a [u8]) -> Result<(), (String, &'a [u8])>
where
    N: Node,
    F: FnOnce(Context) -> N,
{
    let text = std::str::from_utf8(line).map_err(|error| (error.to_string(), line))?;
    match server.deliver_line(text) {
        Err(_) if text.trim_ascii().is_empty() => Ok(()),
        Err(error) => Err((error.to_string(), line)),
        Ok(()) => Ok(()),
    }
}

fn complain(malformed: &mut Sample, line_number: u64, reason: &str, line: &[u8]) {
    if let Some(count) = malformed.count() {
        let text = String::from_utf8_lossy(&line[..line.len().min(200)]);
        warn!(line_number, error = reason, %text, count, "a line that is no message");
    }
}

struct Writer<'a, W> {
    output: W,
    buffer: &'a LineBuffer,
    batch: Vec<u8>,
    /// How much of the batch is written.
    written: usize,
    /// Something is written and not flushed.
    dirty: bool,
}

impl<W: AsyncWrite + Unpin> Writer<'_, W> {
    /// Writes and flushes until nothing waits any more.
    fn poll_write(&mut self, cx: &mut Cx<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.written == self.batch.len() {
                self.written = 0;
                self.buffer.take(&mut self.batch);
                // One huge message must not hold its memory for ever.
                if self.batch.is_empty() && self.batch.capacity() > BACKLOG / 8 {
                    self.batch = Vec::new();
                }
            }
            if self.batch.is_empty() {
                if std::mem::take(&mut self.dirty) {
                    let flushed = Pin::new(&mut self.output).poll_flush(cx);
                    self.dirty = flushed.is_pending();
                    return flushed;
                }
                return Poll::Ready(Ok(()));
            }
            self.dirty = true;
            let rest = &self.batch[self.written..];
            let written = ready!(Pin::new(&mut self.output).poll_write(cx, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += written;
        }
    }

    /// How many bytes wait to be written.
    fn backlog(&self) -> usize {
        self.batch.len() - self.written + self.buffer.len()
    }

    /// Writes what is left, as long as somebody goes on reading.
    async fn write_rest(&mut self) -> io::Result<()> {
        loop {
            let before = self.backlog();
            let rest = poll_fn(|cx| self.poll_write(cx));
            match tokio::time::timeout(GRACE, rest).await {
                Ok(result) => return result,
                Err(_) if self.backlog() < before => {}
                Err(_) => {
                    let bytes = self.backlog();
                    error!(bytes, "nobody reads the last lines; the node ends");
                    return Ok(());
                }
            }
        }
    }
}

/// Standard streams that are pipes, read and written without threads.
///
/// They are opened once more: that a stream does not block holds for everybody
/// who shares it, stderr after `2>&1` among them, and outlasts the process.
#[cfg(target_os = "linux")]
mod pipe {
    use tokio::net::unix::pipe::{OpenOptions, Receiver, Sender};

    pub(super) fn stdin() -> Option<Receiver> {
        OpenOptions::new().open_receiver("/proc/self/fd/0").ok()
    }

    pub(super) fn stdout() -> Option<Sender> {
        OpenOptions::new().open_sender("/proc/self/fd/1").ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod pipe {
    pub(super) fn stdin() -> Option<tokio::io::Stdin> {
        None
    }

    pub(super) fn stdout() -> Option<tokio::io::Stdout> {
        None
    }
}

/// Leaves a subscriber that the program set up itself alone.
#[cfg(feature = "logging")]
fn log_to_stderr() {
    use tracing_subscriber::EnvFilter;

    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        // They would go to stderr, where it panics if stderr is what failed.
        .log_internal_errors(false)
        .try_init();
}
