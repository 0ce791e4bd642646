//! `glomers run … --upstream`: the challenge on an installed Maelstrom.
//!
//! Maelstrom is started with its own flags in the folder of the run, so that
//! what it leaves is this run's and no other's; its results are then told as
//! those of the embedded workbench are.

mod installed;
mod results;

pub(crate) use self::installed::Installed;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use maelstrom_check::{History, Options, Verdict, check};
use maelstrom_sim::{Availability, Fault, LatencyDist, NodeId, ServiceMode, Settings, story};
use owo_colors::OwoColorize as _;
use serde_json::json;

use self::results::UpstreamResults;
use crate::challenge::Threshold;
use crate::session::{Console, code, complain, quoted};
use crate::store::Folder;
use crate::{exit, terminal};

/// A run on Maelstrom that was asked for.
pub(crate) struct Upstream {
    /// Maelstrom.
    pub(crate) installed: Installed,
    /// The challenge.
    pub(crate) name: &'static str,
    /// What is run.
    pub(crate) settings: Settings,
    /// The program of a node, and its arguments.
    pub(crate) program: (PathBuf, Vec<OsString>),
    /// What must be reached beside a valid verdict.
    pub(crate) thresholds: &'static [Threshold],
    /// The folder that keeps what runs leave.
    pub(crate) store: PathBuf,
    /// The command that does the same again.
    pub(crate) command: String,
    /// What Maelstrom is to print: if anything, all that it says is passed on.
    pub(crate) console: Console,
}

/// How many of Maelstrom's last lines are told when it left no results.
const LAST_LINES: usize = 20;

/// Maelstrom's log, in the folder of a run.
const LOG: &str = "maelstrom.log";

impl Upstream {
    /// Carries the run out, tells what came of it, and gives the exit code.
    pub(crate) fn run(&self) -> u8 {
        match self.try_run() {
            Ok(code) => code,
            Err(text) => complain(exit::CRASHED, &text),
        }
    }

    fn try_run(&self) -> Result<u8, String> {
        let installed = &self.installed;
        let folder = Folder::create(&self.store, self.name).map_err(|error| error.to_string())?;
        let words = self.words().map_err(|error| error.to_string())?;
        let mut command = installed.command();
        command.args(&words).current_dir(folder.path());
        let second = format!(
            "on Maelstrom ({}), real time, no seed",
            installed.file().display()
        );
        terminal::head(self.name, &self.settings, &second);
        let shown: Vec<String> = words.iter().map(|w| quoted(&w.to_string_lossy())).collect();
        anstream::println!("{}", format!("maelstrom {}", shown.join(" ")).dimmed());
        let aloud = !self.console.flags().is_empty();
        let (status, last) = watch(command, &folder.path().join(LOG), aloud)
            .map_err(|error| format!("{} did not run: {error}", installed.file().display()))?;
        take_up(&folder.path()).map_err(|error| format!("{}: {error}", folder.path().display()))?;
        match UpstreamResults::read(&folder.path().join("results.edn")) {
            Ok(results) => self.tell(&results, &folder),
            Err(reason) => {
                let text = format!(
                    "Maelstrom ended with {status} and left no results (results.edn: {reason}). Its last lines:\n\
                     {}\nAll it said: {}",
                    last.join("\n"),
                    folder.path().join(LOG).display()
                );
                let refused = status.code() == Some(exit::BAD_ARGUMENTS.into());
                let code = if refused {
                    exit::BAD_ARGUMENTS
                } else {
                    exit::CRASHED
                };
                Ok(complain(code, &text))
            }
        }
    }

    /// What Maelstrom is told: `test`, its flags, and the node's after `--`.
    fn words(&self) -> io::Result<Vec<OsString>> {
        let (program, arguments) = &self.program;
        let mut words = vec!["test".into(), "--bin".into()];
        words.push(fs::canonicalize(program)?.into());
        words.extend(flags(&self.settings).into_iter().map(OsString::from));
        words.extend(self.console.flags().into_iter().map(OsString::from));
        if !arguments.is_empty() {
            words.push("--".into());
            words.extend(arguments.iter().cloned());
        }
        Ok(words)
    }

    /// Tells what Maelstrom found, and what our checkers see in its history
    /// where they have more to say.
    fn tell(&self, results: &UpstreamResults, folder: &Folder) -> Result<u8, String> {
        let (verdict, figures) = (results.verdict(), results.figures());
        let asked = self.settings.availability;
        let rows = figures.rows(verdict, asked, results.available(), self.thresholds);
        let mut json = results.to_json();
        json["challenge"] = self.name.into();
        json["command"] = self.command.as_str().into();
        json["thresholds"] = json!(rows);
        folder.keep(&json).map_err(|error| error.to_string())?;

        terminal::figures(&rows, &figures);
        terminal::verdict(verdict, rows.iter().all(|row| row.pass));
        for complaint in results.complaints() {
            anstream::println!("Maelstrom's check {complaint}");
        }
        match self.judge(&folder.path().join("history.edn")) {
            Some((_, story)) if verdict != Verdict::Valid => {
                anstream::println!("\nWhat our checkers see in its history:\n{story}");
            }
            Some((ours, story)) if ours != Verdict::Valid => anstream::println!(
                "\nnote: Maelstrom says {verdict}; with our stricter checks it is {ours}:\n{story}"
            ),
            _ => {}
        }
        let files = format!("files in {}", folder.path().display());
        anstream::println!("{}\n{} {}", files.dimmed(), "again:".dimmed(), self.command);
        Ok(code(verdict, &rows))
    }

    #[allow(clippy::field_reassign_with_default)] // Options may grow fields.
    /// The verdict of our checkers, and their story.
    fn judge(&self, history: &Path) -> Option<(Verdict, String)> {
        let mut options = Options::default();
        options.availability = self.settings.availability;
        options
            .consistency_models
            .clone_from(&self.settings.consistency_models);
        let history = History::read(history).ok()?;
        let results = check(self.settings.workload, &history, &options);
        let story = story(&self.settings, &history, &results);
        Some((results.verdict(), story.trim_end().to_owned()))
    }
}

/// Says what of these settings Maelstrom does not have, if anything.
pub(crate) fn refused(settings: &Settings, seed: Option<u64>) -> Option<String> {
    let ours = [Fault::Loss, Fault::Duplicate, Fault::Slow, Fault::Skew];
    let fault = ours.iter().find(|fault| settings.nemesis.contains(fault));
    let distribution = settings.latency.distribution;
    let text = if seed.is_some() {
        "--seed: Maelstrom draws anew each time, and no run of it can be repeated".to_owned()
    } else if let Some(fault) = fault {
        format!("--nemesis {fault}: Maelstrom has partition, and newer ones kill and pause")
    } else if settings.services == ServiceMode::Documented {
        "--services documented: Maelstrom's services are the upstream ones".to_owned()
    } else if settings.latency.mean_ms == 0 && distribution != LatencyDist::Constant {
        format!("--latency-dist {distribution} and no latency: Maelstrom crashes at it")
    } else {
        return None;
    };
    Some(format!("--upstream can't be used with {text}"))
}

/// Maelstrom's flags for these settings: those that differ from its defaults.
fn flags(settings: &Settings) -> Vec<String> {
    let default = Settings::new(settings.workload);
    let mut flags = vec!["--workload".to_owned(), settings.workload.to_string()];
    let mut give = |flag: &str, value: String, differs: bool| {
        if differs {
            flags.extend([format!("--{flag}"), value]);
        }
    };
    let names = |nodes: &[NodeId]| nodes.iter().map(NodeId::to_string).collect::<Vec<_>>();
    let nodes = settings.nodes.len();
    if settings.nodes == default.clone().node_count(nodes).nodes {
        give("node-count", nodes.to_string(), true);
    } else {
        let names = names(&settings.nodes).join(",");
        give("nodes", names, settings.nodes != default.nodes);
    }
    let (ours, its) = (settings, &default);
    let concurrency = ours.concurrency.to_string();
    give(
        "concurrency",
        concurrency,
        ours.concurrency != its.concurrency,
    );
    give("rate", ours.rate.to_string(), ours.rate != its.rate);
    let seconds = ours.time_limit.as_secs().to_string();
    give("time-limit", seconds, ours.time_limit != its.time_limit);
    let (latency, none) = (ours.latency, its.latency);
    let mean = latency.mean_ms.to_string();
    give("latency", mean, latency.mean_ms != none.mean_ms);
    let distribution = latency.distribution.to_string();
    give(
        "latency-dist",
        distribution,
        latency.distribution != none.distribution,
    );
    give(
        "topology",
        ours.topology.to_string(),
        ours.topology != its.topology,
    );
    let faults: Vec<&str> = ours.nemesis.iter().map(|fault| fault.name()).collect();
    give("nemesis", faults.join(","), !faults.is_empty());
    let interval = ours.nemesis_interval.as_secs_f64().to_string();
    give(
        "nemesis-interval",
        interval,
        ours.nemesis_interval != its.nemesis_interval,
    );
    let availability = match ours.availability {
        Availability::AtLeast(share) => share.to_string(),
        Availability::Total | Availability::Any => "total".into(),
    };
    give(
        "availability",
        availability,
        ours.availability != its.availability,
    );
    let models: Vec<String> = ours
        .consistency_models
        .iter()
        .map(ToString::to_string)
        .collect();
    // Without a space on both sides of the comma it reads them as one name.
    let differ = ours.consistency_models != its.consistency_models;
    give("consistency-models", models.join(" , "), differ);
    let keys = ours.key_count.to_string();
    give("key-count", keys, ours.key_count != its.key_count);
    let length = ours.max_txn_length.to_string();
    give(
        "max-txn-length",
        length,
        ours.max_txn_length != its.max_txn_length,
    );
    let writes = ours.max_writes_per_key.to_string();
    give(
        "max-writes-per-key",
        writes,
        ours.max_writes_per_key != its.max_writes_per_key,
    );
    flags
}

/// Runs the command to its end: what it says goes to the log, and its latest
/// line to the terminal; every line of it, if it is to be heard aloud. Gives how it ended, and its last lines.
fn watch(mut command: Command, log: &Path, aloud: bool) -> io::Result<(ExitStatus, Vec<String>)> {
    let mut log = File::create(log)?;
    let (reader, writer) = io::pipe()?;
    command.stdin(std::process::Stdio::null());
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn()?;
    // It holds the other end of the pipe, which would never be closed.
    drop(command);
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_millis(100));
    let mut last: Vec<String> = Vec::new();
    let mut lines = BufReader::new(reader);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        log.write_all(&line)?;
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        match aloud {
            true => bar.suspend(|| anstream::eprintln!("{text}")),
            false => bar.set_message(text.clone()),
        }
        if last.len() == LAST_LINES {
            last.remove(0);
        }
        last.push(text);
        line.clear();
    }
    let status = child.wait()?;
    bar.finish_and_clear();
    Ok((status, last))
}

/// Moves the files of Maelstrom's only run from its own store up into the
/// folder of the run, where every run's files are.
fn take_up(folder: &Path) -> io::Result<()> {
    let store = folder.join("store");
    let mut links = ["latest", "current"].iter().map(|link| store.join(link));
    let Some(link) = links.find(|link| link.is_dir()) else {
        return Ok(());
    };
    for entry in fs::read_dir(fs::canonicalize(link)?)? {
        let entry = entry?;
        fs::rename(entry.path(), folder.join(entry.file_name()))?;
    }
    fs::remove_dir_all(store)
}
