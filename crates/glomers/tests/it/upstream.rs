//! `glomers run … --upstream`, on a script that stands in for Maelstrom: it
//! writes down what it was told, and leaves a store as Maelstrom does.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use assert_cmd::Command;

use super::{Run, results};

/// Half of what Maelstrom writes: enough for the table.
const RESULTS: &str = "{:perf {:valid? true},
 :stats {:valid? true, :count 203, :ok-count 200, :fail-count 2, :info-count 1},
 :availability {:valid? true, :ok-fraction 0.98522168},
 :net {:all {:send-count 3690, :recv-count 3690, :msg-count 3690, :msgs-per-op 18.17734},
       :clients {:send-count 426, :recv-count 426, :msg-count 426},
       :servers {:send-count 3264, :recv-count 3264, :msg-count 3264, :msgs-per-op 16.078817},
       :valid? true},
 :workload {:valid? VERDICT, :lost (), :stable-latencies {0 0, 0.5 84, 0.95 190, 0.99 196, 1 MOST}},
 :valid? VERDICT}";

const HISTORY: &str = "\
{:index 0, :time 1000000, :type :invoke, :process 0, :f :broadcast, :value 7}
{:index 1, :time 2000000, :type :ok, :process 0, :f :broadcast, :value 7}
{:index 2, :time 9000000, :type :invoke, :process 1, :f :read, :value nil, :final? true}
{:index 3, :time 9500000, :type :ok, :process 1, :f :read, :value VALUES, :final? true}
";

/// Leaves a store, as Maelstrom does: a folder for the run, and a link to it.
const LEAVE: &str = "\
run=store/broadcast/20260101T000000.000Z
mkdir -p \"$run/node-logs\"
ln -s broadcast/20260101T000000.000Z store/latest
cp \"$FAKE/results.edn\" \"$FAKE/history.edn\" \"$run\"
";

/// A folder with a script called `maelstrom`, which does this and no more.
struct Fake(tempfile::TempDir);

impl Fake {
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$FAKE/words\"\necho loud >&2\n{script}\n"
        );
        let file = folder.path().join("maelstrom");
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
        Self(folder)
    }

    /// One that finds this.
    fn finding(verdict: &str, most: &str, values: &str) -> Self {
        let fake = Self::new(LEAVE);
        let results = RESULTS.replace("VERDICT", verdict).replace("MOST", most);
        fs::write(fake.path("results.edn"), results).unwrap();
        fs::write(fake.path("history.edn"), HISTORY.replace("VALUES", values)).unwrap();
        fake
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn store(&self) -> PathBuf {
        self.path("kept")
    }

    /// Runs `glomers` with this Maelstrom in its `PATH`.
    fn run(&self, words: &str) -> Run {
        let path = std::env::var("PATH").unwrap();
        run(&self.store(), words, |command| {
            command.env("PATH", format!("{}:{path}", self.0.path().display()));
            command.env("FAKE", self.0.path());
        })
    }

    /// What Maelstrom was told.
    fn words(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("words")).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

fn run(store: &Path, words: &str, environment: impl Fn(&mut Command)) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glomers"));
    let (ours, theirs) = words.split_once(" -- ").unwrap_or((words, ""));
    command.arg("run").args(ours.split_whitespace());
    command.arg("--upstream").arg("--store").arg(store);
    if !theirs.is_empty() {
        command.arg("--").args(theirs.split_whitespace());
    }
    command.env_remove("MAELSTROM_HOME");
    environment(&mut command);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

#[test]
fn a_run_of_maelstroms_is_told_as_ours_are() {
    let fake = Fake::finding("true", "198", "[7]");
    let run = fake.run("broadcast-d --bin /bin/cat");
    assert_eq!(run.code, 0, "{run:?}");
    for line in [
        "pass verdict                       asked valid         measured valid",
        "pass messages per operation (all)  asked below 30      measured 18.177",
        "pass median stable latency         asked below 400 ms  measured 84 ms",
        "pass maximum stable latency        asked below 600 ms  measured 198 ms",
        "messages per operation   all 18.177, servers 16.079",
        "stable latency           median 84 ms, p95 190 ms, p99 196 ms, max 198 ms",
        "operations               200 ok, 2 fail, 1 info",
        "again: cargo glomers run broadcast-d --bin /bin/cat",
    ] {
        assert!(run.out.contains(line), "`{line}` is not in {}", run.out);
    }
    // Maelstrom's own words are in its log, not at the terminal.
    assert!(
        !run.out.contains("loud") && !run.err.contains("loud"),
        "{run:?}"
    );
    let latest = fake.store().join("latest");
    assert_eq!(
        fs::read_to_string(latest.join("maelstrom.log")).unwrap(),
        "loud\n"
    );
    // The files of the run are where those of every run are.
    for file in ["results.edn", "history.edn", "node-logs", "results.json"] {
        assert!(latest.join(file).exists(), "{file}");
    }
    assert_eq!(results(&fake.store())["challenge"], "broadcast-d");
}

#[test]
fn the_official_settings_and_ours_go_by_maelstroms_flags() {
    let fake = Fake::finding("true", "198", "[7]");
    let words = |arguments: &str| {
        fake.run(arguments);
        let words = fake.words();
        let shown: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(shown[..2], ["test", "--bin"]);
        shown[3..].join(" ")
    };
    let cat = "--bin /bin/cat";
    assert_eq!(
        words(&format!("broadcast-d {cat}")),
        "--workload broadcast --node-count 25 --rate 100 --time-limit 20 --latency 100"
    );
    assert_eq!(
        words(&format!(
            "txn-c {cat} --consistency-models read-committed,serializable -- --a b"
        )),
        "--workload txn-rw-register --node-count 2 --concurrency 2n --rate 1000 --time-limit 20 \
         --nemesis partition --availability total \
         --consistency-models read-committed , serializable -- --a b"
    );
    assert_eq!(
        words(&format!(
            "kafka-a {cat} --rate 0.5 --latency 10 --latency-dist uniform --topology line --nemesis kill,partition \
             --nemesis-interval 2.5 --key-count 3 --max-txn-length 2 --max-writes-per-key 7"
        )),
        "--workload kafka --node-count 1 --concurrency 2n --rate 0.5 --time-limit 20 --latency 10 \
         --latency-dist uniform --topology line --nemesis partition,kill --nemesis-interval 2.5 --key-count 3 \
         --max-txn-length 2 --max-writes-per-key 7"
    );
}

#[test]
fn its_words_are_passed_on_when_its_flags_for_them_are_given() {
    let fake = Fake::finding("true", "198", "[7]");
    let run = fake.run("broadcast-b --bin /bin/cat --log-stderr --log-net-recv");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("loud"), "{run:?}");
    let words = fake.words();
    assert_eq!(words[words.len() - 2..], ["--log-stderr", "--log-net-recv"]);
}

#[test]
fn without_a_program_it_is_our_node_with_its_strategy() {
    let fake = Fake::finding("true", "198", "[7]");
    let run = fake.run("broadcast-e --strategy flood");
    assert_eq!(run.code, 0, "{run:?}");
    let words = fake.words();
    assert!(
        words[2].ends_with("/broadcast") && words[2].starts_with('/'),
        "{words:?}"
    );
    assert_eq!(words[words.len() - 3..], ["--", "--strategy", "flood"]);
}

#[test]
fn its_verdicts_and_our_thresholds_give_our_exit_codes() {
    let invalid = Fake::finding("false", "198", "[]").run("broadcast-d --bin /bin/cat");
    assert_eq!(invalid.code, 1, "{invalid:?}");
    for part in [
        "FAIL verdict",
        "Maelstrom's check `workload` is invalid",
        "7 was added by process 0",
    ] {
        assert!(
            invalid.out.contains(part),
            "`{part}` is not in {}",
            invalid.out
        );
    }
    let unknown = Fake::finding(":unknown", "198", "[7]").run("broadcast-d --bin /bin/cat");
    assert_eq!(unknown.code, 2, "{unknown:?}");
    let slow = Fake::finding("true", "601", "[7]").run("broadcast-d --bin /bin/cat");
    assert_eq!(slow.code, 1, "{slow:?}");
    assert!(
        slow.out.contains("asked below 600 ms  measured 601 ms"),
        "{}",
        slow.out
    );
}

#[test]
fn what_our_stricter_checks_see_is_noted_beside_maelstroms_verdict() {
    let run = Fake::finding("true", "198", "[7 8]").run("broadcast-d --bin /bin/cat");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.out.contains("with our stricter checks it is invalid"),
        "{}",
        run.out
    );
}

#[test]
fn a_maelstrom_that_leaves_no_results_is_quoted() {
    let crashed = Fake::new("echo 'java: not found' >&2; exit 127").run("echo --bin /bin/cat");
    assert_eq!(crashed.code, 255, "{crashed:?}");
    for part in ["127", "left no results", "java: not found", "maelstrom.log"] {
        assert!(
            crashed.err.contains(part),
            "`{part}` is not in {}",
            crashed.err
        );
    }
    let refused = Fake::new("echo 'Must be one of partition'; exit 254");
    let refused = refused.run("echo --bin /bin/cat --nemesis pause");
    assert_eq!(refused.code, 254, "{refused:?}");
    assert!(
        refused.err.contains("Must be one of partition"),
        "{}",
        refused.err
    );
}

#[test]
fn maelstrom_home_comes_first() {
    let (home, other) = (Fake::finding("true", "1", "[7]"), Fake::new("exit 3"));
    let path = std::env::var("PATH").unwrap();
    let run = run(&home.store(), "broadcast-b --bin /bin/cat", |command| {
        command.env("MAELSTROM_HOME", home.0.path());
        command.env("PATH", format!("{}:{path}", other.0.path().display()));
        command.env("FAKE", home.0.path());
    });
    assert_eq!(run.code, 0, "{run:?}");
}

/// A relative folder in `PATH` is found from the folder of the run as well.
#[test]
fn a_relative_path_is_one_from_here() {
    let fake = Fake::finding("true", "1", "[7]");
    symlink("/bin/sh", fake.path("sh")).unwrap();
    let path = std::env::var("PATH").unwrap();
    let run = run(Path::new("kept"), "broadcast-b --bin ./sh", |command| {
        command.current_dir(fake.0.path());
        command
            .env("PATH", format!(".:{path}"))
            .env("FAKE", fake.0.path());
    });
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn where_none_is_installed_it_is_said_where_to_get_it() {
    let store = tempfile::tempdir().unwrap();
    let run = run(store.path(), "echo", |command| {
        command
            .env("MAELSTROM_HOME", "/nowhere")
            .env("PATH", "/nowhere/bin");
    });
    assert_eq!(run.code, 255, "{run:?}");
    for part in [
        "not installed",
        "MAELSTROM_HOME is /nowhere",
        "PATH has no folder",
        "https://github.com/jepsen-io/maelstrom/releases",
    ] {
        assert!(run.err.contains(part), "`{part}` is not in {}", run.err);
    }
    assert_eq!(fs::read_dir(store.path()).unwrap().count(), 0);
}

#[test]
fn what_maelstrom_does_not_have_is_refused() {
    let fake = Fake::finding("true", "198", "[7]");
    for (flags, expected) in [
        ("--seed 3", "--seed"),
        ("--nemesis loss,partition", "--nemesis loss"),
        ("--nemesis skew", "--nemesis skew"),
        ("--services documented", "--services documented"),
        (
            "--latency 0 --latency-dist uniform",
            "--latency-dist uniform",
        ),
    ] {
        let run = fake.run(&format!("broadcast-b --bin /bin/cat {flags}"));
        assert_eq!(run.code, 254, "{flags}: {run:?}");
        let expected = format!("--upstream can't be used with {expected}");
        assert!(run.err.contains(&expected), "{}", run.err);
        assert!(!fake.path("words").exists(), "{flags}");
    }
}
