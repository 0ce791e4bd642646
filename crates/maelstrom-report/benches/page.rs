//! How long the page of a run takes to make, and how big it is, by folders of runs:
//! `cargo bench -p maelstrom-report -- store/latest store/txn-c/20261121T034205.449+0000`.

use std::time::Instant;

use maelstrom_report::Report;

/// Of so many the median is told.
const TIMES: usize = 9;

#[allow(clippy::print_stdout)] // This is what a bench is for.
fn main() -> Result<(), maelstrom_report::Error> {
    // Cargo adds a flag of its own.
    for folder in std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
    {
        let report = Report::read(&folder)?;
        let mut times = Vec::new();
        let mut size = 0;
        for _ in 0..TIMES {
            let start = Instant::now();
            size = report.html().len();
            times.push(start.elapsed());
        }
        times.sort();
        let messages = report
            .journal()
            .map_or(0, |journal| journal.messages().len());
        println!(
            "{:>8.1?} (best {:.1?})  {size:>8} bytes  {messages:>7} messages  {folder}",
            times[TIMES / 2],
            times[0]
        );
    }
    Ok(())
}
