//! `glomers results`: every strategy of every challenge, under the official
//! settings and under partitions, as the table that stands in the README.

use std::collections::BTreeMap;
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

    /// Only challenges whose id begins so. `--write` keeps the rows of the others.
    #[arg(long, value_name = "PREFIX", default_value = "")]
    only: String,

    /// Put the table into this file, between the two lines that mark its place.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

const BEGIN: &str = "<!-- results: written by `just results` -->";
const END: &str = "<!-- end of results -->";

const HEAD: &str = "\
    | Challenge | Strategy | Faults | Valid | Messages per operation: servers (all) | Stable latency: median / max, ms | Availability |\n\
    |---|---|---|---|---|---|---|\n";

/// The rows of challenges, by their ids.
type Rows = BTreeMap<String, String>;

/// Runs everything, prints or writes the table, and gives the exit code.
pub(crate) fn results(args: &ResultsArgs) -> u8 {
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
        && let Err(text) = Document::read(file)
    {
        return failed(file, text);
    }
    let mut rows = Rows::new();
    for challenge in chosen {
        match challenge_rows(challenge, args.seeds) {
            Ok(text) => rows.insert(challenge.id.to_owned(), text),
            Err(text) => return complain(exit::CRASHED, &text),
        };
    }
    let Some(file) = &args.write else {
        anstream::print!("{}", table(&rows));
        return exit::VALID;
    };
    let written = Document::read(file).and_then(|mut document| {
        document.rows.extend(rows.clone());
        document.write(file)
    });
    match written {
        Ok(()) => exit::VALID,
        Err(text) => {
            anstream::print!("{}", table(&rows));
            failed(file, text)
        }
    }
}

/// The table in the order of the challenges.
fn table(rows: &Rows) -> String {
    let known = CHALLENGES.iter().filter_map(|it| rows.get(it.id));
    HEAD.to_owned() + &known.cloned().collect::<String>()
}

fn challenge_rows(challenge: &Challenge, seeds: u64) -> Result<String, String> {
    let mut rows = String::new();
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
            row(&mut rows, challenge, &strategy, &settings, seeds)?;
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
        let _ = writeln!(rows, "| | | | | *{}* | | |", asked.join("; "));
    }
    Ok(rows)
}

fn row(
    rows: &mut String,
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
        rows,
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

/// A file that the table stands in.
struct Document {
    before: String,
    rows: Rows,
    behind: String,
}

impl Document {
    fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        let parts = text.split_once(BEGIN).and_then(|(before, rest)| {
            let (table, behind) = rest.split_once(END)?;
            Some((before, table, behind))
        });
        let (before, table, behind) = parts.ok_or_else(|| {
            format!("the lines `{BEGIN}` and `{END}` are not there in this order")
        })?;
        let mut rows = Rows::new();
        let mut id = String::new();
        for line in table.lines() {
            // A row that names no challenge belongs to the one before it.
            let named = line.split('|').nth(1).unwrap_or_default().trim();
            if !named.is_empty() {
                named.clone_into(&mut id);
            }
            let row = rows.entry(id.clone()).or_default();
            row.push_str(line);
            row.push('\n');
        }
        Ok(Self {
            before: before.to_owned(),
            rows,
            behind: behind.to_owned(),
        })
    }

    fn write(&self, file: &Path) -> Result<(), String> {
        let Self {
            before,
            rows,
            behind,
        } = self;
        let table = table(rows);
        std::fs::write(file, format!("{before}{BEGIN}\n{table}{END}{behind}"))
            .map_err(|error| error.to_string())
    }
}
