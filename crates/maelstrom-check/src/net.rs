//! Network statistics: how many messages were sent, received, and spent per operation.
//!
//! Source: `maelstrom.net.checker`. This crate knows no messages; it is fed their events.

use rustc_hash::FxHashSet;
use serde::Serialize;

use crate::history::History;
use crate::verdict::Verdict;

/// Something that happened to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetEvent {
    /// The message's own number. The events of one message share it.
    pub id: u64,
    /// Whether it was sent or received.
    pub kind: NetEventKind,
    /// Whether a client stands at either end.
    pub involves_client: bool,
}

/// What can happen to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetEventKind {
    /// It left its source. A message that was then lost was sent all the same.
    Sent,
    /// It was handed to its destination.
    Received,
}

/// Counts over some of the messages.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct NetCounts {
    /// Messages sent.
    pub send_count: usize,
    /// Messages received.
    pub recv_count: usize,
    /// Different messages sent or received.
    pub msg_count: usize,
    /// Different messages over operations that clients invoked. Absent where it says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msgs_per_op: Option<f32>,
}

/// Counts of all messages, of those of clients, and of the rest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetResults {
    /// Always valid.
    #[serde(rename = "valid?")]
    pub valid: Verdict,
    /// Every message.
    pub all: NetCounts,
    /// Messages with a client on either end.
    pub clients: NetCounts,
    /// Messages between nodes and services.
    pub servers: NetCounts,
}

/// Counts events, and sets messages against the operations that `history`'s clients invoked,
/// after `maelstrom.net.checker`.
///
/// ```
/// use maelstrom_check::{History, NetEvent, NetEventKind::{Received, Sent}, Op, net};
///
/// let history = History::from_ops([Op::invoke(0, "echo", "hi")]).unwrap();
/// let events = [(0, Sent, true), (0, Received, true), (1, Sent, false)]
///     .map(|(id, kind, involves_client)| NetEvent { id, kind, involves_client });
/// let results = net(events, &history);
/// assert_eq!((results.all.msg_count, results.servers.recv_count), (2, 0));
/// assert_eq!(results.servers.msgs_per_op, Some(1.0));
/// ```
pub fn net(events: impl IntoIterator<Item = NetEvent>, history: &History) -> NetResults {
    #[derive(Default)]
    struct Fold {
        counts: NetCounts,
        ids: FxHashSet<u64>,
    }
    let mut clients = Fold::default();
    let mut servers = Fold::default();
    for event in events {
        let fold = if event.involves_client {
            &mut clients
        } else {
            &mut servers
        };
        match event.kind {
            NetEventKind::Sent => fold.counts.send_count += 1,
            NetEventKind::Received => fold.counts.recv_count += 1,
        }
        fold.ids.insert(event.id);
    }
    let common = clients.ids.intersection(&servers.ids).count();
    clients.counts.msg_count = clients.ids.len();
    servers.counts.msg_count = servers.ids.len();
    let mut all = NetCounts {
        send_count: clients.counts.send_count + servers.counts.send_count,
        recv_count: clients.counts.recv_count + servers.counts.recv_count,
        msg_count: clients.ids.len() + servers.ids.len() - common,
        msgs_per_op: None,
    };
    // Whatever is not the nemesis counts as a client here, as upstream has it.
    let invoked = history
        .ops()
        .iter()
        .filter(|op| op.is_invoke() && op.process != crate::history::Process::Nemesis)
        .count();
    if invoked > 0 {
        let per_op = |n: usize| Some((n as f64 / invoked as f64) as f32);
        all.msgs_per_op = per_op(all.msg_count);
        servers.counts.msgs_per_op = per_op(servers.counts.msg_count);
    }
    NetResults {
        valid: Verdict::Valid,
        all,
        clients: clients.counts,
        servers: servers.counts,
    }
}
