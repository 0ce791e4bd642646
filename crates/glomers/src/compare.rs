//! `glomers compare`: the strategies of a challenge side by side, over many
//! seeds, with the network whole and under each fault.

mod html;

use std::fs::OpenOptions;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use maelstrom_check::{Quantiles, Verdict};
use maelstrom_sim::{Fault, Settings};
use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

use crate::challenge::{self, Challenge};
use crate::cli::{Faults, SettingArgs, faults};
use crate::exit;
use crate::list::describe;
use crate::many::{Many, Spread, Summary, again, count};
use crate::measured::Figures;
use crate::session::complain;

/// What `compare` can be told.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// The challenge; `glomers list` names them.
    challenge: String,

    /// The strategies, separated by commas; or all.
    #[arg(long, value_name = "NAMES", default_value = "all")]
    strategies: String,

    /// How many seeds of each.
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,

    /// The first seed.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    from: u64,

    /// The faults to compare under, separated by commas; several at a time are joined by +.
    #[arg(
        long,
        value_name = "FAULTS",
        value_delimiter = ',',
        default_value = "none,partition"
    )]
    faults: Vec<Case>,

    /// Write everything that was measured to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write a page that shows the comparison to this file, and the report of a run of
    /// each row to a folder beside it.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    #[command(flatten)]
    settings: SettingArgs,
}

/// What is broken while strategies are compared: `none`, `partition`, `kill+loss`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Case(Faults);

impl FromStr for Case {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        faults(&text.replace('+', ",")).map(Self)
    }
}

impl Case {
    fn name(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|fault| fault.name()).collect();
        if names.is_empty() {
            return "none".into();
        }
        names.join("+")
    }
}

/// One strategy under one case of faults, over all seeds.
struct Row {
    strategy: String,
    case: Case,
    /// Whether the thresholds are held against it.
    judged: bool,
    summaries: Vec<Summary>,
}

/// Runs everything, prints the table, and gives the exit code.
pub(crate) fn compare(args: &CompareArgs) -> u8 {
    let (challenge, strategies, settings) = match asked(args) {
        Ok(asked) => asked,
        Err(text) => return complain(exit::BAD_ARGUMENTS, &text),
    };
    for file in args.json.iter().chain(&args.html) {
        if let Err(error) = OpenOptions::new().append(true).create(true).open(file) {
            let text = format!("{} can't be written: {error}", file.display());
            return complain(exit::BAD_ARGUMENTS, &text);
        }
    }
    let rows = match run(args, challenge, &strategies, &settings) {
        Ok(rows) => rows,
        Err(text) => return complain(exit::CRASHED, &text),
    };
    anstream::println!(
        "{}  {}",
        challenge.id.bold(),
        describe(&broken(&settings, &Faults::new()))
    );
    tell(challenge, args, &rows);
    if let Some(file) = &args.json {
        let text = format!("{:#}\n", to_json(challenge, args, &rows));
        if let Err(error) = std::fs::write(file, text) {
            let text = format!("{} could not be written: {error}", file.display());
            return complain(exit::CRASHED, &text);
        }
    }
    if let Some(file) = &args.html {
        if let Err(error) = html::write(file, challenge, args, &rows) {
            let text = format!("{} could not be written: {error}", file.display());
            return complain(exit::CRASHED, &text);
        }
        anstream::println!("page: {}", file.display());
    }
    code(&rows)
}

type Asked = (&'static Challenge, Vec<String>, Settings);

/// What is compared, if all of it exists.
fn asked(args: &CompareArgs) -> Result<Asked, String> {
    let challenge = challenge::find(&args.challenge)?;
    if args.settings.has_nemesis() {
        return Err("the faults of a comparison go by --faults, not by --nemesis".into());
    }
    let known = (challenge.solution.strategies)();
    let strategies = match args.strategies.as_str() {
        // A challenge that has one way only.
        "all" if known.is_empty() => vec![String::new()],
        "all" => known,
        names => {
            let names = names
                .split(',')
                .map(|name| challenge.strategy(Some(name.trim())));
            let names = names.map(|name| name.map(str::to_owned));
            names.collect::<Result<_, _>>()?
        }
    };
    let settings = args.settings.apply((challenge.settings)());
    for case in &args.faults {
        let settings = broken(&settings, &case.0);
        settings.validate().map_err(|error| error.to_string())?;
    }
    Ok((challenge, strategies, settings))
}

fn broken(settings: &Settings, faults: &Faults) -> Settings {
    let mut settings = settings.clone();
    settings.nemesis.clone_from(faults);
    settings
}

fn run(
    args: &CompareArgs,
    challenge: &Challenge,
    strategies: &[String],
    settings: &Settings,
) -> Result<Vec<Row>, String> {
    let seeds: Vec<u64> = (args.from..args.from.saturating_add(args.seeds)).collect();
    let runs = seeds.len() * strategies.len() * args.faults.len();
    let bar = ProgressBar::new(runs as u64);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} runs, {eta} left  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut rows = Vec::new();
    for strategy in strategies {
        let host = (challenge.solution.host)(strategy)?;
        for case in &args.faults {
            bar.set_message(format!("{strategy} {}", case.name()));
            let settings = broken(settings, &case.0);
            let thresholds = challenge.thresholds(&settings);
            let many = Many {
                settings: &settings,
                host: &host,
                thresholds,
            };
            rows.push(Row {
                strategy: strategy.clone(),
                case: case.clone(),
                judged: !thresholds.is_empty(),
                summaries: many.run(&seeds, |_| bar.inc(1)),
            });
        }
    }
    bar.finish_and_clear();
    Ok(rows)
}

impl Row {
    fn valid(&self) -> usize {
        count(&self.summaries, Verdict::Valid)
    }

    /// How many seeds are valid and meet every threshold.
    fn passed(&self) -> usize {
        let found = self.summaries.iter();
        found.filter(|found| found.failure.is_none()).count()
    }

    /// The seed with the worst verdict, the first of several.
    fn worst(&self) -> Option<&Summary> {
        let bad = |verdict| {
            let mut found = self.summaries.iter();
            found.find(move |found| found.verdict == verdict)
        };
        bad(Verdict::Invalid).or_else(|| bad(Verdict::Unknown))
    }

    /// The seed with the largest latency.
    fn slowest(&self) -> Option<&Summary> {
        let found = self.summaries.iter();
        found.max_by_key(|found| found.figures.latencies().1.map(|Quantiles([.., max])| max))
    }

    fn spread(&self, figure: impl Fn(&Figures) -> Option<f64>) -> Option<Spread> {
        Spread::of(&self.summaries, figure)
    }

    /// The latencies by their quantile's place, the worst of the seeds.
    fn latency(&self, place: usize) -> Option<Spread> {
        self.spread(|figures| {
            let (_, latencies) = figures.latencies();
            latencies.map(|Quantiles(values)| values[place] as f64)
        })
    }

    /// The command that repeats a seed of this row.
    fn again(&self, challenge: &Challenge, args: &CompareArgs, seed: u64) -> String {
        let mut flags = args.settings.flags();
        flags.push(format!("--nemesis {}", self.case.name().replace('+', ",")));
        let strategy = Some(self.strategy.as_str()).filter(|name| !name.is_empty());
        again(challenge.id, strategy, &flags, seed)
    }

    fn cells(&self) -> Vec<String> {
        let shown = |value: Option<f64>, places: usize| {
            value.map_or("–".to_owned(), |value| format!("{value:.places$}"))
        };
        let most = |spread: Option<Spread>| spread.map(|spread| spread.most);
        let seeds = self.summaries.len();
        let mut cells = vec![
            match self.strategy.as_str() {
                "" => "–".into(),
                strategy => strategy.to_owned(),
            },
            self.case.name(),
            format!("{}/{seeds}", self.valid()),
            match self.judged {
                true => format!("{}/{seeds}", self.passed()),
                false => "–".into(),
            },
            shown(most(self.spread(|figures| figures.servers)), 3),
            shown(most(self.spread(|figures| figures.all)), 3),
        ];
        cells.extend([1, 2, 3, 4].map(|place| shown(most(self.latency(place)), 0)));
        let least = self.spread(|figures| figures.availability);
        cells.push(shown(least.map(|spread| spread.least), 4));
        cells
    }
}

const HEADS: [&str; 11] = [
    "strategy",
    "faults",
    "valid",
    "passed",
    "servers",
    "all",
    "median",
    "p95",
    "p99",
    "max",
    "available",
];

/// The columns that are words, and so begin at the left.
const WORDS: usize = 2;

/// What the latencies of these rows are called.
fn latency(rows: &[Row]) -> &'static str {
    let found = rows.iter().flat_map(|row| &row.summaries);
    let names = found.map(|found| found.figures.latencies().0);
    let name = names.min_by_key(|name| *name != "stable latency");
    name.unwrap_or("latency")
}

fn tell(challenge: &Challenge, args: &CompareArgs, rows: &[Row]) {
    let cells: Vec<Vec<String>> = rows.iter().map(Row::cells).collect();
    let width = |column: usize| {
        let of_cells = cells.iter().map(|row| row[column].chars().count());
        of_cells.chain([HEADS[column].len()]).max().unwrap_or(0)
    };
    let line = |row: Vec<&str>| {
        let padded = row.iter().enumerate().map(|(column, text)| {
            let width = width(column);
            if column < WORDS {
                format!("{text:<width$}")
            } else {
                format!("{text:>width$}")
            }
        });
        padded.collect::<Vec<_>>().join("  ")
    };
    anstream::println!(
        "{}",
        format!(
            "the worst of {} seeds; messages per operation, {} in ms",
            args.seeds,
            latency(rows)
        )
        .dimmed()
    );
    anstream::println!("\n{}", line(HEADS.to_vec()).bold());
    for (row, cells) in rows.iter().zip(&cells) {
        let text = line(cells.iter().map(String::as_str).collect());
        let bad = row.worst().map(|worst| worst.verdict);
        match bad {
            Some(Verdict::Invalid) => anstream::println!("{}", text.red()),
            Some(_) => anstream::println!("{}", text.yellow()),
            None => anstream::println!("{text}"),
        }
    }
    let asked = challenge.thresholds.iter();
    let asked: Vec<String> = asked.map(ToString::to_string).collect();
    anstream::println!();
    if !asked.is_empty() {
        anstream::println!("asked of a network that is whole: {}", asked.join("; "));
    }
    if !challenge.published.is_empty() {
        anstream::println!("best published, servers: {}", challenge.published_words());
    }
    for row in rows {
        if let Some(worst) = row.worst() {
            let why = worst.failure.as_deref().unwrap_or_default();
            let again = row.again(challenge, args, worst.seed);
            let (strategy, case) = (&row.strategy, row.case.name());
            anstream::println!(
                "{strategy} {case}, seed {}: {why}\n  again: {again}",
                worst.seed
            );
        }
    }
}

/// The same for machines, with the spread of each figure over the seeds.
fn to_json(challenge: &Challenge, args: &CompareArgs, rows: &[Row]) -> Value {
    let row = |row: &Row| {
        let quantiles = [(1, "median"), (2, "p95"), (3, "p99"), (4, "max")];
        let latencies = quantiles.map(|(place, name)| (name.to_owned(), json!(row.latency(place))));
        let kind = row
            .summaries
            .first()
            .map(|found| found.figures.latencies().0);
        json!({
            "strategy": row.strategy,
            "faults": row.case.0.iter().map(|fault: &Fault| fault.name()).collect::<Vec<_>>(),
            "seeds": row.summaries.len(),
            "valid": row.valid(),
            "invalid": count(&row.summaries, Verdict::Invalid),
            "unknown": count(&row.summaries, Verdict::Unknown),
            "passed": row.passed(),
            "messages-per-operation": {
                "all": row.spread(|figures| figures.all),
                "servers": row.spread(|figures| figures.servers),
            },
            "latency": {
                "kind": kind,
                "milliseconds": Value::Object(latencies.into_iter().collect()),
            },
            "availability": row.spread(|figures| figures.availability),
            "worst": row.worst().map(|worst| json!({
                "seed": worst.seed,
                "verdict": worst.verdict.to_string(),
                "why": worst.failure,
                "again": row.again(challenge, args, worst.seed),
            })),
        })
    };
    json!({
        "challenge": challenge.id,
        "seeds": { "from": args.from, "count": args.seeds },
        "settings": args.settings.flags(),
        "thresholds": challenge.thresholds,
        "published": challenge.published_words(),
        "rows": rows.iter().map(row).collect::<Vec<_>>(),
    })
}

/// The worst verdict of them all. Thresholds are for the eye: to miss them is
/// what most strategies are there to show.
fn code(rows: &[Row]) -> u8 {
    let any = |verdict| rows.iter().any(|row| count(&row.summaries, verdict) > 0);
    if any(Verdict::Invalid) {
        exit::INVALID
    } else if any(Verdict::Unknown) {
        exit::UNKNOWN
    } else {
        exit::VALID
    }
}
