//! Bad luck, on real pipes: readers that go away, writers that stop, files in
//! place of pipes, huge bodies, and a million lines of rubbish.

use std::fs::File;
use std::io::{BufRead, Read, Write};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::process::{Process, example};
use crate::wire::Wire;

#[test]
fn a_reader_that_goes_away_ends_the_node_without_a_fault() {
    let mut node = Process::start("echo");
    // A pipe that nobody writes to takes the place of the node's.
    let (silent, _) = std::io::pipe().unwrap();
    let silent = std::os::fd::OwnedFd::from(silent);
    node.output = std::io::BufReader::new(silent.into());
    let echo = r#"{"src":"c1","dest":"n0","body":{"type":"echo","echo":1,"msg_id":2}}"#;
    // A process that another test is about to start has the pipe for a moment.
    while node.child.try_wait().unwrap().is_none() {
        let input = node.child.stdin.as_mut().unwrap();
        // The node may be gone by now.
        let _ = writeln!(input, "{echo}");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let log = node.log();
    assert!(log.contains("nobody reads the output any more"), "{log}");
}

#[cfg(target_os = "linux")]
#[test]
fn output_and_log_in_one_pipe_that_is_slowly_read_is_no_fault() {
    use std::os::fd::AsRawFd;

    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut node = Command::new(example("echo"))
        .env("RUST_LOG", "trace")
        .stdin(Stdio::piped())
        .stdout(writer.try_clone().unwrap())
        .stderr(writer.try_clone().unwrap())
        .spawn()
        .unwrap();
    let mut input = node.stdin.take().unwrap();
    let feed = std::thread::spawn(move || {
        let init = json!({"type": "init", "msg_id": 1, "node_id": "n0", "node_ids": ["n0"]});
        writeln!(
            input,
            "{}",
            json!({"src": "c0", "dest": "n0", "body": init})
        )
        .unwrap();
        for msg_id in 2..2000 {
            let echo = json!({"type": "echo", "msg_id": msg_id, "echo": "a".repeat(100)});
            writeln!(
                input,
                "{}",
                json!({"src": "c1", "dest": "n0", "body": echo})
            )
            .unwrap();
            writeln!(input, "no message").unwrap();
        }
    });
    // Long enough for the pipe to fill.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let flags = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", writer.as_raw_fd()));
    let flags = flags.unwrap();
    let flags = flags.lines().find_map(|line| line.strip_prefix("flags:\t"));
    let flags = i32::from_str_radix(flags.unwrap(), 8).unwrap();
    assert_eq!(
        flags & 0o4000,
        0,
        "whoever shares the pipe may wait in a write"
    );
    drop(writer);
    let mut output = Vec::new();
    reader.read_to_end(&mut output).unwrap();
    feed.join().unwrap();
    assert!(node.wait().unwrap().success());
    let output = String::from_utf8_lossy(&output);
    let counted = "lines that were no messages";
    assert!(output.contains(counted), "{output}");
}

#[test]
fn the_end_of_input_in_the_middle_of_a_line_ends_the_node() {
    let mut node = Process::start("echo");
    let input = node.child.stdin.as_mut().unwrap();
    input.write_all(br#"{"src":"c1","dest":"n0","bo"#).unwrap();
    let log = node.end();
    assert!(log.contains("a line that is no message"), "{log}");
}

#[test]
fn a_body_of_ten_megabytes_comes_back_whole() {
    let mut node = Process::start("echo");
    let echo = json!("ü".repeat(5 * 1024 * 1024));
    // The node writes while we still do; somebody has to read.
    let line =
        json!({"src": "c1", "dest": "n0", "body": {"type": "echo", "echo": echo, "msg_id": 2}});
    let mut input = node.child.stdin.take().unwrap();
    let writing = std::thread::spawn(move || {
        input.write_all(line.to_string().as_bytes()).unwrap();
        input.write_all(b"\n").unwrap();
        input
    });
    let mut line = String::new();
    node.output.read_line(&mut line).unwrap();
    node.child.stdin = Some(writing.join().unwrap());
    let answer: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(answer["body"]["echo"], echo);
    let again = node.ask(json!({"type": "echo", "echo": 1}));
    assert_eq!(again, json!({"type": "echo_ok", "echo": 1}));
    assert_eq!(node.end(), "");
}

#[test]
fn a_million_malformed_lines_are_counted_and_seldom_logged() {
    let mut node = Process::start("echo");
    let rubbish = "rubbish\n".repeat(1000);
    let input = node.child.stdin.as_mut().unwrap();
    for _ in 0..1000 {
        input.write_all(rubbish.as_bytes()).unwrap();
    }
    let alive = node.ask(json!({"type": "echo", "echo": "alive"}));
    assert_eq!(alive["echo"], "alive");
    let log = node.end();
    assert!(log.lines().count() <= 25, "{} lines", log.lines().count());
    assert!(log.contains("count=1000000"), "{log}");
}

#[test]
fn whoever_asks_and_never_listens_has_to_wait() {
    let mut node = Process::start("echo");
    let mut input = node.child.stdin.take().unwrap();
    let line = json!({"src": "c1", "dest": "n0", "body":
        {"type": "echo", "echo": "x".repeat(10_000), "msg_id": 2}});
    let chunk = format!("{line}\n").repeat(100);
    // 100 MB; the node takes some of it, and no more until it is listened to.
    let writing =
        std::thread::spawn(move || (0..100).all(|_| input.write_all(chunk.as_bytes()).is_ok()));
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(!writing.is_finished(), "the node took everything");
    if let Some(resident) = resident_bytes(node.child.id()) {
        assert!(resident < 60 << 20, "{resident} bytes");
    }
    let mut lines = 0;
    let mut line = String::new();
    while node.output.read_line(&mut line).unwrap() > 0 {
        lines += 1;
        line.clear();
    }
    assert!(writing.join().unwrap());
    assert_eq!(lines, 10_000);
    assert_eq!(node.log(), "");
}

#[test]
fn files_take_the_place_of_pipes() {
    let folder = std::env::temp_dir().join(format!("maelstrom-node-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (input, output) = (folder.join("in"), folder.join("out"));
    let init = r#"{"src":"c0","dest":"n0","body":{"type":"init","msg_id":1,"node_id":"n0","node_ids":["n0"]}}"#;
    let echo = r#"{"src":"c0","dest":"n0","body":{"type":"echo","msg_id":2,"echo":5}}"#;
    std::fs::write(&input, format!("{init}\n{echo}\n")).unwrap();
    let status = Command::new(example("echo"))
        .stdin(File::open(&input).unwrap())
        .stdout(File::create(&output).unwrap())
        .status()
        .unwrap();
    let written = std::fs::read_to_string(&output).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(status.success());
    assert_eq!(written.lines().count(), 2, "{written}");
    assert!(written.contains(r#""echo":5"#));
}

#[test]
fn nothing_at_all_for_input_is_an_end_too() {
    let output = Command::new(example("echo"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success() && output.stdout.is_empty());
}

#[test]
fn whoever_forgets_init_is_told() {
    let mut node = Process::spawn("echo", Stdio::piped());
    for _ in 0..3 {
        node.send(json!({"type": "echo", "echo": 1}));
    }
    let log = node.end();
    assert_eq!(log.matches("a message before `init`").count(), 1, "{log}");
    assert!(log.contains("an `init` that never came count=3"), "{log}");
}

#[test]
fn each_further_init_is_refused_and_few_of_them_are_logged() {
    let mut node = Process::start("echo");
    for _ in 0..1000 {
        let again = node.ask(json!({"type": "init", "node_id": "n7", "node_ids": ["n7"]}));
        assert_eq!(
            (&again["type"], &again["code"]),
            (&json!("error"), &json!(12))
        );
    }
    let log = node.end();
    assert_eq!(log.matches("a second init").count(), 12, "{log}");
}

#[test]
fn what_waits_for_init_is_bounded_and_seldom_logged() {
    let mut node = Process::spawn("echo", Stdio::piped());
    let line = |size: usize| {
        let echo = "x".repeat(size);
        json!({"src": "c1", "dest": "n0", "body": {"type": "echo", "echo": echo}}).to_string()
    };
    // 200 MB in large messages, then a hundred thousand small ones.
    for _ in 0..20 {
        node.line(&line(10_000_000));
    }
    let small = format!("{}\n", line(1)).repeat(1000);
    for _ in 0..100 {
        let input = node.child.stdin.as_mut().unwrap();
        input.write_all(small.as_bytes()).unwrap();
    }
    let ready = node.ask(json!({"type": "init", "node_id": "n0", "node_ids": ["n0"]}));
    assert_eq!(ready, json!({"type": "init_ok"}));
    let log = node.end();
    assert!(log.contains("too many messages before `init`"), "{log}");
    assert!(log.lines().count() <= 25, "{} lines", log.lines().count());
}

#[test]
fn a_person_at_a_terminal_is_told_what_to_type() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new())
        .unwrap()
        .into_string()
        .unwrap();
    let mut keyboard = File::from(terminal);
    let input = File::open(name).unwrap();
    let mut node = Process::spawn("echo", input.into());
    let init = r#"{"src":"c0","dest":"n0","body":{"type":"init","msg_id":1,"node_id":"n0","node_ids":["n0"]}}"#;
    writeln!(keyboard, "hello?\n{init}").unwrap();
    let mut answer = String::new();
    node.output.read_line(&mut answer).unwrap();
    assert!(answer.contains("init_ok"), "{answer}");
    keyboard.write_all(b"\x04").unwrap();
    let log = node.end();
    assert!(log.contains(init), "{log}");
    assert!(
        log.contains("a line that is no message") && log.contains("hello?"),
        "{log}"
    );
}

#[test]
fn a_node_at_rest_takes_less_than_five_megabytes() {
    let node = Process::start("echo");
    if let Some(resident) = resident_bytes(node.child.id()) {
        assert!(resident < 5_000_000, "{resident} bytes");
    }
    assert_eq!(node.end(), "");
}

/// The memory that a process has of its own, where the system tells.
fn resident_bytes(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_panics_while_it_is_written_leaves_no_trace() {
    use maelstrom_node::proto::echo::Request;
    use serde::ser::{Error as _, SerializeMap};

    /// Breaks down half way.
    struct Fragile(u64);
    impl serde::Serialize for Fragile {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            map.serialize_entry("type", "fragile")?;
            match self.0 {
                0 => map.end(),
                1 => panic!("as asked"),
                _ => Err(S::Error::custom("as asked")),
            }
        }
    }
    let mut wire = Wire::ready(|_| {
        maelstrom_node::handler(async |_, Request::Echo { echo }| {
            if echo.as_u64() > Some(9) {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            Ok(Fragile(echo.as_u64().unwrap() % 10))
        })
    })
    .await;
    for (echo, code) in [
        (1, json!(13)),
        (2, json!(13)),
        (11, json!(13)),
        (12, json!(13)),
        (0, json!(null)),
    ] {
        let body = json!({"type": "echo", "echo": echo, "msg_id": 1});
        wire.send("c1", &body.to_string()).await;
        assert_eq!(wire.receive().await["body"]["code"], code, "{echo}");
    }
    assert!(wire.end().await.is_empty());
}
