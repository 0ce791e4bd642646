//! Makes the report of a run: `cargo run --example report -- FOLDER report.html`.

use std::error::Error;

use maelstrom_report::Report;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("expected a run's folder and the file to write".into());
    };
    let report = Report::read(folder)?;
    std::fs::write(file, report.html())?;
    Ok(())
}
