//! The lanes of the diagram: one for each node, each thread of clients, each service.

use std::collections::BTreeMap;

use maelstrom_check::{OpType, Process};
use serde::Serialize;

use crate::Report;

/// A lane of the diagram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Lane {
    /// What stands beside it.
    pub(crate) name: String,
    /// `node`, `client` or `service`.
    pub(crate) kind: &'static str,
    /// Of a client: the node that it talks to, where that is known.
    pub(crate) node: Option<String>,
}

/// Who is drawn where.
pub(crate) struct Lanes {
    /// From top to bottom: each node with its clients above it, then the services.
    pub(crate) all: Vec<Lane>,
    /// The lane of each of the journal's names.
    pub(crate) of_name: Vec<usize>,
    /// The lane of each thread.
    of_thread: Vec<usize>,
}

impl Lanes {
    pub(crate) fn of(report: &Report) -> Self {
        let nodes = report.nodes();
        let threads = threads(report, nodes.len());
        let mut lanes = Self {
            all: Vec::new(),
            of_name: Vec::new(),
            of_thread: vec![0; threads],
        };
        let mut by_name = BTreeMap::new();
        if nodes.is_empty() {
            (0..threads).for_each(|thread| lanes.client(thread, None));
        }
        for (place, node) in nodes.iter().enumerate() {
            let of_node = (place..threads).step_by(nodes.len());
            of_node.for_each(|thread| lanes.client(thread, Some(node)));
            by_name.insert(node.clone(), lanes.all.len());
            lanes.push(node, "node", None);
        }
        lanes.place_names(report, &nodes, by_name);
        lanes
    }

    /// The lane of a process. One that crashed is followed by another of the same thread.
    pub(crate) fn of_process(&self, process: u64) -> usize {
        let thread = process.checked_rem(self.of_thread.len() as u64);
        thread.map_or(0, |thread| self.of_thread[thread as usize])
    }

    fn push(&mut self, name: &str, kind: &'static str, node: Option<&String>) {
        self.all.push(Lane {
            name: name.to_owned(),
            kind,
            node: node.cloned(),
        });
    }

    fn client(&mut self, thread: usize, node: Option<&String>) {
        self.of_thread[thread] = self.all.len();
        self.push(&format!("client {thread}"), "client", node);
    }

    /// Finds each name's lane. A client is of the thread whose operations were under way
    /// when it sent; one that fits none, such as those that only set nodes up, is put with others.
    fn place_names(
        &mut self,
        report: &Report,
        nodes: &[String],
        mut by_name: BTreeMap<String, usize>,
    ) {
        let Some(journal) = report.journal() else {
            return;
        };
        let under_way = under_way(report, self.of_thread.len());
        let mut fits: Vec<BTreeMap<usize, usize>> = vec![BTreeMap::new(); journal.names().len()];
        for message in journal.messages() {
            if !is_client(&journal.names()[message.src]) {
                continue;
            }
            let node = nodes
                .iter()
                .position(|node| *node == journal.names()[message.dest]);
            let Some(node) = node else { continue };
            for thread in (node..self.of_thread.len()).step_by(nodes.len()) {
                let ops = &under_way[thread];
                let before = ops.partition_point(|(from, _)| *from <= message.sent);
                if before > 0 && message.sent <= ops[before - 1].1 {
                    *fits[message.src].entry(thread).or_default() += 1;
                }
            }
        }
        for (name, fits) in journal.names().iter().zip(fits) {
            // Of threads that fit alike, the first.
            let best = fits
                .into_iter()
                .max_by_key(|(thread, count)| (*count, usize::MAX - thread));
            let lane = match (best, by_name.get(name)) {
                (Some((thread, _)), _) => self.of_thread[thread],
                (None, Some(lane)) => *lane,
                (None, None) => {
                    let client = is_client(name);
                    let (name, kind) = match client {
                        true => ("other clients", "client"),
                        false => (name.as_str(), "service"),
                    };
                    *by_name.entry(name.to_owned()).or_insert_with(|| {
                        self.push(name, kind, None);
                        self.all.len() - 1
                    })
                }
            };
            self.of_name.push(lane);
        }
    }
}

/// When the operations of each thread were under way, from and to, in order.
fn under_way(report: &Report, threads: usize) -> Vec<Vec<(u64, u64)>> {
    let mut all = vec![Vec::new(); threads];
    let history = report.history();
    for (position, op) in history.client_ops().filter(|(_, op)| op.is_invoke()) {
        let Process::Client(process) = op.process else {
            continue;
        };
        let thread = process.checked_rem(threads as u64).unwrap_or(0) as usize;
        let to = history.completion(position).map_or(i64::MAX, |op| op.time);
        let time = |time: i64| u64::try_from(time).unwrap_or(0);
        if let Some(ops) = all.get_mut(thread) {
            ops.push((time(op.time), time(to)));
        }
    }
    all
}

pub(crate) fn is_client(name: &str) -> bool {
    let number = name.strip_prefix('c');
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// How many threads of clients there were: as the settings say; else those that did
/// something before the first of them crashed.
fn threads(report: &Report, nodes: usize) -> usize {
    let concurrency = report.results()["settings"]["concurrency"].as_str();
    let told = concurrency.and_then(|text| match text.strip_suffix('n') {
        Some(each) => Some(each.parse::<usize>().ok()? * nodes),
        None => text.parse().ok(),
    });
    if let Some(threads) = told.filter(|threads| *threads > 0) {
        return threads;
    }
    let ops = report.history().client_ops().map(|(_, op)| op);
    let before = ops.take_while(|op| op.kind != OpType::Info);
    let processes = before.filter_map(|op| match op.process {
        Process::Client(process) => usize::try_from(process).ok(),
        _ => None,
    });
    processes.max().map_or(0, |most| most + 1)
}
