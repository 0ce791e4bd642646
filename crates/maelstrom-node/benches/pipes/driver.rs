//! The workbench's side: clients and a key-value service, as lean as can be.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

/// What is asked of a node, and how the answer is counted.
pub(crate) struct Load {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    /// The request, but for its number.
    request: &'static str,
    in_flight: usize,
    requests: usize,
    pub(crate) one_cpu: bool,
}

impl Load {
    pub(crate) const ECHO: Self = Self {
        name: "echo",
        title: "echo, 256 in flight",
        unit: "requests/s",
        request: r#""type":"echo","echo":"Please echo 35""#,
        in_flight: 256,
        requests: 300_000,
        one_cpu: false,
    };
    pub(crate) const ADD: Self = Self {
        name: "add",
        title: "add through a key-value service, 64 in flight",
        unit: "requests/s",
        request: r#""type":"add","delta":1"#,
        in_flight: 64,
        requests: 60_000,
        one_cpu: false,
    };
    pub(crate) const ROUND_TRIP: Self = Self {
        name: "round-trip",
        title: "echo, one in flight, one CPU",
        unit: "µs (p50)",
        in_flight: 1,
        requests: 50_000,
        one_cpu: true,
        ..Self::ECHO
    };

    pub(crate) fn named(name: &str) -> Self {
        let all = [Self::ECHO, Self::ADD, Self::ROUND_TRIP];
        let found = all.into_iter().find(|load| load.name == name);
        found.expect("only this program passes a name, one of these")
    }
}

/// Starts a node, puts it under load, and takes the figure.
pub(crate) fn measure(node: &[OsString], load: &Load) -> io::Result<f64> {
    let mut child = Command::new(&node[0])
        .args(&node[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("both are piped"));
    };
    let mut wire = Wire {
        input,
        output,
        chunk: vec![0; 256 * 1024],
        left: 0,
        sends: Vec::new(),
    };
    wire.say(r#"{"src":"c0","dest":"n0","body":{"type":"init","msg_id":1,"node_id":"n0","node_ids":["n0"]}}"#);
    wire.flush()?;
    wire.receive()?;
    wire.left = 0;
    wire.drive(load, load.requests / 10)?;
    let figure = if load.in_flight == 1 {
        wire.latency(load)?
    } else {
        let start = Instant::now();
        wire.drive(load, load.requests)?;
        load.requests as f64 / start.elapsed().as_secs_f64()
    };
    drop(wire);
    child.wait()?;
    Ok(figure)
}

struct Wire {
    input: ChildStdin,
    output: ChildStdout,
    chunk: Vec<u8>,
    /// Bytes of an unfinished line at the front of the chunk.
    left: usize,
    sends: Vec<u8>,
}

impl Wire {
    fn say(&mut self, line: &str) {
        self.sends.extend_from_slice(line.as_bytes());
        self.sends.push(b'\n');
    }

    fn ask(&mut self, load: &Load, number: usize) {
        let Load { request, .. } = load;
        let _ = writeln!(
            self.sends,
            r#"{{"id":{number},"src":"c1","dest":"n0","body":{{{request},"msg_id":{number}}}}}"#
        );
    }

    fn flush(&mut self) -> io::Result<()> {
        self.input.write_all(&self.sends)?;
        self.sends.clear();
        Ok(())
    }

    /// Reads once and returns how many bytes of the chunk are whole lines.
    fn receive(&mut self) -> io::Result<usize> {
        loop {
            let read = self.output.read(&mut self.chunk[self.left..])?;
            if read == 0 {
                return Err(io::Error::other("the node ended"));
            }
            self.left += read;
            let read = &self.chunk[..self.left];
            if let Some(last) = read.iter().rposition(|byte| *byte == b'\n') {
                return Ok(last + 1);
            }
        }
    }

    /// Has `count` requests answered, always as many in flight as the load says.
    fn drive(&mut self, load: &Load, count: usize) -> io::Result<()> {
        let mut asked = load.in_flight.min(count);
        for number in 1..=asked {
            self.ask(load, number);
        }
        self.flush()?;
        let mut answered = 0;
        while answered < count {
            let whole = self.receive()?;
            let chunk = std::mem::take(&mut self.chunk);
            for line in chunk[..whole].split_inclusive(|byte| *byte == b'\n') {
                if self.serve(line) {
                    continue;
                }
                answered += 1;
                if asked < count {
                    asked += 1;
                    self.ask(load, asked);
                }
            }
            self.chunk = chunk;
            self.chunk.copy_within(whole..self.left, 0);
            self.left -= whole;
            self.flush()?;
        }
        Ok(())
    }

    /// Answers a request to the key-value service; `false` if it is none.
    fn serve(&mut self, line: &[u8]) -> bool {
        if line
            .windows(11)
            .take(40)
            .any(|found| found == br#""dest":"c1""#)
        {
            return false;
        }
        let id = number_after(line, b"\"msg_id\":");
        let answer = if find(line, br#""type":"read""#).is_some() {
            r#""type":"read_ok","value":41"#
        } else {
            r#""type":"cas_ok""#
        };
        let _ = writeln!(
            self.sends,
            r#"{{"id":{id},"src":"seq-kv","dest":"n0","body":{{{answer},"in_reply_to":{id}}}}}"#
        );
        true
    }

    fn latency(&mut self, load: &Load) -> io::Result<f64> {
        let mut latencies = Vec::with_capacity(load.requests);
        for number in 0..load.requests {
            self.ask(load, number);
            let start = Instant::now();
            self.flush()?;
            self.receive()?;
            latencies.push(start.elapsed());
            self.left = 0;
        }
        latencies.sort_unstable();
        Ok(latencies[latencies.len() / 2].as_secs_f64() * 1e6)
    }
}

fn find(line: &[u8], text: &[u8]) -> Option<usize> {
    line.windows(text.len()).position(|found| found == text)
}

fn number_after(line: &[u8], text: &[u8]) -> u64 {
    let from = find(line, text).map_or(line.len(), |at| at + text.len());
    let digits = line[from..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}
