//! Many runs of one challenge under virtual time, over all cores, and what is
//! said of them together.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use maelstrom_check::Verdict;
use maelstrom_sim::{InProcess, Run, Settings};
use serde::Serialize;

use crate::challenge::Threshold;
use crate::measured::{Figures, rows};

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
                let names: Vec<String> = results.anomalies().into_iter().collect();
                let story = outcome.story(&results);
                Some(match names.is_empty() {
                    true => format!("{verdict}: {}", gist(&story)),
                    false => format!("{verdict}: {}", names.join(", ")),
                })
            }
        };
        Summary {
            seed,
            verdict: results.verdict(),
            failure,
            figures: Figures::of(&results).with_response_times(&outcome.history),
            messages: outcome.journal.messages.len(),
        }
    }
}

/// The first line of a story that says what was wrong: those before it say that
/// something was, and how many operations there were.
fn gist(story: &str) -> &str {
    let general = |line: &&str| {
        line.starts_with("The history is ") || line.contains(" operations completed: ")
    };
    story.lines().find(|line| !general(line)).unwrap_or(story)
}

/// How a figure is spread over the seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// The spread of a figure, if any seed has it.
    pub(crate) fn of(
        summaries: &[Summary],
        figure: impl Fn(&Figures) -> Option<f64>,
    ) -> Option<Self> {
        let found = summaries.iter();
        let mut values: Vec<f64> = found.filter_map(|found| figure(&found.figures)).collect();
        values.sort_by(f64::total_cmp);
        Some(Self {
            least: *values.first()?,
            median: values[values.len() / 2],
            most: *values.last()?,
        })
    }
}

/// How many seeds have this verdict.
pub(crate) fn count(summaries: &[Summary], verdict: Verdict) -> usize {
    let found = summaries.iter();
    found.filter(|found| found.verdict == verdict).count()
}

/// The command that repeats one seed.
pub(crate) fn again(
    challenge: &str,
    strategy: Option<&str>,
    flags: &[String],
    seed: u64,
) -> String {
    let mut words = vec![format!("cargo glomers run {challenge}")];
    words.extend(strategy.map(|strategy| format!("--strategy {strategy}")));
    words.extend_from_slice(flags);
    words.push(format!("--seed {seed}"));
    words.join(" ")
}
