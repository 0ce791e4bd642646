//! `glomers run`: one challenge, once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use maelstrom_check::{Results, Verdict};
use maelstrom_sim::{Outcome, Pace, Phase, Process, Progress, Run, Settings};
use rand::TryRng;
use rand::rngs::SysRng;
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::challenge::{self, Challenge};
use crate::cli::RunArgs;
use crate::measured::{Row, rows};
use crate::node_logs::NodeLogs;
use crate::store::{Folder, StoreError};
use crate::story::story;
use crate::{exit, terminal};

/// Runs a challenge, tells what came of it, and gives the exit code.
pub(crate) fn run(args: &RunArgs) -> u8 {
    let challenge = match challenge::find(&args.challenge) {
        Ok(challenge) => challenge,
        Err(text) => return complain(exit::BAD_ARGUMENTS, &text),
    };
    if args.bin.is_none() && !args.arguments.is_empty() {
        let text = "arguments after -- are for the program of --bin, and none was given";
        return complain(exit::BAD_ARGUMENTS, text);
    }
    let settings = args.settings.apply((challenge.settings)());
    if let Err(error) = settings.validate() {
        return complain(exit::BAD_ARGUMENTS, &error.to_string());
    }
    let program = match program(args, challenge) {
        Ok(program) => program,
        Err(text) => return complain(exit::CRASHED, &text),
    };
    match Session::begin(args, challenge, settings, program) {
        Ok(session) => session.run(),
        Err(error) => complain(exit::CRASHED, &error.to_string()),
    }
}

fn complain(code: u8, text: &str) -> u8 {
    anstream::eprintln!("error: {text}");
    code
}

/// The program to run as processes, if it is processes that run.
fn program(args: &RunArgs, challenge: &Challenge) -> Result<Option<PathBuf>, String> {
    if let Some(program) = &args.bin {
        return match program.is_file() {
            true => Ok(Some(program.clone())),
            false => Err(format!("there is no program {}", program.display())),
        };
    }
    if !args.real {
        return Ok(None);
    }
    let name = challenge.solution.program;
    // Under `cargo run` the program is built first, like the command itself.
    if let (Some(cargo), Some(_)) = (
        std::env::var_os("CARGO"),
        std::env::var_os("CARGO_MANIFEST_DIR"),
    ) {
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--package", name]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        if !build.status().is_ok_and(|status| status.success()) {
            return Err(format!(
                "the program of the solution `{name}` could not be built"
            ));
        }
    }
    let beside = std::env::current_exe().ok();
    let beside = beside.and_then(|command| Some(command.parent()?.join(name)));
    match beside {
        Some(program) if program.is_file() => Ok(Some(program)),
        Some(program) => Err(format!(
            "the program of the solution is missing: {}. `cargo build --release --workspace` makes it",
            program.display()
        )),
        None => Err("the folder of this command is unknown, so is that of the solutions".into()),
    }
}

/// One run with everything around it.
struct Session<'a> {
    args: &'a RunArgs,
    challenge: &'a Challenge,
    settings: Settings,
    seed: u64,
    program: Option<PathBuf>,
    folder: Folder,
}

impl<'a> Session<'a> {
    fn begin(
        args: &'a RunArgs,
        challenge: &'a Challenge,
        settings: Settings,
        program: Option<PathBuf>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            args,
            challenge,
            settings,
            seed: args.seed.unwrap_or_else(new_seed),
            program,
            folder: Folder::create(&args.store, challenge.id)?,
        })
    }

    fn run(self) -> u8 {
        let logs = NodeLogs::default();
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let subscriber = tracing_subscriber::registry()
            .with(logs.clone())
            .with(filter);
        let start = Instant::now();
        let outcome = tracing::subscriber::with_default(subscriber, || self.execute());
        let wall = start.elapsed();
        let results = outcome.check();
        let rows = rows(&outcome, &results, self.challenge.thresholds);
        let json = self.json(&outcome, &results, &rows);
        let stored = self
            .folder
            .write(&outcome, &json)
            .and_then(|()| self.write_logs(&logs));
        self.tell(&outcome, &results, &rows, wall);
        if let Err(error) = stored {
            return complain(exit::CRASHED, &error.to_string());
        }
        exit_code(&outcome, &results, &rows)
    }

    fn execute(&self) -> Outcome {
        let Some(program) = &self.program else {
            let host = (self.challenge.solution.host)();
            return Run::new(self.settings.clone(), self.seed, host).execute();
        };
        let host = Process::new(program, &self.args.arguments, self.folder.node_logs());
        let bar = progress_bar(&self.settings);
        let shown = bar.clone();
        let outcome = Run::new(self.settings.clone(), self.seed, host)
            .pace(Pace::Real)
            .on_progress(move |progress| show(&shown, progress))
            .execute();
        bar.finish_and_clear();
        outcome
    }

    fn tell(&self, outcome: &Outcome, results: &Results, rows: &[Row], wall: Duration) {
        let pace = if self.program.is_some() {
            "real time"
        } else {
            "virtual time"
        };
        terminal::head(self.challenge.id, outcome, pace);
        for notice in &outcome.notices {
            anstream::eprintln!("note: {notice}");
        }
        if let Some(failure) = &outcome.failure {
            anstream::eprintln!("\nerror: the run ended before its time: {failure}");
        } else {
            terminal::figures(rows, results);
            terminal::verdict(results.verdict(), rows.iter().all(|row| row.pass));
            if results.verdict() != Verdict::Valid {
                anstream::println!("\n{}", story(outcome, results).trim_end());
            }
        }
        let passed = outcome.journal.events.last().map_or(0, |event| event.time);
        let again = self.command();
        terminal::tail(
            Duration::from_nanos(passed),
            wall,
            &self.folder.path(),
            &again,
        );
    }

    /// Upstream's own results with ours beside them.
    fn json(&self, outcome: &Outcome, results: &Results, rows: &[Row]) -> Value {
        let mut json = results.to_json();
        let settings = &outcome.settings;
        json["challenge"] = self.challenge.id.into();
        json["seed"] = outcome.seed.into();
        json["command"] = self.command().into();
        json["thresholds"] = json!(rows);
        json["notices"] = outcome.notices.iter().map(ToString::to_string).collect();
        json["settings"] = json!({
            "workload": settings.workload.name(),
            "nodes": settings.nodes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "concurrency": settings.concurrency.to_string(),
            "rate": settings.rate,
            "time-limit": settings.time_limit.as_secs(),
            "latency": {
                "mean": settings.latency.mean_ms,
                "dist": settings.latency.distribution.name(),
            },
            "topology": settings.topology.name(),
            "nemesis": settings.nemesis.iter().map(|fault| fault.name()).collect::<Vec<_>>(),
            "nemesis-interval": settings.nemesis_interval.as_secs_f64(),
        });
        if let Some(failure) = &outcome.failure {
            json["valid?"] = "unknown".into();
            json["error"] = failure.to_string().into();
        }
        json
    }

    /// The command that does the same again.
    fn command(&self) -> String {
        let mut words = vec!["cargo glomers run".to_owned(), self.challenge.id.to_owned()];
        words.extend(self.args.settings.flags());
        match &self.args.bin {
            Some(program) => words.push(format!("--bin {}", quoted(&program.to_string_lossy()))),
            None if self.args.real => words.push("--real".into()),
            None => {}
        }
        if self.args.store != Path::new("store") {
            words.push(format!(
                "--store {}",
                quoted(&self.args.store.to_string_lossy())
            ));
        }
        words.push(format!("--seed {}", self.seed));
        if !self.args.arguments.is_empty() {
            words.push("--".into());
            words.extend(
                self.args
                    .arguments
                    .iter()
                    .map(|word| quoted(&word.to_string_lossy())),
            );
        }
        words.join(" ")
    }

    fn write_logs(&self, logs: &NodeLogs) -> Result<(), StoreError> {
        if self.program.is_some() {
            return Ok(());
        }
        self.folder.make_node_logs()?;
        let lines = logs.take();
        for node in &self.settings.nodes {
            let text = lines.get(node.as_str()).map_or("", String::as_str);
            let name = format!("node-logs/{node}.log");
            self.folder
                .file(&name, |out| std::io::Write::write_all(out, text.as_bytes()))?;
        }
        Ok(())
    }
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn exit_code(outcome: &Outcome, results: &Results, rows: &[Row]) -> u8 {
    match results.verdict() {
        _ if outcome.failure.is_some() => exit::CRASHED,
        Verdict::Invalid => exit::INVALID,
        Verdict::Unknown => exit::UNKNOWN,
        Verdict::Valid if rows.iter().all(|row| row.pass) => exit::VALID,
        Verdict::Valid => exit::INVALID,
    }
}

/// A seed that nobody chose, short enough to be typed.
fn new_seed() -> u64 {
    let drawn = SysRng.try_next_u32().unwrap_or(std::process::id());
    u64::from(drawn % 1_000_000)
}

/// Hidden by itself where standard error is no terminal.
fn progress_bar(settings: &Settings) -> ProgressBar {
    let seconds = settings.time_limit.as_secs() + 10;
    let bar = ProgressBar::new(seconds * 1000);
    let style = ProgressStyle::with_template("{bar:40} {elapsed} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_position(u64::try_from(progress.elapsed.as_millis()).unwrap_or(u64::MAX));
    bar.set_message(match progress.phase {
        Phase::SetUp => "starting nodes".to_owned(),
        Phase::Operations => format!("{} operations", progress.operations),
        Phase::Recovery => "waiting for recovery".to_owned(),
        Phase::FinalReads => "final reads".to_owned(),
    });
}
