//! The comparison as one page: messages against latency, the table, and each
//! strategy's run a click away.

use std::path::{Path, PathBuf};
use std::{fs, io};

use askama::Template;
use maelstrom_report::{Axis, Group, PLOT_STYLE, Plane, Plot, Spot};
use maelstrom_sim::Run;

use super::{Case, CompareArgs, HEADS, Row, broken};
use crate::challenge::{Challenge, Measure};
use crate::list::describe;
use crate::measured::rows;
use crate::report;
use crate::session::{Console, Nodes, Session, quoted};

/// A client's operation costs two messages beside those of the servers: the
/// request and the reply.
const OF_CLIENTS: f64 = 2.0;

/// From this ratio on, figures stand on a logarithmic axis.
const WIDE: f64 = 20.0;

#[derive(Template)]
#[template(path = "compared.html")]
struct Page<'a> {
    challenge: &'a Challenge,
    settings: String,
    seeds: u64,
    latency: &'a str,
    plots: Vec<Plot>,
    plot_style: &'static str,
    heads: [&'static str; 11],
    lines: Vec<Line>,
    asked: Vec<String>,
    published: Vec<String>,
    broken: Vec<Broken>,
    command: String,
}

/// A line of the table, and where its run's report is.
struct Line {
    report: String,
    strategy: String,
    cells: Vec<String>,
}

/// What went wrong in a seed, and how to see it again.
struct Broken {
    what: String,
    why: String,
    again: String,
}

/// Writes the page, and beside it a folder with the report of a run of each row.
pub(super) fn write(
    file: &Path,
    challenge: &'static Challenge,
    args: &CompareArgs,
    compared: &[Row],
) -> io::Result<()> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let folder = format!("{stem}.runs");
    let reports = file.with_file_name(&folder);
    fs::create_dir_all(&reports)?;
    let mut lines = Vec::new();
    for row in compared {
        let strategy = called(challenge, row);
        let name = format!("{strategy}-{}.html", row.case.name());
        fs::write(reports.join(&name), run_page(challenge, args, row)?)?;
        let mut cells = row.cells();
        cells.remove(0);
        lines.push(Line {
            report: format!("{}/{name}", in_a_link(&folder)),
            strategy: strategy.to_owned(),
            cells,
        });
    }
    let broken = compared.iter().filter_map(|row| {
        let worst = row.worst()?;
        Some(Broken {
            what: format!(
                "{}, {}, seed {}",
                called(challenge, row),
                faults(&row.case),
                worst.seed
            ),
            why: worst.failure.clone().unwrap_or_default(),
            again: row.again(challenge, args, worst.seed),
        })
    });
    let settings = args.settings.apply((challenge.settings)());
    let whole = super::broken(&settings, &Default::default());
    let page = Page {
        challenge,
        settings: describe(&whole),
        seeds: args.seeds,
        latency: super::latency(compared),
        plots: plots(challenge, args, compared, &lines),
        plot_style: PLOT_STYLE,
        heads: HEADS,
        asked: challenge
            .thresholds
            .iter()
            .map(ToString::to_string)
            .collect(),
        published: published(challenge),
        broken: broken.collect(),
        command: command(challenge, args, file),
        lines,
    };
    fs::write(file, page.render().map_err(io::Error::other)?)
}

/// A strategy's name; the challenge's where there is one way only.
fn called<'a>(challenge: &Challenge, row: &'a Row) -> &'a str {
    match row.strategy.as_str() {
        "" => challenge.id,
        strategy => strategy,
    }
}

/// The name of a folder as links have it.
fn in_a_link(name: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let shown = |byte: u8| match plain(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    name.bytes().map(shown).collect()
}

/// The command that compares the same again.
fn command(challenge: &Challenge, args: &CompareArgs, file: &Path) -> String {
    let cases: Vec<String> = args.faults.iter().map(Case::name).collect();
    let mut words = vec![
        format!("cargo glomers compare {}", challenge.id),
        format!("--strategies {}", quoted(&args.strategies)),
        format!("--seeds {} --from {}", args.seeds, args.from),
        format!("--faults {}", cases.join(",")),
    ];
    words.extend(args.settings.flags());
    words.push(format!("--html {}", quoted(&file.display().to_string())));
    words.join(" ")
}

/// The best published figures, with the numbers that they have on the plane.
fn published(challenge: &Challenge) -> Vec<String> {
    let numbered = (1..).zip(challenge.published);
    numbered
        .map(|(number, published)| format!("{number}: {published}"))
        .collect()
}

/// The report of the row's worst run; of its slowest, if none is bad.
fn run_page(challenge: &'static Challenge, args: &CompareArgs, row: &Row) -> io::Result<String> {
    let shown = row.worst().or_else(|| row.slowest());
    let seed = shown.map_or(args.from, |shown| shown.seed);
    let settings = args.settings.apply((challenge.settings)());
    let settings = broken(&settings, &row.case.0);
    let host = (challenge.solution.host)(&row.strategy).map_err(io::Error::other)?;
    let outcome = Run::new(settings.clone(), seed, host.clone()).execute();
    let session = Session {
        name: challenge.id,
        thresholds: challenge.thresholds(&settings),
        settings,
        seed,
        nodes: Nodes::InProcess(host),
        strict: true,
        lenient: None,
        store: PathBuf::new(),
        page: report::PageArgs::default(),
        command: row.again(challenge, args, seed),
        console: Console::default(),
    };
    let results = outcome.check();
    let rows = rows(&outcome, &results, session.thresholds);
    Ok(report::page(
        &outcome,
        session.json(&outcome, &results, &rows),
    ))
}

/// For each case of faults, messages against the median and the maximum latency.
fn plots(challenge: &Challenge, args: &CompareArgs, rows: &[Row], lines: &[Line]) -> Vec<Plot> {
    let latency = super::latency(rows);
    let mut plots = Vec::new();
    for (number, case) in args.faults.iter().enumerate() {
        for (place, name, id) in [(1, "median", "median"), (4, "maximum", "maximum")] {
            let shown = rows.iter().zip(lines).filter(|(row, _)| row.case == *case);
            let shown: Vec<(&Row, Spot)> = shown
                .filter_map(|(row, line)| Some((row, spot(row, line, place)?)))
                .collect();
            let plane = plane(challenge, case, &shown, name, latency);
            let id = format!("{id}-{number}");
            plots.extend(plane.plot(&id));
        }
    }
    plots
}

fn spot(row: &Row, line: &Line, place: usize) -> Option<Spot> {
    Some(Spot {
        name: line.strategy.clone(),
        at: (
            row.spread(|figures| figures.servers)?.most,
            row.latency(place)?.most,
        ),
        href: Some(line.report.clone()),
    })
}

fn plane(
    challenge: &Challenge,
    case: &Case,
    shown: &[(&Row, Spot)],
    name: &str,
    latency: &str,
) -> Plane {
    let mut x = Axis {
        label: "messages per operation, servers".into(),
        limits: Vec::new(),
        log: false,
    };
    let mut y = Axis {
        label: format!("{name} {latency}, ms"),
        limits: Vec::new(),
        log: false,
    };
    let of = |valid: bool| {
        let spots = shown.iter();
        let spots = spots.filter(|(row, _)| (row.valid() == row.summaries.len()) == valid);
        spots.map(|(_, spot)| spot.clone()).collect::<Vec<_>>()
    };
    let mut groups = vec![
        Group {
            name: "valid on every seed".into(),
            spots: of(true),
        },
        Group {
            name: "not valid on every seed".into(),
            spots: of(false),
        },
    ];
    // Thresholds and others' figures are of a network that is whole.
    if case.0.is_empty() {
        for threshold in challenge.thresholds {
            let text = |figure: f64| format!("below {figure}");
            match threshold.measure {
                Measure::MessagesPerOperation => x.limits.push((
                    threshold.below - OF_CLIENTS,
                    format!("all below {}", threshold.below),
                )),
                Measure::MedianLatency if name == "median" => {
                    y.limits.push((threshold.below, text(threshold.below)));
                }
                Measure::MaximumLatency if name == "maximum" => {
                    y.limits.push((threshold.below, text(threshold.below)));
                }
                Measure::MedianLatency | Measure::MaximumLatency => {}
            }
        }
        let mut spots = Vec::new();
        for (number, published) in (1..).zip(challenge.published) {
            match published.latency {
                Some((median, maximum)) => spots.push(Spot {
                    name: format!("published {number}"),
                    at: (
                        published.servers,
                        f64::from(if name == "median" { median } else { maximum }),
                    ),
                    href: None,
                }),
                None => x.limits.push((published.servers, "best published".into())),
            }
        }
        groups.push(Group {
            name: "best published".into(),
            spots,
        });
    }
    groups.retain(|group| !group.spots.is_empty());
    let spots = || groups.iter().flat_map(|group| &group.spots);
    x.log = is_wide(spots().map(|spot| spot.at.0));
    y.log = is_wide(spots().map(|spot| spot.at.1));
    let limits = x.limits.iter().chain(&y.limits);
    let limits = limits.map(|(_, words)| words.clone());
    let told = spots().map(|spot| {
        let (messages, latency) = spot.at;
        format!("{} {messages:.3} messages and {latency:.0} ms", spot.name)
    });
    let told: Vec<String> = told.chain(limits).collect();
    Plane {
        title: format!("Messages against {name} {latency}, {}", faults(case)),
        description: format!("{}.", told.join("; ")),
        x,
        y,
        groups,
    }
}

fn faults(case: &Case) -> String {
    match case.0.is_empty() {
        true => "no faults".to_owned(),
        false => format!("faults: {}", case.name()),
    }
}

fn is_wide(values: impl Iterator<Item = f64> + Clone) -> bool {
    let (least, most) = (
        values.clone().fold(f64::INFINITY, f64::min),
        values.fold(0.0, f64::max),
    );
    least > 0.0 && most / least > WIDE
}
