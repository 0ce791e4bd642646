//! Spreads as plain values in a network of their own: no runtime, no clock,
//! any loss, any partition, any lateness of timers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use broadcast::knowledge::{Knowledge, Lane};
use broadcast::message::Request;
use broadcast::{AntiEntropy, Batch, Convergecast, Direct, Exchange, Spread, Strategy};
use maelstrom_node::NodeId;
use proptest::prelude::*;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

const MS: Duration = Duration::from_millis(1);

/// What the network does to messages until it is whole.
#[derive(Clone, Debug)]
struct Faults {
    /// The share of messages lost.
    loss: f64,
    /// The largest latency; the smallest is nothing.
    latency: Duration,
    /// How late a timer may be.
    late: Duration,
    /// From when to when each link, by sender and receiver, is cut.
    cuts: Vec<(usize, usize, Duration, Duration)>,
    /// When nodes are killed; they restart at once with empty memory.
    kills: Vec<(usize, Duration)>,
    /// From when on nothing is lost.
    whole: Duration,
}

enum Event {
    Tell(usize, u64),
    Arrive(usize, usize, Request),
    Wake(usize),
    Kill(usize),
}

struct Model {
    strategy: Strategy,
    nodes: Vec<Box<dyn Spread>>,
    ids: Vec<NodeId>,
    born: Vec<Duration>,
    events: BTreeMap<(Duration, u64), Event>,
    sequence: u64,
    faults: Faults,
    rng: ChaCha8Rng,
    messages: usize,
}

fn protocol(strategy: Strategy, ids: &[NodeId], me: usize, seed: u64) -> Box<dyn Spread> {
    let rng = ChaCha8Rng::seed_from_u64(seed);
    let life = u32::try_from(seed % 1_000_000).expect("it is below a million");
    let peers = ids.iter().filter(|id| **id != ids[me]).cloned().collect();
    let exchange = Exchange::new(Knowledge::new(Lane::new(me, life)), peers);
    match strategy {
        Strategy::Direct => Box::new(Direct::new(exchange, rng)),
        Strategy::AntiEntropy => Box::new(AntiEntropy::new(exchange, rng)),
        Strategy::Batch => Box::new(Batch::new(ids, me, life, rng)),
        Strategy::Convergecast => Box::new(Convergecast::new(ids, me, life, 1500 * MS)),
        Strategy::ConvergecastQuick => Box::new(Convergecast::new(ids, me, life, 320 * MS)),
        Strategy::Flood | Strategy::TimeoutPool => unreachable!("not a plain value"),
    }
}

impl Model {
    fn new(strategy: Strategy, count: usize, seed: u64, faults: Faults) -> Self {
        let ids: Vec<NodeId> = (0..count).map(|i| NodeId::new(format!("n{i}"))).collect();
        let nodes = (0..count).map(|me| protocol(strategy, &ids, me, seed * 100 + me as u64));
        let mut model = Self {
            strategy,
            nodes: nodes.collect(),
            born: vec![Duration::ZERO; count],
            ids,
            events: BTreeMap::new(),
            sequence: 0,
            rng: ChaCha8Rng::seed_from_u64(seed),
            messages: 0,
            faults,
        };
        for node in 0..count {
            model.at(Duration::ZERO, Event::Wake(node));
        }
        for (node, time) in model.faults.kills.clone() {
            model.at(time, Event::Kill(node));
        }
        model
    }

    fn at(&mut self, time: Duration, event: Event) {
        self.sequence += 1;
        self.events.insert((time, self.sequence), event);
    }

    fn tell(&mut self, time: Duration, node: usize, value: u64) {
        self.at(time, Event::Tell(node, value));
    }

    fn lost(&mut self, now: Duration, from: usize, to: usize) -> bool {
        let cut = |(a, b, begin, end): &(usize, usize, Duration, Duration)| {
            (*a, *b) == (from, to) && (*begin..*end).contains(&now)
        };
        now < self.faults.whole
            && (self.faults.cuts.iter().any(cut) || self.rng.random_bool(self.faults.loss))
    }

    /// Goes on until `end`. Returns when the last message was sent.
    fn run(&mut self, end: Duration) -> Duration {
        let mut last = Duration::ZERO;
        while let Some(entry) = self.events.first_entry() {
            let now = entry.key().0;
            if now > end {
                break;
            }
            let node = match entry.remove() {
                Event::Tell(node, value) => {
                    self.nodes[node].tell(now - self.born[node], value);
                    node
                }
                Event::Arrive(from, to, message) => {
                    let sender = self.ids[from].clone();
                    assert!(self.nodes[to].receive(now - self.born[to], &sender, message));
                    to
                }
                Event::Wake(node) => node,
                Event::Kill(node) => {
                    // Beyond those of first lives, which it must differ from.
                    let seed = 900_000 + self.sequence;
                    self.nodes[node] = protocol(self.strategy, &self.ids, node, seed);
                    self.born[node] = now;
                    node
                }
            };
            let born = self.born[node];
            for (dest, message) in self.nodes[node].wake(now - born) {
                self.messages += 1;
                last = now;
                let dest = self
                    .ids
                    .iter()
                    .position(|id| *id == dest)
                    .expect("only nodes are spoken to");
                assert_ne!(dest, node, "a node speaks to itself");
                if !self.lost(now, node, dest) {
                    let latency = self
                        .faults
                        .latency
                        .mul_f64(self.rng.random_range(0.0..=1.0));
                    self.at(now + latency, Event::Arrive(node, dest, message));
                }
            }
            if let Some(next) = self.nodes[node].next_wake() {
                let late = self.faults.late.mul_f64(self.rng.random_range(0.0..=1.0));
                // A node is woken a moment later at the earliest, as by the shell.
                let time = (born + next).max(now + MS) + late;
                if !self
                    .events
                    .range((now, 0)..(time, 0))
                    .any(|(_, event)| matches!(event, Event::Wake(other) if *other == node))
                {
                    self.at(time, Event::Wake(node));
                }
            }
        }
        last
    }

    /// Twenty values within two seconds, each to another node.
    fn tell_twenty(&mut self) {
        for value in 0..20 {
            let node = value as usize % self.nodes.len();
            self.tell(Duration::from_millis(100 * value), node, value);
        }
    }

    fn missing(&self, values: u64) -> Vec<(usize, u64)> {
        let all = (0..self.nodes.len()).flat_map(|node| (0..values).map(move |v| (node, v)));
        all.filter(|(node, value)| !self.nodes[*node].values().contains(value))
            .collect()
    }
}

fn faults(count: usize) -> impl Strategy_<Value = Faults> {
    let time = |range: std::ops::Range<u64>| range.prop_map(Duration::from_millis);
    let cut = (0..count, 0..count, time(0..8000), time(0..8000));
    let cuts = prop::collection::vec(cut, 0..3 * count);
    // A node cut off from all, as the nemesis likes to do.
    let alone = prop::option::of((0..count, time(0..8000), time(0..8000)));
    (0.0..0.6, time(0..400), time(0..10), cuts, alone).prop_map(
        move |(loss, latency, late, mut cuts, alone)| {
            if let Some((node, begin, end)) = alone {
                for other in 0..count {
                    cuts.push((node, other, begin, end));
                    cuts.push((other, node, begin, end));
                }
            }
            Faults {
                loss,
                latency,
                late,
                cuts,
                kills: Vec::new(),
                whole: Duration::from_secs(8),
            }
        },
    )
}

use proptest::strategy::Strategy as Strategy_;

const PLAIN: [Strategy; 5] = [
    Strategy::Direct,
    Strategy::Batch,
    Strategy::AntiEntropy,
    Strategy::Convergecast,
    Strategy::ConvergecastQuick,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_value_arrives_under_any_loss_and_partition_that_heals(
        (count, faults) in (1_usize..8).prop_flat_map(|count| (Just(count), faults(count))),
        told in prop::collection::vec((0_usize..8, 0_u64..9000), 1..30),
        seed in 0_u64..1000,
    ) {
        for strategy in PLAIN {
            let mut model = Model::new(strategy, count, seed, faults.clone());
            for (value, (node, time)) in told.iter().enumerate() {
                model.tell(Duration::from_millis(*time), node % count, value as u64);
            }
            model.run(Duration::from_secs(30));
            let missing = model.missing(told.len() as u64);
            prop_assert!(missing.is_empty(), "{strategy:?} of {count}: {missing:?}");
        }
    }

    #[test]
    fn a_convergecast_falls_silent_when_all_is_said(
        (count, faults) in (1_usize..8).prop_flat_map(|count| (Just(count), faults(count))),
        told in prop::collection::vec((0_usize..8, 0_u64..9000), 0..30),
        seed in 0_u64..1000,
    ) {
        let mut model = Model::new(Strategy::Convergecast, count, seed, faults);
        for (value, (node, time)) in told.iter().enumerate() {
            model.tell(Duration::from_millis(*time), node % count, value as u64);
        }
        let last = model.run(Duration::from_secs(90));
        prop_assert!(last < Duration::from_secs(40), "spoke at {last:?}");
    }

    #[test]
    fn what_others_knew_survives_a_kill(
        (count, killed) in (2_usize..8).prop_flat_map(|count| (Just(count), 0..count)),
        seed in 0_u64..1000,
    ) {
        // Everything is known everywhere by 8 s, when one forgets all of it.
        let kills = vec![(killed, Duration::from_secs(8))];
        let faults = Faults {
            loss: 0.0,
            latency: 200 * MS,
            late: 5 * MS,
            cuts: Vec::new(),
            kills,
            whole: Duration::ZERO,
        };
        for strategy in PLAIN {
            let mut model = Model::new(strategy, count, seed, faults.clone());
            model.tell_twenty();
            // And what the next life is told is lost neither.
            model.tell(Duration::from_millis(8500), killed, 20);
            model.run(Duration::from_secs(25));
            let missing = model.missing(21);
            prop_assert!(missing.is_empty(), "{strategy:?}: {missing:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn all_agree_after_kills_amid_traffic(
        (count, kills) in (2_usize..6).prop_flat_map(|count| {
            (Just(count), prop::collection::vec((0..count, 0_u64..3000), 1..6))
        }),
        latency in 0_u64..600,
        seed in 0_u64..1000,
    ) {
        let kills = kills.into_iter();
        let faults = Faults {
            loss: 0.0,
            latency: Duration::from_millis(latency),
            late: 5 * MS,
            cuts: Vec::new(),
            kills: kills.map(|(node, time)| (node, Duration::from_millis(time))).collect(),
            whole: Duration::ZERO,
        };
        for strategy in PLAIN {
            let mut model = Model::new(strategy, count, seed, faults.clone());
            model.tell_twenty();
            model.run(Duration::from_secs(30));
            let nodes = model.nodes.iter();
            let all: Vec<BTreeSet<_>> = nodes.map(|node| node.values().iter().collect()).collect();
            prop_assert!(all.windows(2).all(|two| two[0] == two[1]), "{strategy:?}: {all:?}");
        }
    }
}

/// It had just spoken as a leaf, and as a hub had nothing due and set no time.
#[test]
fn a_leaf_that_becomes_hub_says_what_it_said_in_vain() {
    let faults = Faults {
        loss: 0.304_151_885_867_460_06,
        latency: MS,
        late: MS,
        cuts: Vec::new(),
        kills: Vec::new(),
        whole: Duration::from_secs(8),
    };
    let mut model = Model::new(Strategy::ConvergecastQuick, 2, 5, faults);
    let told = [
        (1, 938),
        (1, 2283),
        (1, 1898),
        (1, 6819),
        (1, 4746),
        (0, 538),
        (0, 5480),
        (0, 4275),
        (1, 406),
        (1, 5459),
        (1, 7186),
        (1, 3872),
        (0, 2728),
    ];
    for (value, (node, time)) in told.into_iter().enumerate() {
        model.tell(Duration::from_millis(time), node, value as u64);
    }
    model.run(Duration::from_secs(30));
    assert_eq!(model.missing(told.len() as u64), []);
}

/// Constant latency and late timers: what a round costs.
#[test]
fn a_round_costs_two_messages_a_leaf_however_late_the_timers() {
    for late in [0, 3, 8] {
        let faults = Faults {
            loss: 0.0,
            latency: Duration::ZERO,
            late: late * MS,
            cuts: Vec::new(),
            kills: Vec::new(),
            whole: Duration::ZERO,
        };
        let mut model = Model::new(Strategy::Convergecast, 25, 1, faults);
        for value in 0..2000 {
            let node = (value * 7) as usize % 25;
            model.tell(Duration::from_millis(10 * value), node, value);
        }
        model.run(Duration::from_secs(30));
        assert!(model.missing(2000).is_empty());
        // 20 s of rounds of 1.5 s, a hello and a first round, a last word.
        assert!(
            model.messages < 48 * 17,
            "{} late: {}",
            late,
            model.messages
        );
    }
}
