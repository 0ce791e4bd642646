//! Joins, deltas and sizes, side by side with the crates `crdts` and `crdt-kit` in one run.
//!
//! A join is timed alone: what it consumes is cloned before the clock starts, and dropped after it stops.
//! The table at the end gives each median against the better of the peers, and what it is to reach.

#![allow(missing_docs)] // of what the macros of the harness make
#![allow(clippy::unwrap_used)] // a bench that can't go on is to stop
#![allow(clippy::print_stdout)] // the table is the point

use crdt::Join;
use crdt_kit::Crdt;
use crdts::{CmRDT, CvRDT};
use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion};
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

/// What is held against the peers: the group, which peer (or the better one), and the ratio to reach.
const TARGETS: &[(&str, &str, f64)] = &[
    ("gcounter_1000", "crdts", 0.1),
    ("gset_10000_half", "best", 0.3),
    ("orset_10000_identical", "best", 0.3),
    ("orset_10000_one_percent", "best", 0.3),
    ("orset_10000_disjoint", "best", 0.3),
    ("orset_1000_replicas_identical", "crdts", 0.05),
];

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    counters(&mut criterion);
    grow_only_sets(&mut criterion);
    sets(&mut criterion, "orset_10000_identical", 5, 0);
    sets(&mut criterion, "orset_10000_one_percent", 5, 100);
    disjoint_sets(&mut criterion);
    many_replicas(&mut criterion);
    deltas(&mut criterion);
    criterion.final_summary();
    sizes();
    table();
}

/// A join by reference into a fresh clone.
fn ours<T: Join + Clone>(group: &mut BenchmarkGroup<'_, WallTime>, a: &T, b: &T) {
    group.bench_function("crdt", |bench| {
        bench.iter_batched_ref(
            || a.clone(),
            |a| a.join(black_box(b)),
            BatchSize::LargeInput,
        );
    });
}

/// The same of `crdts`, whose merge consumes the other side.
fn theirs<T: CvRDT + Clone>(group: &mut BenchmarkGroup<'_, WallTime>, a: &T, b: &T) {
    group.bench_function("crdts", |bench| {
        let both = || (a.clone(), b.clone());
        bench.iter_batched(
            both,
            |(mut a, b)| {
                a.merge(black_box(b));
                a
            },
            BatchSize::LargeInput,
        );
    });
}

fn kit<T: Crdt + Clone>(group: &mut BenchmarkGroup<'_, WallTime>, a: &T, b: &T) {
    group.bench_function("crdt-kit", |bench| {
        bench.iter_batched_ref(
            || a.clone(),
            |a| a.merge(black_box(b)),
            BatchSize::LargeInput,
        );
    });
}

fn counters(criterion: &mut Criterion) {
    let newer = |replica: u64| 10 + replica % 2;
    let older = |replica: u64| 10 + (replica + 1) % 2;
    let g = |count: &dyn Fn(u64) -> u64| -> crdt::GCounter<u64> {
        (0..1000).map(|replica| (replica, count(replica))).collect()
    };
    let g_crdts = |count: &dyn Fn(u64) -> u64| {
        let mut counter = crdts::GCounter::<u64>::new();
        (0..1000).for_each(|replica| counter.apply(crdts::Dot::new(replica, count(replica))));
        counter
    };
    let g_kit = |count: &dyn Fn(u64) -> u64| {
        let mut counter = crdt_kit::GCounter::new(0);
        for replica in 0..1000 {
            let mut one = crdt_kit::GCounter::new(replica);
            one.increment_by(count(replica));
            counter.merge(&one);
        }
        counter
    };
    let mut group = criterion.benchmark_group("gcounter_1000");
    ours(&mut group, &g(&newer), &g(&older));
    theirs(&mut group, &g_crdts(&newer), &g_crdts(&older));
    kit(&mut group, &g_kit(&newer), &g_kit(&older));
    group.finish();

    let mut group = criterion.benchmark_group("gcounter_1000_delta");
    let one = [(500, 99)].into_iter().collect();
    ours(&mut group, &g(&newer), &one);
    let mut one = crdts::GCounter::new();
    one.apply(crdts::Dot::new(500, 99));
    theirs(&mut group, &g_crdts(&newer), &one);
    group.finish();

    let pn = |count: &dyn Fn(u64) -> u64| {
        let mut counter = crdt::PNCounter::<u64>::default();
        for replica in 0..1000 {
            counter.increment(&replica, count(replica));
            counter.decrement(&replica, count(replica + 1));
        }
        counter
    };
    let pn_crdts = |count: &dyn Fn(u64) -> u64| {
        let mut counter = crdts::PNCounter::<u64>::new();
        for replica in 0..1000 {
            counter.apply(counter.inc_many(replica, count(replica)));
            counter.apply(counter.dec_many(replica, count(replica + 1)));
        }
        counter
    };
    let mut group = criterion.benchmark_group("pncounter_1000");
    ours(&mut group, &pn(&newer), &pn(&older));
    theirs(&mut group, &pn_crdts(&newer), &pn_crdts(&older));
    group.finish();
}

fn grow_only_sets(criterion: &mut Criterion) {
    let (a, b) = (0..10_000_u64, 5_000..15_000_u64);
    let mut group = criterion.benchmark_group("gset_10000_half");
    ours(
        &mut group,
        &a.clone().collect::<crdt::GSet<_>>(),
        &b.clone().collect(),
    );
    let crdts = |elements: std::ops::Range<u64>| {
        let mut set = crdts::GSet::new();
        elements.for_each(|element| set.insert(element));
        set
    };
    theirs(&mut group, &crdts(a.clone()), &crdts(b.clone()));
    let kit_set = |elements: std::ops::Range<u64>| {
        let mut set = crdt_kit::GSet::new();
        elements.for_each(|element| {
            set.insert(element);
        });
        set
    };
    kit(&mut group, &kit_set(a), &kit_set(b));
    group.finish();

    // Every second element: the two interleave all the way.
    let mut group = criterion.benchmark_group("gset_10000_interleaved");
    let set = |offset: u64| {
        (0..10_000_u64)
            .map(|element| 2 * element + offset)
            .collect::<crdt::GSet<_>>()
    };
    ours(&mut group, &set(0), &set(1));
    group.finish();
}

/// A set of `elements`, written in turn by `replicas` replicas from `first` on.
fn or_set(elements: std::ops::Range<u64>, first: u64, replicas: u64) -> crdt::OrSet<u64, u64> {
    let mut set = crdt::OrSet::default();
    add(&mut set, elements, first, replicas);
    set
}

fn add(set: &mut crdt::OrSet<u64, u64>, elements: std::ops::Range<u64>, first: u64, replicas: u64) {
    for element in elements {
        set.add(&(first + element % replicas), element);
    }
}

fn add_crdts(
    set: &mut crdts::Orswot<u64, u64>,
    elements: std::ops::Range<u64>,
    first: u64,
    replicas: u64,
) {
    for element in elements {
        let dot = set.clock().inc(first + element % replicas);
        set.apply(crdts::orswot::Op::Add {
            dot,
            members: vec![element],
        });
    }
}

fn kit_set(
    actor: u64,
    elements: std::ops::Range<u64>,
    first: u64,
    replicas: u64,
) -> crdt_kit::ORSet<u64> {
    let mut set = crdt_kit::ORSet::new(actor);
    for replica in 0..replicas {
        let mut part = crdt_kit::ORSet::new(first + replica);
        elements
            .clone()
            .filter(|element| element % replicas == replica)
            .for_each(|element| part.insert(element));
        set.merge(&part);
    }
    set
}

/// 10,000 elements on each side, of which `own` are on that side only.
fn sets(criterion: &mut Criterion, name: &str, replicas: u64, own: u64) {
    let common = 0..10_000 - own;
    let (left, right) = (20_000..20_000 + own, 30_000..30_000 + own);
    let mut group = criterion.benchmark_group(name);

    let both = or_set(common.clone(), 0, replicas);
    let (mut a, mut b) = (both.clone(), both);
    add(&mut a, left.clone(), 100, 1);
    add(&mut b, right.clone(), 101, 1);
    ours(&mut group, &a, &b);
    group.bench_function("crdt read", |bench| {
        bench.iter(|| a.iter().copied().sum::<u64>())
    });

    let mut both = crdts::Orswot::new();
    add_crdts(&mut both, common.clone(), 0, replicas);
    let (mut a, mut b) = (both.clone(), both);
    add_crdts(&mut a, left.clone(), 100, 1);
    add_crdts(&mut b, right.clone(), 101, 1);
    theirs(&mut group, &a, &b);
    group.bench_function("crdts read", |bench| {
        bench.iter(|| a.read().val.into_iter().sum::<u64>())
    });

    let mut a = kit_set(100, common.clone(), 0, replicas);
    let mut b = kit_set(101, common, 0, replicas);
    left.for_each(|element| a.insert(element));
    right.for_each(|element| b.insert(element));
    kit(&mut group, &a, &b);
    group.finish();
}

fn disjoint_sets(criterion: &mut Criterion) {
    let (left, right) = (0..10_000_u64, 10_000..20_000_u64);
    // Interleaved, which is the harder case: even elements here, odd ones there.
    let mut group = criterion.benchmark_group("orset_10000_disjoint");
    let spread = |set: &mut dyn FnMut(u64, u64), first: u64, offset: u64| {
        (0..10_000).for_each(|n| set(first + n % 5, 2 * n + offset));
    };
    let ours_of = |first, offset| {
        let mut set = crdt::OrSet::<u64, u64>::default();
        spread(
            &mut |replica, element| {
                set.add(&replica, element);
            },
            first,
            offset,
        );
        set
    };
    ours(&mut group, &ours_of(0, 0), &ours_of(5, 1));
    let crdts_of = |first, offset| {
        let mut set = crdts::Orswot::<u64, u64>::new();
        spread(
            &mut |replica, element| {
                let dot = set.clock().inc(replica);
                set.apply(crdts::orswot::Op::Add {
                    dot,
                    members: vec![element],
                });
            },
            first,
            offset,
        );
        set
    };
    theirs(&mut group, &crdts_of(0, 0), &crdts_of(5, 1));
    let kit_of = |first: u64, offset| {
        let mut parts: Vec<_> = (0..5).map(|n| crdt_kit::ORSet::new(first + n)).collect();
        spread(
            &mut |replica, element| parts[(replica - first) as usize].insert(element),
            first,
            offset,
        );
        let mut set = crdt_kit::ORSet::new(first + 100);
        parts.iter().for_each(|part| set.merge(part));
        set
    };
    kit(&mut group, &kit_of(0, 0), &kit_of(5, 1));
    group.finish();

    let mut group = criterion.benchmark_group("orset_10000_disjoint_ranges");
    ours(
        &mut group,
        &or_set(left.clone(), 0, 5),
        &or_set(right.clone(), 5, 5),
    );
    let mut a = crdts::Orswot::new();
    add_crdts(&mut a, left.clone(), 0, 5);
    let mut b = crdts::Orswot::new();
    add_crdts(&mut b, right.clone(), 5, 5);
    theirs(&mut group, &a, &b);
    kit(
        &mut group,
        &kit_set(100, left, 0, 5),
        &kit_set(101, right, 5, 5),
    );
    group.finish();
}

fn many_replicas(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("orset_1000_replicas_identical");
    let set = or_set(0..10_000, 0, 1000);
    ours(&mut group, &set, &set.clone());
    let mut set = crdts::Orswot::new();
    add_crdts(&mut set, 0..10_000, 0, 1000);
    theirs(&mut group, &set, &set.clone());
    group.finish();
}

/// 200 deltas, one after the other, into states of growing size: half add, half remove.
fn deltas(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("delta_200_into_orset");
    for size in [1_000, 10_000, 100_000_u64] {
        let state = or_set(0..size, 0, 5);
        let mut writer = state.clone();
        let deltas: Vec<_> = (0..100)
            .flat_map(|n| {
                [
                    writer.add(&7, size + n * 37),
                    writer.remove(&(n * (size / 100))),
                ]
            })
            .collect();
        group.bench_function(size.to_string(), |bench| {
            let apply = |state: &mut crdt::OrSet<u64, u64>| {
                deltas.iter().filter(|delta| state.join(delta)).count()
            };
            assert_eq!(apply(&mut state.clone()), 200);
            bench.iter_batched_ref(|| state.clone(), apply, BatchSize::LargeInput);
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("delta_200_into_gset");
    for size in [1_000, 10_000, 100_000_u64] {
        let state: crdt::GSet<u64> = (0..size).map(|n| 2 * n).collect();
        let deltas: Vec<crdt::GSet<u64>> = (0..200)
            .map(|n| [2 * n * (size / 200) + 1].into_iter().collect())
            .collect();
        group.bench_function(size.to_string(), |bench| {
            let apply = |state: &mut crdt::GSet<u64>| {
                deltas.iter().filter(|delta| state.join(delta)).count()
            };
            assert_eq!(apply(&mut state.clone()), 200);
            bench.iter_batched_ref(|| state.clone(), apply, BatchSize::LargeInput);
        });
    }
    group.finish();

    // The delta grows, the state stays.
    let mut group = criterion.benchmark_group("delta_group_into_orset_100000");
    let state = or_set(0..100_000, 0, 5);
    for size in [1, 10, 100, 1000_u64] {
        let mut writer = state.clone();
        let mut delta = crdt::OrSet::default();
        for n in 0..size {
            delta.join(&writer.add(&7, 50 + n * 99));
        }
        group.bench_function(size.to_string(), |bench| {
            bench.iter_batched_ref(
                || state.clone(),
                |state| state.join(black_box(&delta)),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// JSON of an OR-Set of 10,000 elements, written in turn by 5 replicas.
fn sizes() {
    let ours = serde_json::to_string(&or_set(0..10_000, 0, 5))
        .unwrap()
        .len();
    let mut set = crdts::Orswot::new();
    add_crdts(&mut set, 0..10_000, 0, 5);
    let crdts = serde_json::to_string(&set).unwrap().len();
    let kit = serde_json::to_string(&kit_set(100, 0..10_000, 0, 5))
        .unwrap()
        .len();
    let ratio = ours as f64 / crdts.min(kit) as f64;
    println!(
        "\nJSON of an OR-Set of 10,000 elements: crdt {ours}, crdts {crdts}, crdt-kit {kit} bytes; ratio {ratio:.3}, to reach 0.5"
    );

    // The same after every third element was removed: the runs are short.
    let mut set = or_set(0..10_000, 0, 5);
    (0..10_000).step_by(3).for_each(|element| {
        set.remove(&element);
    });
    let ours = serde_json::to_string(&set).unwrap().len();
    let mut set = crdts::Orswot::new();
    add_crdts(&mut set, 0..10_000, 0, 5);
    for element in (0..10_000).step_by(3) {
        set.apply(set.rm(element, set.contains(&element).derive_rm_ctx()));
    }
    let crdts = serde_json::to_string(&set).unwrap().len();
    let mut set = kit_set(100, 0..10_000, 0, 5);
    (0..10_000).step_by(3).for_each(|element| {
        set.remove(&element);
    });
    let kit = serde_json::to_string(&set).unwrap().len();
    println!(
        "  after a third was removed: crdt {ours}, crdts {crdts}, crdt-kit {kit} bytes; ratio {:.3}",
        ours as f64 / crdts.min(kit) as f64
    );
}

/// The median that the harness wrote down, in nanoseconds.
fn median(group: &str, function: &str) -> Option<f64> {
    let exe = std::env::current_exe().ok()?;
    let target: PathBuf = exe.ancestors().nth(3)?.to_path_buf();
    let text = std::fs::read_to_string(
        target
            .join("criterion")
            .join(group)
            .join(function)
            .join("new/estimates.json"),
    )
    .ok()?;
    let estimates: serde_json::Value = serde_json::from_str(&text).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}

fn table() {
    println!(
        "\n{:<32} {:>10} {:>10} {:>10} {:>8} {:>9}",
        "median, µs", "crdt", "crdts", "crdt-kit", "ratio", "to reach"
    );
    for (group, against, reach) in TARGETS {
        let [ours, crdts, kit] =
            ["crdt", "crdts", "crdt-kit"].map(|function| median(group, function));
        let Some(ours) = ours else { continue };
        let peer = match *against {
            "crdts" => crdts,
            _ => [crdts, kit].into_iter().flatten().reduce(f64::min),
        };
        let micros =
            |ns: Option<f64>| ns.map_or_else(|| "-".to_owned(), |ns| format!("{:.2}", ns / 1e3));
        let ratio = peer.map_or(f64::NAN, |peer| ours / peer);
        println!(
            "{group:<32} {:>10} {:>10} {:>10} {ratio:>8.3} {reach:>9}",
            micros(Some(ours)),
            micros(crdts),
            micros(kit)
        );
    }
}
