//! What the person at the terminal sees of a run.

use std::path::Path;
use std::time::Duration;

use anstream::println;
use maelstrom_check::{Quantiles, Verdict};
use maelstrom_sim::Settings;
use owo_colors::OwoColorize as _;

use crate::list::describe;
use crate::measured::{Figures, Row};

/// The first lines: what is run, and how.
pub(crate) fn head(challenge: &str, settings: &Settings, how: &str) {
    let settings = describe(settings);
    println!("{}  {settings}", challenge.bold());
    println!("{}", how.dimmed());
}

/// The table of what was asked and measured, and the figures beside it.
pub(crate) fn figures(rows: &[Row], figures: &Figures) {
    let widest = |of: fn(&Row) -> &String| rows.iter().map(|row| of(row).len()).max().unwrap_or(0);
    let (what, asked) = (widest(|row| &row.what), widest(|row| &row.asked));
    println!();
    for row in rows {
        let (text, asking) = (&row.what, &row.asked);
        let line = format!(
            "{text:<what$}  asked {asking:<asked$}  measured {}",
            row.measured
        );
        if row.pass {
            println!("{} {line}", "pass".green());
        } else {
            println!("{} {line}", "FAIL".red().bold());
        }
    }
    println!();
    let figure = |per_op: Option<f64>| per_op.map_or("-".into(), |value| format!("{value:.3}"));
    println!(
        "messages per operation   all {}, servers {}",
        figure(figures.all),
        figure(figures.servers)
    );
    if let Some(Quantiles([_, median, p95, p99, max])) = figures.stable {
        println!(
            "stable latency           median {median} ms, p95 {p95} ms, p99 {p99} ms, max {max} ms"
        );
    }
    let [ok, fail, info] = figures.operations;
    println!("operations               {ok} ok, {fail} fail, {info} info");
}

/// The verdict in a line of its own.
pub(crate) fn verdict(verdict: Verdict, all_passed: bool) {
    let line = match verdict {
        Verdict::Valid if all_passed => "Everything passed.".green().bold().to_string(),
        Verdict::Valid => "The run is valid, and a threshold was missed."
            .red()
            .bold()
            .to_string(),
        Verdict::Invalid => "The run is invalid.".red().bold().to_string(),
        Verdict::Unknown => "The verdict is unknown.".yellow().bold().to_string(),
    };
    println!("\n{line}");
}

/// How many characters of a line of a story are shown.
const WIDEST: usize = 1000;

/// The story of a run. Values may be of any size, and the whole of them is in
/// the run's `results.json`.
pub(crate) fn story(text: &str) {
    println!();
    for line in text.trim_end().lines() {
        match line.char_indices().nth(WIDEST) {
            Some((end, _)) => println!("{}…", &line[..end]),
            None => println!("{line}"),
        }
    }
}

/// The last lines: how long it took, where the files are, how to do it again.
pub(crate) fn tail(virtual_time: Duration, wall: Duration, folder: &Path, command: &str) {
    let (passed, took) = (virtual_time.as_secs_f64(), wall.as_secs_f64());
    println!(
        "{}",
        format!(
            "{passed:.1} s of the run's time in {took:.3} s; files in {}",
            folder.display()
        )
        .dimmed()
    );
    println!("{} {command}", "again:".dimmed());
}
