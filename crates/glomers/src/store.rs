//! What a run leaves behind: a folder of files under `store/`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use jiff::Zoned;
use maelstrom_sim::{NodeId, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::report;

/// The folder of one run: `<store>/<challenge>/<time>/`.
#[derive(Debug)]
pub(crate) struct Folder {
    store: PathBuf,
    challenge: String,
    time: String,
}

/// How far a run in real time is: the file `progress.json`, which is there
/// while the run is in flight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// What is being done, in words.
    pub(crate) phase: String,
    /// Seconds since the run began.
    pub(crate) elapsed: f64,
    /// Seconds that it is to last, about.
    pub(crate) length: f64,
    /// How many operations were started, about.
    pub(crate) operations: usize,
}

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{path} could not be written: {source}", path = path.display())]
pub(crate) struct StoreError {
    path: PathBuf,
    source: io::Error,
}

impl Folder {
    /// Makes the folder of a run that begins now. Of two that begin in the same
    /// millisecond, the second gets the next one.
    pub(crate) fn create(store: &Path, challenge: &str) -> Result<Self, StoreError> {
        let parent = store.join(challenge);
        fs::create_dir_all(&parent).map_err(failed(&parent))?;
        let mut moment = Zoned::now();
        loop {
            let folder = Self {
                store: store.to_owned(),
                challenge: challenge.to_owned(),
                time: moment.strftime("%Y%m%dT%H%M%S.%3f%z").to_string(),
            };
            match fs::create_dir(folder.path()) {
                Ok(()) => return Ok(folder),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    moment += jiff::SignedDuration::from_millis(1);
                }
                Err(error) => return Err(failed(&folder.path())(error)),
            }
        }
    }

    /// Where the files are.
    pub(crate) fn path(&self) -> PathBuf {
        self.store.join(&self.challenge).join(&self.time)
    }

    /// Where nodes' logs go.
    pub(crate) fn node_logs(&self) -> PathBuf {
        self.path().join("node-logs")
    }

    /// Says how far the run is. A reader sees what was said before or this,
    /// never half of it; a run goes on where it can't be said.
    pub(crate) fn say(&self, progress: &Progress) {
        let text = serde_json::to_vec(progress).unwrap_or_default();
        let fresh = self.path().join(".progress");
        let _ = fs::write(&fresh, text)
            .and_then(|()| fs::rename(&fresh, self.path().join("progress.json")));
    }

    /// Says that the run is no longer in flight.
    pub(crate) fn say_no_more(&self) {
        let _ = fs::remove_file(self.path().join("progress.json"));
    }

    /// Writes everything that the run left, and points `latest` at it.
    pub(crate) fn write(&self, outcome: &Outcome, results: &Value) -> Result<(), StoreError> {
        let history = outcome.history.to_json_lines();
        self.file("history.jsonl", |out| out.write_all(history.as_bytes()))?;
        self.file("history.edn", |out| {
            out.write_all(outcome.history.to_edn().as_bytes())
        })?;
        self.file("journal.jsonl", |out| outcome.journal.write_json_lines(out))?;
        self.keep(results)
    }

    /// Writes the results, and points `latest` at the run.
    pub(crate) fn keep(&self, results: &Value) -> Result<(), StoreError> {
        self.file("results.json", |out| {
            serde_json::to_writer_pretty(&mut *out, results)?;
            out.write_all(b"\n")
        })?;
        let of_challenge = self.store.join(&self.challenge).join("latest");
        let relative = Path::new(&self.challenge).join(&self.time);
        // A run is kept where there can be no links, too.
        for linked in [
            self.link(&of_challenge, Path::new(&self.time)),
            self.link(&self.store.join("latest"), &relative),
        ] {
            if let Err(error) = linked {
                anstream::eprintln!("note: {error}");
            }
        }
        Ok(())
    }

    /// Writes the logs of nodes that have no standard error of their own.
    pub(crate) fn write_node_logs(
        &self,
        nodes: &[NodeId],
        lines: &BTreeMap<String, String>,
    ) -> Result<(), StoreError> {
        let path = self.node_logs();
        fs::create_dir_all(&path).map_err(failed(&path))?;
        for node in nodes {
            let text = lines.get(node.as_str()).map_or("", String::as_str);
            let name = format!("node-logs/{node}.log");
            self.file(&name, |out| out.write_all(text.as_bytes()))?;
        }
        Ok(())
    }

    /// Writes the page that shows the run.
    pub(crate) fn write_page(&self, html: &str) -> Result<(), StoreError> {
        self.file(report::FILE, |out| out.write_all(html.as_bytes()))
    }

    /// Writes a file of the run.
    fn file(
        &self,
        name: &str,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), StoreError> {
        let path = self.path().join(name);
        let written = File::create(&path).and_then(|file| {
            let mut out = BufWriter::new(file);
            write(&mut out)?;
            out.flush()
        });
        written.map_err(failed(&path))
    }

    /// Points `link` at `target`, in place of whatever it pointed at.
    #[cfg(unix)]
    fn link(&self, link: &Path, target: &Path) -> Result<(), StoreError> {
        let fresh = link.with_file_name(format!(".latest-{}-{}", self.time, std::process::id()));
        let linked = std::os::unix::fs::symlink(target, &fresh);
        linked
            .and_then(|()| fs::rename(&fresh, link))
            .inspect_err(|_| drop(fs::remove_file(&fresh)))
            .map_err(failed(link))
    }

    /// Where links need rights, the newest folder is found by its name.
    #[cfg(not(unix))]
    fn link(&self, _: &Path, _: &Path) -> Result<(), StoreError> {
        Ok(())
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> StoreError + use<> {
    let path = path.to_owned();
    |source| StoreError { path, source }
}
