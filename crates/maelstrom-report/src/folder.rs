//! From a run's folder to a [`Report`].

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use maelstrom_check::{EdnReader, History};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::{Error, Fate, Journal, Report};

impl Report {
    /// Reads a run from its folder: `history.jsonl`, `results.json` and `journal.jsonl`. A
    /// folder of Maelstrom's own has `history.edn` and `results.edn`, and no journal that is read.
    ///
    /// # Errors
    /// [`Error`], with the file and the line, where something is missing or is not what it should be.
    pub fn read(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        let history = find(folder, "history.jsonl", "history.edn")?;
        let results = find(folder, "results.json", "results.edn")?;
        let journal = folder.join("journal.jsonl");
        let history = History::parse(&text(&history)?).map_err(|source| Error::Edn {
            path: history,
            source,
        })?;
        let journal = journal.is_file().then(|| read_journal(&journal));
        let results = read_results(&results)?;
        let mut report = Self::new(history, journal.transpose()?, results);
        report.add_evidence();
        Ok(report)
    }
}

/// The first of the two files that is there.
fn find(folder: &Path, first: &'static str, second: &'static str) -> Result<PathBuf, Error> {
    let mut paths = [first, second].map(|name| folder.join(name)).into_iter();
    paths
        .find(|path| path.is_file())
        .ok_or_else(|| Error::NotARun {
            folder: folder.to_owned(),
            first,
            second,
        })
}

fn text(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Io {
        path: path.to_owned(),
        source,
    })
}

fn read_results(path: &Path) -> Result<Value, Error> {
    let text = text(path)?;
    if path.extension().is_some_and(|extension| extension == "edn") {
        let form = EdnReader::new(&text).next_form();
        let form = form.map_err(|source| Error::Edn {
            path: path.to_owned(),
            source,
        })?;
        return Ok(form.unwrap_or_default().to_json());
    }
    serde_json::from_str(&text).map_err(|source| Error::Json {
        path: path.to_owned(),
        line: source.line(),
        source,
    })
}

/// A line of `journal.jsonl`. Only what was sent says from whom to whom.
#[derive(Deserialize)]
struct Line<'a> {
    time: u64,
    #[serde(rename = "type")]
    kind: Kind,
    id: u64,
    #[serde(default)]
    src: String,
    #[serde(default)]
    dest: String,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Send,
    Recv,
    Drop,
}

fn read_journal(path: &Path) -> Result<Journal, Error> {
    let io = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    let file = BufReader::new(File::open(path).map_err(io)?);
    let mut journal = Journal::new();
    let mut numbers = BTreeMap::new();
    for (line, text) in (1..).zip(file.lines()) {
        let text = text.map_err(io)?;
        let entry: Line<'_> = serde_json::from_str(&text).map_err(|source| Error::Json {
            path: path.to_owned(),
            line,
            source,
        })?;
        let wrong = |reason| Error::Message {
            path: path.to_owned(),
            line,
            id: entry.id,
            reason,
        };
        let fate = match entry.kind {
            Kind::Send => {
                let body = entry.body.map_or("{}", RawValue::get);
                let number = journal.send(entry.time, &entry.src, &entry.dest, body);
                if numbers.insert(entry.id, number).is_some() {
                    return Err(wrong("was sent before"));
                }
                continue;
            }
            Kind::Recv => Fate::Received,
            Kind::Drop => Fate::Dropped,
        };
        let number = numbers.get(&entry.id);
        let number = number.ok_or_else(|| wrong("was never sent"))?;
        journal.end_of(*number, entry.time, fate);
    }
    Ok(journal)
}
