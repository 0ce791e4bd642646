//! The table of examples: for each anomaly the smallest history that shows it and its nearest
//! innocent neighbour.
//!
//! A case names what the workload's own check (`:anomaly`) or the strict one (`:strict`) must find
//! in its bad history and must not find in its good one. The bad one's verdict is `:verdict`, by
//! default invalid; a bad history for the strict part passes the other part.

use std::collections::BTreeSet;

use maelstrom_check::{
    EdnReader, History, Op, OpType, Options, Process, Results, Value, Verdict, Workload,
    WorkloadResults, check,
};

const FILES: [(&str, &str); 5] = [
    (
        "txn-list-append",
        include_str!("../cases/txn-list-append.edn"),
    ),
    (
        "txn-rw-register",
        include_str!("../cases/txn-rw-register.edn"),
    ),
    ("kafka", include_str!("../cases/kafka.edn")),
    ("lin-kv", include_str!("../cases/lin-kv.edn")),
    ("", include_str!("../cases/rest.edn")),
];

fn history(ops: &Value) -> History {
    let ops = ops.items().iter().zip(0i64..).map(|(form, i)| {
        let (kind, process, f, value, extra) = match form.items() {
            [kind, process, f, value] => (kind, process, f, value, None),
            [kind, process, f, value, extra] => (kind, process, f, value, Some(extra)),
            _ => panic!("an operation is [type process f value], this is {form}"),
        };
        let kind = match kind.name().unwrap() {
            "i" => OpType::Invoke,
            name => OpType::from_name(name).unwrap(),
        };
        let process = Process::Client(process.as_int().unwrap() as u64);
        let mut op = Op::new(kind, process, f.name().unwrap(), value).at(i * 1_000_000_000);
        for (k, v) in extra.map_or(&[][..], |e| e.entries()) {
            op = match k.name().unwrap() {
                "error" => op.with_error(v),
                name => op.with(name, v),
            };
        }
        op
    });
    History::from_ops(ops).unwrap()
}

/// What the workload's own check found, by name.
fn anomalies(results: &WorkloadResults) -> Vec<String> {
    let one = |found: bool, name: &str| if found { vec![name.to_owned()] } else { vec![] };
    match results {
        WorkloadResults::Echo(r) => one(!r.errors.is_empty(), "errors"),
        WorkloadResults::UniqueIds(r) => one(r.duplicated_count > 0, "duplicated"),
        WorkloadResults::Set(r) => one(r.lost_count > 0, "lost"),
        WorkloadResults::Counter(r) => one(!r.errors.is_empty(), "errors"),
        WorkloadResults::LinKv(r) => one(!r.failures.is_empty(), "not-linearizable"),
        WorkloadResults::Txn(r) => r.anomaly_types.clone(),
        WorkloadResults::Kafka(r) => r.error_types.clone(),
        other => panic!("no table for {other:?}"),
    }
}

fn findings(results: &Results) -> Vec<String> {
    results
        .strict
        .iter()
        .flat_map(|s| &s.findings)
        .map(|f| f.name.to_owned())
        .collect()
}

#[test]
fn each_anomaly_is_found_in_its_history_and_not_in_its_neighbour() {
    let mut shown: BTreeSet<String> = BTreeSet::new();
    for (file, text) in FILES {
        let mut reader = EdnReader::new(text);
        while let Some(case) = reader.next_form().unwrap() {
            let workload = case.get("workload").and_then(Value::name).unwrap_or(file);
            let workload: Workload = workload.parse().unwrap();
            let options = Options {
                consistency_models: case
                    .get("models")
                    .map_or(&[][..], Value::items)
                    .iter()
                    .map(|m| m.name().unwrap().parse().unwrap())
                    .collect(),
                ..Options::default()
            };
            let run = |key: &str| check(workload, &history(case.get(key).unwrap()), &options);
            let (bad, good) = (run("bad"), run("good"));
            let expected = match case.get("verdict").and_then(Value::name) {
                None => Verdict::Invalid,
                Some("unknown") => Verdict::Unknown,
                Some("valid") => Verdict::Valid,
                Some(other) => panic!("no verdict {other}"),
            };
            let told = |r: &Results| format!("{workload} {case}\n{}", r.story());
            if let Some(name) = case.get("anomaly").and_then(Value::name) {
                shown.insert(format!("{workload} {name}"));
                let name = name.to_owned();
                assert!(
                    anomalies(&bad.workload).contains(&name),
                    "not found: {}",
                    told(&bad)
                );
                assert!(
                    !anomalies(&good.workload).contains(&name),
                    "found: {}",
                    told(&good)
                );
                assert_eq!(bad.workload.verdict(), expected, "{}", told(&bad));
                let told = told(&bad);
                assert!(
                    expected == Verdict::Valid || told.lines().count() > 3,
                    "no story: {told}"
                );
            } else {
                let name = case.get("strict").and_then(Value::name).unwrap().to_owned();
                shown.insert(format!("{workload} {name}"));
                assert!(findings(&bad).contains(&name), "not found: {}", told(&bad));
                assert!(!findings(&good).contains(&name), "found: {}", told(&good));
                assert_eq!(
                    bad.strict.as_ref().unwrap().valid,
                    expected,
                    "{}",
                    told(&bad)
                );
            }
        }
    }
    let names = shown.into_iter().collect::<Vec<_>>().join("\n");
    println!("{names}");
    assert!(
        names.lines().count() >= 60,
        "the table has lost cases:\n{names}"
    );
}
