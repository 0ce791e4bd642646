//! `glomers shrink`: a run that fails, cut down to a small one that fails alike.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use maelstrom_sim::{InProcess, Run, Settings, Shrink, ShrinkError, Shrunk};
use owo_colors::OwoColorize as _;

use crate::challenge::Challenge;
use crate::cli::SettingArgs;
use crate::exit;
use crate::flags::flags;
use crate::list::describe;
use crate::measured::rows;
use crate::session::complain;

/// What `shrink` can be told.
#[derive(Debug, Args)]
pub(crate) struct ShrinkArgs {
    /// The challenge; `glomers list` names them.
    challenge: String,

    /// The seed of the run that fails.
    #[arg(long, allow_negative_numbers = true)]
    seed: u64,

    /// Run this strategy of the solution [default: the best for the challenge].
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,

    /// Search no longer than this many seconds, nor for more than 3000 runs.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    within: u64,

    #[command(flatten)]
    settings: SettingArgs,
}

/// A run that is to be cut down.
pub(crate) struct Shrinking<'a> {
    pub(crate) challenge: &'a Challenge,
    pub(crate) strategy: Option<&'a str>,
    pub(crate) host: InProcess,
    pub(crate) settings: Settings,
    pub(crate) seed: u64,
    /// How long the search may take.
    pub(crate) within: Duration,
}

/// Shrinks a run, shows the small one, and gives its exit code.
pub(crate) fn shrink(args: &ShrinkArgs) -> u8 {
    let asked = args
        .settings
        .asked(&args.challenge, args.strategy.as_deref());
    let (challenge, settings, host) = match asked {
        Ok(asked) => asked,
        Err(text) => return complain(exit::BAD_ARGUMENTS, &text),
    };
    let shrinking = Shrinking {
        challenge,
        strategy: args.strategy.as_deref(),
        host,
        settings,
        seed: args.seed,
        within: Duration::from_secs(args.within),
    };
    match shrinking.run() {
        Ok(code) => code,
        Err(error @ ShrinkError::Valid { .. }) => shrinking.passes(&error),
        Err(error @ ShrinkError::Run(_)) => complain(exit::CRASHED, &error.to_string()),
        Err(error) => complain(exit::UNKNOWN, &error.to_string()),
    }
}

impl Shrinking<'_> {
    /// Looks for the small run, shows it, and gives its exit code.
    ///
    /// # Errors
    /// When there is nothing to be cut down.
    pub(crate) fn run(&self) -> Result<u8, ShrinkError> {
        let start = Instant::now();
        let bar = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        let (shown, within) = (bar.clone(), self.within);
        let found = Shrink::new(self.settings.clone(), self.seed, self.host.clone())
            .before_run(move |attempt| {
                if let Some(size) = attempt.smallest {
                    shown.set_message(format!("{} runs, down to {size}", attempt.runs));
                    shown.tick();
                }
                match attempt.runs > 0 && start.elapsed() > within {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            })
            .run();
        bar.finish_and_clear();
        let found = found?;
        self.tell(&found, start.elapsed());
        Ok(match found.outcome.failure {
            Some(_) => exit::CRASHED,
            None => exit::INVALID,
        })
    }

    fn tell(&self, found: &Shrunk, took: Duration) {
        let (id, seed) = (self.challenge.id, found.outcome.seed);
        let settings = describe(&found.outcome.settings);
        anstream::println!("{}  {settings}", id.bold());
        anstream::println!("{}", format!("seed {seed}, virtual time").dimmed());
        let names: Vec<&str> = found.anomalies.iter().map(String::as_str).collect();
        anstream::println!("\n{}: {}", names.join(", ").red().bold(), found.size);
        let (before, runs, seconds) = (found.before, found.runs, took.as_secs_f64());
        let cut = format!("cut down from {before}, in {runs} runs and {seconds:.1} s");
        anstream::println!("{}", cut.dimmed());
        if !found.complete {
            // A search ends when there is no more time, or after so many runs.
            let limit = match took > self.within {
                true => format!("{} s", self.within.as_secs()),
                false => format!("{runs} runs"),
            };
            anstream::println!("The search was ended after {limit}: there may be a smaller one.");
        }
        match &found.outcome.failure {
            Some(failure) => anstream::println!("\n{failure}"),
            None => anstream::println!("\n{}", found.outcome.story(&found.results).trim_end()),
        }
        for note in found.notes() {
            anstream::println!("{note}");
        }
        anstream::println!("\n{}", found.outcome.timeline().trim_end());
        anstream::println!("\n{} {}", "again:".dimmed(), self.again(found));
    }

    /// The command that repeats the small run.
    fn again(&self, found: &Shrunk) -> String {
        let mut words = vec![format!("cargo glomers run {}", self.challenge.id)];
        words.extend(
            self.strategy
                .map(|strategy| format!("--strategy {strategy}")),
        );
        let official = (self.challenge.settings)();
        words.extend(flags(&official, &found.outcome.settings));
        words.push(format!("--seed {}", found.outcome.seed));
        words.join(" ")
    }

    /// Says that there is no anomaly, and whether a threshold was missed.
    fn passes(&self, error: &ShrinkError) -> u8 {
        anstream::println!("{}: {error}.", self.challenge.id);
        let thresholds = self.challenge.thresholds(&self.settings);
        if thresholds.is_empty() {
            return exit::VALID;
        }
        let run = Run::new(self.settings.clone(), self.seed, self.host.clone());
        let outcome = run.execute();
        let missed = rows(&outcome, &outcome.check(), thresholds);
        let missed: Vec<_> = missed.into_iter().filter(|row| !row.pass).collect();
        for row in &missed {
            let (what, asked, measured) = (&row.what, &row.asked, &row.measured);
            anstream::println!(
                "It misses a threshold, which no smaller run would explain: {what}: asked {asked}, measured {measured}."
            );
        }
        match missed.is_empty() {
            true => exit::VALID,
            false => exit::INVALID,
        }
    }
}
