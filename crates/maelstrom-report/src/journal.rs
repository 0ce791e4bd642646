//! [`Journal`]: every message of a run, and what became of it.

use std::collections::BTreeMap;
use std::sync::Arc;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Its receiver got it.
    Received,
    /// The network dropped it.
    Dropped,
}

/// A message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// When it was sent, in nanoseconds since the run began.
    pub sent: u64,
    /// The sender's place in [`Journal::names`].
    pub src: usize,
    /// The receiver's place in [`Journal::names`].
    pub dest: usize,
    /// The body: a JSON object.
    pub body: Arc<str>,
}

/// Every message of a run, in the order in which they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal {
    names: Vec<String>,
    by_name: BTreeMap<String, usize>,
    messages: Vec<Message>,
    fates: Vec<(usize, u64, Fate)>,
}

impl Journal {
    /// A journal without messages.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that a message was sent at a time, in nanoseconds since the run began. Gives its number.
    pub fn send(&mut self, time: u64, src: &str, dest: &str, body: impl Into<Arc<str>>) -> usize {
        let (src, dest) = (self.name(src), self.name(dest));
        self.messages.push(Message {
            sent: time,
            src,
            dest,
            body: body.into(),
        });
        self.messages.len() - 1
    }

    /// Notes what became of a message. Of a message that was doubled, several things may.
    pub fn end_of(&mut self, message: usize, time: u64, fate: Fate) {
        self.fates.push((message, time, fate));
    }

    fn name(&mut self, name: &str) -> usize {
        if let Some(place) = self.by_name.get(name) {
            return *place;
        }
        self.names.push(name.to_owned());
        self.by_name.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }

    /// Whoever sent or was sent a message, in the order in which they appeared.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The messages.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// What became of them, in the order in which it happened: the message's number, the
    /// time in nanoseconds, and what.
    pub fn fates(&self) -> &[(usize, u64, Fate)] {
        &self.fates
    }

    /// When the last thing happened.
    pub fn end(&self) -> u64 {
        let sent = self.messages.iter().map(|message| message.sent);
        let ended = self.fates.iter().map(|(_, time, _)| *time);
        sent.chain(ended).max().unwrap_or(0)
    }

    /// The names that begin with `n` and go on with digits, in the order of those.
    pub(crate) fn nodes(&self) -> Vec<String> {
        let number = |name: &str| name.strip_prefix('n').and_then(|n| n.parse::<u64>().ok());
        let mut nodes: Vec<(u64, &String)> = self
            .names
            .iter()
            .filter_map(|name| Some((number(name)?, name)))
            .collect();
        nodes.sort();
        nodes.into_iter().map(|(_, name)| name.clone()).collect()
    }
}
