//! `glomers run`: one challenge, once.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::challenge::{self, Challenge};
use crate::cli::RunArgs;
use crate::exit;
use crate::session::{
    Nodes, Session, complain, for_the_node, missing, new_seed, quoted, refused_by_programs,
};
use crate::upstream::{self, Installed, Upstream};

/// Runs a challenge, tells what came of it, and gives the exit code.
pub(crate) fn run(args: &RunArgs) -> u8 {
    let challenge = match challenge::find(&args.challenge) {
        Ok(challenge) => challenge,
        Err(text) => return complain(exit::BAD_ARGUMENTS, &text),
    };
    if args.bin.is_none() && !args.arguments.is_empty() {
        let text = "arguments after -- are for the program of --bin, and none was given";
        return complain(exit::BAD_ARGUMENTS, text);
    }
    let settings = args.settings.apply((challenge.settings)());
    if let Err(error) = settings.validate() {
        return complain(exit::BAD_ARGUMENTS, &error.to_string());
    }
    let refused = match args.upstream {
        true => upstream::refused(&settings, args.seed),
        false if args.real || args.bin.is_some() => refused_by_programs(&settings),
        false => None,
    };
    if let Some(text) = refused {
        return complain(exit::BAD_ARGUMENTS, &text);
    }
    let strategy = match challenge.strategy(args.strategy.as_deref()) {
        Ok(strategy) => strategy,
        Err(text) => return complain(exit::BAD_ARGUMENTS, &text),
    };
    // Nothing is wrong with the arguments where no Maelstrom is installed, so
    // the code is that of a run that could not be made.
    let installed = match args.upstream.then(Installed::find).transpose() {
        Ok(installed) => installed,
        Err(text) => return complain(exit::CRASHED, &text),
    };
    let nodes = match nodes(args, challenge, strategy) {
        Ok(nodes) => nodes,
        Err(text) => return complain(exit::CRASHED, &text),
    };
    let nodes = match (nodes, installed) {
        (Nodes::Program(program, arguments), Some(installed)) => {
            let upstream = Upstream {
                installed,
                name: challenge.id,
                thresholds: challenge.thresholds(&settings),
                settings,
                program: (program, arguments),
                store: args.store.clone(),
                command: command(args, None),
                console: args.console,
            };
            return upstream.run();
        }
        (nodes, _) => nodes,
    };
    let seed = args.seed.unwrap_or_else(new_seed);
    let session = Session {
        name: challenge.id,
        thresholds: challenge.thresholds(&settings),
        settings,
        seed,
        nodes,
        strict: true,
        lenient: None,
        store: args.store.clone(),
        page: args.page,
        command: command(args, Some(seed)),
        console: args.console,
    };
    session.run()
}

/// Values in this process, or a program if processes are to run.
fn nodes(args: &RunArgs, challenge: &Challenge, strategy: &str) -> Result<Nodes, String> {
    if let Some(program) = &args.bin {
        return match missing(program) {
            None => Ok(Nodes::Program(program.clone(), args.arguments.clone())),
            Some(text) => Err(text),
        };
    }
    if args.real || args.upstream {
        let arguments = match strategy {
            "" => Vec::new(),
            strategy => vec!["--strategy".into(), strategy.into()],
        };
        let program = solution(challenge.solution.program)?;
        return Ok(Nodes::Program(program, arguments));
    }
    (challenge.solution.host)(strategy).map(Nodes::InProcess)
}

/// The program of a solution, which lies beside this one.
fn solution(name: &str) -> Result<PathBuf, String> {
    // Under `cargo run` it is built first, like the command itself.
    if let (Some(cargo), Some(_)) = (
        std::env::var_os("CARGO"),
        std::env::var_os("CARGO_MANIFEST_DIR"),
    ) {
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--package", name]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        if !build.status().is_ok_and(|status| status.success()) {
            return Err(format!(
                "the program of the solution `{name}` could not be built"
            ));
        }
    }
    let beside = std::env::current_exe().ok();
    let beside = beside.and_then(|command| Some(command.parent()?.join(name)));
    match beside {
        Some(program) if program.is_file() => Ok(program),
        Some(program) => Err(format!(
            "the program of the solution is missing: {}. `cargo build --release --workspace` makes it",
            program.display()
        )),
        None => Err("the folder of this command is unknown, so is that of the solutions".into()),
    }
}

/// The command that does the same again.
fn command(args: &RunArgs, seed: Option<u64>) -> String {
    let mut words = vec!["cargo glomers run".to_owned(), args.challenge.clone()];
    words.extend(
        args.strategy
            .as_ref()
            .map(|strategy| format!("--strategy {strategy}")),
    );
    words.extend(args.settings.flags());
    match &args.bin {
        Some(program) => words.push(format!("--bin {}", quoted(&program.to_string_lossy()))),
        None if args.real => words.push("--real".into()),
        None => {}
    }
    words.extend(args.upstream.then(|| "--upstream".to_owned()));
    if args.store != Path::new("store") {
        words.push(format!("--store {}", quoted(&args.store.to_string_lossy())));
    }
    words.extend(seed.map(|seed| format!("--seed {seed}")));
    words.extend(for_the_node(&args.arguments));
    words.join(" ")
}
