//! Nodes as processes: right ones, and each way of being wrong.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use maelstrom_sim::{Outcome, Pace, Process, Run, Settings, Verdict, Workload};
use tempfile::TempDir;

/// A script as a node.
pub(crate) struct Script {
    pub(crate) folder: TempDir,
    pub(crate) program: PathBuf,
}

impl Script {
    pub(crate) fn new(text: &str) -> Self {
        Self::of("/bin/sh", text)
    }

    /// A script for this interpreter.
    pub(crate) fn of(interpreter: &str, text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("node");
        std::fs::write(&program, format!("#!{interpreter}\n{text}\n")).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        Self { folder, program }
    }

    fn run(&self) -> Outcome {
        self.run_with(echoes())
    }

    pub(crate) fn run_with(&self, settings: Settings) -> Outcome {
        let logs = self.folder.path().join("logs");
        let host = Process::new(&self.program, ["an argument"], logs);
        Run::new(settings, 1, host).pace(Pace::Real).execute()
    }

    pub(crate) fn failure(&self) -> String {
        self.run().failure.expect("the run fails").to_string()
    }

    /// What a node wrote to standard error.
    pub(crate) fn log(&self, node: &str) -> String {
        let path = self.folder.path().join(format!("logs/{node}.log"));
        std::fs::read_to_string(path).unwrap()
    }
}

/// Two nodes, and two seconds of echoes.
pub(crate) fn echoes() -> Settings {
    Settings::new(Workload::Echo)
        .node_count(2)
        .rate(20.0)
        .time_limit(2)
}

/// Answers `init` and `echo` with nothing but the shell's own means.
const ECHO: &str = r#"
echo "$1 of $$ in $(pwd)" >&2
while read -r line; do
  field() { printf '%s' "$line" | sed "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/"; }
  answer() {
    printf '{"src":"%s","dest":"%s","body":{%s,"in_reply_to":%s}}\n' \
      "$(field dest)" "$(field src)" "$1" "$(field msg_id)"
  }
  case "$line" in
    *'"type":"init"'*) answer '"type":"init_ok"' ;;
    *'"type":"echo"'*) answer "\"type\":\"echo_ok\",\"echo\":\"$(field echo)\"" ;;
  esac
done
"#;

#[test]
fn a_right_node_passes_and_its_log_is_kept() {
    let script = Script::new(ECHO);
    let outcome = script.run();
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    let results = outcome.check();
    assert_eq!(results.verdict(), Verdict::Valid, "{}", results.story());
    assert!(results.stats.all.ok_count > 10);
    let log = script.log("n1");
    assert!(log.starts_with("an argument of "), "{log}");
}

#[test]
fn nothing_is_left_running() {
    let script = Script::new(&format!("sleep 987654 & \n{ECHO}"));
    let outcome = script.run();
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    std::thread::sleep(Duration::from_millis(100));
    for log in ["n0", "n1"].map(|node| script.log(node)) {
        let process = log.split_whitespace().nth(3).unwrap();
        assert!(!alive(process), "the node {process} still runs");
    }
    assert_eq!(running("987654"), 0, "what the node started still runs");
}

/// How many processes run with this in their command line.
pub(crate) fn running(text: &str) -> usize {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = processes.map(|entry| std::fs::read(entry.path().join("cmdline")));
    lines
        .filter(|line| {
            let line = line.as_deref().unwrap_or_default();
            String::from_utf8_lossy(line).contains(text)
        })
        .count()
}

pub(crate) fn alive(process: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}

#[test]
fn a_missing_program_is_named() {
    let script = Script::new("");
    std::fs::remove_file(&script.program).unwrap();
    let failure = script.failure();
    assert!(failure.contains("n0 could not be started"), "{failure}");
    assert!(
        failure.contains(script.program.to_str().unwrap()),
        "{failure}"
    );
}

#[test]
fn a_crash_is_told_at_once_with_the_last_words_and_the_log() {
    let script = Script::new("read line; echo 'the disk is made of cheese' >&2; exit 3");
    let start = Instant::now();
    let failure = script.failure();
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    assert!(failure.contains("exit status: 3"), "{failure}");
    assert!(failure.contains("the disk is made of cheese"), "{failure}");
    assert!(
        failure.contains("logs/n") && failure.contains(".log"),
        "{failure}"
    );
}

#[test]
fn a_line_that_is_not_json_is_quoted() {
    let script = Script::new("echo 'Listening on port 8080'; sleep 60");
    let failure = script.failure();
    assert!(failure.contains("printed a line"), "{failure}");
    assert!(failure.contains("Listening on port 8080"), "{failure}");
    assert!(failure.contains("expected value"), "{failure}");
    assert!(failure.contains("logs/n"), "{failure}");
}

#[test]
fn a_message_to_nobody_says_what_is_missing() {
    let script = Script::new(r#"echo '{"src":"n0","body":{}}'; sleep 60"#);
    let failure = script.failure();
    assert!(failure.contains("missing field `dest`"), "{failure}");
}

#[test]
fn a_node_that_never_answers_init_is_named_after_ten_seconds() {
    let script = Script::new("sleep 60");
    let start = Instant::now();
    let failure = script.failure();
    assert!(
        failure.contains("did not take its init: no answer within 10 s"),
        "{failure}"
    );
    assert!(failure.contains("logs/n0.log"), "{failure}");
    assert!(
        (9..20).contains(&start.elapsed().as_secs()),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn an_answer_without_a_newline_is_shown_for_what_it_is() {
    let answer = r#"{"src":"n0","dest":"c0","body":{"type":"init_ok","in_reply_to":1}}"#;
    let script = Script::new(&format!("read line; printf '%s' '{answer}'; sleep 60"));
    let failure = script.failure();
    assert!(failure.contains("n0 did not take its init"), "{failure}");
    let begun =
        format!("began a line that has no newline yet, and nobody reads half a line: {answer}");
    assert!(failure.contains(&begun), "{failure}");
}

#[test]
fn a_program_that_can_not_be_run_says_what_to_look_at() {
    let script = Script::new(ECHO);
    std::fs::set_permissions(&script.program, PermissionsExt::from_mode(0o644)).unwrap();
    let failure = script.failure();
    assert!(failure.contains("chmod +x"), "{failure}");
    let failure = Script::of("/no/such/interpreter", "").failure();
    assert!(failure.contains("the interpreter"), "{failure}");
    let script = Script::new(ECHO);
    std::fs::write(&script.program, "neither a script nor a program\n").unwrap();
    let failure = script.failure();
    assert!(failure.contains("begins with #!"), "{failure}");
}

#[test]
fn virtual_time_is_refused() {
    let script = Script::new(ECHO);
    let settings = Settings::new(Workload::Echo);
    let host = Process::new(&script.program, [""; 0], script.folder.path());
    let failure = Run::new(settings, 1, host).execute().failure.unwrap();
    assert!(failure.to_string().contains("real time"), "{failure}");
}
