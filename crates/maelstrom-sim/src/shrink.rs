//! Cuts a run that failed down to a small one that fails alike.
//!
//! A run takes milliseconds, so there are two ways to a smaller one, and both
//! are taken. Smaller settings (fewer nodes, less time, fewer clients, keys and
//! faults) are tried on some seeds each, until one of them shows the anomaly.
//! Then operations and faults are left out of that run one part after the
//! other, by delta debugging (Zeller and Hildebrandt, 2002), as long as the
//! anomaly stays. What remains is an ordinary run: settings and a seed.

mod minimal;
mod smaller;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use maelstrom_check::{Results, Verdict};

use crate::clock::Pace;
use crate::host::Host;
use crate::problem::{Problem, ProblemKind};
use crate::run::{Outcome, Run, RunError};
use crate::selection::Selection;
use crate::settings::Settings;
use minimal::minimal;
use smaller::{shorter, smaller};

/// How many runs are tried, unless told otherwise.
const RUNS: usize = 3000;

/// On how many seeds smaller settings are tried, beside the one at hand, and
/// after how many messages no more of them.
const SEEDS: u64 = 64;
const MESSAGES: usize = 100_000;

/// How many of the seeds on which the smallest settings fail are cut down.
const FAILURES: usize = 6;

/// How many notices of a run are told.
const NOTICES: usize = 5;

/// The way from a run that fails to a small one that fails alike.
///
/// *Alike* means that at least one of the anomalies of the first run is there
/// ([`Results::anomalies`] names them), and that the run came to its end. If
/// the first run did not, by the fault of a node, the small one ends by the
/// same kind of fault.
///
/// ```
/// use maelstrom_node::handler;
/// use maelstrom_node::proto::unique_ids::{Request, Response};
/// use maelstrom_sim::{InProcess, Settings, Shrink, Workload};
///
/// // Every node hands out 1, 2, 3, …
/// let host = InProcess::new(|_| {
///     let mut last = 0;
///     let last = std::sync::Mutex::new(last);
///     handler(move |_, Request::Generate| {
///         let mut last = last.lock().unwrap();
///         *last += 1;
///         let id = (*last).into();
///         async { Ok(Response::GenerateOk { id }) }
///     })
/// });
/// let shrunk = Shrink::new(Settings::new(Workload::UniqueIds), 7, host).run().unwrap();
/// assert_eq!((shrunk.size.nodes, shrunk.size.operations), (2, 2));
/// println!("{shrunk}");
/// ```
pub struct Shrink {
    settings: Settings,
    seed: u64,
    host: Arc<dyn Host>,
    max_runs: usize,
    before_run: Box<Ask>,
}

/// Asked before each run whether to go on.
type Ask = dyn Fn(&Attempt) -> ControlFlow<()> + Send + Sync;

/// A small run that fails as the first one did.
#[derive(Debug)]
pub struct Shrunk {
    /// The small run, with the settings and the seed that repeat it.
    pub outcome: Outcome,
    /// What the checkers say of it.
    pub results: Results,
    /// The anomalies that both runs have.
    pub anomalies: BTreeSet<String>,
    /// How large it is.
    pub size: Size,
    /// How large the first run was.
    pub before: Size,
    /// How many runs it took.
    pub runs: usize,
    /// Whether nothing smaller was found, rather than not looked for to the end.
    pub complete: bool,
    /// What was wrong with nodes in the first run, beside its anomalies.
    first_notices: Vec<Problem>,
}

/// How large a run is. The first field that differs decides which is smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    /// Nodes.
    pub nodes: usize,
    /// Operations of clients that took place; final reads, which each client
    /// does in the end, not counted.
    pub operations: usize,
    /// Actions of the nemesis that took place.
    pub faults: usize,
    /// For how many seconds operations were started.
    pub seconds: u64,
    /// Messages.
    pub messages: usize,
}

/// How far the search is.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// How many runs were made so far.
    pub runs: usize,
    /// The smallest run so far that fails alike. None before the first one was
    /// repeated.
    pub smallest: Option<Size>,
}

/// Why there is nothing to be cut down.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShrinkError {
    /// The run passes.
    #[error("the run of seed {seed} is valid: there is no anomaly that a smaller run could show")]
    Valid {
        /// Its seed.
        seed: u64,
    },
    /// Nobody knows whether the run passes.
    #[error(
        "whether the run of seed {seed} is valid is unknown: there is no anomaly that a smaller run could show"
    )]
    Unknown {
        /// Its seed.
        seed: u64,
    },
    /// The run could not be made, and no node is to blame.
    #[error(transparent)]
    Run(Box<RunError>),
    /// The search was stopped before the run could be repeated.
    #[error("there was no time to repeat the run of seed {seed}")]
    Stopped {
        /// Its seed.
        seed: u64,
    },
}

impl Shrink {
    /// Sets out from the run of these settings and this seed, on nodes of
    /// `host`, which must live in this process.
    pub fn new(settings: Settings, seed: u64, host: impl Host + 'static) -> Self {
        Self {
            settings,
            seed,
            host: Arc::new(host),
            max_runs: RUNS,
            before_run: Box::new(|_| ControlFlow::Continue(())),
        }
    }

    /// Makes at most this many runs; 3000 unless told otherwise.
    #[must_use]
    pub fn max_runs(mut self, runs: usize) -> Self {
        self.max_runs = runs;
        self
    }

    /// Asks before each run whether to go on. On a break the smallest run so
    /// far is the result.
    #[must_use]
    pub fn before_run(
        mut self,
        ask: impl Fn(&Attempt) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        self.before_run = Box::new(ask);
        self
    }

    /// Looks for the small run. The same settings, seed, nodes and number of
    /// runs give the same one, unless it is stopped.
    ///
    /// # Errors
    /// When the run does not fail, or can't be made.
    ///
    /// # Panics
    /// When called from within a tokio runtime.
    pub fn run(self) -> Result<Shrunk, ShrinkError> {
        let seed = self.seed;
        let mut search = Search {
            shrink: &self,
            targets: None,
            smallest: None,
            runs: 0,
            messages: 0,
            stopped: false,
        };
        let Some(first) = search.make(&self.settings, seed) else {
            return Err(ShrinkError::Stopped { seed });
        };
        if first.shared.is_empty() {
            return Err(match first.outcome.failure {
                Some(failure) => ShrinkError::Run(Box::new(failure)),
                None if first.results.verdict() == Verdict::Valid => ShrinkError::Valid { seed },
                None => ShrinkError::Unknown { seed },
            });
        }
        let before = first.size;
        let first_notices = first.outcome.notices.clone();
        search.targets = Some(first.shared.clone());
        search.smallest = Some(first.size);
        let best = search.run(first);
        Ok(Shrunk {
            outcome: best.outcome,
            results: best.results,
            anomalies: best.shared,
            size: best.size,
            before,
            runs: search.runs,
            complete: !search.stopped,
            first_notices,
        })
    }
}

/// A run that was made, and judged.
struct Tried {
    outcome: Outcome,
    results: Results,
    /// Those of its anomalies that are looked for.
    shared: BTreeSet<String>,
    size: Size,
}

/// Seeds to be tried: few and small, so that the next one is as good.
struct Seeds {
    next: u64,
    but: u64,
}

impl Seeds {
    /// All but one that was tried before.
    fn beside(but: u64) -> Self {
        Self { next: 0, but }
    }
}

impl Iterator for Seeds {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        if self.next == self.but {
            self.next += 1;
        }
        self.next += 1;
        (self.next <= SEEDS).then_some(self.next - 1)
    }
}

struct Search<'a> {
    shrink: &'a Shrink,
    /// The anomalies of the first run, once that was made.
    targets: Option<BTreeSet<String>>,
    smallest: Option<Size>,
    runs: usize,
    /// How many messages those runs had.
    messages: usize,
    /// Whether it had to end before it was done.
    stopped: bool,
}

impl Search<'_> {
    fn run(&mut self, first: Tried) -> Tried {
        let mut best = first;
        // A setting that could not be made smaller may be once others were.
        while let Some(found) = self.reduce(&best) {
            best = found;
        }
        let settings = best.outcome.settings.clone();
        let mut seeds = Seeds::beside(best.outcome.seed);
        best = self.leave_out(best);
        for _ in 1..FAILURES {
            let Some(found) = self.on_some_seed(&settings, &mut seeds) else {
                break;
            };
            let found = self.leave_out(found);
            if found.size < best.size {
                best = found;
            }
        }
        best
    }

    /// Goes through all settings once, and makes each as small as it gets.
    fn reduce(&mut self, best: &Tried) -> Option<Tried> {
        let mut found: Option<Tried> = None;
        for smaller in smaller() {
            let now = found.as_ref().unwrap_or(best);
            let (settings, seed) = (now.outcome.settings.clone(), now.outcome.seed);
            let candidates = smaller(&settings, &self.shrink.settings);
            let better = candidates.iter().find_map(|candidate| {
                let same = self.attempt(candidate, seed);
                same.or_else(|| self.on_some_seed(candidate, &mut Seeds::beside(seed)))
            });
            found = better.or(found);
        }
        found
    }

    /// The next of the seeds on which these settings fail.
    fn on_some_seed(&mut self, settings: &Settings, seeds: &mut Seeds) -> Option<Tried> {
        let limit = self.messages + MESSAGES;
        settings.validate().ok()?;
        while self.messages < limit && !self.stopped {
            if let Some(found) = self.attempt(settings, seeds.next()?) {
                return Some(found);
            }
        }
        None
    }

    /// Leaves out faults and operations, and the time in which nothing happens
    /// any more.
    fn leave_out(&mut self, found: Tried) -> Tried {
        let mut best = found;
        let faults = best.outcome.settings.only_faults.clone();
        let faults = faults.up_to(best.outcome.drawn.faults);
        self.leave_out_of(&mut best, faults, |settings, left| {
            settings.clone().only_faults(left)
        });
        let operations = best.outcome.settings.only_operations.clone();
        let operations = operations.up_to(best.outcome.drawn.operations);
        self.leave_out_of(&mut best, operations, |settings, left| {
            settings.clone().only_operations(left)
        });
        // A fault may have mattered only to operations that are gone.
        let faults = best.outcome.settings.only_faults.clone();
        let faults = faults.up_to(best.outcome.drawn.faults);
        self.leave_out_of(&mut best, faults, |settings, left| {
            settings.clone().only_faults(left)
        });
        for candidate in shorter(&best.outcome.settings) {
            let seed = best.outcome.seed;
            if let Some(found) = self
                .attempt(&candidate, seed)
                .filter(|found| found.size < best.size)
            {
                best = found;
                break;
            }
        }
        self.say_less(best)
    }

    fn leave_out_of(
        &mut self,
        best: &mut Tried,
        numbers: BTreeSet<usize>,
        with: impl Fn(&Settings, Selection) -> Settings,
    ) {
        let (settings, seed) = (best.outcome.settings.clone(), best.outcome.seed);
        minimal(numbers.into_iter().collect(), |left| {
            let left = Selection::Only(left.iter().copied().collect());
            let found = self.attempt(&with(&settings, left), seed);
            let fails = found.map(|found| *best = found).is_some();
            (!self.stopped).then_some(fails)
        });
    }

    /// Takes back what need not be said: that everything takes place, or a
    /// nemesis that does nothing.
    fn say_less(&mut self, best: Tried) -> Tried {
        let mut settings = best.outcome.settings.clone();
        let drawn = best.outcome.drawn;
        for (selection, last) in [
            (&mut settings.only_operations, drawn.operations),
            (&mut settings.only_faults, drawn.faults),
        ] {
            if selection.up_to(last).len() == last {
                *selection = Selection::All;
            }
        }
        if best.size.faults == 0 {
            settings.nemesis.clear();
            settings.only_faults = Selection::All;
        }
        if settings == best.outcome.settings {
            return best;
        }
        let simpler = self.attempt(&settings, best.outcome.seed);
        simpler
            .filter(|simpler| simpler.size <= best.size)
            .unwrap_or(best)
    }

    /// Makes a run, if it is possible and there is time. Something if it fails
    /// as the first one did.
    fn attempt(&mut self, settings: &Settings, seed: u64) -> Option<Tried> {
        settings.validate().ok()?;
        let tried = self.make(settings, seed)?;
        if tried.shared.is_empty() {
            return None;
        }
        self.smallest = self.smallest.min(Some(tried.size));
        Some(tried)
    }

    fn make(&mut self, settings: &Settings, seed: u64) -> Option<Tried> {
        let attempt = Attempt {
            runs: self.runs,
            smallest: self.smallest,
        };
        self.stopped |= self.runs >= self.shrink.max_runs;
        if self.stopped || (self.shrink.before_run)(&attempt).is_break() {
            self.stopped = true;
            return None;
        }
        self.runs += 1;
        let run = Run {
            settings: settings.clone(),
            seed,
            host: self.shrink.host.clone(),
            pace: Pace::Virtual,
            progress: None,
            tell: None,
        };
        let outcome = run.execute();
        let results = outcome.check();
        let mut shared = match &outcome.failure {
            Some(failure) => fault_of_a_node(failure).into_iter().collect(),
            None => results.anomalies(),
        };
        if let Some(targets) = &self.targets {
            shared.retain(|name| targets.contains(name));
        }
        let size = Size::of(&outcome);
        self.messages += size.messages;
        Some(Tried {
            outcome,
            results,
            shared,
            size,
        })
    }
}

/// What a node did to end a run, in a word. Nothing where no node is to blame.
fn fault_of_a_node(failure: &RunError) -> Option<String> {
    let word = match failure {
        RunError::Init { .. } => "init-refused",
        RunError::SetUp { .. } => "set-up-refused",
        RunError::Node(problem) => match problem.kind {
            ProblemKind::UnknownDestination { .. } => "unknown-destination",
            ProblemKind::UnknownSource { .. } => "unknown-source",
            _ => "ended-by-a-node",
        },
        _ => return None,
    };
    Some(word.to_owned())
}

impl Size {
    fn of(outcome: &Outcome) -> Self {
        let (settings, drawn) = (&outcome.settings, outcome.drawn);
        Self {
            nodes: settings.nodes.len(),
            operations: settings.only_operations.up_to(drawn.operations).len(),
            faults: settings.only_faults.up_to(drawn.faults).len(),
            seconds: settings.time_limit.as_secs(),
            messages: outcome.journal.messages.len(),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let some = |count: usize, name: &str| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {name}{plural}")
        };
        let (nodes, operations) = (some(self.nodes, "node"), some(self.operations, "operation"));
        let (faults, messages) = (some(self.faults, "fault"), some(self.messages, "message"));
        let seconds = self.seconds;
        write!(
            f,
            "{nodes}, {operations}, {faults}, {seconds} s, {messages}"
        )
    }
}

impl Shrunk {
    /// What was wrong with nodes in the small run and in the first one, beside
    /// the anomalies: the small run may fail without what the first was full of.
    /// The first five of each, a line each.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        let runs = [
            ("small", &self.outcome.notices),
            ("first", &self.first_notices),
        ];
        runs.into_iter().flat_map(|(run, notices)| {
            let notices = notices.iter().take(NOTICES);
            notices.map(move |notice| format!("note, of the {run} run: {notice}"))
        })
    }
}

/// The small run for a person: how small it is, what is wrong with it, and
/// what happened.
impl fmt::Display for Shrunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.anomalies.iter().map(String::as_str).collect();
        writeln!(
            f,
            "{}: seed {}, {}",
            names.join(", "),
            self.outcome.seed,
            self.size
        )?;
        let (before, runs) = (self.before, self.runs);
        writeln!(f, "Found in {runs} runs. The first was of {before}.")?;
        if !self.complete {
            writeln!(f, "The search was ended: there may be a smaller one.")?;
        }
        match &self.outcome.failure {
            Some(failure) => writeln!(f, "{failure}")?,
            None => f.write_str(&self.outcome.story(&self.results))?,
        }
        for note in self.notes() {
            writeln!(f, "{note}")?;
        }
        write!(f, "\n{}", self.outcome.timeline())
    }
}

impl fmt::Debug for Shrink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shrink")
            .field("settings", &self.settings)
            .field("seed", &self.seed)
            .field("host", &self.host)
            .field("max_runs", &self.max_runs)
            .finish_non_exhaustive()
    }
}
