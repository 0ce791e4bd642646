//! Single: one node keeps the logs in its memory (5a).
//!
//! Offsets count up from 0, a poll returns what is there, and no message goes
//! to anybody. Right for one node only: two of them are two systems that hand
//! out the same offsets.

use std::collections::BTreeMap;
use std::time::Duration;

use maelstrom_node::NodeId;

use crate::links::Outgoing;
use crate::log::{Committed, Log, Messages};
use crate::message::{Batch, Key, Message, Offset, Offsets};
use crate::replica::Replica;

/// Logs that nobody else knows.
#[derive(Clone, Debug, Default)]
pub struct Single {
    pub(crate) logs: BTreeMap<Key, Log>,
    pub(crate) committed: Committed,
}

impl Replica for Single {
    fn ready(&self, _: Duration) -> bool {
        true
    }

    fn append(&mut self, key: &Key, message: Message) -> Offset {
        let log = self.logs.entry(key.clone()).or_default();
        let offset = log.end();
        log.insert(offset, message);
        offset
    }

    fn poll(&self, offsets: &Offsets) -> Messages {
        let page = |(key, from): (&Key, &Offset)| {
            let page = self.logs.get(key)?.page(*from, Offset::MAX);
            (!page.is_empty()).then(|| (key.clone(), page))
        };
        offsets.iter().filter_map(page).collect()
    }

    fn commit(&mut self, offsets: &Offsets) {
        for (key, offset) in offsets {
            self.committed.commit(key, *offset);
        }
    }

    fn committed(&self, keys: &[Key]) -> Offsets {
        self.committed.list(keys)
    }

    fn receive(&mut self, _: &NodeId, _: Batch, _: Duration) -> Vec<Outgoing> {
        Vec::new()
    }

    fn tick(&mut self, _: Duration) -> Vec<Outgoing> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_up_and_unknown_logs_are_left_out() {
        let mut single = Single::default();
        let key = Key::from("k");
        assert_eq!([7, 8, 9].map(|m| single.append(&key, m.into())), [0, 1, 2]);
        let polled = single.poll(&Offsets::from([(key.clone(), 1), ("none".into(), 0)]));
        let wanted = vec![(1, 8.into()), (2, 9.into())];
        assert_eq!(polled, Messages::from([(key, wanted)]));
    }
}
