//! The examples as real processes on real pipes.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// The binary of an example, which `cargo test` builds beside the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    let path = profile.join("examples").join(name);
    assert!(path.exists(), "`cargo test` builds {}", path.display());
    path
}

/// A running example.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) output: BufReader<ChildStdout>,
    next_msg_id: u64,
}

impl Process {
    /// A node that has been given its name.
    pub(crate) fn start(name: &str) -> Self {
        let mut process = Self::spawn(name, Stdio::piped());
        let init = json!({"type": "init", "node_id": "n0", "node_ids": ["n0"]});
        assert_eq!(process.ask(init), json!({"type": "init_ok"}));
        process
    }

    /// A node that waits for `init` on this input.
    pub(crate) fn spawn(name: &str, input: Stdio) -> Self {
        let mut child = Command::new(example(name))
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            output,
            next_msg_id: 1,
        }
    }

    /// Sends a request from c1.
    pub(crate) fn send(&mut self, mut body: Value) {
        body["msg_id"] = self.next_msg_id.into();
        self.next_msg_id += 1;
        let line = json!({"src": "c1", "dest": "n0", "body": body});
        self.line(&line.to_string());
    }

    pub(crate) fn line(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Sends a request and returns the body of the answer, but for its ids.
    pub(crate) fn ask(&mut self, body: Value) -> Value {
        let msg_id = self.next_msg_id;
        self.send(body);
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let mut answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&answer["src"], &answer["dest"]),
            (&json!("n0"), &json!("c1"))
        );
        let body = answer["body"].as_object_mut().unwrap();
        assert_eq!(body.remove("in_reply_to"), Some(json!(msg_id)));
        Value::Object(std::mem::take(body))
    }

    /// Ends the input, waits for a clean end, and returns what went to stderr.
    pub(crate) fn end(mut self) -> String {
        drop(self.child.stdin.take());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        self.log()
    }

    /// Waits for a clean end, and returns what went to stderr.
    pub(crate) fn log(mut self) -> String {
        let mut log = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut log).unwrap();
        assert!(self.child.wait().unwrap().success(), "{log}");
        log
    }
}
