//! The search itself.
//!
//! A *configuration* is the set of calls ordered so far and the state after them. The
//! search walks through the events of the history that are not yet dealt with: at an
//! invocation it may order that call next, at a completion of a call that it has not
//! ordered it is stuck and goes back. Configurations are remembered, so that none is
//! tried twice; the set of calls is remembered as a 128-bit sum of random words, one a
//! call, which makes two sets collide less often than memory fails.

use rustc_hash::FxHashSet;

use super::{Call, LastGood, Linearity, Model, Violation};

/// How many last good states are shown.
const SHOWN: usize = 10;

/// How many of the calls ordered before a last good state are shown.
const ORDERED: usize = 8;

/// How many configurations each of several searches is given at first.
const FIRST_BOUND: usize = 4096;

/// Ends a list.
const END: u32 = u32::MAX;

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
    /// The events not dealt with yet, linked; the first is a sentinel.
    events: Vec<Event>,
    /// For each call the positions of its events; [`END`] for a completion that never was.
    places: Vec<(u32, u32)>,
    /// For each call without a completion the one before it that does the same, or [`END`].
    /// Neither has a deadline, so taking the later one first gains nothing.
    twin: Vec<u32>,
    ordered: Vec<bool>,
    seen: FxHashSet<(u128, M::State)>,
    /// The set of ordered calls, hashed.
    set: u128,
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
/// configuration takes about forty bytes beyond the state. The result depends on nothing
/// but the arguments.
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
        let sentinel = Event {
            call: END,
            is_return: false,
            prev: END,
            next: 1,
        };
        let mut events = vec![sentinel];
        for (at, (_, is_return, call)) in (1u32..).zip(&order) {
            let place = &mut places[*call as usize];
            if *is_return {
                place.1 = at;
            } else {
                place.0 = at;
            }
            events.push(Event {
                call: *call,
                is_return: *is_return,
                prev: at - 1,
                next: at + 1,
            });
        }
        events.last_mut().expect("the sentinel is there").next = END;
        let mut twin = vec![END; calls.len()];
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
            open.push(i);
        }
        Self {
            model,
            calls,
            events,
            places,
            twin,
            ordered: vec![false; calls.len()],
            seen: FxHashSet::default(),
            set: 0,
        }
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
        self.set = self.set.wrapping_add(word(call));
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
        self.set = self.set.wrapping_sub(word(call));
    }

    fn run(mut self, bound: usize) -> Linearity<M> {
        let mut left = self.calls.iter().filter(|c| c.complete.is_some()).count();
        let mut state = self.model.initial();
        // The calls ordered, each with the state before it and whether there was a choice.
        let mut stack: Vec<(u32, M::State, bool)> = Vec::new();
        // The completion that the search got to, and the configurations stuck at it.
        let mut furthest = 0u32;
        let mut stuck: Vec<LastGood<M>> = Vec::new();
        let mut configurations = 0usize;
        let mut at = self.events[0].next;
        while left > 0 {
            debug_assert_ne!(
                at, END,
                "a call that completes has its completion in the list"
            );
            let Event {
                call,
                is_return,
                next,
                ..
            } = self.events[at as usize];
            if !is_return {
                let twin = self.twin[call as usize];
                let op = &self.calls[call as usize].op;
                let after = (twin == END || self.ordered[twin as usize])
                    .then(|| self.model.step(&state, op))
                    .flatten();
                let completes = self.calls[call as usize].complete.is_some();
                // A read without a completion constrains nothing and changes nothing.
                let read = self.model.is_read(op);
                match after {
                    Some(_) if read && !completes => at = next,
                    Some(after) if read => {
                        self.lift(call);
                        stack.push((call, std::mem::replace(&mut state, after), false));
                        left -= 1;
                        at = self.events[0].next;
                    }
                    Some(after) => {
                        let set = self.set.wrapping_add(word(call));
                        if self.seen.insert((set, after.clone())) {
                            configurations += 1;
                            if configurations > bound {
                                return Linearity::Unknown {
                                    configurations: bound,
                                };
                            }
                            self.lift(call);
                            stack.push((call, std::mem::replace(&mut state, after), true));
                            left -= usize::from(completes);
                            at = self.events[0].next;
                        } else {
                            at = next;
                        }
                    }
                    None => at = next,
                }
                continue;
            }
            // A call completes that is not ordered: stuck.
            if at >= furthest {
                if at > furthest {
                    stuck.clear();
                }
                furthest = at;
                let tail = &stack[stack.len().saturating_sub(ORDERED)..];
                let order = tail.iter().map(|(call, ..)| *call as usize).collect();
                self.note(&state, order, at, &mut stuck);
            }
            // Undo up to the last choice, and take the next there.
            loop {
                let Some((call, before, choice)) = stack.pop() else {
                    return Linearity::NotLinearizable(self.violation(furthest, stuck));
                };
                self.unlift(call);
                state = before;
                left += usize::from(self.calls[call as usize].complete.is_some());
                if choice {
                    at = self.events[self.places[call as usize].0 as usize].next;
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
            // Whatever is still in the list before `at` was invoked and is not ordered.
            let mut pending = Vec::new();
            let mut place = self.events[0].next;
            while place < at {
                pending.push(self.events[place as usize].call as usize);
                place = self.events[place as usize].next;
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
