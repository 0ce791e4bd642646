//! What can be asked for on the command line.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::challenge::{self, Challenge};
use crate::check::{CheckArgs, model};
use crate::compare::CompareArgs;
use crate::report::{PageArgs, ReportArgs};
use crate::results::ResultsArgs;
use crate::serve::ServeArgs;
use crate::session::Console;
use crate::shrink::ShrinkArgs;
use crate::sweep::SweepArgs;
use crate::test::TestArgs;
use clap::{Args, Parser, Subcommand};
use maelstrom_check::ConsistencyModel;
use maelstrom_sim::{
    Availability, Concurrency, Fault, InProcess, LatencyDist, Selection, ServiceMode, Settings,
    TopologyKind,
};

/// Gossip Glomers on an embedded workbench.
#[derive(Debug, Parser)]
#[command(name = "glomers", version, about, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 valid, 1 invalid, 2 unknown, 254 bad arguments, 255 the run could not be made or crashed.";

/// What `test` does where `run` has official settings; and the exit codes.
const DEFAULTS: &str = "\
Settings that are not given are Maelstrom's own: --concurrency 1n --rate 5 --time-limit 60 --latency 0 \
--latency-dist constant --topology grid --nemesis none --nemesis-interval 10 --key-count 10 \
--max-txn-length 4 --max-writes-per-key 16 --consistency-models strict-serializable --services upstream

Exit codes: 0 valid, 1 invalid, 2 unknown, 254 bad arguments, 255 the run could not be made or crashed.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the challenges, with their settings and thresholds.
    List,
    /// Run a challenge and judge it.
    #[command(after_help = EXIT_CODES)]
    Run(Box<RunArgs>),
    /// Run a challenge on many seeds, over all cores.
    #[command(after_help = EXIT_CODES)]
    Sweep(Box<SweepArgs>),
    /// Cut a run that fails down to a small one that fails alike, and show it message by message.
    #[command(after_help = EXIT_CODES)]
    Shrink(Box<ShrinkArgs>),
    /// Put strategies of a challenge side by side, over seeds and under faults.
    #[command(after_help = EXIT_CODES)]
    Compare(Box<CompareArgs>),
    /// Run every strategy of every challenge, and write the table of results.
    Results(ResultsArgs),
    /// Test a node in any language, with Maelstrom's own flags, in real time.
    #[command(after_help = DEFAULTS, args_override_self = true)]
    Test(Box<TestArgs>),
    /// Judge a history that was recorded elsewhere.
    #[command(after_help = EXIT_CODES)]
    Check(CheckArgs),
    /// Show the runs of a store in a browser, those in flight too.
    Serve(ServeArgs),
    /// Make the page of a run again from its folder, ours or Maelstrom's.
    Report(ReportArgs),
}

/// What `run` can be told. Settings that are not given are the official ones.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The challenge; `glomers list` names them.
    pub(crate) challenge: String,

    /// Repeat the run of this seed [default: a new one, which is printed].
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,

    /// Run this strategy of the solution [default: the best for the challenge].
    #[arg(long, value_name = "NAME", conflicts_with = "bin")]
    pub(crate) strategy: Option<String>,

    /// Run the solution's program as processes in real time.
    #[arg(long)]
    pub(crate) real: bool,

    /// Run this program instead of the solution, in real time. Its arguments go after `--`.
    #[arg(long, value_name = "FILE")]
    pub(crate) bin: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) console: Console,

    /// Run the solution's program, or that of --bin, on an installed Maelstrom (PATH, or MAELSTROM_HOME).
    #[arg(long)]
    pub(crate) upstream: bool,

    /// The folder that keeps what runs leave.
    #[arg(long, value_name = "FOLDER", default_value = "store")]
    pub(crate) store: PathBuf,

    #[command(flatten)]
    pub(crate) page: PageArgs,

    #[command(flatten)]
    pub(crate) settings: SettingArgs,

    /// Arguments for the program.
    #[arg(last = true, value_name = "ARGUMENT")]
    pub(crate) arguments: Vec<OsString>,
}

/// Maelstrom's settings, by Maelstrom's names.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct SettingArgs {
    /// How many nodes, n0 up.
    #[arg(long, allow_negative_numbers = true, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    node_count: Option<u16>,

    /// How many clients at once: a number, or a number for each node (2n).
    #[arg(long)]
    concurrency: Option<Concurrency>,

    /// Operations a second over all clients; 0 for none.
    #[arg(long, allow_negative_numbers = true, value_name = "HZ", value_parser = rate)]
    rate: Option<f64>,

    /// How many seconds operations are started.
    #[arg(long, allow_negative_numbers = true, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    time_limit: Option<u32>,

    /// The mean latency between servers, in milliseconds.
    #[arg(long, allow_negative_numbers = true, value_name = "MILLISECONDS")]
    latency: Option<u32>,

    /// How latencies are distributed: constant, uniform or exponential.
    #[arg(long, value_name = "DISTRIBUTION")]
    latency_dist: Option<LatencyDist>,

    /// The neighbours suggested to nodes: line, grid, tree, tree2, tree3, tree4 or total.
    #[arg(long)]
    topology: Option<TopologyKind>,

    /// The faults to inject, separated by commas: partition, kill, pause, loss, duplicate, slow,
    /// skew (not of programs); or none.
    #[arg(long, value_name = "FAULTS", value_parser = faults)]
    nemesis: Option<Faults>,

    /// The mean time between two actions of the nemesis, in seconds.
    #[arg(long, allow_negative_numbers = true, value_name = "SECONDS", value_parser = interval)]
    nemesis_interval: Option<f64>,

    /// The share of operations that must succeed: total, or a number from 0 to 1.
    #[arg(long, allow_negative_numbers = true, value_name = "SHARE", value_parser = availability)]
    availability: Option<Availability>,

    /// The models that transactions must keep, separated by commas.
    #[arg(long, value_name = "MODELS", value_delimiter = ',', num_args = 1, action = clap::ArgAction::Set, value_parser = model)]
    consistency_models: Option<Vec<ConsistencyModel>>,

    /// How many keys are in use at a time, in transactions and kafka.
    #[arg(long, allow_negative_numbers = true, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    key_count: Option<u32>,

    /// The most steps that a transaction has.
    #[arg(long, allow_negative_numbers = true, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    max_txn_length: Option<u32>,

    /// How often a key is written before another takes its place.
    #[arg(long, allow_negative_numbers = true, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    max_writes_per_key: Option<u32>,

    /// Services that behave as Maelstrom's do (upstream), or as its documents say (documented).
    #[arg(long, value_name = "MODE")]
    services: Option<ServiceMode>,

    /// Let only these of the operations take place, by number from 1 in the order in which they are
    /// drawn: 3,7-9, or none. Final reads take place all the same.
    #[arg(long, value_name = "NUMBERS", hide_short_help = true)]
    only_operations: Option<Selection>,

    /// Let only these actions of the nemesis take place, by number from 1: 1,4-6, or none. In the
    /// end everything is healed all the same.
    #[arg(long, value_name = "NUMBERS", hide_short_help = true)]
    only_faults: Option<Selection>,
}

/// A list that clap takes as one value.
pub(crate) type Faults = std::collections::BTreeSet<Fault>;

impl SettingArgs {
    /// What is asked for where a challenge is run in this process: the challenge,
    /// its settings as these change them, and nodes of the strategy.
    pub(crate) fn asked(
        &self,
        challenge: &str,
        strategy: Option<&str>,
    ) -> Result<(&'static Challenge, Settings, InProcess), String> {
        let challenge = challenge::find(challenge)?;
        let settings = self.apply((challenge.settings)());
        settings.validate().map_err(|error| error.to_string())?;
        Ok((challenge, settings, challenge.host(strategy)?))
    }

    /// The official settings with whatever was given in their place.
    pub(crate) fn apply(&self, mut settings: Settings) -> Settings {
        if let Some(count) = self.node_count {
            settings = settings.node_count(count.into());
        }
        if let Some(seconds) = self.time_limit {
            settings = settings.time_limit(seconds.into());
        }
        if let Some(seconds) = self.nemesis_interval {
            settings = settings.nemesis_interval(seconds);
        }
        if let Some(mean) = self.latency {
            settings = settings.latency_ms(mean.into());
        }
        settings.latency.distribution = self.latency_dist.unwrap_or(settings.latency.distribution);
        settings.concurrency = self.concurrency.unwrap_or(settings.concurrency);
        settings.rate = self.rate.unwrap_or(settings.rate);
        settings.topology = self.topology.unwrap_or(settings.topology);
        settings.availability = self.availability.unwrap_or(settings.availability);
        if let Some(models) = &self.consistency_models {
            settings.consistency_models.clone_from(models);
        }
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        settings.key_count = self.key_count.map_or(settings.key_count, size);
        settings.max_txn_length = self.max_txn_length.map_or(settings.max_txn_length, size);
        settings.max_writes_per_key = self
            .max_writes_per_key
            .map_or(settings.max_writes_per_key, u64::from);
        settings.services = self.services.unwrap_or(settings.services);
        if let Some(faults) = &self.nemesis {
            settings.nemesis.clone_from(faults);
        }
        if let Some(operations) = &self.only_operations {
            settings.only_operations.clone_from(operations);
        }
        if let Some(faults) = &self.only_faults {
            settings.only_faults.clone_from(faults);
        }
        settings
    }

    /// Whether faults were given.
    pub(crate) fn has_nemesis(&self) -> bool {
        self.nemesis.is_some()
    }

    /// The flags that were given, as they are typed again.
    pub(crate) fn flags(&self) -> Vec<String> {
        let availability = self.availability.map(|share| match share {
            Availability::AtLeast(share) => share.to_string(),
            Availability::Total | Availability::Any => "total".into(),
        });
        let faults = self.nemesis.as_ref().map(|faults| match faults.len() {
            0 => "none".into(),
            _ => faults
                .iter()
                .map(|fault| fault.name())
                .collect::<Vec<_>>()
                .join(","),
        });
        let models = self.consistency_models.as_ref().map(|models| {
            models
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(",")
        });
        let given: [(&str, Option<String>); 17] = [
            ("node-count", self.node_count.map(|value| value.to_string())),
            (
                "concurrency",
                self.concurrency.map(|value| value.to_string()),
            ),
            ("rate", self.rate.map(|value| value.to_string())),
            ("time-limit", self.time_limit.map(|value| value.to_string())),
            ("latency", self.latency.map(|value| value.to_string())),
            (
                "latency-dist",
                self.latency_dist.map(|value| value.to_string()),
            ),
            ("topology", self.topology.map(|value| value.to_string())),
            ("nemesis", faults),
            (
                "nemesis-interval",
                self.nemesis_interval.map(|value| value.to_string()),
            ),
            ("availability", availability),
            ("consistency-models", models),
            ("key-count", self.key_count.map(|value| value.to_string())),
            (
                "max-txn-length",
                self.max_txn_length.map(|value| value.to_string()),
            ),
            (
                "max-writes-per-key",
                self.max_writes_per_key.map(|value| value.to_string()),
            ),
            ("services", self.services.map(|value| value.to_string())),
            (
                "only-operations",
                self.only_operations.as_ref().map(ToString::to_string),
            ),
            (
                "only-faults",
                self.only_faults.as_ref().map(ToString::to_string),
            ),
        ];
        let given = given.into_iter();
        given
            .filter_map(|(flag, value)| Some(format!("--{flag} {}", value?)))
            .collect()
    }
}

fn number(text: &str, allowed: &str, fits: impl Fn(f64) -> bool) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && fits(number) => Ok(number),
        _ => Err(format!("expected {allowed}")),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    number(text, "a number from 0 to 1000000000", |rate| {
        (0.0..=1e9).contains(&rate)
    })
}

fn interval(text: &str) -> Result<f64, String> {
    number(text, "a number of seconds from 1e-9 to 1e9", |seconds| {
        (1e-9..=1e9).contains(&seconds)
    })
}

pub(crate) fn availability(text: &str) -> Result<Availability, String> {
    if text == "total" {
        return Ok(Availability::Total);
    }
    let allowed = "`total`, or a number from 0 to 1";
    number(text, allowed, |share| (0.0..=1.0).contains(&share)).map(Availability::AtLeast)
}

pub(crate) fn faults(text: &str) -> Result<Faults, String> {
    if text == "none" {
        return Ok(Faults::new());
    }
    text.split(',').map(|name| name.trim().parse()).collect()
}
