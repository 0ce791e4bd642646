//! Serving a node on lines of JSON: standard input and output, or any pair of
//! byte streams.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tracing::{error, warn};

use crate::outbox::{LineBuffer, Outbox};
use crate::{Context, Environment, Message, Node, Server};

/// How long handlers may go on after the end of input.
const GRACE: Duration = Duration::from_secs(1);

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// Serves a node on standard input and output until the input ends.
///
/// `make` gets the node's [`Context`] as soon as it knows its name, and may
/// start background tasks there. Logs go to stderr, as much of them as the
/// environment variable `RUST_LOG` asks for (`info` by default).
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
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        // A pipe is read and written by the event loop itself; anything else
        // (a file, a terminal, a socket) through tokio's own threads.
        match (pipe::stdin(), pipe::stdout()) {
            (Some(input), Some(output)) => serve(make, Environment::system(), input, output).await,
            (Some(input), None) => {
                serve(make, Environment::system(), input, tokio::io::stdout()).await
            }
            (None, Some(output)) => {
                serve(make, Environment::system(), tokio::io::stdin(), output).await
            }
            (None, None) => {
                let (input, output) = (tokio::io::stdin(), tokio::io::stdout());
                serve(make, Environment::system(), input, output).await
            }
        }
    })?;
    // A blocked read of a terminal would hold up an orderly end.
    runtime.shutdown_background();
    Ok(())
}

/// Serves a node on any pair of byte streams until the input ends.
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
    };
    let reading = async {
        let result = read_lines(&mut server, input).await;
        server.finish(GRACE).await;
        result
    };
    let result = tokio::select! {
        biased;
        result = reading => result,
        result = writer.run() => return ended_by_reader(result),
    };
    let flushed = ended_by_reader(writer.write_waiting().await);
    result.and(flushed)
}

async fn read_lines<N, F>(
    server: &mut Server<N, F>,
    input: impl AsyncRead + Unpin,
) -> io::Result<()>
where
    N: Node,
    F: FnOnce(Context) -> N,
{
    let mut input = BufReader::with_capacity(CHUNK, input);
    // The part of a line that the last chunk ended in.
    let mut partial: Vec<u8> = Vec::new();
    let mut line_number = 0_u64;
    loop {
        let chunk = input.fill_buf().await?;
        if chunk.is_empty() {
            if !partial.is_empty() {
                line_number += 1;
                take_line(server, &partial, line_number);
            }
            return Ok(());
        }
        let consumed = chunk.len();
        let mut rest = chunk;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end);
            rest = &after[1..];
            line_number += 1;
            if partial.is_empty() {
                take_line(server, line, line_number);
            } else {
                partial.extend_from_slice(line);
                take_line(server, &partial, line_number);
                partial.clear();
            }
        }
        partial.extend_from_slice(rest);
        input.consume(consumed);
        // Tasks that a reply woke, and the writer, come before the next chunk.
        tokio::task::yield_now().await;
    }
}

fn take_line<N, F>(server: &mut Server<N, F>, line: &[u8], line_number: u64)
where
    N: Node,
    F: FnOnce(Context) -> N,
{
    if line.trim_ascii().is_empty() {
        return;
    }
    match serde_json::from_slice::<Message>(line) {
        Ok(message) => server.deliver(message),
        Err(error) => {
            let text = String::from_utf8_lossy(&line[..line.len().min(200)]);
            warn!(line_number, %error, %text, "a line that is no message");
        }
    }
}

struct Writer<'a, W> {
    output: W,
    buffer: &'a LineBuffer,
    batch: Vec<u8>,
}

impl<W: AsyncWrite + Unpin> Writer<'_, W> {
    /// Writes whatever is waiting, for ever.
    async fn run(&mut self) -> io::Result<()> {
        loop {
            self.buffer.filled().await;
            self.write_waiting().await?;
        }
    }

    async fn write_waiting(&mut self) -> io::Result<()> {
        // What a cancelled write left over stays at the front of the batch.
        if self.batch.is_empty() {
            self.buffer.take(&mut self.batch);
        }
        while !self.batch.is_empty() {
            while !self.batch.is_empty() {
                let written = self.output.write(&self.batch).await?;
                if written == 0 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                self.batch.drain(..written);
            }
            self.buffer.take(&mut self.batch);
        }
        self.output.flush().await
    }
}

/// A reader that went away is how a run ends, not a fault of ours.
fn ended_by_reader(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            error!("nobody reads the output any more; the node ends");
            Ok(())
        }
        other => other,
    }
}

/// Standard streams that are pipes, read and written without threads.
#[cfg(unix)]
mod pipe {
    use std::fs::File;
    use std::os::fd::AsFd;

    use tokio::net::unix::pipe::{Receiver, Sender};

    pub(super) fn stdin() -> Option<Receiver> {
        let fd = std::io::stdin().as_fd().try_clone_to_owned().ok()?;
        Receiver::from_file(File::from(fd)).ok()
    }

    pub(super) fn stdout() -> Option<Sender> {
        let fd = std::io::stdout().as_fd().try_clone_to_owned().ok()?;
        Sender::from_file(File::from(fd)).ok()
    }
}

#[cfg(not(unix))]
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
    use std::io::IsTerminal;
    use tracing_subscriber::EnvFilter;

    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .try_init();
}
