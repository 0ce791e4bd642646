//! [`test`]: many seeds of a node in one call, from `cargo test`.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use maelstrom_check::Verdict;
use maelstrom_node::{Context, Node};

use crate::host::InProcess;
use crate::run::{Outcome, Run};
use crate::settings::Settings;
use crate::shrink::Shrink;

/// How long a run that fails is cut down.
const SHRINKING: Duration = Duration::from_secs(10);

/// Runs a node under these settings, once for each seed, and returns if every
/// run is valid.
///
/// ```
/// use maelstrom_node::handler;
/// use maelstrom_node::proto::echo::{Request, Response};
/// use maelstrom_sim::{Fault, Settings, Workload};
///
/// let settings = Settings::new(Workload::Echo).nemesis(Fault::Partition);
/// maelstrom_sim::test(settings, 0..100, |_| {
///     handler(async |_, Request::Echo { echo }| Ok(Response::EchoOk { echo }))
/// });
/// ```
///
/// # Panics
/// At the first seed whose run is not valid, with the seed and a story: what was
/// wrong, with which value, on which node, when. The story is that of a small
/// run that fails alike, message by message, as far as [`Shrink`] gets within
/// ten seconds. The same seed alone, `[17]`, fails again. Also when there is no
/// seed at all, and when called from within a tokio runtime.
#[track_caller]
pub fn test<N: Node>(
    settings: Settings,
    seeds: impl IntoIterator<Item = u64>,
    node: impl Fn(Context) -> N + Clone + Send + Sync + 'static,
) {
    let host = InProcess::new(node);
    let mut tested = 0;
    for seed in seeds {
        let outcome = Run::new(settings.clone(), seed, host.clone()).execute();
        if let Some(wrong) = wrong(&outcome) {
            let story = small(&settings, seed, &host).unwrap_or(wrong);
            panic!("seed {seed} failed, {tested} before it were valid: {story}");
        }
        tested += 1;
    }
    assert!(tested > 0, "there was no seed, so nothing was tested");
}

/// Why the run is not valid, if it is not.
fn wrong(outcome: &Outcome) -> Option<String> {
    let text = match &outcome.failure {
        Some(failure) => format!("the run ended before its time: {failure}"),
        None => {
            let results = outcome.check();
            if results.verdict() == Verdict::Valid {
                return None;
            }
            outcome.story(&results)
        }
    };
    let notices = outcome.notices.iter();
    let notices: String = notices.map(|notice| format!("note: {notice}\n")).collect();
    Some(format!("{}\n{notices}", text.trim_end()))
}

/// A small run that fails as this one does, in words, if there is an anomaly to
/// look for.
fn small(settings: &Settings, seed: u64, host: &InProcess) -> Option<String> {
    let start = Instant::now();
    let shrink = Shrink::new(settings.clone(), seed, host.clone()).before_run(move |attempt| {
        match attempt.runs > 0 && start.elapsed() > SHRINKING {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    let small = shrink.run().ok()?;
    Some(format!(
        "cut down to a small run that fails alike.\n{small}"
    ))
}
