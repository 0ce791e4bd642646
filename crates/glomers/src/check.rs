//! `glomers check`: judge a history that somebody else recorded.

use std::path::{Path, PathBuf};

use clap::Args;
use maelstrom_check::{Availability, ConsistencyModel, Options, Results, Verdict, Workload};

use crate::cli::availability;
use crate::exit;

/// What `check` can be told.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// What the clients of the history did.
    #[arg(short, long)]
    workload: Workload,

    /// The models that transactions must keep, separated by commas.
    #[arg(long, value_name = "MODELS", value_delimiter = ',', value_parser = model, default_value = "strict-serializable")]
    consistency_models: Vec<ConsistencyModel>,

    /// The share of operations that must have succeeded: total, or a number from 0 to 1.
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, value_parser = availability)]
    availability: Option<Availability>,

    /// Judge as Maelstrom does, without the stricter checks.
    #[arg(long)]
    no_strict: bool,

    /// How many configurations the search for a linear order may try per key before it gives up.
    #[arg(long, value_name = "NUMBER", default_value_t = Options::default().bound)]
    bound: usize,

    /// Print the results as JSON, with Maelstrom's own keys.
    #[arg(long)]
    json: bool,

    /// The history: Jepsen's EDN, or JSON lines; or the folder of a run, ours or Maelstrom's.
    file: PathBuf,
}

/// Spaces around the comma are as good as none.
pub(crate) fn model(name: &str) -> Result<ConsistencyModel, maelstrom_check::Error> {
    name.trim().parse()
}

/// Judges the file, tells what was found, and gives the exit code.
#[allow(clippy::field_reassign_with_default)] // Options may grow fields.
pub(crate) fn check(args: &CheckArgs) -> u8 {
    let mut options = Options::default();
    options.availability = args.availability.unwrap_or(options.availability);
    options.strict = !args.no_strict;
    options.bound = args.bound;
    options
        .consistency_models
        .clone_from(&args.consistency_models);
    let file = history(&args.file);
    let results = match maelstrom_check::check_file(args.workload, &file, &options) {
        Ok(results) if args.no_strict => results,
        Ok(results) => judged(results),
        Err(error) => {
            // An error of the system names the file itself.
            let file = match &error {
                maelstrom_check::Error::Io { .. } => String::new(),
                _ => format!("{}: ", file.display()),
            };
            anstream::eprintln!("error: {file}{error}");
            return exit::CRASHED;
        }
    };
    if args.json {
        anstream::println!("{:#}", results.to_json());
    } else {
        anstream::println!("{}", results.story().trim_end());
    }
    code(&results)
}

/// The history itself, where the folder that holds it is given.
fn history(path: &Path) -> PathBuf {
    let ours = path.join("history.jsonl");
    match (path.is_dir(), ours.is_file()) {
        (false, _) => path.to_owned(),
        (true, true) => ours,
        (true, false) => path.join("history.edn"),
    }
}

/// A file in which nothing happened was hardly meant to be judged, and to call
/// it valid would say that it was.
fn judged(mut results: Results) -> Results {
    if results.stats.all.count == 0 {
        results.valid = results.valid.merge(Verdict::Unknown);
    }
    results
}

fn code(results: &Results) -> u8 {
    match results.verdict() {
        Verdict::Valid => exit::VALID,
        Verdict::Invalid => exit::INVALID,
        Verdict::Unknown => exit::UNKNOWN,
    }
}
