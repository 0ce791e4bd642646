//! What tests and benches share: data in other formats, and a model of their own.

use std::path::PathBuf;

use maelstrom_check::{Call, CasRegister, History, Model, Op, RegisterOp, RegisterRules, Value};

/// The folder that the environment variable names, or `None` with a word about it.
pub fn folder(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: {variable} names no folder");
    }
    folder
}

/// A log as Jepsen prints it on a console: `INFO jepsen.util - PROCESS :type :f value`.
///
/// A compare-and-set that failed did so because the value differed; a read that
/// failed timed out.
pub fn etcd_log(text: &str) -> Vec<Call<RegisterOp>> {
    let mut history = History::new();
    for line in text.lines() {
        let Some((_, rest)) = line.split_once("jepsen.util - ") else {
            continue;
        };
        let mut words = rest.split_whitespace();
        let (Some(process), Some(kind), Some(f)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let Ok(process) = process.parse::<u64>() else {
            continue;
        };
        let value = words.collect::<Vec<_>>().join(" ");
        let value = value
            .split(':')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        let form = maelstrom_check::EdnReader::new(&value)
            .next_form()
            .unwrap()
            .unwrap_or(Value::Nil);
        let f = f.trim_start_matches(':');
        let op = match kind {
            ":invoke" => Op::invoke(process, f, form),
            ":ok" => Op::ok(process, f, form),
            ":fail" if f == "cas" => Op::fail(process, f, form)
                .with_error(Value::vector([Value::keyword("precondition-failed")])),
            ":fail" => Op::fail(process, f, ()),
            ":info" => Op::info(process, f, ()),
            _ => continue,
        };
        history.push(op).unwrap();
    }
    CasRegister {
        initial: Value::Nil,
        rules: RegisterRules::Strict,
    }
    .calls(&history)
}

/// What is done to a string.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StringOp {
    Get(String),
    Put(String),
    Append(String),
}

/// A string that is read, replaced and appended to.
#[derive(Debug, Clone)]
pub struct StringModel;

impl Model for StringModel {
    type State = String;
    type Op = StringOp;

    fn initial(&self) -> String {
        String::new()
    }

    fn step(&self, state: &String, op: &StringOp) -> Option<String> {
        match op {
            StringOp::Get(value) => (value == state).then(|| state.clone()),
            StringOp::Put(value) => Some(value.clone()),
            StringOp::Append(value) => Some(format!("{state}{value}")),
        }
    }

    fn is_read(&self, op: &StringOp) -> bool {
        matches!(op, StringOp::Get(_))
    }
}

/// A history of many strings, one map of EDN per line with a `:key`: the calls of each.
pub fn string_kv(text: &str) -> Vec<Vec<Call<StringOp>>> {
    let history = History::parse(text).unwrap();
    let mut keys: Vec<Value> = history
        .ops()
        .iter()
        .filter_map(|op| op.field("key").cloned())
        .collect();
    keys.sort();
    keys.dedup();
    keys.iter()
        .map(|key| {
            Call::of(&history, |invocation, completion| {
                if invocation.field("key") != Some(key) {
                    return None;
                }
                let text = |op: &Op| op.value.name().unwrap_or_default().to_owned();
                Some(match &*invocation.f {
                    "get" => StringOp::Get(text(completion?)),
                    "put" => StringOp::Put(text(invocation)),
                    _ => StringOp::Append(text(invocation)),
                })
            })
        })
        .collect()
}
