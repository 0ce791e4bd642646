//! Nodes as processes of their own, in any language, on pipes.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use maelstrom_node::Environment;
use maelstrom_proto::{Message, NodeId};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::{Host, Outbox, RunningNode, StartError, line};
use crate::problem::ProblemKind;

/// How many of its last lines on standard error a crashed node is quoted with.
const LAST_LINES: usize = 32;

/// The longest line that a node may print: beyond it, the line counts as no message.
const LONGEST_LINE: u64 = 64 << 20;

/// How long a killed process may take to be gone.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// Hosts nodes that are programs: one process each, messages on standard input
/// and output, logs on standard error.
#[derive(Clone, Debug)]
pub struct Process {
    program: PathBuf,
    arguments: Vec<OsString>,
    logs: PathBuf,
}

impl Process {
    /// A host that runs `program` with `arguments` for each node, in the
    /// system's folder for temporary files, and keeps what each writes to
    /// standard error in `logs` as `<node>.log`.
    pub fn new(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
        logs: impl Into<PathBuf>,
    ) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            logs: logs.into(),
        }
    }
}

impl Host for Process {
    fn start(
        &self,
        id: &NodeId,
        outbox: Outbox,
        _: Environment,
    ) -> Result<Box<dyn RunningNode>, StartError> {
        let failed = |path: &Path, source| StartError {
            node: id.clone(),
            path: path.to_owned(),
            source,
        };
        let log_path = self.log(id).unwrap_or_default();
        std::fs::create_dir_all(&self.logs).map_err(|error| failed(&self.logs, error))?;
        // A node that was killed goes on with the log of its earlier lives.
        let log = File::options().create(true).append(true).open(&log_path);
        let log = log.map_err(|error| failed(&log_path, error))?;
        // The working directory changes, so a relative path must not.
        let program = self.program.canonicalize();
        let program = program.map_err(|error| failed(&self.program, error))?;
        let mut child = Command::new(&program)
            .args(&self.arguments)
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            // A group of its own, so that what the node starts ends with it.
            .process_group(0)
            .spawn()
            .map_err(|error| failed(&program, error))?;
        let piped = "all three streams were asked for as pipes";
        let stdin = child.stdin.take().expect(piped);
        let stdout = child.stdout.take().expect(piped);
        let stderr = child.stderr.take().expect(piped);
        let group = child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let input = Arc::new(Input::default());
        let last_lines = Arc::new(Mutex::new(VecDeque::new()));
        let tasks = vec![
            tokio::spawn(write_stdin(stdin, input.clone())),
            tokio::spawn(read_stdout(stdout, outbox.clone(), log_path.clone())),
        ];
        let errors = tokio::spawn(read_stderr(stderr, log, last_lines.clone()));
        let asked_to_end = Arc::new(AtomicBool::new(false));
        let expected = asked_to_end.clone();
        let waiter = tokio::spawn(wait(child, errors, last_lines, outbox, log_path, expected));
        Ok(Box::new(Running {
            group,
            input,
            tasks,
            waiter,
            asked_to_end,
        }))
    }

    fn needs_real_time(&self) -> bool {
        true
    }

    fn log(&self, id: &NodeId) -> Option<PathBuf> {
        Some(self.logs.join(format!("{id}.log")))
    }
}

/// Lines waiting to be written to a node.
#[derive(Debug, Default)]
struct Input {
    lines: Mutex<Vec<u8>>,
    filled: Notify,
}

struct Running {
    group: Option<Pid>,
    input: Arc<Input>,
    tasks: Vec<JoinHandle<()>>,
    waiter: JoinHandle<()>,
    /// Set before the process is killed: its end is no problem then.
    asked_to_end: Arc<AtomicBool>,
}

#[async_trait]
impl RunningNode for Running {
    fn deliver(&mut self, message: Message) {
        let mut lines = self
            .input
            .lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        serde_json::to_writer(&mut *lines, &message).expect("a message is JSON already");
        lines.push(b'\n');
        drop(lines);
        self.input.filled.notify_one();
    }

    fn pause(&mut self) {
        self.signal(Signal::STOP);
    }

    fn resume(&mut self) {
        self.signal(Signal::CONT);
    }

    async fn stop(&mut self) {
        self.asked_to_end.store(true, Ordering::Relaxed);
        self.kill();
        // What remains after that is a process that the system can't end.
        let _ = tokio::time::timeout(KILL_TIMEOUT, &mut self.waiter).await;
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Running {
    fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // It may be gone already.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Ends when the node does not read any more.
async fn write_stdin(mut stdin: ChildStdin, input: Arc<Input>) {
    let mut batch = Vec::new();
    loop {
        input.filled.notified().await;
        batch.clear();
        std::mem::swap(
            &mut batch,
            &mut *input.lines.lock().unwrap_or_else(PoisonError::into_inner),
        );
        let written = stdin.write_all(&batch).await;
        if written.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}

/// Ends when the node closes its output, or prints what is no message.
async fn read_stdout(stdout: impl AsyncRead + Unpin, outbox: Outbox, log: PathBuf) {
    let mut stdout = BufReader::with_capacity(64 * 1024, stdout);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let read = (&mut stdout)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut bytes)
            .await;
        if !matches!(read, Ok(length) if length > 0) {
            return;
        }
        let message = if bytes.len() as u64 == LONGEST_LINE {
            Err(format!("longer than {} MB", LONGEST_LINE >> 20))
        } else {
            line::message(&bytes)
        };
        match message {
            Ok(message) => outbox.send(message),
            Err(reason) => {
                let line = String::from_utf8_lossy(&bytes[..bytes.len().min(500)]);
                let line = line.trim_end().to_owned();
                return outbox.report(ProblemKind::BadLine { line, reason, log });
            }
        }
    }
}

async fn read_stderr(
    stderr: impl AsyncRead + Unpin,
    mut log: File,
    last_lines: Arc<Mutex<VecDeque<String>>>,
) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut stderr)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
            .await;
        if !matches!(read, Ok(length) if length > 0) {
            return;
        }
        // A full disk must not stop the node, which may wait for us to read.
        let _ = log.write_all(&line);
        let mut last_lines = last_lines.lock().unwrap_or_else(PoisonError::into_inner);
        if last_lines.len() == LAST_LINES {
            last_lines.pop_front();
        }
        let text = String::from_utf8_lossy(&line[..line.len().min(500)]);
        last_lines.push_back(text.trim_end().to_owned());
    }
}

/// Reports a process that ends. Once the run has ended nobody asks any more.
async fn wait(
    mut child: Child,
    errors: JoinHandle<()>,
    last_lines: Arc<Mutex<VecDeque<String>>>,
    outbox: Outbox,
    log: PathBuf,
    asked_to_end: Arc<AtomicBool>,
) {
    let status = child.wait().await;
    // What it wrote last is still on its way, unless a child of its own keeps
    // the pipe open.
    let _ = tokio::time::timeout(Duration::from_millis(200), errors).await;
    if asked_to_end.load(Ordering::Relaxed) {
        return;
    }
    let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    let mut last_lines = last_lines.lock().unwrap_or_else(PoisonError::into_inner);
    let stderr = last_lines.drain(..).collect();
    outbox.report(ProblemKind::Exited {
        status,
        stderr,
        log,
    });
}
