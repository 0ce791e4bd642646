//! Programs that do what no node should: each run of them ends soon, with a
//! word that helps, and nothing of them is left.

use std::time::{Duration, Instant};

use maelstrom_sim::{ProblemKind, Settings, Verdict, Workload};

use crate::processes::{Script, alive, echoes, running};

/// An echo node that does something beside it: `start` when it starts, `ready`
/// once it knows its `name`, both in Python.
struct Unruly<'a> {
    start: &'a str,
    ready: &'a str,
}

/// What every program here begins with.
const NODE: &str = r#"
import json, os, signal, subprocess, sys, time
def say(src, dest, body):
    line = json.dumps({"src": src, "dest": dest, "body": body}) + "\n"
    sys.stdout.write(line)
    sys.stdout.flush()
def serve():
    for line in sys.stdin:
        message = json.loads(line)
        body = message["body"]
        name = message["dest"]
        if body["type"] not in ("init", "echo"):
            continue
        answer = dict(body, type=body["type"] + "_ok", in_reply_to=body["msg_id"])
        del answer["msg_id"]
        if body["type"] == "init":
            print("pid", os.getpid(), file=sys.stderr, flush=True)
            say(name, message["src"], {"type": "init_ok", "in_reply_to": body["msg_id"]})
            ready(name)
        else:
            say(name, message["src"], answer)
"#;

impl Unruly<'_> {
    /// The program; nothing, with a word, where there is no Python.
    fn script(&self) -> Option<Script> {
        if !python_is_here() {
            return None;
        }
        let ready = self.ready.trim().replace('\n', "\n    ");
        let text = format!(
            "{NODE}\ndef ready(name):\n    pass\n    {ready}\n{}\nserve()\n",
            self.start.trim()
        );
        Some(Script::of("/usr/bin/env python3", &text))
    }

    /// Runs it until it fails, within seconds and in few words.
    fn failure(&self, settings: Settings) -> Option<String> {
        let script = self.script()?;
        let start = Instant::now();
        let failure = script.run_with(settings).failure;
        let failure = failure.expect("the run fails").to_string();
        assert!(start.elapsed() < Duration::from_secs(30), "{failure}");
        assert!(failure.len() < 10_000, "{failure}");
        nothing_is_left(&script);
        Some(failure)
    }
}

pub(crate) fn python_is_here() -> bool {
    let found = std::process::Command::new("python3")
        .arg("--version")
        .output();
    if found.is_err() {
        eprintln!("skipped: there is no python3 here");
    }
    found.is_ok()
}

/// No node of the run lives.
pub(crate) fn nothing_is_left(script: &Script) {
    for entry in std::fs::read_dir(script.folder.path().join("logs")).unwrap() {
        let log = std::fs::read(entry.unwrap().path()).unwrap();
        let log = String::from_utf8_lossy(&log);
        let lives = log.lines().filter_map(|line| line.strip_prefix("pid "));
        for process in lives {
            assert!(!alive(process), "{process} still runs");
        }
    }
}

#[test]
fn a_flood_of_messages_is_ended_before_it_fills_the_memory() {
    let flood = Unruly {
        start: "",
        ready: r#"
while name == "n0":
    sys.stdout.write((json.dumps({"src": "n0", "dest": "n1", "body": {"type": "drop"}}) + "\n") * 1000)
"#,
    };
    let Some(failure) = flood.failure(echoes().memory_limit(50 << 20)) else {
        return;
    };
    assert!(failure.starts_with("n0 floods the network: "), "{failure}");
}

#[test]
fn a_line_of_fifty_megabytes_is_quoted_in_part() {
    let garbage = Unruly {
        start: r#"print("x" * 50_000_000, flush=True)"#,
        ready: "",
    };
    let Some(failure) = garbage.failure(echoes()) else {
        return;
    };
    assert!(failure.contains("printed a line"), "{failure}");
    assert!(failure.contains("xxxxx"), "{failure}");
}

#[test]
fn a_line_without_end_is_cut() {
    let endless = Unruly {
        start: r#"
while True:
    sys.stdout.write("x" * 1_000_000)
"#,
        ready: "",
    };
    let Some(failure) = endless.failure(echoes()) else {
        return;
    };
    assert!(failure.contains("longer than 64 MB"), "{failure}");
}

#[test]
fn a_message_of_fifty_megabytes_is_carried() {
    let heavy = Unruly {
        start: "",
        ready: r#"
if name == "n0":
    say("n0", "n1", {"type": "heavy", "load": "x" * 50_000_000})
"#,
    };
    let Some(script) = heavy.script() else { return };
    let outcome = script.run_with(echoes().time_limit(4));
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    let sizes = outcome
        .journal
        .messages
        .iter()
        .map(|m| m.body.as_str().len());
    assert!(sizes.max().unwrap() > 50_000_000);
    assert!(outcome.check().stats.all.ok_count > 10);
    nothing_is_left(&script);
}

#[test]
fn a_node_that_closes_a_stream_is_named_and_quoted() {
    for (stream, name) in [("stdin", "input"), ("stdout", "output")] {
        let close = format!(
            "print('no more {name}', file=sys.stderr, flush=True)\nos.close(sys.{stream}.fileno())\ntime.sleep(600)"
        );
        let closes = Unruly {
            start: "",
            ready: &close,
        };
        let Some(failure) = closes.failure(echoes()) else {
            return;
        };
        let closed = format!("closed its standard {name} by ");
        assert!(failure.contains(&closed), "{failure}");
        assert!(failure.contains(&format!("no more {name}")), "{failure}");
        assert!(failure.contains("/logs/n"), "{failure}");
    }
}

#[test]
fn no_signal_is_asked_for_politely() {
    let deaf = Unruly {
        start: r#"
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGTSTP):
    signal.signal(number, signal.SIG_IGN)
"#,
        ready: "",
    };
    let Some(script) = deaf.script() else { return };
    let outcome = script.run_with(echoes());
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    assert_eq!(outcome.check().verdict(), Verdict::Valid);
    nothing_is_left(&script);
}

#[test]
fn children_in_the_group_or_out_of_it_end_with_the_run() {
    let parent = Unruly {
        start: r#"
subprocess.Popen(["sleep", "987655"])
subprocess.Popen(["sleep", "987655"], start_new_session=True)
"#,
        ready: "",
    };
    let Some(script) = parent.script() else {
        return;
    };
    let outcome = script.run_with(echoes());
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    nothing_is_left(&script);
    // Only where there is a /proc can those be found that left the group.
    #[cfg(target_os = "linux")]
    assert_eq!(running("987655"), 0);
}

#[test]
fn an_end_is_told_at_once_though_a_child_holds_the_pipes() {
    let gone = Unruly {
        start: r#"subprocess.Popen(["sleep", "987656"], start_new_session=True)"#,
        ready: "print('farewell', file=sys.stderr, flush=True)\nos._exit(0)",
    };
    let start = Instant::now();
    let Some(failure) = gone.failure(echoes()) else {
        return;
    };
    assert!(
        failure.contains("ended at") && failure.contains("exit status: 0"),
        "{failure}"
    );
    assert!(failure.contains("farewell"), "{failure}");
    assert!(
        start.elapsed() < Duration::from_secs(8),
        "{:?}",
        start.elapsed()
    );
    #[cfg(target_os = "linux")]
    assert_eq!(running("987656"), 0);
}

#[test]
fn a_log_of_hundreds_of_megabytes_is_cut_and_hurts_nobody() {
    let chatty = Unruly {
        start: "",
        ready: r#"
if name == "n0":
    for _ in range(1500):
        sys.stderr.write("the same line again and again, it says nothing\n" * 2000)
"#,
    };
    let Some(script) = chatty.script() else {
        return;
    };
    let outcome = script.run_with(echoes().time_limit(4));
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    let log = std::fs::metadata(script.folder.path().join("logs/n0.log")).unwrap();
    assert!((60 << 20..70 << 20).contains(&log.len()), "{}", log.len());
    nothing_is_left(&script);
}

#[test]
fn a_node_that_does_not_read_is_told_of_and_the_run_goes_on() {
    let deaf = Unruly {
        start: "",
        ready: r#"
if name == "n0":
    print("reading no more", file=sys.stderr, flush=True)
    time.sleep(600)
say("n1", "n0", {"type": "heavy", "load": "x" * 1_000_000})
"#,
    };
    let Some(script) = deaf.script() else { return };
    let outcome = script.run_with(echoes().time_limit(6));
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    let unread = outcome
        .notices
        .iter()
        .find(|problem| matches!(problem.kind, ProblemKind::Unread { .. }));
    let unread = unread.expect("somebody tells").to_string();
    assert!(
        unread.starts_with("n0 does not read its standard input"),
        "{unread}"
    );
    assert!(unread.contains("reading no more"), "{unread}");
    nothing_is_left(&script);
}

#[test]
fn a_node_that_reads_nothing_at_all_does_not_take_its_init() {
    let deaf = Unruly {
        start: "print('asleep', file=sys.stderr, flush=True)\ntime.sleep(600)",
        ready: "",
    };
    let Some(failure) = deaf.failure(echoes()) else {
        return;
    };
    assert!(failure.contains("n0 did not take its init"), "{failure}");
    assert!(failure.contains("asleep"), "{failure}");
}

#[test]
fn a_node_that_does_not_take_the_topology_is_quoted() {
    let ignorant = Unruly {
        start: "print('a topology, really', file=sys.stderr, flush=True)",
        ready: "",
    };
    let mut settings = echoes();
    settings.workload = Workload::Broadcast;
    let Some(failure) = ignorant.failure(settings) else {
        return;
    };
    let refused = "did not take the `topology` that the workload begins with: no answer in time";
    assert!(failure.contains(refused), "{failure}");
    assert!(failure.contains("a topology, really"), "{failure}");
    assert!(failure.contains("/logs/n"), "{failure}");
}
