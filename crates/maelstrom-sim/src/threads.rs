//! The clients that work at the same time, and whose turn it is.

use std::ops::Range;
use std::sync::Arc;

use crate::client::Client;

/// One of the clients that work at the same time.
pub(crate) struct Thread {
    pub(crate) process: u64,
    pub(crate) busy: bool,
    pub(crate) client: Option<Arc<Client>>,
    /// Its client has done its last operation, and is closed when the next
    /// one needs another; until then late replies find somebody.
    pub(crate) client_is_spent: bool,
}

/// All of them.
pub(crate) struct Threads {
    all: Vec<Thread>,
    /// Where the search for a free thread begins; it goes round, so that all
    /// get their turn. The nemesis counts as one of them.
    turn: usize,
}

impl Threads {
    pub(crate) fn new(count: usize) -> Self {
        let threads = (0..count as u64).map(|process| Thread {
            process,
            busy: false,
            client: None,
            client_is_spent: false,
        });
        Self {
            all: threads.collect(),
            turn: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get_mut(&mut self, thread: usize) -> &mut Thread {
        &mut self.all[thread]
    }

    pub(crate) fn is_busy(&self, thread: usize) -> bool {
        self.all[thread].busy
    }

    /// The free thread whose turn it is.
    pub(crate) fn free(&self) -> Option<usize> {
        self.free_among(0..self.all.len())
    }

    /// The one of these threads that is free and whose turn it is.
    pub(crate) fn free_among(&self, range: Range<usize>) -> Option<usize> {
        let from = self.turn.clamp(range.start, range.end);
        (from..range.end)
            .chain(range.start..from)
            .find(|thread| !self.all[*thread].busy)
    }

    /// The processes of these threads.
    pub(crate) fn processes(&self, range: Range<usize>) -> impl Iterator<Item = u64> + '_ {
        self.all[range].iter().map(|thread| thread.process)
    }

    /// The next search begins one further on.
    pub(crate) fn pass_turn(&mut self) {
        self.turn = (self.turn + 1) % (self.all.len() + 1);
    }
}
