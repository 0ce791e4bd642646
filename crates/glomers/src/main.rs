//! The command `glomers`: Gossip Glomers on an embedded workbench.

mod challenge;
mod check;
mod cli;
mod compare;
mod flags;
mod list;
mod many;
mod measured;
mod node_logs;
mod notes;
#[cfg(test)]
mod official;
mod report;
mod results;
mod run;
mod serve;
mod session;
mod shrink;
mod store;
mod sweep;
mod terminal;
mod test;
mod upstream;

use std::any::Any;
use std::io::Write as _;
use std::panic;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::cli::{Cli, Command};

/// A run keeps each of its messages, and makes and drops much else for each: an
/// allocator that is quick at both takes a tenth off it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit codes, which are Maelstrom's.
mod exit {
    pub(crate) const VALID: u8 = 0;
    pub(crate) const INVALID: u8 = 1;
    pub(crate) const UNKNOWN: u8 = 2;
    pub(crate) const BAD_ARGUMENTS: u8 = 254;
    pub(crate) const CRASHED: u8 = 255;
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return complain(&error),
    };
    ExitCode::from(carry_out(&cli.command))
}

/// Carries out a command, and gives its exit code. That its output can't be
/// written, as on a full disk, is an error as others are: `println!` panics then.
fn carry_out(command: &Command) -> u8 {
    fn unwritable(payload: &dyn Any) -> Option<&String> {
        let text = payload.downcast_ref::<String>()?;
        text.starts_with("failed printing to ").then_some(text)
    }
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if unwritable(info.payload()).is_none() {
            usual(info);
        }
    }));
    let carried_out = panic::catch_unwind(|| match command {
        Command::List => list::list(),
        Command::Run(args) => run::run(args),
        Command::Sweep(args) => sweep::sweep(args),
        Command::Compare(args) => compare::compare(args),
        Command::Shrink(args) => shrink::shrink(args),
        Command::Results(args) => results::results(args),
        Command::Test(args) => test::test(args),
        Command::Check(args) => check::check(args),
        Command::Serve(args) => serve::serve(args),
        Command::Report(args) => report::report(args),
    });
    carried_out.unwrap_or_else(|payload| match unwritable(&*payload) {
        Some(text) => {
            // Standard error may be just as full.
            let _ = writeln!(std::io::stderr(), "error: {text}");
            exit::CRASHED
        }
        None => panic::resume_unwind(payload),
    })
}

/// Help and version are asked for; everything else is a bad argument.
fn complain(error: &clap::Error) -> ExitCode {
    // A terminal that can't be written to has nobody who could be told.
    let _ = error.print();
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return ExitCode::SUCCESS;
    }
    let dash =
        |argument: &String| argument.starts_with(['–', '—', '−']) || argument.starts_with("-–");
    if let Some(argument) = std::env::args().find(dash) {
        anstream::eprintln!(
            "\n`{argument}` begins with a typographic dash, as web pages make of two hyphens: type -- instead."
        );
    }
    ExitCode::from(exit::BAD_ARGUMENTS)
}
