//! Both ends of a node's pipes, in memory.

use std::time::Duration;

use maelstrom_node::{Context, Environment, Node, serve};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines};
use tokio::task::JoinHandle;

/// A node under test, and the workbench's ends of its pipes.
pub(crate) struct Wire {
    input: Option<DuplexStream>,
    output: Lines<BufReader<DuplexStream>>,
    node: JoinHandle<std::io::Result<()>>,
}

impl Wire {
    /// A node that has not been initialised yet.
    pub(crate) fn new<N, F>(make: F) -> Self
    where
        N: Node,
        F: FnOnce(Context) -> N + Send + 'static,
    {
        let (input, node_input) = tokio::io::duplex(1 << 20);
        let (node_output, output) = tokio::io::duplex(1 << 20);
        let environment = Environment::seeded(1, || Duration::from_secs(1_000));
        Self {
            input: Some(input),
            output: BufReader::new(output).lines(),
            node: tokio::spawn(serve(make, environment, node_input, node_output)),
        }
    }

    /// A node named n0 in a cluster of three.
    pub(crate) async fn ready<N, F>(make: F) -> Self
    where
        N: Node,
        F: FnOnce(Context) -> N + Send + 'static,
    {
        let mut wire = Self::new(make);
        wire.send("c0", INIT).await;
        assert_eq!(wire.receive().await["body"]["type"], "init_ok");
        wire
    }

    /// Sends a body from `src` to n0.
    pub(crate) async fn send(&mut self, src: &str, body: &str) {
        self.line(&format!(r#"{{"src":"{src}","dest":"n0","body":{body}}}"#))
            .await;
    }

    /// Sends a line.
    pub(crate) async fn line(&mut self, line: &str) {
        self.raw(&format!("{line}\n")).await;
    }

    /// Sends text as it is.
    pub(crate) async fn raw(&mut self, text: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next line that the node wrote.
    pub(crate) async fn receive(&mut self) -> Value {
        let line = tokio::time::timeout(Duration::from_secs(60), self.output.next_line());
        let line = line.await.expect("the node says something within a minute");
        serde_json::from_str(&line.unwrap().expect("the node has not ended")).unwrap()
    }

    /// Ends the input and returns everything that the node still wrote.
    pub(crate) async fn end(mut self) -> Vec<Value> {
        drop(self.input.take());
        let mut rest = Vec::new();
        while let Some(line) = self.output.next_line().await.unwrap() {
            rest.push(serde_json::from_str(&line).unwrap());
        }
        self.node.await.unwrap().unwrap();
        rest
    }
}

pub(crate) const INIT: &str =
    r#"{"type":"init","msg_id":1,"node_id":"n0","node_ids":["n0","n1","n2"]}"#;
