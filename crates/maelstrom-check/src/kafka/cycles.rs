//! Operations that depend on each other in a circle.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use adya::graph::{
    CycleSpec, Graph, GraphBuilder, REALTIME, RwMode, Search, Step, WR, WW, find_cycle,
};
use rustc_hash::FxHashMap;

use super::ops::{Ops, logs, moves};
use super::{KafkaError, KafkaErrors, KafkaOptions};
use crate::history::OpType;

/// How many cycles of a kind are shown.
const SHOWN: usize = 8;

/// A kind of cycle: the edges it may have, which must be among them, and the names of the
/// cycle and of the fact that one exists.
struct Kind {
    name: &'static str,
    exists: &'static str,
    edges: u8,
    need_wr: bool,
    need: u8,
}

/// From the gravest on; a component with a graver one is not searched for the others.
const KINDS: [Kind; 4] = [
    Kind {
        name: "G0",
        exists: "PL-1-cycle-exists",
        edges: WW,
        need_wr: false,
        need: 0,
    },
    Kind {
        name: "G1c",
        exists: "PL-2-cycle-exists",
        edges: WW | WR,
        need_wr: true,
        need: 0,
    },
    Kind {
        name: "G0-realtime",
        exists: "strong-PL-1-cycle-exists",
        edges: WW | REALTIME,
        need_wr: false,
        need: REALTIME,
    },
    Kind {
        name: "G1c-realtime",
        exists: "strong-PL-2-cycle-exists",
        edges: WW | WR | REALTIME,
        need_wr: true,
        need: REALTIME,
    },
];

pub(super) fn all(ops: &Ops<'_>, options: KafkaOptions) -> BTreeMap<String, KafkaErrors> {
    let graph = graph(ops, options);
    let mut found: BTreeMap<&str, (usize, Vec<KafkaError>)> = BTreeMap::new();
    if graph.adj.iter().all(Vec::is_empty) {
        // An empty history says nothing, not even this.
        if !ops.entries.is_empty() && !ops.history.has_order_in_time(moves) {
            found.insert("empty-transaction-graph", (1, Vec::new()));
        }
        return close(found);
    }
    let nodes: Vec<u32> = (0..graph.len() as u32).collect();
    for component in graph.sccs(&nodes, |_| true) {
        let kind = KINDS
            .iter()
            .find(|k| !graph.sccs(&component, |e| e & k.edges != 0).is_empty());
        let Some(kind) = kind else { continue };
        let exists = found.entry(kind.exists).or_default();
        exists.0 += 1;
        let spec = CycleSpec {
            name: kind.name,
            allowed: kind.edges,
            rw: RwMode::None,
            need_wr: kind.need_wr,
            need: kind.need,
        };
        let deadline = Instant::now() + Duration::from_secs(1);
        if let Search::Found(steps) = find_cycle(&graph, &component, &spec, deadline) {
            let cycles = found.entry(kind.name).or_default();
            cycles.0 += 1;
            if cycles.1.len() < SHOWN {
                cycles.1.push(cycle(ops, &steps));
            }
        }
    }
    close(found)
}

fn close(found: BTreeMap<&str, (usize, Vec<KafkaError>)>) -> BTreeMap<String, KafkaErrors> {
    let errors = found.into_iter();
    errors
        .map(|(k, (count, errs))| (k.to_owned(), KafkaErrors::Found { count, errs }))
        .collect()
}

/// Which completions come before which, vertices being places of entries.
fn graph(ops: &Ops<'_>, options: KafkaOptions) -> Graph {
    let mut g = GraphBuilder::default();
    for (writer, readers) in ops.writer.iter().zip(&ops.readers) {
        if let Some(writer) = writer {
            for reader in readers {
                g.link(*writer, *reader, WR);
            }
        }
    }
    if options.ww_deps {
        for log in logs(ops) {
            for pair in log.by_index.windows(2) {
                let writer = |message: u32| ops.writer[message as usize];
                if let (Some(a), Some(b)) = (writer(pair[0]), writer(pair[1])) {
                    g.link(a, b, WW);
                }
            }
        }
    }
    realtime(ops, &mut g);
    g.finish(ops.entries.len())
}

/// Links each ok completion to the completions of operations invoked after it, leaving
/// out what follows from other such links.
fn realtime(ops: &Ops<'_>, g: &mut GraphBuilder) {
    let place_of: FxHashMap<usize, u32> = (0u32..)
        .zip(&ops.entries)
        .map(|(place, e)| (e.at, place))
        .collect();
    // Ok completions of which no later one is known to come after.
    let mut frontier: Vec<u32> = Vec::new();
    let mut before: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for (place, entry) in (0u32..).zip(&ops.entries) {
        if !moves(ops.op(entry)) {
            continue;
        }
        match ops.kind(entry) {
            OpType::Invoke => {
                let end = ops.history.counterpart(entry.at).map(|at| place_of[&at]);
                if let Some(end) = end
                    && ops.kind(&ops.entries[end as usize]) != OpType::Fail
                {
                    for earlier in &frontier {
                        g.link(*earlier, end, REALTIME);
                    }
                    before.insert(end, frontier.clone());
                }
            }
            OpType::Ok => {
                if let Some(implied) = before.remove(&place) {
                    frontier.retain(|f| !implied.contains(f));
                }
                frontier.push(place);
            }
            _ => {}
        }
    }
}

fn cycle(ops: &Ops<'_>, steps: &[Step]) -> KafkaError {
    let op = |place: u32| ops.op(&ops.entries[place as usize]);
    let told = steps.iter().enumerate().map(|(i, step)| {
        let (from, to) = (step.from, steps[(i + 1) % steps.len()].from);
        let why = match step.rel {
            WR => (0..ops.values.len())
                .find(|m| ops.writer[*m] == Some(from) && ops.readers[*m].contains(&to))
                .map_or_else(String::new, |m| {
                    format!("sent {}, which was polled by", ops.values[m])
                }),
            WW => "sent what stands in the log just before a message of".into(),
            _ => "ended before the begin of".into(),
        };
        format!(
            "operation {} {why} operation {}",
            op(from).index,
            op(to).index
        )
    });
    KafkaError {
        steps: told.collect(),
        ops: steps.iter().map(|s| op(s.from).clone()).collect(),
        ..KafkaError::default()
    }
}
