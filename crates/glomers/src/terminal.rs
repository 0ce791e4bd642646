//! What the person at the terminal sees of a run.

use std::path::Path;
use std::time::Duration;

use anstream::println;
use maelstrom_check::{Results, Verdict, WorkloadResults};
use maelstrom_sim::Outcome;
use owo_colors::OwoColorize as _;

use crate::list::describe;
use crate::measured::Row;

/// The first line: what is run.
pub(crate) fn head(challenge: &str, outcome: &Outcome, pace: &str) {
    let settings = describe(&outcome.settings);
    println!("{}  {settings}", challenge.bold());
    println!("{}", format!("seed {}, {pace}", outcome.seed).dimmed());
}

/// The table of what was asked and measured, and the figures beside it.
pub(crate) fn figures(rows: &[Row], results: &Results) {
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
    if let Some(net) = &results.net {
        let figure = |per_op: Option<f32>| per_op.map_or("-".into(), |value| format!("{value:.3}"));
        println!(
            "messages per operation   all {}, servers {}",
            figure(net.all.msgs_per_op),
            figure(net.servers.msgs_per_op)
        );
    }
    if let WorkloadResults::Set(set) = &results.workload
        && let Some(latencies) = &set.stable_latencies
    {
        let [_, median, p95, p99, max] = latencies.0;
        println!(
            "stable latency           median {median} ms, p95 {p95} ms, p99 {p99} ms, max {max} ms"
        );
    }
    let stats = &results.stats.all;
    println!(
        "operations               {} ok, {} fail, {} info",
        stats.ok_count, stats.fail_count, stats.info_count
    );
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
