//! Runs of programs in real time: ours, and those that misbehave.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
#[cfg(target_os = "linux")]
use std::time::Duration;

#[cfg(target_os = "linux")]
use rustix::process::{Pid, Signal, kill_process};

use super::{Run, glomers, results};

/// Verdicts are the same as under virtual time. Each takes the time it takes.
#[test]
fn our_programs_pass_in_real_time_as_they_do_in_virtual_time() {
    let runs = [
        "echo",
        "unique-ids",
        "broadcast-a",
        "broadcast-b",
        "broadcast-c",
    ]
    .map(|challenge| {
        std::thread::spawn(move || {
            let store = tempfile::tempdir().unwrap();
            let rate = if challenge == "unique-ids" {
                " --rate 200"
            } else {
                ""
            };
            let words = format!("run {challenge} --seed 1 --time-limit 4{rate}");
            let virtual_time = glomers(store.path(), &words);
            let real = glomers(store.path(), &format!("{words} --real"));
            (challenge, virtual_time, real, results(store.path()))
        })
    });
    for run in runs {
        let (challenge, virtual_time, real, results) = run.join().unwrap();
        assert_eq!(
            (virtual_time.code, real.code),
            (0, 0),
            "{challenge}: {real:?}"
        );
        assert!(real.out.contains("real time"), "{challenge}: {real:?}");
        assert!(
            results["stats"]["ok-count"].as_u64() > Some(5),
            "{challenge}: {results}"
        );
    }
}

fn script(folder: &Path, text: &str) -> String {
    let path = folder.join("node.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    path.display().to_string()
}

fn run_script(text: &str) -> (Run, serde_json::Value) {
    let store = tempfile::tempdir().unwrap();
    let program = script(store.path(), text);
    let run = glomers(
        store.path(),
        &format!("run echo --bin {program} --time-limit 2"),
    );
    let results = results(store.path());
    (run, results)
}

#[test]
fn a_crash_ends_the_run_with_255_the_node_and_its_log() {
    let (run, results) = run_script("read line; echo 'out of cheese' >&2; exit 7");
    assert_eq!(run.code, 255, "{run:?}");
    for part in [
        "n0 ended",
        "exit status: 7",
        "out of cheese",
        "node-logs/n0.log",
    ] {
        assert!(run.err.contains(part), "`{part}` is not in {}", run.err);
    }
    assert_eq!(results["valid?"], "unknown");
    assert!(results["error"].as_str().unwrap().contains("n0 ended"));
}

#[test]
fn a_debug_print_ends_the_run_with_255_the_line_and_the_log() {
    let (run, _) = run_script("echo 'ready!'; sleep 30");
    assert_eq!(run.code, 255, "{run:?}");
    for part in [
        "n0 printed a line",
        "ready!",
        "standard error",
        "node-logs/n0.log",
    ] {
        assert!(run.err.contains(part), "`{part}` is not in {}", run.err);
    }
}

/// A run of one node whose echoes are wrong, its files in `store`.
fn wrong_echoes(store: &Path, text: &str) -> Run {
    let program = script(store, text);
    let words = format!("test -w echo --bin {program} --nodes n1 --time-limit 1 --no-report");
    let run = glomers(store, &format!("{words} --store {}", store.display()));
    assert_eq!(run.code, 1, "{run:?}");
    run
}

/// However large what a node says is, the terminal stays readable.
#[test]
fn a_huge_value_is_shown_in_part() {
    let store = tempfile::tempdir().unwrap();
    let huge = r#"x=$(head -c 100000 /dev/zero | tr '\0' x)
number=0
while read line; do
  number=$((number + 1))
  case "$line" in
    *init*) body='"type":"init_ok","in_reply_to":1'; to=c0 ;;
    *) body='"type":"echo_ok","echo":"'$x'","in_reply_to":'$((number - 1)); to=c2 ;;
  esac
  printf '{"src":"n1","dest":"%s","body":{%s}}\n' $to "$body"
done"#;
    let run = wrong_echoes(store.path(), huge);
    assert!(run.out.contains("xxx…\n"), "{run:?}");
    assert!(run.out.len() < 20_000, "{} bytes", run.out.len());
    let told = results(store.path())["story"].as_str().unwrap().len();
    assert!(told > 100_000, "{told}");
}

/// What nobody answers takes its time all the same.
#[test]
fn the_time_of_a_run_counts_up_to_the_end_of_its_last_operation() {
    let store = tempfile::tempdir().unwrap();
    let silent = r#"read line
echo '{"src":"n1","dest":"c0","body":{"type":"init_ok","in_reply_to":1}}'
sleep 60"#;
    let run = wrong_echoes(store.path(), silent);
    let (before, _) = run.out.split_once(" s of the run's time").unwrap();
    let seconds = before.lines().last().unwrap().parse::<f64>().unwrap();
    assert!((5.0..10.0).contains(&seconds), "{run:?}");
    assert!(run.out.contains("1 info with net-timeout"), "{run:?}");
    // To do it again leaves its files in the same store.
    let again = run.out.lines().last().unwrap();
    let store = format!(" --store {} ", store.path().display());
    assert!(again.contains(&store), "{again}");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let store = tempfile::tempdir().unwrap();
    let run = glomers(store.path(), "run echo --bin /nowhere/at/all");
    assert_eq!(run.code, 255);
    assert!(
        run.err
            .contains("there is no program /nowhere/at/all: --bin is the path of a file")
            && run.err.contains("arguments go after --"),
        "{}",
        run.err
    );
}

/// Programs run in the system's folder for temporary files.
#[test]
fn a_folder_that_is_not_there_is_not_taken_for_an_interpreter() {
    let store = tempfile::tempdir().unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_glomers"))
        .args(["test", "-w", "echo", "--bin", "/bin/sh", "--store"])
        .arg(store.path())
        .env("TMPDIR", "/no/such/folder")
        .output()
        .unwrap();
    let error = String::from_utf8(run.stderr).unwrap();
    assert!(
        error.contains("could not be started: /no/such/folder"),
        "{error}"
    );
    assert!(!error.contains("interpreter"), "{error}");
}

#[test]
fn arguments_after_two_hyphens_reach_the_program() {
    let store = tempfile::tempdir().unwrap();
    let program = script(store.path(), "echo \"got: $*\" >&2; exit 1");
    let run = glomers(
        store.path(),
        &format!("run echo --bin {program} -- --strategy quick"),
    );
    assert!(run.err.contains("got: --strategy quick"), "{}", run.err);
    assert!(run.out.contains("-- --strategy quick"), "{}", run.out);
}

/// Takes its init, and then hears everything and says nothing.
const SILENT: &str = r#"echo 'hello from the node' >&2
read line
echo '{"src":"n0","dest":"c0","body":{"type":"init_ok","in_reply_to":1}}'
while read line; do :; done"#;

#[cfg(target_os = "linux")]
#[test]
fn no_node_outlives_the_terminal() {
    let store = tempfile::tempdir().unwrap();
    let pid = store.path().join("pid");
    let text = format!("echo $$ > {}; exec sleep 600", pid.display());
    let program = script(store.path(), &text);
    let mut run = Command::new(env!("CARGO_BIN_EXE_glomers"))
        .args(["test", "-w", "echo", "--node-count", "1", "--bin", &program])
        .args(["--store", "store"])
        .current_dir(store.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut pids = (0..500).map(|_| {
        std::thread::sleep(Duration::from_millis(20));
        std::fs::read_to_string(&pid).unwrap_or_default()
    });
    let pid = pids.find(|pid| pid.ends_with('\n')).unwrap();
    kill_process(Pid::from_child(&run), Signal::HUP).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(255));
    assert!(!Path::new("/proc").join(pid.trim()).exists());
}

#[test]
fn the_last_words_of_a_node_need_no_newline() {
    let store = tempfile::tempdir().unwrap();
    let program = script(store.path(), "printf 'out of cheese' >&2; exit 7");
    let words = format!("test -w echo --nodes n1 --bin {program} --log-stderr");
    let run = glomers(
        store.path(),
        &format!("{words} --store {}", store.path().display()),
    );
    assert!(run.err.contains("n1: out of cheese"), "{run:?}");
}

#[test]
fn what_nodes_say_is_printed_while_the_run_is_under_way() {
    let store = tempfile::tempdir().unwrap();
    let program = script(store.path(), SILENT);
    let mut run = Command::new(env!("CARGO_BIN_EXE_glomers"))
        .args(["test", "-w", "echo", "--node-count", "1", "--bin", &program])
        .args(["--log-stderr", "--log-net-send", "--log-net-recv"])
        .arg("--store")
        .arg(store.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(run.stderr.take().unwrap()).lines();
    let mut wanted = vec![
        "n0: hello from the node",
        r#"send c0 -> n0 {"type":"init""#,
        "recv n0 -> c0",
        r#"{"type":"echo""#,
    ];
    for line in lines {
        let line = line.unwrap();
        wanted.retain(|part| !line.contains(part));
        if wanted.is_empty() {
            break;
        }
    }
    let ended = store.path().join("latest").exists();
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(
        wanted.is_empty() && !ended,
        "{wanted:?} came too late, or not at all"
    );
}
