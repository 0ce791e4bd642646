//! One run with everything around it: nodes, clock, verdict, files, and what
//! the person at the terminal is told.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use maelstrom_check::{Options, Results, Verdict, check, net};
use maelstrom_sim::{
    EventKind, Fault, InProcess, Outcome, Pace, Phase, Process, Progress, Run, RunError, Selection,
    Settings,
};
use rand::TryRng;
use rand::rngs::SysRng;
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::challenge::Threshold;
use crate::measured::{Figures, Row, rows};
use crate::node_logs::NodeLogs;
use crate::notes::Notes;
use crate::report::{self, PageArgs};
use crate::store::{self, Folder, StoreError};
use crate::{exit, terminal};

/// A run that was asked for.
pub(crate) struct Session {
    /// What it is called: the challenge, or the workload.
    pub(crate) name: &'static str,
    /// What is run.
    pub(crate) settings: Settings,
    /// The seed.
    pub(crate) seed: u64,
    /// The nodes.
    pub(crate) nodes: Nodes,
    /// What must be reached beside a valid verdict.
    pub(crate) thresholds: &'static [Threshold],
    /// Whether the stricter checks count.
    pub(crate) strict: bool,
    /// The flag with which they would not, where the command has one.
    pub(crate) lenient: Option<&'static str>,
    /// The folder that keeps what runs leave.
    pub(crate) store: PathBuf,
    /// What becomes of its page.
    pub(crate) page: PageArgs,
    /// The command that does the same again.
    pub(crate) command: String,
    /// What is printed beside the verdict.
    pub(crate) console: Console,
}

/// Where the nodes of a run come from.
pub(crate) enum Nodes {
    /// Values in this process, under virtual time.
    InProcess(InProcess),
    /// A program and its arguments, in real time.
    Program(PathBuf, Vec<OsString>),
}

/// What is printed of a run while it is under way.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Console {
    /// Print what nodes write to standard error, as it comes.
    #[arg(id = "log_stderr", long = "log-stderr")]
    stderr: bool,

    /// Print each message as it is sent.
    #[arg(id = "log_net_send", long = "log-net-send")]
    sent: bool,

    /// Print each message as it is received.
    #[arg(id = "log_net_recv", long = "log-net-recv")]
    received: bool,
}

/// A run that was carried out and judged, with its files written.
pub(crate) struct Kept {
    pub(crate) folder: Arc<Folder>,
    outcome: Outcome,
    results: Results,
    rows: Vec<Row>,
    /// How long it took.
    wall: Duration,
    /// What kept it from being kept.
    unwritten: Option<StoreError>,
}

impl Kept {
    /// The run, if all of its files are there.
    pub(crate) fn whole(mut self) -> Result<Self, StoreError> {
        match self.unwritten.take() {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }
}

impl Session {
    /// Carries the run out, tells what came of it, and gives the exit code.
    pub(crate) fn run(&self) -> u8 {
        match self.try_run() {
            Ok(code) => code,
            Err(error) => complain(exit::CRASHED, &error.to_string()),
        }
    }

    fn try_run(&self) -> Result<u8, StoreError> {
        let Kept {
            folder,
            outcome,
            results,
            rows,
            wall,
            unwritten,
        } = self.keep()?;
        self.tell(&outcome, &results, &rows, wall, &folder);
        if let Some(error) = unwritten {
            return Err(error);
        }
        if self.page.open {
            report::open(&folder.path().join(report::FILE));
        }
        match outcome.failure {
            Some(_) => Ok(exit::CRASHED),
            None => Ok(code(results.verdict(), &rows)),
        }
    }

    /// Carries the run out and keeps what it leaves, without a word. A run whose
    /// files could not all be written has been made and judged all the same.
    pub(crate) fn keep(&self) -> Result<Kept, StoreError> {
        let folder = Arc::new(Folder::create(&self.store, self.name)?);
        let logs = NodeLogs::new(self.console.stderr);
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let in_real_time = matches!(self.nodes, Nodes::Program(..));
        let bar = in_real_time.then(|| progress_bar(&self.settings));
        let subscriber = tracing_subscriber::registry()
            .with(logs.clone())
            .with(bar.clone().map(Notes))
            .with(filter);
        let start = Instant::now();
        let execute = || self.execute(&folder, bar.unwrap_or_else(ProgressBar::hidden));
        let outcome = tracing::subscriber::with_default(subscriber, execute);
        let wall = start.elapsed();
        let results = self.judge(&outcome);
        let rows = rows(&outcome, &results, self.thresholds);
        let json = self.json(&outcome, &results, &rows);
        let written = self.write(&folder, &outcome, &json, &logs);
        folder.say_no_more();
        Ok(Kept {
            folder,
            outcome,
            results,
            rows,
            wall,
            unwritten: written.err(),
        })
    }

    fn write(
        &self,
        folder: &Folder,
        outcome: &Outcome,
        json: &Value,
        logs: &NodeLogs,
    ) -> Result<(), StoreError> {
        // The page is made while the other files are written.
        std::thread::scope(|scope| {
            let wanted = !self.page.no_report;
            let page = wanted.then(|| scope.spawn(|| report::page(outcome, json.clone())));
            folder.write(outcome, json)?;
            match page.map(std::thread::ScopedJoinHandle::join) {
                Some(Ok(page)) => folder.write_page(&page),
                Some(Err(panic)) => std::panic::resume_unwind(panic),
                None => Ok(()),
            }
        })?;
        match self.nodes {
            Nodes::InProcess(_) => folder.write_node_logs(&self.settings.nodes, &logs.take()),
            Nodes::Program(..) => Ok(()),
        }
    }

    fn execute(&self, folder: &Arc<Folder>, bar: ProgressBar) -> Outcome {
        let (program, arguments) = match &self.nodes {
            Nodes::InProcess(host) => {
                let run = Run::new(self.settings.clone(), self.seed, host.clone());
                return self.console.tell_events(run, bar).execute();
            }
            Nodes::Program(program, arguments) => (program, arguments),
        };
        let host = Process::new(program, arguments, folder.node_logs());
        let host = match (self.console.stderr, bar.clone()) {
            (false, _) => host,
            (true, bar) => host.on_stderr(move |node, line| {
                bar.suspend(|| anstream::eprintln!("{node}: {line}"));
            }),
        };
        let (shown, told) = (bar.clone(), folder.clone());
        let length = length(&self.settings);
        let said = Mutex::new(None);
        let run = Run::new(self.settings.clone(), self.seed, host).pace(Pace::Real);
        let run = self.console.tell_events(run, bar.clone());
        let outcome = run
            .on_progress(move |progress| {
                show(&shown, progress);
                say(&told, progress, length, &said);
            })
            .execute();
        bar.finish_and_clear();
        outcome
    }

    #[allow(clippy::field_reassign_with_default)] // Options may grow fields.
    fn judge(&self, outcome: &Outcome) -> Results {
        let settings = &outcome.settings;
        let mut options = Options::default();
        options.strict = self.strict;
        options.availability = settings.availability;
        options
            .consistency_models
            .clone_from(&settings.consistency_models);
        let net = net(outcome.journal.net_events(), &outcome.history);
        check(settings.workload, &outcome.history, &options).with_net(net)
    }

    fn tell(
        &self,
        outcome: &Outcome,
        results: &Results,
        rows: &[Row],
        wall: Duration,
        folder: &Folder,
    ) {
        let pace = match self.nodes {
            Nodes::InProcess(_) => "virtual time",
            Nodes::Program(..) => "real time",
        };
        let how = format!("seed {}, {pace}", outcome.seed);
        terminal::head(self.name, &outcome.settings, &how);
        for notice in &outcome.notices {
            anstream::eprintln!("note: {notice}");
        }
        if let Some(failure) = &outcome.failure {
            anstream::eprintln!("\nerror: the run ended before its time: {failure}");
        } else {
            terminal::figures(rows, &Figures::of(results));
            terminal::verdict(results.verdict(), rows.iter().all(|row| row.pass));
            if results.verdict() != Verdict::Valid {
                terminal::story(&outcome.story(results));
                if let Some(flag) = self.lenient
                    && self.strict
                    && results.maelstrom == Verdict::Valid
                {
                    anstream::println!(
                        "Maelstrom itself calls such a run valid; with {flag} so does this command."
                    );
                }
            } else {
                for class in &results.exceptions.exceptions {
                    anstream::eprintln!("note: {class}");
                }
            }
        }
        if self.settings.only_operations != Selection::All {
            anstream::println!("\n{}", outcome.timeline().trim_end());
        }
        let said = outcome.journal.events.last().map_or(0, |event| event.time);
        // The last operation may end in silence.
        let done = outcome.history.ops().last().map_or(0, |op| op.time);
        let passed = Duration::from_nanos(said.max(u64::try_from(done).unwrap_or_default()));
        terminal::tail(passed, wall, &folder.path(), &self.command);
    }

    /// Upstream's own results with ours beside them.
    pub(crate) fn json(&self, outcome: &Outcome, results: &Results, rows: &[Row]) -> Value {
        let mut json = results.to_json();
        let settings = &outcome.settings;
        let names = |all: Vec<String>| Value::from(all);
        json["challenge"] = self.name.into();
        json["seed"] = outcome.seed.into();
        json["command"] = self.command.as_str().into();
        json["thresholds"] = json!(rows);
        json["story"] = outcome.story(results).into();
        json["notices"] = outcome.notices.iter().map(ToString::to_string).collect();
        json["settings"] = json!({
            "workload": settings.workload.name(),
            "nodes": names(settings.nodes.iter().map(ToString::to_string).collect()),
            "concurrency": settings.concurrency.to_string(),
            "rate": settings.rate,
            "time-limit": settings.time_limit.as_secs(),
            "latency": {
                "mean": settings.latency.mean_ms,
                "dist": settings.latency.distribution.name(),
            },
            "topology": settings.topology.name(),
            "nemesis": names(settings.nemesis.iter().map(ToString::to_string).collect()),
            "nemesis-interval": settings.nemesis_interval.as_secs_f64(),
            "services": settings.services.name(),
            "key-count": settings.key_count,
            "max-txn-length": settings.max_txn_length,
            "max-writes-per-key": settings.max_writes_per_key,
            "consistency-models":
                names(settings.consistency_models.iter().map(ToString::to_string).collect()),
            "only-operations": settings.only_operations.to_string(),
            "only-faults": settings.only_faults.to_string(),
        });
        if let Some(failure) = &outcome.failure {
            json["valid?"] = "unknown".into();
            json["error"] = failure.to_string().into();
        }
        json
    }
}

impl Console {
    /// The flags that were given, by Maelstrom's names.
    pub(crate) fn flags(self) -> Vec<&'static str> {
        let all = [
            ("--log-stderr", self.stderr),
            ("--log-net-send", self.sent),
            ("--log-net-recv", self.received),
        ];
        let given = all.into_iter().filter(|(_, given)| *given);
        given.map(|(flag, _)| flag).collect()
    }

    /// Has the run print messages as they are sent and received, if it was asked to.
    fn tell_events(self, run: Run, bar: ProgressBar) -> Run {
        if !self.sent && !self.received {
            return run;
        }
        run.on_event(move |event, message| {
            let wanted = match event.kind {
                EventKind::Send => self.sent,
                EventKind::Receive => self.received,
                EventKind::Drop => self.sent || self.received,
            };
            if wanted {
                let (time, kind) = (event.time as f64 / 1e9, event.kind.name());
                let (src, dest, body) = (&message.src, &message.dest, &message.body);
                bar.suspend(|| {
                    anstream::eprintln!("{time:>10.6} {kind} {src} -> {dest} {body}");
                });
            }
        })
    }
}

/// Tells what was wrong, and passes the exit code on.
pub(crate) fn complain(code: u8, text: &str) -> u8 {
    anstream::eprintln!("error: {text}");
    code
}

/// What is wrong with a program that can't be one.
pub(crate) fn missing(program: &Path) -> Option<String> {
    (!program.is_file()).then(|| {
        let program = program.display();
        format!(
            "there is no program {program}: --bin is the path of a file, which is not looked for elsewhere, \
            and its arguments go after --"
        )
    })
}

/// Why nodes that are programs can't be run with these settings, if they can't.
pub(crate) fn refused_by_programs(settings: &Settings) -> Option<String> {
    let skewed = settings.nemesis.contains(&Fault::Skew);
    skewed.then(|| {
        format!(
            "--nemesis can't be skew here: {}",
            RunError::ClocksOfProcesses
        )
    })
}

/// A word as a shell reads it back.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The words of a command that are for the node, if there are any.
pub(crate) fn for_the_node(arguments: &[OsString]) -> Vec<String> {
    if arguments.is_empty() {
        return Vec::new();
    }
    let words = arguments.iter().map(|word| quoted(&word.to_string_lossy()));
    std::iter::once("--".to_owned()).chain(words).collect()
}

/// The exit code of a run that came to its end.
pub(crate) fn code(verdict: Verdict, rows: &[Row]) -> u8 {
    match verdict {
        Verdict::Invalid => exit::INVALID,
        Verdict::Unknown => exit::UNKNOWN,
        Verdict::Valid if rows.iter().all(|row| row.pass) => exit::VALID,
        Verdict::Valid => exit::INVALID,
    }
}

/// A seed that nobody chose, short enough to be typed.
pub(crate) fn new_seed() -> u64 {
    let drawn = SysRng.try_next_u32().unwrap_or(std::process::id());
    u64::from(drawn % 1_000_000)
}

/// Hidden by itself where standard error is no terminal.
fn progress_bar(settings: &Settings) -> ProgressBar {
    let bar = ProgressBar::new(milliseconds(length(settings)));
    let style = ProgressStyle::with_template("{bar:40} {elapsed} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// How long a run lasts, about: its operations, and the time to recover.
fn length(settings: &Settings) -> Duration {
    settings.time_limit + Duration::from_secs(10)
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_position(milliseconds(progress.elapsed));
    bar.set_message(match progress.phase {
        Phase::Operations => format!("{} operations", progress.operations),
        phase => words(phase).to_owned(),
    });
}

fn words(phase: Phase) -> &'static str {
    match phase {
        Phase::SetUp => "starting nodes",
        Phase::Operations => "operations",
        Phase::Recovery => "waiting for recovery",
        Phase::FinalReads => "final reads",
    }
}

/// Says how far the run is to whoever watches its folder, a few times a second.
fn say(
    folder: &Folder,
    progress: Progress,
    length: Duration,
    said: &Mutex<Option<(Phase, Duration)>>,
) {
    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
    let often = Duration::from_millis(200);
    if said.is_some_and(|(phase, at)| phase == progress.phase && progress.elapsed < at + often) {
        return;
    }
    *said = Some((progress.phase, progress.elapsed));
    folder.say(&store::Progress {
        phase: words(progress.phase).to_owned(),
        elapsed: progress.elapsed.as_secs_f64(),
        length: length.as_secs_f64(),
        operations: progress.operations,
    });
}
