//! How fast a node is, seen from outside: real processes, real pipes.
//!
//! `cargo bench -p maelstrom-node` measures this runtime against a bare loop
//! (a buffered reader, serde_json with borrowed fields, a flush when the input
//! is drained), alternating the two, and prints medians and ratios.
//!
//! `cargo bench -p maelstrom-node -- --bin path/to/node [arguments]` measures
//! the echo of any program beside them.
//!
//! - echo: throughput with 256 requests in flight;
//! - add: a counter kept in a key-value service, a read and a compare-and-set
//!   per request, 64 requests in flight;
//! - round trip: echo with one request in flight, both processes on one CPU
//!   (where `taskset` exists).
#![allow(clippy::print_stdout)] // What a bench is for.

mod driver;
mod lean;
mod nodes;

use std::ffi::OsString;
use std::io;
use std::process::Command;

use driver::Load;

const ROUNDS: usize = 5;

fn main() -> io::Result<()> {
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    arguments.retain(|argument| argument != "--bench");
    match arguments.first().and_then(|first| first.to_str()) {
        // This program is its own nodes, and its own pinned driver.
        Some("--node") => nodes::serve(&arguments[1].to_string_lossy()),
        Some("--measure") => {
            let load = Load::named(&arguments[1].to_string_lossy());
            println!("{}", driver::measure(&arguments[2..], &load)?);
            Ok(())
        }
        Some("--bin") => compare(&arguments[1..]),
        // Asked by `cargo test --benches`: that it runs is all.
        Some("--test") => Ok(()),
        _ => compare(&[]),
    }
}

/// Measures every node under every load, in turns, and prints the medians.
fn compare(other: &[OsString]) -> io::Result<()> {
    let this = std::env::current_exe()?;
    let own = |name: &str| vec![this.clone().into(), "--node".into(), name.into()];
    let mut echoes = vec![
        ("lean loop", own("lean-echo")),
        ("maelstrom-node", own("echo")),
    ];
    if !other.is_empty() {
        echoes.push(("given", other.to_vec()));
    }
    let adds = vec![
        ("lean loop", own("lean-add")),
        ("maelstrom-node", own("add")),
    ];
    for (load, nodes) in [
        (Load::ECHO, &echoes),
        (Load::ADD, &adds),
        (Load::ROUND_TRIP, &echoes),
    ] {
        println!("{}, median of {ROUNDS}:", load.title);
        let mut figures = vec![Vec::new(); nodes.len()];
        for _ in 0..ROUNDS {
            for (node, figures) in nodes.iter().zip(&mut figures) {
                figures.push(figure(&this, &node.1, &load)?);
            }
        }
        let medians: Vec<f64> = figures.iter_mut().map(|figures| median(figures)).collect();
        for ((name, _), median) in nodes.iter().zip(&medians) {
            let ratio = median / medians[0];
            println!("  {name:16} {median:>12.1} {}   × {ratio:.2}", load.unit);
        }
    }
    Ok(())
}

/// One figure, taken by a driver on one CPU with its node when the load asks
/// for that.
fn figure(this: &std::path::Path, node: &[OsString], load: &Load) -> io::Result<f64> {
    if load.one_cpu {
        let pinned = Command::new("taskset")
            .args(["-c", "0"])
            .arg(this)
            .args(["--measure", load.name])
            .args(node)
            .output();
        if let Ok(output) = pinned
            && output.status.success()
            && let Ok(figure) = String::from_utf8_lossy(&output.stdout).trim().parse()
        {
            return Ok(figure);
        }
        println!("  (no `taskset`: not pinned)");
    }
    driver::measure(node, load)
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
