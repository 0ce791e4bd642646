//! `glomers test`: Maelstrom's own command, for a node in any language.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;
use maelstrom_check::Workload;
use maelstrom_sim::{NodeId, Settings};

use crate::cli::SettingArgs;
use crate::exit;
use crate::report::PageArgs;
use crate::session::{
    Console, Nodes, Session, complain, for_the_node, missing, new_seed, quoted, refused_by_programs,
};

/// What `test` can be told: every flag of `maelstrom test`, with its default.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The program that runs a node. Its arguments go after `--`.
    #[arg(long, value_name = "FILE")]
    bin: PathBuf,

    /// What clients do: broadcast, echo, g-counter, g-set, kafka, lin-kv, pn-counter, txn-list-append,
    /// txn-rw-register or unique-ids.
    #[arg(short, long, default_value = "lin-kv")]
    workload: Workload,

    /// The nodes by name, separated by commas; n1 to n5 unless given. With --node-count none of the names counts.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', num_args = 1, action = clap::ArgAction::Set)]
    nodes: Vec<String>,

    /// A node by name; may be given several times.
    #[arg(short, long, value_name = "NAME")]
    node: Vec<String>,

    /// A file with the name of a node on each line.
    #[arg(long, value_name = "FILE")]
    nodes_file: Option<PathBuf>,

    /// Draw from this seed [default: a new one, which is printed].
    #[arg(long, allow_negative_numbers = true)]
    seed: Option<u64>,

    /// How many times to run; it stops at the first run that is not valid.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    test_count: u32,

    /// Judge as Maelstrom does, without the stricter checks.
    #[arg(long)]
    no_strict: bool,

    #[command(flatten)]
    console: Console,

    /// The folder that keeps what runs leave.
    #[arg(long, value_name = "FOLDER", default_value = "store")]
    store: PathBuf,

    #[command(flatten)]
    page: PageArgs,

    #[command(flatten)]
    settings: SettingArgs,

    #[command(flatten)]
    ignored: Ignored,

    /// Arguments for the program.
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<OsString>,
}

/// Flags that Maelstrom has from Jepsen and makes no use of, but for the one that
/// leaves nodes running. They are taken, so that a command written for it runs as
/// it is, and said to do nothing.
#[derive(Debug, Args)]
#[command(next_help_heading = "Without effect")]
struct Ignored {
    /// Nodes are always ended with the run.
    #[arg(long)]
    leave_db_running: bool,
    /// Logs are text.
    #[arg(long)]
    logging_json: bool,
    /// There are no machines to log in to.
    #[arg(long)]
    no_ssh: bool,
    /// There are no machines to log in to.
    #[arg(long)]
    strict_host_key_checking: bool,
    /// There are no machines to log in to.
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// There are no machines to log in to.
    #[arg(long, value_name = "WORD")]
    password: Option<String>,
    /// There are no machines to log in to.
    #[arg(long, value_name = "FILE")]
    ssh_private_key: Option<PathBuf>,
}

impl Ignored {
    /// The names of those that were given.
    fn given(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            ("--leave-db-running", self.leave_db_running),
            ("--logging-json", self.logging_json),
            ("--no-ssh", self.no_ssh),
            ("--strict-host-key-checking", self.strict_host_key_checking),
            ("--username", self.username.is_some()),
            ("--password", self.password.is_some()),
            ("--ssh-private-key", self.ssh_private_key.is_some()),
        ];
        all.into_iter()
            .filter_map(|(flag, given)| given.then_some(flag))
    }
}

/// Runs the test, as often as asked, and gives the exit code of the last run.
pub(crate) fn test(args: &TestArgs) -> u8 {
    let settings = match settings(args) {
        Ok(settings) => settings,
        Err((code, text)) => return complain(code, &text),
    };
    if let Some(text) = missing(&args.bin) {
        return complain(exit::CRASHED, &text);
    }
    for flag in args.ignored.given() {
        anstream::eprintln!("note: {flag} has no effect");
    }
    let first = args.seed.unwrap_or_else(new_seed);
    let mut code = exit::VALID;
    for turn in 0..u64::from(args.test_count) {
        let seed = first.wrapping_add(turn);
        let session = Session {
            name: args.workload.name(),
            settings: settings.clone(),
            seed,
            nodes: Nodes::Program(args.bin.clone(), args.arguments.clone()),
            thresholds: &[],
            strict: !args.no_strict,
            lenient: Some("--no-strict"),
            store: args.store.clone(),
            page: args.page,
            command: command(args, &settings, seed),
            console: args.console,
        };
        code = session.run();
        if code != exit::VALID {
            break;
        }
    }
    code
}

/// The settings that were asked for; or what is wrong with them, and the exit
/// code that it has on Maelstrom.
fn settings(args: &TestArgs) -> Result<Settings, (u8, String)> {
    let mut settings = Settings::new(args.workload);
    // In Jepsen's order.
    let mut names = Vec::new();
    if let Some(file) = &args.nodes_file {
        let text = std::fs::read_to_string(file);
        let text = text.map_err(|error| {
            let text = format!("{} can't be read: {error}", file.display());
            (exit::BAD_ARGUMENTS, text)
        })?;
        names.extend(text.split_whitespace().map(str::to_owned));
        if names.is_empty() {
            let text = format!("{} names no node: a line each is expected", file.display());
            return Err((exit::BAD_ARGUMENTS, text));
        }
    }
    // Spaces behind a comma are as good as none.
    names.extend(args.nodes.iter().map(|name| name.trim().to_owned()));
    names.extend(args.node.iter().cloned());
    if !names.is_empty() {
        settings.nodes = names.into_iter().map(NodeId::from).collect();
    }
    let settings = args.settings.apply(settings);
    match settings.validate() {
        Ok(()) => match refused_by_programs(&settings) {
            None => Ok(settings),
            Some(text) => Err((exit::BAD_ARGUMENTS, text)),
        },
        // Maelstrom takes this argument, and crashes while it makes the test.
        Err(error) if error.setting == "concurrency" => Err((exit::CRASHED, error.to_string())),
        Err(error) => Err((exit::BAD_ARGUMENTS, error.to_string())),
    }
}

/// The command that does the same again.
fn command(args: &TestArgs, settings: &Settings, seed: u64) -> String {
    let mut words = vec![
        "cargo glomers test".to_owned(),
        format!("-w {}", args.workload),
        format!("--bin {}", quoted(&args.bin.to_string_lossy())),
    ];
    let named = !args.nodes.is_empty() || !args.node.is_empty() || args.nodes_file.is_some();
    if named {
        let names: Vec<&str> = settings.nodes.iter().map(NodeId::as_str).collect();
        words.push(format!("--nodes {}", quoted(&names.join(","))));
    }
    words.extend(args.settings.flags());
    words.extend(args.no_strict.then(|| "--no-strict".to_owned()));
    if args.store != Path::new("store") {
        words.push(format!("--store {}", quoted(&args.store.to_string_lossy())));
    }
    words.push(format!("--seed {seed}"));
    words.extend(for_the_node(&args.arguments));
    words.join(" ")
}
