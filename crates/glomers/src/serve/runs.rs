//! The runs of a store, as its folders and their results tell.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::Progress;

/// A run that is silent for longer was ended from outside.
const SILENCE: Duration = Duration::from_secs(60);

/// How many of the newest runs are looked at for being in flight.
const MAYBE_RUNNING: usize = 32;

/// A store that is only read.
#[derive(Debug)]
pub(super) struct Runs {
    root: PathBuf,
    /// What was read before, by run, with the time of the file it was read from.
    read: Mutex<BTreeMap<RunId, (SystemTime, Arc<Results>)>>,
}

/// A run's place in the store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RunId {
    pub(super) challenge: String,
    pub(super) time: String,
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.challenge, self.time)
    }
}

impl RunId {
    /// When the run began, if its folder is named after that.
    pub(super) fn began(&self) -> Option<Timestamp> {
        Timestamp::strptime("%Y%m%dT%H%M%S%.f%z", &self.time).ok()
    }
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Standing {
    /// Valid, and every threshold met.
    Passed,
    /// Valid, with a threshold missed.
    Missed,
    /// Not valid.
    Invalid,
    /// Nobody can say.
    Unknown,
    /// In flight.
    Running,
    /// Ended without results.
    Unfinished,
}

impl Standing {
    pub(super) const ALL: [Self; 6] = [
        Self::Passed,
        Self::Missed,
        Self::Invalid,
        Self::Unknown,
        Self::Running,
        Self::Unfinished,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Missed => "missed",
            Self::Invalid => "invalid",
            Self::Unknown => "unknown",
            Self::Running => "running",
            Self::Unfinished => "unfinished",
        }
    }

    /// In words that need no colour.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Missed => "threshold missed",
            Self::Invalid => "invalid",
            Self::Unknown => "unknown",
            Self::Running => "running",
            Self::Unfinished => "unfinished",
        }
    }
}

/// The part of a run's results that pages show.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Results {
    #[serde(rename = "valid?", default)]
    valid: Value,
    pub(super) seed: Option<u64>,
    pub(super) command: Option<String>,
    pub(super) error: Option<String>,
    #[serde(default)]
    pub(super) thresholds: Vec<Threshold>,
    #[serde(default)]
    net: Value,
    #[serde(default)]
    stats: Value,
    #[serde(default)]
    workload: Value,
}

/// A row of a run's verdict.
#[derive(Debug, Deserialize)]
pub(super) struct Threshold {
    pub(super) what: String,
    pub(super) asked: String,
    pub(super) measured: String,
    pub(super) pass: bool,
}

impl Results {
    fn standing(&self) -> Standing {
        match &self.valid {
            Value::Bool(true) if self.thresholds.iter().all(|row| row.pass) => Standing::Passed,
            Value::Bool(true) => Standing::Missed,
            Value::Bool(false) => Standing::Invalid,
            _ => Standing::Unknown,
        }
    }

    /// The figures of the run, each with its name and unit.
    pub(super) fn figures(&self) -> Vec<(&'static str, String)> {
        let number = |value: &Value, unit| {
            let number = value.as_f64()?;
            Some(format!("{}{unit}", (number * 1000.0).round() / 1000.0))
        };
        let latency = &self.workload["stable-latencies"];
        let figures = [
            ("operations", number(&self.stats["count"], "")),
            (
                "messages per operation, all",
                number(&self.net["all"]["msgs-per-op"], ""),
            ),
            (
                "messages per operation, servers",
                number(&self.net["servers"]["msgs-per-op"], ""),
            ),
            ("median stable latency", number(&latency["0.5"], " ms")),
            ("maximum stable latency", number(&latency["1"], " ms")),
        ];
        let figures = figures.into_iter();
        figures
            .filter_map(|(name, figure)| Some((name, figure?)))
            .collect()
    }
}

/// A run with what is known of it.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) id: RunId,
    pub(super) standing: Standing,
    pub(super) results: Arc<Results>,
}

/// How far a run in flight is, as the run itself wrote.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Running {
    pub(super) challenge: String,
    pub(super) time: String,
    #[serde(flatten)]
    pub(super) progress: Progress,
}

/// A name of a folder or a file that is no way out, nor hidden. Logs are named after nodes,
/// whose names may be in any script.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "-_.+,=@ ".contains(c);
    !text.is_empty() && !text.starts_with('.') && text.chars().all(plain)
}

impl Runs {
    pub(super) fn open(store: &Path) -> io::Result<Self> {
        let root = store.canonicalize()?;
        fs::read_dir(&root)?;
        Ok(Self {
            root,
            read: Mutex::default(),
        })
    }

    /// The folder of a run, links within the store followed.
    pub(super) fn folder(&self, challenge: &str, time: &str) -> Option<PathBuf> {
        if !is_name(challenge) || !is_name(time) {
            return None;
        }
        let folder = self.root.join(challenge).join(time).canonicalize().ok()?;
        let within = folder.strip_prefix(&self.root).ok()?;
        (within.components().count() == 2 && folder.is_dir()).then_some(folder)
    }

    /// Every run, newest first.
    pub(super) fn ids(&self) -> Vec<RunId> {
        let mut ids: Vec<_> = folders(&self.root)
            .flat_map(|challenge| {
                let times = folders(&self.root.join(&challenge)).collect::<Vec<_>>();
                times.into_iter().map(move |time| RunId {
                    challenge: challenge.clone(),
                    time,
                })
            })
            .map(|id| ((id.began(), id.time.clone()), id))
            .collect();
        ids.sort_by(|a, b| b.cmp(a));
        ids.into_iter().map(|(_, id)| id).collect()
    }

    /// A run that the store has.
    pub(super) fn run(&self, challenge: &str, time: &str) -> Option<Run> {
        let folder = self.folder(challenge, time)?;
        // By its own name, whatever link led there.
        let mut names = folder.iter().rev();
        let mut name = || Some(names.next()?.to_str()?.to_owned());
        let (time, challenge) = (name()?, name()?);
        self.read(RunId { challenge, time })
    }

    /// What is known of a run.
    pub(super) fn read(&self, id: RunId) -> Option<Run> {
        let folder = self.folder(&id.challenge, &id.time)?;
        let results = self.results(&id, &folder);
        let standing = match &results {
            _ if progress(&folder).is_some() => Standing::Running,
            Some(results) => results.standing(),
            None => Standing::Unfinished,
        };
        Some(Run {
            id,
            standing,
            results: results.unwrap_or_default(),
        })
    }

    fn results(&self, id: &RunId, folder: &Path) -> Option<Arc<Results>> {
        let file = regular(folder, "results.json")?;
        let written = file.metadata().and_then(|about| about.modified()).ok()?;
        let lock = || self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((before, results)) = lock().get(id)
            && *before == written
        {
            return Some(results.clone());
        }
        let results: Results = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        let results = Arc::new(results);
        lock().insert(id.clone(), (written, results.clone()));
        Some(results)
    }

    /// Every run, and those of them in flight.
    pub(super) fn in_flight(&self) -> (Vec<RunId>, Vec<Running>) {
        let ids = self.ids();
        let newest = ids.iter().take(MAYBE_RUNNING);
        let running = newest
            .filter_map(|id| {
                let folder = self.folder(&id.challenge, &id.time)?;
                let RunId { challenge, time } = id.clone();
                Some(Running {
                    challenge,
                    time,
                    progress: progress(&folder)?,
                })
            })
            .collect();
        (ids, running)
    }

    /// The files of a run by their names within it, logs of nodes last.
    pub(super) fn files(&self, id: &RunId) -> Vec<String> {
        let Some(folder) = self.folder(&id.challenge, &id.time) else {
            return Vec::new();
        };
        let mut files = regulars(&folder, "");
        files.extend(regulars(&folder.join("node-logs"), "node-logs/"));
        files
    }
}

/// The folders in a folder that are no links.
fn folders(parent: &Path) -> impl Iterator<Item = String> + use<> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let name = entry.file_name().into_string().ok()?;
        (folder && is_name(&name)).then_some(name)
    })
}

/// The files in a folder that are no links, by name.
fn regulars(parent: &Path, prefix: &str) -> Vec<String> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_name(name))
        .map(|name| format!("{prefix}{name}"))
        .collect();
    names.sort();
    names
}

/// A file of a run that is no link.
fn regular(folder: &Path, name: &str) -> Option<PathBuf> {
    let file = folder.join(name);
    let about = file.symlink_metadata().ok()?;
    about.is_file().then_some(file)
}

fn progress(folder: &Path) -> Option<Progress> {
    let file = regular(folder, "progress.json")?;
    let written = file.metadata().and_then(|about| about.modified()).ok()?;
    // A time to come is a clock that was set back.
    let silent = written.elapsed().unwrap_or_default();
    if silent > SILENCE {
        return None;
    }
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}
