//! Nodes as processes of their own, in any language, on pipes.
//!
//! Whatever a program does, it is told apart from a right one, by name and
//! soon, and nothing of it outlives the run: a node is the leader of a process
//! group, and what it starts is marked.

mod strays;
mod streams;

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use maelstrom_node::Environment;
use maelstrom_proto::{Message, NodeId};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::{Host, Outbox, RunningNode, StartError};
use crate::problem::{ProblemKind, Traces};
use strays::Mark;
use streams::{Input, LastLines, read_stderr, read_stdout, write_stdin};

/// How long a killed process may take to be gone.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a process that closed one of its streams may take to end: until
/// then, its end is the reason.
const LAST_GASP: Duration = Duration::from_millis(500);

/// Hosts nodes that are programs: one process each, messages on standard input
/// and output, logs on standard error.
#[derive(Clone, Debug)]
pub struct Process {
    program: PathBuf,
    arguments: Vec<OsString>,
    logs: PathBuf,
    tell: Option<Tell>,
}

/// Tells of a line that a node wrote to standard error, as it comes.
#[derive(Clone)]
struct Tell(Arc<Listener>);

type Listener = dyn Fn(&NodeId, &str) + Send + Sync;

impl fmt::Debug for Tell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tell")
    }
}

impl Process {
    /// A host that runs `program` with `arguments` for each node, in the
    /// system's folder for temporary files, and keeps what each writes to
    /// standard error in `logs` as `<node>.log`, up to 64 MB of it.
    pub fn new(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
        logs: impl Into<PathBuf>,
    ) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            logs: logs.into(),
            tell: None,
        }
    }

    /// Calls `tell` with each line that a node writes to standard error, as it
    /// comes.
    #[must_use]
    pub fn on_stderr(mut self, tell: impl Fn(&NodeId, &str) + Send + Sync + 'static) -> Self {
        self.tell = Some(Tell(Arc::new(tell)));
        self
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
        let temporary = std::env::temp_dir();
        let found = temporary.canonicalize();
        found.map_err(|error| failed(&temporary, error))?;
        let mark = Mark::new();
        let mut child = Command::new(&program)
            .args(&self.arguments)
            .env(Mark::VARIABLE, mark.as_str())
            .current_dir(temporary)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            // A group of its own, so that what the node starts ends with it.
            .process_group(0)
            .spawn()
            .map_err(|error| failed(&program, explained(error)))?;
        let piped = "all three streams were asked for as pipes";
        let stdin = child.stdin.take().expect(piped);
        let stdout = child.stdout.take().expect(piped);
        let stderr = child.stderr.take().expect(piped);
        let group = child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let input = Arc::new(Input::default());
        let life = Arc::new(Life {
            outbox,
            log: log_path,
            tell: self.tell.clone(),
            last_lines: Mutex::default(),
            begun: Mutex::default(),
            over: AtomicBool::new(false),
            paused: AtomicBool::new(false),
        });
        let tasks = vec![
            tokio::spawn(write_stdin(stdin, input.clone(), life.clone())),
            tokio::spawn(read_stdout(stdout, life.clone())),
        ];
        let errors = tokio::spawn(read_stderr(stderr, log, life.clone()));
        let waiter = tokio::spawn(wait(child, errors, life.clone()));
        Ok(Box::new(Running {
            group,
            mark,
            input,
            tasks,
            waiter,
            life,
        }))
    }

    fn needs_real_time(&self) -> bool {
        true
    }

    fn log(&self, id: &NodeId) -> Option<PathBuf> {
        Some(self.logs.join(format!("{id}.log")))
    }
}

/// The system's reason, and what it usually means.
fn explained(error: io::Error) -> io::Error {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => "is it an executable file? (chmod +x makes it one)",
        // The program itself was found before.
        io::ErrorKind::NotFound => {
            "the file is there, so it must be the interpreter that its first line names"
        }
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
            "is it a program for this machine? (a script begins with #! and its interpreter)"
        }
        _ => return error,
    };
    io::Error::new(error.kind(), format!("{error}; {hint}"))
}

/// What the tasks around one process share.
struct Life {
    outbox: Outbox,
    log: PathBuf,
    tell: Option<Tell>,
    last_lines: Mutex<LastLines>,
    /// The beginning of a line on standard output whose end has not come.
    begun: Mutex<String>,
    /// The process has ended or is about to be: what its streams do from then
    /// on is no problem of theirs.
    over: AtomicBool,
    paused: AtomicBool,
}

impl Life {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn traces(&self) -> Traces {
        let last_lines = self.last_lines.lock();
        let begun = self.begun.lock();
        Traces {
            stderr: last_lines.unwrap_or_else(PoisonError::into_inner).texts(),
            begun: begun.unwrap_or_else(PoisonError::into_inner).clone(),
            log: self.log.clone(),
        }
    }

    /// Notes how a line on standard output begins, or that none is begun.
    fn begin_line(&self, text: String) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    fn report(&self, problem: impl FnOnce(Traces) -> ProblemKind) {
        if !self.is_over() {
            self.outbox.report(problem(self.traces()));
        }
    }

    /// Reports a stream that the process closed, unless it ends now.
    async fn report_closed(&self, problem: fn(Traces) -> ProblemKind) {
        tokio::time::sleep(LAST_GASP).await;
        self.report(problem);
    }
}

struct Running {
    /// The group that it leads, until it was ended.
    group: Option<Pid>,
    mark: Mark,
    input: Arc<Input>,
    tasks: Vec<JoinHandle<()>>,
    waiter: JoinHandle<()>,
    life: Arc<Life>,
}

#[async_trait]
impl RunningNode for Running {
    fn deliver(&mut self, message: Message) {
        self.input.push(&message);
    }

    fn pause(&mut self) {
        self.life.paused.store(true, Ordering::Relaxed);
        self.signal(Signal::STOP);
    }

    fn resume(&mut self) {
        self.signal(Signal::CONT);
        self.life.paused.store(false, Ordering::Relaxed);
    }

    fn traces(&self) -> Option<Traces> {
        Some(self.life.traces())
    }

    async fn stop(&mut self) {
        self.kill();
        // What remains after that is a process that the system can't end.
        let _ = tokio::time::timeout(KILL_TIMEOUT, &mut self.waiter).await;
        for task in &self.tasks {
            task.abort();
        }
        // What was started while strays were looked for is found now.
        for _ in 0..10 {
            if !strays::kill(&self.mark) {
                break;
            }
        }
        self.group = None;
    }
}

impl Running {
    fn kill(&self) {
        self.life.over.store(true, Ordering::Relaxed);
        self.signal(Signal::KILL);
        strays::kill(&self.mark);
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
        if self.group.is_some() {
            self.kill();
        }
    }
}

/// Reports a process that ends. Once the run has ended nobody asks any more.
async fn wait(mut child: Child, errors: JoinHandle<()>, life: Arc<Life>) {
    let status = child.wait().await;
    // What it wrote last is still on its way, unless a child of its own keeps
    // the pipe open.
    let _ = tokio::time::timeout(LAST_GASP / 2, errors).await;
    let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    life.report(|traces| ProblemKind::Exited { status, traces });
    life.over.store(true, Ordering::Relaxed);
}
