//! Bad arguments: each is named, with what is allowed, and nothing runs.

use super::glomers;

/// Refused with 254, with these words, and without a trace in the store.
fn refused(words: &str, expected: &[&str]) {
    let store = tempfile::tempdir().unwrap();
    let run = glomers(store.path(), words);
    assert_eq!(run.code, 254, "{words}: {run:?}");
    assert_eq!(run.out, "", "{words}");
    for part in expected {
        assert!(
            run.err.contains(part),
            "{words}: `{part}` is not in {}",
            run.err
        );
    }
    assert_eq!(
        std::fs::read_dir(store.path()).unwrap().count(),
        0,
        "{words}"
    );
}

#[test]
fn an_unknown_challenge_lists_those_there_are_and_the_nearest() {
    refused(
        "run brodcast-c",
        &[
            "no challenge `brodcast-c`",
            "Did you mean `broadcast-c`?",
            "echo, unique-ids, broadcast-a",
        ],
    );
}

#[test]
fn a_value_out_of_range_says_what_is_allowed() {
    refused(
        "run echo --rate -1",
        &["--rate", "-1", "a number from 0 to"],
    );
    refused("run echo --time-limit -5", &["--time-limit", "-5"]);
    refused("run echo --rate fast", &["a number from 0 to"]);
    refused("run echo --node-count 0", &["--node-count", "1.."]);
    refused("run echo --latency ten", &["--latency", "invalid digit"]);
    refused(
        "run echo --latency-dist normal",
        &["constant, uniform, exponential"],
    );
    refused(
        "run echo --topology ring",
        &["line, grid, tree, tree2, tree3, tree4, total"],
    );
    refused(
        "run echo --nemesis kil",
        &["unknown fault `kil`", "partition"],
    );
    refused("run echo --nemesis-interval 0", &["seconds from 1e-9"]);
    refused("run echo --concurrency 0n", &["2n"]);
    refused(
        "run echo --availability 1.5",
        &["`total`, or a number from 0 to 1"],
    );
    refused("run echo --seed many", &["--seed"]);
    for concurrency in ["99999999999", "99999999999n", "9223372036854775807n"] {
        refused(
            &format!("run echo --concurrency {concurrency}"),
            &["--concurrency can't be", "from one client to a million"],
        );
    }
    refused(
        "run kafka-a --key-count 4294967295",
        &["--key-count can't be 4294967295: expected a number from 1 to a million"],
    );
    refused(
        "sweep echo --from 18446744073709551615 --seeds 3",
        &["there are no 3 seeds from 18446744073709551615 on"],
    );
    refused(
        "results --only zzz",
        &["no challenge's id begins with `zzz`"],
    );
}

#[test]
fn a_file_for_results_is_looked_at_before_anything_runs() {
    let store = tempfile::tempdir().unwrap();
    let run = glomers(store.path(), "results --write /nonexistent/README.md");
    assert_eq!((run.code, run.out.as_str()), (255, ""), "{run:?}");
    assert!(
        run.err.starts_with("error: /nonexistent/README.md: "),
        "{run:?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_can_not_be_written_is_told_of_before_the_work() {
    for flag in ["--json", "--html"] {
        refused(
            &format!("compare broadcast-c {flag} /nowhere/compared"),
            &["/nowhere/compared can't be written: No such file"],
        );
    }
}

#[test]
fn a_file_of_nodes_names_some() {
    refused(
        "test -w echo --bin /bin/false --nodes-file /dev/null",
        &["/dev/null names no node"],
    );
}

#[test]
fn an_output_that_can_not_be_written_is_an_error_in_a_sentence() {
    let store = tempfile::tempdir().unwrap();
    let failing = "sweep kafka-b --strategy single --seeds 3 --time-limit 2";
    for words in ["list", failing] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_glomers"));
        command.args(words.split(' ')).current_dir(store.path());
        let output = command.stdout(full.unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(255), "{words}: {output:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            error.starts_with("error: failed printing to stdout"),
            "{error}"
        );
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn unknown_flags_and_stray_words_are_errors() {
    refused("run echo --latncy 10", &["--latncy", "--latency"]);
    refused(
        "run echo broadcast-c",
        &["unexpected argument 'broadcast-c'"],
    );
    refused(
        "run echo \u{2013}-nemesis partition",
        &["\u{2013}-nemesis", "typographic dash", "--"],
    );
    refused("run echo \u{2014}nemesis partition", &["typographic dash"]);
    refused("walk echo", &["walk"]);
    refused("run", &["<CHALLENGE>"]);
    refused("run echo -- extra", &["--bin"]);
}

/// As in Maelstrom's list of nodes.
#[test]
fn spaces_behind_commas_are_no_part_of_names() {
    let store = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_glomers"));
    command.args(["test", "-w", "echo", "--bin", "/bin/false"]);
    command
        .args(["--nodes", "a, b,  d", "--store"])
        .arg(store.path());
    assert_eq!(command.output().unwrap().status.code(), Some(255));
    let named = super::results(store.path())["settings"]["nodes"].clone();
    assert_eq!(named, serde_json::json!(["a", "b", "d"]));
}

/// Nobody but the system sets the clocks of processes.
#[test]
fn clocks_of_programs_are_not_skewed() {
    for words in [
        "test -w echo --bin /bin/cat",
        "run echo --bin /bin/cat",
        "run echo --real",
    ] {
        refused(
            &format!("{words} --nemesis partition,skew"),
            &["--nemesis can't be skew", "clocks of processes"],
        );
    }
}

#[test]
fn help_and_version_are_no_errors() {
    let store = tempfile::tempdir().unwrap();
    for words in ["--help", "help run", "list --help", "--version"] {
        let run = glomers(store.path(), words);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{words}");
    }
    assert!(
        glomers(store.path(), "help run")
            .out
            .contains("0 valid, 1 invalid, 2 unknown, 254")
    );
}

#[test]
fn the_list_is_the_table() {
    let store = tempfile::tempdir().unwrap();
    let run = glomers(store.path(), "list");
    assert_eq!(run.code, 0);
    insta::assert_snapshot!("list", run.out);
}

#[test]
fn an_unknown_strategy_lists_those_there_are() {
    refused(
        "run broadcast-e --strategy convergcast",
        &["no strategy `convergcast`", "flood", "convergecast"],
    );
    refused("run echo --strategy quick", &["there is one way only"]);
    refused(
        "run echo --bin /bin/cat --strategy quick",
        &["cannot be used with"],
    );
}

#[test]
fn test_refuses_what_maelstrom_refuses() {
    refused("test", &["--bin <FILE>"]);
    refused("test --bin /bin/cat -w brodcast", &["broadcast, echo"]);
    refused("test --bin /bin/cat --key-count 0", &["--key-count", "1.."]);
    refused("test --bin /bin/cat --nodes n1,n1", &["names that differ"]);
    refused("test --bin /bin/cat --nodes c1", &["clients"]);
    refused("test -w echo --bin /bin/cat --node a,b", &["`a,b`", "`,`"]);
    refused("test -w echo --bin /bin/cat -n ../x", &["`../x`", "`/`"]);
    refused(
        "test --bin /bin/cat --nodes a,seq-kv",
        &["`seq-kv`", "service"],
    );
    refused(
        "test --bin /bin/cat --time-limit 0",
        &["--time-limit", "1.."],
    );
    refused(
        "test --bin /bin/cat --services best",
        &["upstream, documented"],
    );
}

/// Maelstrom takes such a concurrency, and crashes at it: so does a script that
/// looks at exit codes see it here, with the reason.
#[test]
fn a_concurrency_that_lin_kv_has_no_use_for_has_maelstroms_exit_code() {
    let store = tempfile::tempdir().unwrap();
    for concurrency in ["", "--concurrency 3", "--concurrency 3n"] {
        let run = glomers(store.path(), &format!("test --bin /bin/cat {concurrency}"));
        assert_eq!(run.code, 255, "{concurrency}: {run:?}");
        assert!(run.err.contains("--concurrency can't be"), "{run:?}");
        assert!(run.err.contains("2n, or another multiple"), "{run:?}");
    }
}

/// Maelstrom's flags and defaults, from its own table of them.
#[test]
fn test_has_every_flag_of_maelstroms_with_its_default() {
    let default = "--workload lin-kv --nodes n1,n2,n3,n4,n5 --rate 5 --time-limit 60 --latency 0 \
                   --latency-dist constant --nemesis none --nemesis-interval 10 --topology grid \
                   --consistency-models strict-serializable --key-count 10 --max-txn-length 4 \
                   --max-writes-per-key 16 --test-count 1";
    // Without effect on the settings; a node that ends is told at once.
    let others = "--log-stderr --log-net-send --log-net-recv --leave-db-running --logging-json --no-ssh \
                  --strict-host-key-checking --username a --password b --ssh-private-key c";
    let settings = |flags: &str| {
        let store = tempfile::tempdir().unwrap();
        std::fs::write(store.path().join("nodes"), "x\ny\n").unwrap();
        let words = format!(
            "test --bin /bin/false --concurrency 2n --store {} {flags}",
            store.path().display()
        );
        let words = words.replace("STORE", &store.path().display().to_string());
        let run = glomers(store.path(), &words);
        assert_eq!(run.code, 255, "{run:?}");
        super::results(store.path())["settings"].clone()
    };
    let given = settings("");
    assert_eq!(given["rate"], 5.0, "{given}");
    assert_eq!(settings(default), given);
    // The last of several counts, and a number of nodes more than any names.
    let again = format!(
        "--rate 7 --topology line --nodes z --nodes a,b --consistency-models serializable {default}"
    )
    .replace("--nodes n1,n2,n3,n4,n5", "");
    let named = settings(&format!("{again} -n d --nodes-file STORE/nodes"));
    assert_eq!(named["rate"], 5.0, "{named}");
    assert_eq!(named["nodes"], serde_json::json!(["x", "y", "a", "b", "d"]));
    assert_eq!(named["consistency-models"], given["consistency-models"]);
    let counted = settings("--nodes a,b --node-count 2");
    assert_eq!(counted["nodes"], serde_json::json!(["n0", "n1"]));
    assert_eq!(settings(others), given);
    // These have a default that the others' runs show, or none.
    let help = glomers(tempfile::tempdir().unwrap().path(), "test --help").out;
    let words: Vec<&str> = help.split_whitespace().collect();
    let (_, shown) = words.split_at(words.iter().rposition(|word| *word == "own:").unwrap());
    let flags = shown[1..].iter().take_while(|word| **word != "Exit");
    let shown: Vec<&str> = flags.copied().collect();
    // A concurrency for any workload: that of lin-kv was given.
    let shown = shown.join(" ").replace("--concurrency 1n ", "");
    assert!(shown.starts_with("--rate 5 --time-limit 60 "), "{shown}");
    assert_eq!(settings(&shown), given);
    for workload in maelstrom_check::Workload::ALL {
        assert!(
            help.contains(workload.name()),
            "{workload} is not in {help}"
        );
    }
    for flag in [
        "--node-count",
        "--node <",
        "-n,",
        "-w,",
        "--nodes-file",
        "--concurrency",
        "--availability",
    ] {
        assert!(help.contains(flag), "{flag} is not in {help}");
    }
}
