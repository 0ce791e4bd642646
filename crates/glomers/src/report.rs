//! The page that shows a run: made after each run, and by `glomers report` again.

use std::path::{Path, PathBuf};

use clap::Args;
use maelstrom_report::{Fate, Journal, Report};
use maelstrom_sim::{EventKind, Outcome};
use serde_json::Value;

use crate::exit;
use crate::session::complain;

/// What the page is called in a run's folder.
pub(crate) const FILE: &str = "report.html";

/// What becomes of a run's page.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct PageArgs {
    /// Write no page that shows the run.
    #[arg(long, conflicts_with = "open")]
    pub(crate) no_report: bool,

    /// Open the page that shows the run, once it is there.
    #[arg(long)]
    pub(crate) open: bool,
}

/// What `report` can be told.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The run's folder, such as store/latest.
    folder: PathBuf,

    /// Write the page here [default: report.html in the folder].
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Open the page.
    #[arg(long)]
    open: bool,
}

/// Makes the page of a run from its folder, and gives the exit code.
pub(crate) fn report(args: &ReportArgs) -> u8 {
    let report = match Report::read(&args.folder) {
        Ok(report) => report,
        Err(error) => return complain(exit::CRASHED, &error.to_string()),
    };
    let file = args.output.clone();
    let file = file.unwrap_or_else(|| args.folder.join(FILE));
    if let Err(error) = std::fs::write(&file, report.html()) {
        let text = format!("{} could not be written: {error}", file.display());
        return complain(exit::CRASHED, &text);
    }
    anstream::println!("{}", file.display());
    if args.open {
        open(&file);
    }
    exit::VALID
}

/// The page of a run that has just ended.
pub(crate) fn page(outcome: &Outcome, results: Value) -> String {
    let mut journal = Journal::new();
    for event in &outcome.journal.events {
        let number = usize::try_from(event.message).unwrap_or(usize::MAX);
        match (event.kind, outcome.journal.message(event)) {
            (EventKind::Send, Some(message)) => {
                let (src, dest) = (message.src.as_str(), message.dest.as_str());
                journal.send(event.time, src, dest, message.body.clone().into_text());
            }
            (EventKind::Receive, Some(_)) => journal.end_of(number, event.time, Fate::Received),
            (EventKind::Drop, Some(_)) => journal.end_of(number, event.time, Fate::Dropped),
            (_, None) => {}
        }
    }
    Report::new(outcome.history.clone(), Some(journal), results).html()
}

/// Opens a page with whatever the system opens such files with.
pub(crate) fn open(file: &Path) {
    if let Err(error) = open::that_detached(file) {
        anstream::eprintln!("note: {} could not be opened: {error}", file.display());
    }
}
