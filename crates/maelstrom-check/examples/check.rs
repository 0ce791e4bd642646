//! Checks history files of a workload and tells the stories.
//!
//! `cargo run --example check -- WORKLOAD FILE… [--json] [--no-strict] [--models M,…]`
#![allow(clippy::print_stdout)]

use maelstrom_check::{Options, Workload, check_file};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = Options::default();
    let mut json = false;
    let mut words = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match &*arg {
            "--json" => json = true,
            "--no-strict" => options.strict = false,
            "--models" => {
                let models = args.next().unwrap_or_default();
                options.consistency_models = models
                    .split(',')
                    .map(|m| m.trim().parse())
                    .collect::<Result<_, _>>()?;
            }
            _ => words.push(arg),
        }
    }
    let (workload, files) = words.split_first().ok_or("name a workload and files")?;
    let workload: Workload = workload.parse()?;
    for file in files {
        let results = check_file(workload, file, &options)?;
        if json {
            println!("{}", results.to_json());
        } else {
            println!("{file}\n{}", results.story());
        }
    }
    Ok(())
}
