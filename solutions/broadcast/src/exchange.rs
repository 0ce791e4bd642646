//! Comparing what two nodes know, and evening it out: push and pull.
//!
//! One sends its digest. The other answers if there is a difference, with its
//! own digest and what the first one lacks; the first one sends what the other
//! lacks in turn. Three messages at most, one when both know the same.
//!
//! Where values also travel in other ways, what is still on its way is no
//! difference: then only what has *settled*, what was known a while ago, is
//! compared.

use maelstrom_node::NodeId;
use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom;

use crate::knowledge::{Digest, Knowledge, News};
use crate::message::{Gossip, Request};
use crate::spread::Outgoing;

/// A node's knowledge, its peers, and what it has to answer to them.
#[derive(Debug)]
pub struct Exchange {
    pub(crate) knowledge: Knowledge,
    pub(crate) peers: Vec<NodeId>,
    answers: Vec<Outgoing>,
    /// What was known at the last two calls of [`settle`](Self::settle).
    settled: Option<[Digest; 2]>,
}

impl Exchange {
    /// Knowledge to be compared with that of `peers`.
    pub fn new(knowledge: Knowledge, peers: Vec<NodeId>) -> Self {
        Self {
            knowledge,
            peers,
            answers: Vec::new(),
            settled: None,
        }
    }

    /// From now on counts only what is known for longer than the time between
    /// two calls.
    pub(crate) fn settle(&mut self) {
        let now = self.knowledge.digest().clone();
        let [_, before] = self.settled.take().unwrap_or_default();
        self.settled = Some([before, now]);
    }

    fn gossip(&self, news: News, answers: bool) -> Request {
        Request::Gossip(Gossip {
            have: Some(self.knowledge.digest().clone()),
            settled: self.settled.as_ref().map(|[settled, _]| settled.clone()),
            news,
            answers,
        })
    }

    /// Takes in what a peer says. `true` when its digest differs from ours.
    pub(crate) fn hear(&mut self, from: &NodeId, gossip: &Gossip) -> bool {
        self.knowledge.absorb(&gossip.news);
        let Some(theirs) = &gossip.have else {
            return false;
        };
        let mine = self.knowledge.digest();
        let limit = self.settled.as_ref().map_or(mine, |[settled, _]| settled);
        let news = self.knowledge.missing_up_to(limit, theirs);
        let lacking = mine.lacks_from(gossip.settled.as_ref().unwrap_or(theirs));
        let differ = lacking || !news.is_empty();
        let answer = match gossip.answers {
            false => differ.then(|| self.gossip(news, true)),
            // The last word has no digest: under load two nodes always differ,
            // and would go on for ever.
            true => (!news.is_empty()).then(|| {
                Request::Gossip(Gossip {
                    news,
                    ..Gossip::default()
                })
            }),
        };
        self.answers
            .extend(answer.map(|answer| (from.clone(), answer)));
        differ
    }

    pub(crate) fn take_answers(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.answers)
    }

    /// The beginning of an exchange with a random peer.
    pub(crate) fn ask_somebody(&self, rng: &mut ChaCha8Rng) -> Option<Outgoing> {
        let peer = self.peers.choose(rng)?;
        Some((peer.clone(), self.gossip(News::new(), false)))
    }
}
