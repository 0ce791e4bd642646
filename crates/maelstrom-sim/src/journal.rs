//! Every message of a run: when it was sent, delivered, dropped.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use maelstrom_check::{NetEvent, NetEventKind};
use maelstrom_proto::Message;
use serde_json::json;

/// What happened to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A node, client or service handed it to the network.
    Send,
    /// The network handed it to its receiver.
    Receive,
    /// A partition stood between the two, and the network dropped it.
    Drop,
}

impl EventKind {
    /// The name in journal files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Receive => "recv",
            Self::Drop => "drop",
        }
    }
}

/// One entry of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Nanoseconds since the run began.
    pub time: u64,
    /// What happened.
    pub kind: EventKind,
    /// To which message: its number on the network, and its place in
    /// [`Journal::messages`].
    pub message: u64,
}

/// Every message of a run and what became of it, in the order in which it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// The messages, by their number on the network.
    pub messages: Vec<Message>,
}

/// Tells of an event as it happens, with the message that it is about.
pub(crate) type Tell = Arc<dyn Fn(&Event, &Message) + Send + Sync>;

/// A journal while it is written, and whoever wants to hear of it at once.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) journal: Journal,
    pub(crate) tell: Option<Tell>,
}

impl Recorder {
    /// Gives a new message its number and notes that it was sent.
    pub(crate) fn send(&mut self, time: u64, mut message: Message) -> u64 {
        let number = self.journal.messages.len() as u64;
        message.id = Some(number);
        self.journal.messages.push(message);
        self.note(time, EventKind::Send, number);
        number
    }

    /// The message of this number.
    pub(crate) fn numbered(&self, number: u64) -> &Message {
        &self.journal.messages[number as usize]
    }

    pub(crate) fn note(&mut self, time: u64, kind: EventKind, message: u64) {
        let event = Event {
            time,
            kind,
            message,
        };
        self.journal.events.push(event);
        if let Some(tell) = &self.tell
            && let Some(message) = self.journal.message(&event)
        {
            tell(&event, message);
        }
    }
}

impl Journal {
    /// The message that an event is about.
    pub fn message(&self, event: &Event) -> Option<&Message> {
        self.messages.get(usize::try_from(event.message).ok()?)
    }

    /// What [`maelstrom_check::net`] counts: sends and receipts.
    pub fn net_events(&self) -> impl Iterator<Item = NetEvent> + '_ {
        self.events.iter().filter_map(|event| {
            let kind = match event.kind {
                EventKind::Send => NetEventKind::Sent,
                EventKind::Receive => NetEventKind::Received,
                EventKind::Drop => return None,
            };
            Some(NetEvent {
                id: event.message,
                kind,
                involves_client: self.message(event)?.involves_client(),
            })
        })
    }

    /// Writes the journal as JSON lines. A `send` line carries the message;
    /// the lines of its `recv` or `drop` name it by `id`.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write_json_lines(&self, mut out: impl io::Write) -> io::Result<()> {
        let mut line = String::new();
        for event in &self.events {
            line.clear();
            let (time, kind, id) = (event.time, event.kind.name(), event.message);
            let written = match (event.kind, self.message(event)) {
                (EventKind::Send, Some(message)) => {
                    let (src, dest) = (json!(message.src), json!(message.dest));
                    let body = &message.body;
                    writeln!(
                        line,
                        r#"{{"time":{time},"type":"{kind}","id":{id},"src":{src},"dest":{dest},"body":{body}}}"#
                    )
                }
                _ => writeln!(line, r#"{{"time":{time},"type":"{kind}","id":{id}}}"#),
            };
            written.map_err(io::Error::other)?;
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    }
}
