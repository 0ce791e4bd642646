//! `glomers serve` on a port of its own, for the tests that ask it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server, ended with the test.
pub(crate) struct Server {
    pub(crate) process: Child,
    /// The host and the port.
    pub(crate) address: String,
}

impl Server {
    /// Serves a store.
    pub(crate) fn of(store: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_glomers"))
            .args(["serve", "--port", "0", "--store"])
            .arg(store)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let (_, rest) = line.split_once("http://").unwrap();
        let (address, _) = rest.split_once('/').unwrap();
        Self {
            address: address.to_owned(),
            process,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
