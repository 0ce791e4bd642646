//! Agreement with verdicts of other checkers, where their data is at hand.
//!
//! `GLOMERS_CHECKER_DATA` names a folder with the histories and verdicts of Porcupine,
//! Knossos, Elle and Jepsen. Without it these tests pass and say so.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use maelstrom_check::{
    Call, CasRegister, ConsistencyModel, EdnReader, History, KafkaOptions, Model, Mutex,
    RegisterRules, TxnObjects, TxnOptions, Value, Verdict, bank, counter, growing_counter, kafka,
    linearize, linearize_each, long_fork, set, set_full, set_full_linearizable, stats,
    transactions, unique_ids,
};

use crate::support::{StringModel, etcd_log, folder, string_kv};

const BOUND: usize = 50_000_000;

/// Counts agreement, and says where there is none.
pub struct Tally {
    name: &'static str,
    agree: usize,
    of: usize,
}

impl Tally {
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            agree: 0,
            of: 0,
        }
    }

    pub fn add(&mut self, case: &str, agrees: bool, told: impl FnOnce() -> String) {
        self.of += 1;
        self.agree += usize::from(agrees);
        if !agrees {
            println!("  {} {case}: {}", self.name, told());
        }
    }

    /// Prints the count; fails the test if not all but `known` agree.
    pub fn close(self, known: usize) {
        println!("{}: {} of {} agree", self.name, self.agree, self.of);
        assert!(self.of > 0, "{}: no case found", self.name);
        assert!(
            self.agree + known >= self.of,
            "{}: see the differences above",
            self.name
        );
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Lines of a table with a head, split at tabs.
pub fn table(path: &Path) -> Vec<Vec<String>> {
    let text = read(path);
    text.lines()
        .skip(1)
        .map(|l| l.split('\t').map(str::to_owned).collect())
        .collect()
}

#[test]
fn porcupine() {
    let Some(data) = folder("GLOMERS_CHECKER_DATA") else {
        return;
    };
    let dir = data.join("porcupine");
    let mut tally = Tally::new("porcupine");
    for row in table(&dir.join("verdicts.tsv")) {
        let path = dir.join(&row[0]);
        if !path.exists() || !matches!(&*row[1], "true" | "false") {
            continue;
        }
        let text = read(&path);
        let started = Instant::now();
        let verdict = if row[0].starts_with("kv/") {
            let keys = string_kv(&text);
            linearize_each(&StringModel, &keys, BOUND)
                .iter()
                .map(|l| l.verdict())
                .max()
                .unwrap()
        } else {
            let model = CasRegister {
                initial: Value::Nil,
                rules: RegisterRules::Strict,
            };
            linearize(&model, &etcd_log(&text), BOUND).verdict()
        };
        if started.elapsed().as_millis() > 200 {
            println!("  {} took {:?}", row[0], started.elapsed());
        }
        tally.add(&row[0], verdict == Verdict::of(row[1] == "true"), || {
            format!("we say {verdict}")
        });
    }
    tally.close(0);
}

/// Registers under names, read and written in transactions.
struct MultiRegister;

impl Model for MultiRegister {
    type State = Vec<(Value, Value)>;
    type Op = Vec<(bool, Value, Value)>;

    fn initial(&self) -> Self::State {
        ["x", "y"].map(|k| (Value::keyword(k), 0.into())).to_vec()
    }

    fn step(&self, state: &Self::State, op: &Self::Op) -> Option<Self::State> {
        let mut state = state.clone();
        for (write, key, value) in op {
            let slot = &mut state.iter_mut().find(|(k, _)| k == key)?.1;
            if *write {
                *slot = value.clone();
            } else if !value.is_nil() && slot != value {
                return None;
            }
        }
        Some(state)
    }
}

fn knossos_verdict(kind: &str, history: &History) -> Verdict {
    match kind {
        "mutex" => linearize(&Mutex, &Mutex.calls(history), BOUND).verdict(),
        "multi-register" => {
            let calls = Call::of(history, |invocation, completion| {
                let txn = completion.filter(|c| c.is_ok()).unwrap_or(invocation);
                if completion.is_some_and(|c| c.kind == maelstrom_check::OpType::Fail) {
                    return None;
                }
                let step = |m: &Value| match m.items() {
                    [f, k, v] => (f.name() == Some("write"), k.clone(), v.clone()),
                    other => panic!("not a step: {other:?}"),
                };
                Some(txn.value.items().iter().map(step).collect())
            });
            linearize(&MultiRegister, &calls, BOUND).verdict()
        }
        _ => {
            let model = CasRegister {
                initial: 0.into(),
                rules: RegisterRules::Knossos,
            };
            linearize(&model, &model.calls(history), BOUND).verdict()
        }
    }
}

#[test]
fn knossos() {
    let Some(data) = folder("GLOMERS_CHECKER_DATA") else {
        return;
    };
    let dir = data.join("knossos");
    let mut tally = Tally::new("knossos");
    for row in table(&dir.join("verdicts.tsv")) {
        let path = dir.join(&row[0]);
        if !path.exists() {
            continue;
        }
        let history = match History::read(&path) {
            Ok(history) => history,
            Err(error) => {
                tally.add(&row[0], false, || error.to_string());
                continue;
            }
        };
        let started = Instant::now();
        let verdict = knossos_verdict(row[0].split('/').next().unwrap(), &history);
        if started.elapsed().as_millis() > 200 {
            println!("  {} took {:?}", row[0], started.elapsed());
        }
        tally.add(&row[0], verdict == Verdict::of(row[2] == "true"), || {
            format!("we say {verdict}")
        });
    }
    tally.close(0);
}

/// The forms of a file that holds one case per line.
fn cases(path: &Path) -> Vec<Value> {
    let text = read(path);
    let mut reader = EdnReader::new(&text);
    std::iter::from_fn(|| reader.next_form().unwrap()).collect()
}

fn names(v: Option<&Value>) -> Vec<String> {
    let mut names: Vec<String> = v
        .map_or(&[][..], Value::items)
        .iter()
        .map(|n| n.name().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn verdict(v: &Value) -> Verdict {
    match v {
        Value::Bool(valid) => Verdict::of(*valid),
        _ => Verdict::Unknown,
    }
}

/// Elle's own test cases: the verdict, the kinds of anomalies, the models ruled out.
#[test]
fn elle_cases() {
    let Some(data) = folder("GLOMERS_CHECKER_DATA") else {
        return;
    };
    let mut verdicts = Tally::new("elle cases, verdict");
    let mut kinds = Tally::new("elle cases, kinds of anomalies");
    let mut models = Tally::new("elle cases, models ruled out");
    for (i, case) in cases(&data.join("elle/testcases-0.2.2.edn"))
        .iter()
        .enumerate()
    {
        let objects = match case.get("kind").unwrap().name() {
            Some("list-append") => TxnObjects::Lists,
            _ => TxnObjects::Registers,
        };
        let opts = case.get("opts").unwrap();
        let flag = |name: &str| opts.get(name) == Some(&Value::Bool(true));
        let models_asked = opts.get("consistency-models");
        let options = TxnOptions {
            models: match models_asked {
                None => vec![ConsistencyModel::STRICT_SERIALIZABLE],
                Some(m) => names(Some(m)).iter().map(|m| m.parse().unwrap()).collect(),
            },
            anomalies: names(opts.get("anomalies")),
            timeout: Duration::from_secs(2),
            wfr_keys: flag("wfr-keys?"),
            sequential_keys: flag("sequential-keys?"),
            linearizable_keys: flag("linearizable-keys?"),
            register_wrapper: false,
        };
        let name = format!("{i} {} {opts}", case.get("context").unwrap());
        let history = match History::from_values(case.get("history").unwrap().items()) {
            Ok(history) => history,
            Err(error) => {
                verdicts.add(&name, false, || error.to_string());
                continue;
            }
        };
        let ours = transactions(&history, objects, &options);
        let theirs = case.get("result").unwrap();
        let expected = verdict(theirs.get("valid?").unwrap());
        verdicts.add(&name, ours.valid == expected, || {
            format!("{expected} theirs, {} ours {:?}", ours.valid, ours.error)
        });
        let expected = names(theirs.get("anomaly-types"));
        // Where a search timed out, the kinds of cycles depend on the machine.
        if expected.iter().any(|t| t == "cycle-search-timeout") {
            continue;
        }
        kinds.add(&name, ours.anomaly_types == expected, || {
            format!("{expected:?} theirs, {:?} ours", ours.anomaly_types)
        });
        let expected = (names(theirs.get("not")), names(theirs.get("also-not")));
        models.add(
            &name,
            (ours.not.clone(), ours.also_not.clone()) == expected,
            || {
                format!(
                    "{expected:?} theirs, {:?} {:?} ours",
                    ours.not, ours.also_not
                )
            },
        );
    }
    verdicts.close(0);
    kinds.close(0);
    models.close(0);
}

/// Histories of a simulated store at five levels of isolation, judged by Elle.
#[test]
fn simulated_transactions() {
    let Some(data) = folder("GLOMERS_CHECKER_DATA") else {
        return;
    };
    let dir = data.join("adya-sim-elle-verdicts");
    let mut verdicts = Tally::new("simulated transactions, verdict");
    let mut kinds = Tally::new("simulated transactions, kinds of anomalies");
    let mut files: BTreeMap<String, History> = BTreeMap::new();
    for row in table(&dir.join("verdicts-elle-0.2.2.tsv")) {
        let [file, model, valid, types] = &row[..] else {
            panic!("four columns: {row:?}")
        };
        let path = dir.join(file);
        if !path.exists() {
            continue;
        }
        let history = files
            .entry(file.clone())
            .or_insert_with(|| History::read(&path).unwrap());
        let objects = match file.starts_with("list") {
            true => TxnObjects::Lists,
            false => TxnObjects::Registers,
        };
        let models = vec![model.parse().unwrap()];
        let ours = transactions(
            history,
            objects,
            &TxnOptions {
                models,
                ..Default::default()
            },
        );
        let expected = match &**valid {
            "true" => Verdict::Valid,
            "false" => Verdict::Invalid,
            _ => Verdict::Unknown,
        };
        let name = format!("{file} {model}");
        verdicts.add(&name, ours.valid == expected, || {
            format!("{valid} theirs, {} ours", ours.valid)
        });
        let mut expected: Vec<&str> = types.split(',').filter(|t| !t.is_empty()).collect();
        // Where a search timed out, the kinds of cycles depend on the machine.
        if !expected.contains(&"cycle-search-timeout") {
            expected.sort_unstable();
            kinds.add(&name, ours.anomaly_types == expected, || {
                format!("{expected:?} theirs, {:?} ours", ours.anomaly_types)
            });
        }
    }
    verdicts.close(0);
    kinds.close(0);
}

/// The test cases of Jepsen's kafka checker: the kinds of errors, how many of each, and which
/// of them invalidate under Maelstrom's settings.
#[test]
fn kafka_cases() {
    let Some(data) = folder("GLOMERS_CHECKER_DATA") else {
        return;
    };
    let mut kinds = Tally::new("kafka cases, kinds of errors");
    let mut counts = Tally::new("kafka cases, counts");
    let mut bad = Tally::new("kafka cases, kinds that invalidate");
    for (i, case) in cases(&data.join("jepsen/kafka-cases.edn"))
        .iter()
        .enumerate()
    {
        let ww_deps = case.get("opts").unwrap().get("ww-deps") == Some(&Value::Bool(true));
        let history = History::from_values(case.get("history").unwrap().items()).unwrap();
        let ours = kafka(
            &history,
            KafkaOptions {
                ww_deps,
                subscribe: false,
            },
        );
        let name = format!(
            "{i} {} {}",
            case.get("test").unwrap(),
            case.get("context").unwrap()
        );
        let expected = names(case.get("error-types"));
        kinds.add(&name, ours.error_types == expected, || {
            format!(
                "{expected:?} theirs, {:?} ours {:?}",
                ours.error_types, ours.error
            )
        });
        if !ww_deps {
            let expected = names(case.get("bad-error-types-maelstrom"));
            bad.add(&name, ours.bad_error_types == expected, || {
                format!("{expected:?} theirs, {:?} ours", ours.bad_error_types)
            });
        }
        for (kind, errors) in case.get("errors").unwrap().entries() {
            let kind = kind.name().unwrap();
            let expected: usize = match errors.get("unseen") {
                Some(unseen) => unseen
                    .entries()
                    .iter()
                    .map(|(_, n)| n.as_int().unwrap() as usize)
                    .sum(),
                None if errors.is_collection() => errors.items().len(),
                None => 1,
            };
            let count = ours.errors.get(kind).map_or(0, |e| e.count());
            counts.add(&format!("{name} {kind}"), count == expected, || {
                format!("{expected} theirs, {count} ours")
            });
        }
    }
    kinds.close(0);
    counts.close(0);
    bad.close(0);
}

/// The test cases of Jepsen's own checkers and of Maelstrom's counter: every field of the result.
#[test]
fn jepsen_cases() {
    let Some(data) = folder("GLOMERS_CHECKER_DATA") else {
        return;
    };
    let mut tally = Tally::new("jepsen and maelstrom cases");
    let mut all = cases(&data.join("jepsen/checker-cases.edn"));
    all.extend(cases(&data.join("maelstrom/pn-counter-cases.edn")));
    for (i, case) in all.iter().enumerate() {
        let kind = case.get("kind").unwrap().name().unwrap();
        let history = History::from_values(case.get("history").unwrap().items()).unwrap();
        let ours = match kind {
            "stats" => serde_json::to_value(stats(&history)),
            "unique-ids" => serde_json::to_value(unique_ids(&history)),
            "set-full" => serde_json::to_value(set_full(&history)),
            "pn-counter" => serde_json::to_value(counter(&history)),
            "set" => serde_json::to_value(set(&history)),
            "counter" => serde_json::to_value(growing_counter(&history)),
            other => panic!("no checker for {other}"),
        };
        let mut out = Vec::new();
        let theirs = case.get("result").unwrap().to_json();
        crate::recorded::differences("", &theirs, Some(&ours.unwrap()), &mut out);
        tally.add(&format!("{i} {kind}"), out.is_empty(), || out.join("; "));
    }
    tally.close(0);
}

/// The histories that elle-cli is tested with, each under the model that it names.
#[test]
fn elle_cli_histories() {
    let Some(data) = folder("GLOMERS_CHECKER_DATA") else {
        return;
    };
    let mut tally = Tally::new("elle-cli histories");
    for row in table(&data.join("elle-cli/expected.tsv")) {
        let [file, expected, flags] = &row[..] else {
            continue;
        };
        let dir = if file.starts_with("knossos/") {
            data.clone()
        } else {
            data.join("elle-cli")
        };
        let path = dir.join(file);
        if !path.exists() {
            continue;
        }
        let history = match History::read(&path) {
            Ok(history) => history,
            Err(error) => {
                tally.add(file, false, || error.to_string());
                continue;
            }
        };
        let words: Vec<&str> = flags.split_whitespace().collect();
        let flag = |name: &str| {
            words
                .iter()
                .position(|w| *w == name)
                .and_then(|i| words.get(i + 1))
                .copied()
        };
        let models = flag("--consistency-models").unwrap_or("strict-serializable");
        let options = TxnOptions {
            models: vec![models.parse().unwrap()],
            ..Default::default()
        };
        let group = flag("--group-size").map_or(2, |n| n.parse().unwrap());
        let found = match flag("--model").unwrap() {
            "cas-register" | "mutex" => knossos_verdict(flag("--model").unwrap(), &history),
            "list-append" => transactions(&history, TxnObjects::Lists, &options).valid,
            "rw-register" => transactions(&history, TxnObjects::Registers, &options).valid,
            "counter" => growing_counter(&history).valid,
            "set" => set(&history).valid,
            "set-full" => set_full(&history).valid,
            "bank" => bank(&history, false).valid,
            "long-fork" => long_fork(&history, group).valid,
            other => panic!("no checker for {other}"),
        };
        let expected = Verdict::of(expected == "valid");
        tally.add(&format!("{file} {flags}"), found == expected, || {
            format!("{expected} theirs, {found} ours")
        });
    }
    tally.close(0);
}

/// The histories of Elle and of elle-cli, judged by Elle under each model.
#[test]
fn elle_histories() {
    let Some(data) = folder("GLOMERS_CHECKER_DATA") else {
        return;
    };
    let mut tally = Tally::new("elle histories");
    for row in cases(&data.join("elle-cli/verdicts-elle-0.2.2.edn")) {
        let file = row.get("file").and_then(Value::name).unwrap();
        let name = file.rsplit('/').next().unwrap();
        // Of the two files with one name, Elle's own lacks the processes.
        let dirs: &[&str] = if file.contains("/elle/histories/") {
            &["elle"]
        } else {
            &["elle-cli/elle", "elle-cli/jepsen"]
        };
        let Some(path) = dirs
            .iter()
            .map(|d| data.join(d).join(name))
            .find(|p| p.exists())
        else {
            continue;
        };
        let history = History::read(&path).unwrap();
        let model = row.get("model").and_then(Value::name);
        let options = TxnOptions {
            models: model.map(|m| m.parse().unwrap()).into_iter().collect(),
            ..Default::default()
        };
        let txn = |objects| {
            let r = transactions(&history, objects, &options);
            (r.valid, r.anomaly_types)
        };
        let (found, kinds) = match row.get("checker").and_then(Value::name).unwrap() {
            "la" => txn(TxnObjects::Lists),
            "rw" => txn(TxnObjects::Registers),
            "set-full" => (set_full(&history).valid, Vec::new()),
            "set-full-linearizable" => (set_full_linearizable(&history).valid, Vec::new()),
            "set" => (set(&history).valid, Vec::new()),
            "counter" => (growing_counter(&history).valid, Vec::new()),
            other => panic!("no checker for {other}"),
        };
        let expected = verdict(row.get("valid?").unwrap());
        let expected_kinds = names(row.get("anomaly-types"));
        tally.add(
            &format!("{name} {model:?}"),
            (found, &kinds) == (expected, &expected_kinds),
            || format!("{expected} {expected_kinds:?} theirs, {found} {kinds:?} ours"),
        );
    }
    tally.close(0);
}
