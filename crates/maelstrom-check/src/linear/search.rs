//! The search itself.
//!
//! A *configuration* is the set of calls ordered so far and the state after them. The
//! search walks through the events of the history that are not yet dealt with: at an
//! invocation it may order that call next, at a completion of a call that it has not
//! ordered it is stuck and goes back, once it has tried the calls that never complete.
//! Configurations are remembered, so that none is tried twice; the set of calls is remembered
//! as a 128-bit sum of random words, one a call, which makes two sets collide less often than
//! memory fails.
//!
//! A call that never completes need not be ordered. So a configuration is not tried either if
//! one was that differs from it only in having ordered fewer of those: it can do all the same.
//! Without this, a history that cannot be ordered would be searched once for each choice
//! among its crashed calls.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Call, LastGood, Linearity, Model, Violation};

/// How many last good states are shown.
const SHOWN: usize = 10;

/// How many of the calls ordered before a last good state are shown.
const ORDERED: usize = 8;

/// How many configurations each of several searches is given at first.
const FIRST_BOUND: usize = 4096;

/// Ends a list.
const END: u32 = u32::MAX;

/// The place before the first event of calls that complete.
const HEAD: usize = 0;

/// The place before the first invocation of calls that never complete.
const OPEN: usize = 1;

/// An event: the invocation or completion of a call.
struct Event {
    call: u32,
    is_return: bool,
    prev: u32,
    next: u32,
}

struct Search<'a, M: Model> {
    model: &'a M,
    calls: &'a [Call<M::Op>],
    /// The events not dealt with yet, in two linked lists: from [`HEAD`] those of calls that
    /// complete, from [`OPEN`] those of calls that never do.
    events: Vec<Event>,
    /// For each call the positions of its events; [`END`] for a completion that never was.
    places: Vec<(u32, u32)>,
    /// For each call without a completion the one before it that does the same, or [`END`].
    /// Neither has a deadline, so taking the later one first gains nothing.
    twin: Vec<u32>,
    /// For each of the first 128 calls without a completion its bit; 0 for all other calls.
    bit: Vec<u128>,
    ordered: Vec<bool>,
    /// The configurations tried that had ordered no call with a bit.
    seen: FxHashSet<(u128, M::State)>,
    /// Those that had, by the rest of them: the bits of each.
    spent: FxHashMap<(u128, M::State), Vec<u128>>,
    /// The set of ordered calls without a bit, hashed.
    set: u128,
    /// The bits of the ordered calls.
    bits: u128,
}

/// A well-mixed word for each call: splitmix64 over its number, twice.
fn word(call: u32) -> u128 {
    let mix = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let seed = (u64::from(call) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u128::from(mix(seed)) << 64 | u128::from(mix(seed ^ 0x5851_f42d_4c95_7f2d))
}

/// Searches for an order of `calls`, which must be sorted by invocation, such that each takes
/// effect between its invocation and its completion. A call without a completion may take
/// effect at any time after its invocation, or never.
///
/// The search is that of Wing and Gong (*Testing and verifying concurrent objects*, 1993) with
/// Lowe's memory of configurations already tried (*Testing for linearizability*, 2017).
///
/// `bound` is the number of configurations after which the search gives up; a remembered
/// configuration takes about forty bytes beyond the state, and twice as much again where calls
/// that never complete were ordered. The result depends on nothing but the arguments.
pub fn linearize<M: Model>(model: &M, calls: &[Call<M::Op>], bound: usize) -> Linearity<M> {
    Search::new(model, calls).run(bound)
}

/// Searches for an order of each of several independent objects' calls.
///
/// Each search is first given few configurations, then more and more up to `bound`. Once one
/// object is found not to be linearizable, the searches that are still open end as unknown:
/// the verdict over all is known, and a search that fails can take exponentially long.
pub fn linearize_each<M: Model>(
    model: &M,
    objects: &[Vec<Call<M::Op>>],
    bound: usize,
) -> Vec<Linearity<M>> {
    let mut first = bound.min(FIRST_BOUND);
    let mut found: Vec<Linearity<M>> = objects
        .iter()
        .map(|calls| linearize(model, calls, first))
        .collect();
    while first < bound {
        let broken = |l: &Linearity<M>| matches!(l, Linearity::NotLinearizable(_));
        let open = |l: &Linearity<M>| matches!(l, Linearity::Unknown { .. });
        if found.iter().any(broken) || !found.iter().any(open) {
            break;
        }
        first = bound.min(first.saturating_mul(8));
        for (linearity, calls) in found.iter_mut().zip(objects) {
            if open(linearity) {
                *linearity = linearize(model, calls, first);
            }
        }
    }
    found
}

impl<'a, M: Model> Search<'a, M> {
    fn new(model: &'a M, calls: &'a [Call<M::Op>]) -> Self {
        let mut order: Vec<(usize, bool, u32)> = Vec::with_capacity(calls.len() * 2);
        for (i, call) in calls.iter().enumerate() {
            let i = u32::try_from(i).expect("a history holds fewer than 2^32 operations");
            order.push((call.invoke, false, i));
            if let Some(complete) = call.complete {
                order.push((complete, true, i));
            }
        }
        order.sort_unstable();
        let mut places = vec![(END, END); calls.len()];
        let sentinel = || Event {
            call: END,
            is_return: false,
            prev: END,
            next: END,
        };
        let mut events = vec![sentinel(), sentinel()];
        let mut last = [HEAD, OPEN];
        for (at, (_, is_return, call)) in (2u32..).zip(&order) {
            let place = &mut places[*call as usize];
            if *is_return {
                place.1 = at;
            } else {
                place.0 = at;
            }
            let last = &mut last[usize::from(calls[*call as usize].complete.is_none())];
            events[*last].next = at;
            events.push(Event {
                call: *call,
                is_return: *is_return,
                prev: *last as u32,
                next: END,
            });
            *last = at as usize;
        }
        let mut twin = vec![END; calls.len()];
        let mut bit = vec![0; calls.len()];
        let mut open: Vec<u32> = Vec::new();
        for (i, call) in (0u32..).zip(calls).filter(|(_, c)| c.complete.is_none()) {
            let same = |j: &&u32| calls[**j as usize].op == call.op;
            // Looking back over all of them would be quadratic in a run full of crashes.
            twin[i as usize] = open
                .iter()
                .rev()
                .take(256)
                .find(same)
                .copied()
                .unwrap_or(END);
            bit[i as usize] = 1u128.checked_shl(open.len() as u32).unwrap_or(0);
            open.push(i);
        }
        Self {
            model,
            calls,
            events,
            places,
            twin,
            bit,
            ordered: vec![false; calls.len()],
            seen: FxHashSet::default(),
            spent: FxHashMap::default(),
            set: 0,
            bits: 0,
        }
    }

    /// Remembers the configuration after `call` and says whether to try it: not if it was
    /// tried, or one that is the same but for fewer calls that never complete.
    fn remember(&mut self, call: u32, state: &M::State) -> bool {
        let bit = self.bit[call as usize];
        let set = match bit {
            0 => self.set.wrapping_add(word(call)),
            _ => self.set,
        };
        let bits = self.bits | bit;
        let key = (set, state.clone());
        if bits == 0 {
            return self.seen.insert(key);
        }
        if self.seen.contains(&key) {
            return false;
        }
        let tried = self
            .spent
            .entry(key)
            .or_insert_with(|| Vec::with_capacity(1));
        if tried.iter().any(|fewer| fewer & bits == *fewer) {
            return false;
        }
        tried.retain(|more| more & bits != bits);
        tried.push(bits);
        true
    }

    /// Takes a call's events out of the list.
    fn lift(&mut self, call: u32) {
        let (invoke, complete) = self.places[call as usize];
        for at in [invoke, complete] {
            if at != END {
                let Event { prev, next, .. } = self.events[at as usize];
                self.events[prev as usize].next = next;
                if next != END {
                    self.events[next as usize].prev = prev;
                }
            }
        }
        self.ordered[call as usize] = true;
        match self.bit[call as usize] {
            0 => self.set = self.set.wrapping_add(word(call)),
            bit => self.bits |= bit,
        }
    }

    /// Puts back the events of the call lifted last.
    fn unlift(&mut self, call: u32) {
        let (invoke, complete) = self.places[call as usize];
        for at in [complete, invoke] {
            if at != END {
                let Event { prev, next, .. } = self.events[at as usize];
                self.events[prev as usize].next = at;
                if next != END {
                    self.events[next as usize].prev = at;
                }
            }
        }
        self.ordered[call as usize] = false;
        match self.bit[call as usize] {
            0 => self.set = self.set.wrapping_sub(word(call)),
            bit => self.bits &= !bit,
        }
    }

    fn run(mut self, bound: usize) -> Linearity<M> {
        let mut left = self.calls.iter().filter(|c| c.complete.is_some()).count();
        let mut state = self.model.initial();
        // The calls ordered, each with the state before it and, if there was a choice, the
        // deadline at which it was made.
        let mut stack: Vec<(u32, M::State, Option<u32>)> = Vec::new();
        // The completion that the search got to, and the configurations stuck at it.
        let mut furthest = 0u32;
        let mut stuck: Vec<LastGood<M>> = Vec::new();
        let mut configurations = 0usize;
        let mut at = self.events[HEAD].next;
        // The first completion of a call that is not ordered, once the search got to it.
        let mut deadline = END;
        while left > 0 {
            if at < deadline {
                let Event {
                    call,
                    is_return,
                    next,
                    ..
                } = self.events[at as usize];
                if is_return {
                    // Calls that never complete come last: most often none is needed.
                    deadline = at;
                    at = self.events[OPEN].next;
                    continue;
                }
                let twin = self.twin[call as usize];
                let op = &self.calls[call as usize].op;
                let after = (twin == END || self.ordered[twin as usize])
                    .then(|| self.model.step(&state, op))
                    .flatten();
                let completes = self.calls[call as usize].complete.is_some();
                let read = self.model.is_read(op);
                // The call before never completes, and without it this one comes to the same.
                let in_vain = after.is_some()
                    && stack.last().is_some_and(|(last, before, _)| {
                        self.calls[*last as usize].complete.is_none()
                            && self.model.step(before, op) == after
                    });
                at = match after {
                    // One without a completion constrains nothing, and this changes nothing.
                    Some(after) if !completes && (read || after == state) => next,
                    Some(after) if read || !in_vain && self.remember(call, &after) => {
                        if !read {
                            configurations += 1;
                            if configurations > bound {
                                return Linearity::Unknown {
                                    configurations: bound,
                                };
                            }
                        }
                        self.lift(call);
                        let before = std::mem::replace(&mut state, after);
                        stack.push((call, before, (!read).then_some(deadline)));
                        left -= usize::from(completes);
                        deadline = END;
                        self.events[HEAD].next
                    }
                    _ => next,
                };
                continue;
            }
            debug_assert_ne!(
                deadline, END,
                "a call that completes has its completion in the list"
            );
            // A call completes that is not ordered: stuck.
            if deadline >= furthest {
                if deadline > furthest {
                    stuck.clear();
                }
                furthest = deadline;
                let tail = &stack[stack.len().saturating_sub(ORDERED)..];
                let order = tail.iter().map(|(call, ..)| *call as usize).collect();
                self.note(&state, order, deadline, &mut stuck);
            }
            // Undo up to the last choice, and take the next there.
            loop {
                let Some((call, before, choice)) = stack.pop() else {
                    return Linearity::NotLinearizable(self.violation(furthest, stuck));
                };
                self.unlift(call);
                state = before;
                left += usize::from(self.calls[call as usize].complete.is_some());
                if let Some(choice) = choice {
                    at = self.events[self.places[call as usize].0 as usize].next;
                    deadline = choice;
                    break;
                }
            }
        }
        let order = stack.into_iter().map(|(call, ..)| call as usize).collect();
        Linearity::Linearizable { order, state }
    }

    /// Keeps a configuration that is stuck at the completion `at`.
    fn note(&self, state: &M::State, order: Vec<usize>, at: u32, stuck: &mut Vec<LastGood<M>>) {
        if stuck.len() < SHOWN && !stuck.iter().any(|s| s.state == *state) {
            // Whatever is still in the lists before `at` was invoked and is not ordered.
            let mut pending = Vec::new();
            for list in [HEAD, OPEN] {
                let mut place = self.events[list].next;
                while place < at {
                    pending.push(self.events[place as usize].call as usize);
                    place = self.events[place as usize].next;
                }
            }
            pending.push(self.events[at as usize].call as usize);
            pending.sort_unstable();
            pending.dedup();
            stuck.push(LastGood {
                state: state.clone(),
                last: order.last().copied(),
                order,
                pending,
            });
        }
    }

    /// The calls invoked before the event `at` that have not completed before it.
    fn under_way(&self, at: u32) -> impl Iterator<Item = usize> {
        let places = &self.places;
        (0..places.len()).filter(move |i| places[*i].0 < at && places[*i].1 >= at)
    }

    fn violation(&self, at: u32, last_good: Vec<LastGood<M>>) -> Violation<M> {
        Violation {
            call: self.events[at as usize].call as usize,
            concurrent: self.under_way(at).collect(),
            last_good,
        }
    }
}
