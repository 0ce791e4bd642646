//! Agreement with verdicts of other checkers, where their data is at hand.
//!
//! `GLOMERS_CHECKER_DATA` names a folder with the histories and verdicts of Porcupine,
//! Knossos, Elle and Jepsen. Without it these tests pass and say so.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use maelstrom_check::{
    Call, CasRegister, ConsistencyModel, EdnReader, History, Model, Mutex, RegisterRules,
    TxnObjects, TxnOptions, Value, Verdict, linearize, linearize_each, transactions,
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
