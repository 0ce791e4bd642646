//! One page that shows what happened in a run.
//!
//! A [`Report`] is made of what a run leaves: the history of its operations, the journal of
//! its messages, and the results of the checks. [`Report::html`] gives one HTML file that
//! needs nothing else: no network, no server. [`Report::read`] takes them from the run's
//! folder, and of a run of Maelstrom's own what it has.
//!
//! ```no_run
//! use maelstrom_report::Report;
//!
//! let report = Report::read("store/latest")?;
//! std::fs::write("report.html", report.html())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing here prints, draws from chance or looks at a clock: the same run gives the same page.

#![deny(missing_docs)]

mod cycle;
mod error;
mod faults;
mod folder;
mod guess;
mod head;
mod journal;
mod lanes;
mod markup;
mod packed;
mod page;
mod plots;
mod shapes;
mod story;
mod window;
mod workload;

pub use error::Error;
pub use faults::{Fault, FaultKind};
pub use journal::{Fate, Journal, Message};
pub use plots::{Axis, Group, Plane, Plot, STYLE as PLOT_STYLE, Spot};

use std::sync::OnceLock;

use maelstrom_check::{History, Workload};
use serde_json::Value;

/// What is known of a run, ready to be shown.
#[derive(Debug, Clone)]
pub struct Report {
    history: History,
    journal: Option<Journal>,
    results: Value,
    /// Found once: a history is long.
    faults: OnceLock<Vec<Fault>>,
}

impl Report {
    /// A report of these. `results` has the keys of a run's `results.json`; whatever is
    /// missing there is missing on the page. Without a journal there is no message diagram.
    pub fn new(history: History, journal: Option<Journal>, results: Value) -> Self {
        Self {
            history,
            journal,
            results,
            faults: OnceLock::new(),
        }
    }

    /// What clients asked, and what came back.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Every message, where somebody kept them.
    pub fn journal(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }

    /// What the checks found, with the keys of a run's `results.json`.
    pub fn results(&self) -> &Value {
        &self.results
    }

    /// What the clients did: as the settings say, else as the operations look.
    pub fn workload(&self) -> Option<Workload> {
        workload::of(self)
    }

    /// The faults of the run, in the order in which they began.
    pub fn faults(&self) -> Vec<Fault> {
        let found = || faults::faults(&self.history, self.end());
        self.faults.get_or_init(found).clone()
    }

    /// When the last thing happened, in nanoseconds since the run began.
    pub fn end(&self) -> u64 {
        let last_op = self.history.ops().iter().map(|op| op.time).max();
        let last_op = last_op.and_then(|time| u64::try_from(time).ok());
        let last_message = self.journal.as_ref().map_or(0, Journal::end);
        last_op.unwrap_or(0).max(last_message)
    }

    /// The nodes, in order: as the settings name them, else as the journal does, else as
    /// partitions do.
    pub fn nodes(&self) -> Vec<String> {
        let named = self.results["settings"]["nodes"].as_array();
        let named = named.into_iter().flatten().filter_map(Value::as_str);
        let named: Vec<String> = named.map(str::to_owned).collect();
        if !named.is_empty() {
            return named;
        }
        if let Some(journal) = &self.journal {
            return journal.nodes();
        }
        let faults = faults::faults(&self.history, 0);
        let mut nodes: Vec<String> = faults
            .into_iter()
            .flat_map(|fault| fault.unheard.into_keys())
            .collect();
        // Shorter names first, so that n10 comes after n9.
        nodes.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        nodes.dedup();
        nodes
    }

    /// What is plotted over the run's time.
    pub fn plots(&self) -> Vec<Plot> {
        plots::plots(self)
    }

    /// The page: one HTML file that needs nothing beside it.
    pub fn html(&self) -> String {
        page::html(self)
    }
}
