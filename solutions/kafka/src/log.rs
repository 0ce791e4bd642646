//! Logs as they are kept in memory: messages by offset, offsets committed.

use std::collections::BTreeMap;

use crate::message::{Key, Message, Offset, Offsets};

/// The most messages of one log in the answer to a poll.
pub(crate) const PAGE: usize = 512;

/// What a poll is answered: messages of each log, by offset.
pub type Messages = BTreeMap<Key, Vec<(Offset, Message)>>;

/// A log whose offsets may leave gaps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log(BTreeMap<Offset, Message>);

impl Log {
    /// Puts a message in its place; one that stands there already stays.
    pub fn insert(&mut self, offset: Offset, message: Message) {
        self.0.entry(offset).or_insert(message);
    }

    /// The offset after the last message.
    pub fn end(&self) -> Offset {
        self.0.last_key_value().map_or(0, |(offset, _)| offset + 1)
    }

    /// The message at an offset.
    pub fn get(&self, offset: Offset) -> Option<&Message> {
        self.0.get(&offset)
    }

    /// All messages in order.
    pub fn iter(&self) -> impl Iterator<Item = (Offset, &Message)> {
        self.0.iter().map(|(offset, message)| (*offset, message))
    }

    /// The messages from `from` on and below `below`, a page at most.
    pub fn page(&self, from: Offset, below: Offset) -> Vec<(Offset, Message)> {
        if from >= below {
            return Vec::new();
        }
        let range = self.0.range(from..below).take(PAGE);
        range
            .map(|(offset, message)| (*offset, message.clone()))
            .collect()
    }
}

/// How far each log is processed: the highest offset ever committed, so that
/// the order in which nodes hear of commits does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Committed(Offsets);

impl Committed {
    /// Notes a commit; `false` when it says nothing new.
    pub fn commit(&mut self, key: &Key, offset: Offset) -> bool {
        match self.0.get_mut(key) {
            Some(known) if *known >= offset => return false,
            Some(known) => *known = offset,
            None => {
                self.0.insert(key.clone(), offset);
            }
        }
        true
    }

    /// The offsets of those of the logs that have one.
    pub fn list(&self, keys: &[Key]) -> Offsets {
        let found = keys.iter().filter_map(|key| self.0.get_key_value(key));
        found.map(|(key, offset)| (key.clone(), *offset)).collect()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, Offset)> {
        self.0.iter().map(|(key, offset)| (key, *offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_in_order_and_ends_below_the_limit() {
        let mut log = Log::default();
        for offset in [4, 1, 9] {
            log.insert(offset, offset.into());
        }
        log.insert(4, "another".into());
        assert_eq!(log.page(1, 9), [(1, 1.into()), (4, 4.into())]);
        assert_eq!(log.page(5, 2), []);
        assert_eq!(log.end(), 10);
    }

    #[test]
    fn commits_never_go_back_and_unknown_logs_are_left_out() {
        let mut committed = Committed::default();
        assert!(committed.commit(&"a".into(), 0));
        assert!(committed.commit(&"a".into(), 5));
        assert!(!committed.commit(&"a".into(), 3));
        let listed = committed.list(&["a".into(), "b".into()]);
        assert_eq!(listed, Offsets::from([("a".into(), 5)]));
    }
}
