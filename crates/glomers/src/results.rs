//! `glomers results`: every strategy of every challenge, under the official
//! settings and under partitions, as the table that stands in the README.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use maelstrom_check::Verdict;
use maelstrom_sim::{Fault, Settings};

use crate::challenge::{CHALLENGES, Challenge};
use crate::exit;
use crate::many::{Many, Spread, count};
use crate::measured::Figures;
use crate::session::complain;

/// What `results` can be told.
#[derive(Debug, Args)]
pub(crate) struct ResultsArgs {
    /// How many seeds of each.
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,

    /// Only challenges whose id begins so.
    #[arg(long, value_name = "PREFIX", default_value = "")]
    only: String,

    /// Put the table into this file, between the two lines that mark its place.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

const BEGIN: &str = "<!-- results: written by `just results` -->";
const END: &str = "<!-- end of results -->";

/// Runs everything, prints or writes the table, and gives the exit code.
pub(crate) fn results(args: &ResultsArgs) -> u8 {
    let mut table = String::from(
        "| Challenge | Strategy | Faults | Valid | Messages per operation: servers (all) | Stable latency: median / max, ms | Availability |\n\
         |---|---|---|---|---|---|---|\n",
    );
    let chosen = CHALLENGES.iter();
    let chosen: Vec<_> = chosen
        .filter(|challenge| challenge.id.starts_with(&args.only))
        .collect();
    if chosen.is_empty() {
        let text = format!("no challenge's id begins with `{}`", args.only);
        return complain(exit::BAD_ARGUMENTS, &text);
    }
    // It would be a pity to find that out a quarter of an hour later.
    let failed =
        |file: &Path, text| complain(exit::CRASHED, &format!("{}: {text}", file.display()));
    if let Some(file) = &args.write
        && let Err(text) = parts(file)
    {
        return failed(file, text);
    }
    for challenge in chosen {
        if let Err(text) = challenge_rows(&mut table, challenge, args.seeds) {
            return complain(exit::CRASHED, &text);
        }
    }
    let Some(file) = &args.write else {
        anstream::print!("{table}");
        return exit::VALID;
    };
    match put(file, &table) {
        Ok(()) => exit::VALID,
        Err(text) => {
            anstream::print!("{table}");
            failed(file, text)
        }
    }
}

fn challenge_rows(table: &mut String, challenge: &Challenge, seeds: u64) -> Result<(), String> {
    let mut strategies = (challenge.solution.strategies)();
    if strategies.is_empty() {
        strategies.push(String::new());
    }
    for strategy in strategies {
        let official = (challenge.settings)();
        let mut cases = vec![official.clone()];
        if official.nemesis.is_empty() && official.nodes.len() > 1 {
            cases.push(official.nemesis(Fault::Partition));
        }
        for settings in cases {
            anstream::eprintln!("{} {strategy} …", challenge.id);
            row(table, challenge, &strategy, &settings, seeds)?;
        }
    }
    let mut asked: Vec<String> = challenge
        .thresholds
        .iter()
        .map(ToString::to_string)
        .collect();
    asked.extend(
        (!challenge.published.is_empty())
            .then(|| format!("best published: {}", challenge.published_words())),
    );
    if !asked.is_empty() {
        // Writing to a string can't fail.
        let _ = writeln!(table, "| | | | | *{}* | | |", asked.join("; "));
    }
    Ok(())
}

fn row(
    table: &mut String,
    challenge: &Challenge,
    strategy: &str,
    settings: &Settings,
    seeds: u64,
) -> Result<(), String> {
    let host = (challenge.solution.host)(strategy)?;
    let many = Many {
        settings,
        host: &host,
        thresholds: &[],
    };
    let seeds: Vec<u64> = (0..seeds).collect();
    let summaries = many.run(&seeds, |_| {});
    let valid = count(&summaries, Verdict::Valid);
    let best = if strategy == challenge.solution.best && !strategy.is_empty() {
        "**"
    } else {
        ""
    };
    let faults = if settings.nemesis.is_empty() {
        ""
    } else {
        "partitions"
    };
    let most = |figure: fn(&Figures) -> Option<f64>, places| {
        shown(
            Spread::of(&summaries, figure).map(|spread| spread.most),
            places,
        )
    };
    let availability = Spread::of(&summaries, |figures| figures.availability);
    // Writing to a string can't fail.
    let _ = writeln!(
        table,
        "| {} | {best}{strategy}{best} | {faults} | {valid} of {} | {} ({}) | {} / {} | {} |",
        challenge.id,
        summaries.len(),
        most(|figures| figures.servers, 3),
        most(|figures| figures.all, 3),
        most(Figures::median_latency, 0),
        most(Figures::max_latency, 0),
        shown(availability.map(|spread| spread.least), 4),
    );
    Ok(())
}

/// One of a figure's values over the seeds: the worst of them.
fn shown(value: Option<f64>, places: usize) -> String {
    value.map_or("–".into(), |value| format!("{value:.places$}"))
}

/// What stands before the table in a file, and what behind it.
fn parts(file: &Path) -> Result<(String, String), String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let place = text.find(BEGIN).zip(text.find(END));
    let place = place.filter(|(begin, end)| begin < end);
    let parts = place.map(|(begin, end)| (text[..begin].to_owned(), text[end..].to_owned()));
    parts.ok_or_else(|| format!("the lines `{BEGIN}` and `{END}` are not there in this order"))
}

fn put(file: &Path, table: &str) -> Result<(), String> {
    let (before, behind) = parts(file)?;
    let text = format!("{before}{BEGIN}\n{table}{behind}");
    std::fs::write(file, text).map_err(|error| error.to_string())
}
