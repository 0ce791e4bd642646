//! Many runs of one challenge under virtual time, over all cores.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use maelstrom_check::Verdict;
use maelstrom_sim::{InProcess, Run, Settings};

use crate::challenge::Threshold;
use crate::measured::{Figures, rows};
use crate::story::story;

/// What is run many times.
pub(crate) struct Many<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) host: &'a InProcess,
    pub(crate) thresholds: &'static [Threshold],
}

/// What came of one seed.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) seed: u64,
    pub(crate) verdict: Verdict,
    /// Why it did not pass, in a line, if it did not.
    pub(crate) failure: Option<String>,
    pub(crate) figures: Figures,
    /// Messages that the network carried.
    pub(crate) messages: usize,
}

impl Many<'_> {
    /// Runs every seed, and calls `done` as each one ends, in no order. The
    /// summaries are in the order of the seeds.
    pub(crate) fn run(&self, seeds: &[u64], done: impl Fn(&Summary) + Sync) -> Vec<Summary> {
        let next = AtomicUsize::new(0);
        let summaries = Mutex::new(Vec::with_capacity(seeds.len()));
        let workers = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for _ in 0..workers.min(seeds.len()) {
                scope.spawn(|| {
                    while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let summary = self.one(*seed);
                        done(&summary);
                        let mut summaries = summaries
                            .lock()
                            .unwrap_or_else(std::sync::PoisonError::into_inner);
                        summaries.push(summary);
                    }
                });
            }
        });
        let mut summaries = summaries
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        summaries.sort_by_key(|summary| summary.seed);
        summaries
    }

    fn one(&self, seed: u64) -> Summary {
        let outcome = Run::new(self.settings.clone(), seed, self.host.clone()).execute();
        let results = outcome.check();
        let missed = rows(&outcome, &results, self.thresholds)
            .into_iter()
            .find(|row| !row.pass);
        let failure = match (&outcome.failure, results.verdict()) {
            (Some(failure), _) => Some(format!("the run ended before its time: {failure}")),
            (None, Verdict::Valid) => missed.map(|row| {
                format!(
                    "{}: asked {}, measured {}",
                    row.what, row.asked, row.measured
                )
            }),
            (None, verdict) => {
                let story = story(&outcome, &results);
                let first = story.lines().next().unwrap_or_default();
                Some(format!("{verdict}: {first}"))
            }
        };
        Summary {
            seed,
            verdict: results.verdict(),
            failure,
            figures: Figures::of(&results),
            messages: outcome.journal.messages.len(),
        }
    }
}
