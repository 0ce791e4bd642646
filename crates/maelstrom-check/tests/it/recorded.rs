//! Agreement with runs of the real Maelstrom, where a folder of them is at hand.
//!
//! `GLOMERS_RECORDED_RUNS` names a folder of `<workload>/<run>/` with `history.edn`,
//! `results.edn` and `command.txt` (the arguments of the run). Without it the test passes
//! and says so. Each run must have upstream's verdict and every count that its results print.

use std::path::{Path, PathBuf};

use maelstrom_check::{
    Availability, EdnReader, History, NetEvent, NetEventKind, Options, Workload, check, net,
};
use serde_json::Value as Json;

/// What a run's command line asked for.
fn options(command: &str) -> Options {
    let words: Vec<&str> = command.split_whitespace().collect();
    let flag = |name: &str| {
        words
            .iter()
            .position(|w| *w == name)
            .and_then(|i| words.get(i + 1))
            .copied()
    };
    let availability = match flag("--availability") {
        None => Availability::Any,
        Some("total") => Availability::Total,
        Some(n) => Availability::AtLeast(n.parse().unwrap()),
    };
    let mut options = Options {
        availability,
        ..Options::default()
    };
    if let Some(models) = flag("--consistency-models") {
        options.consistency_models = models.split(',').map(|m| m.parse().unwrap()).collect();
    }
    options
}

/// Where `theirs` says something that `ours` does not say the same of.
pub fn differences(path: &str, theirs: &Json, ours: Option<&Json>, out: &mut Vec<String>) {
    let empty = |j: &Json| match j {
        Json::Null => true,
        Json::Array(a) => a.is_empty(),
        Json::Object(o) => o.is_empty(),
        _ => false,
    };
    match (theirs, ours) {
        (theirs, None | Some(Json::Null)) if empty(theirs) => {}
        (Json::Null, Some(ours)) if empty(ours) => {}
        (Json::Object(t), Some(Json::Object(o))) => {
            for (k, v) in t {
                differences(&format!("{path}.{k}"), v, o.get(k), out);
            }
        }
        // The order of errors is that of upstream's hash map.
        (Json::Array(t), Some(Json::Array(o)))
            if path.ends_with(".errors") && t.first().is_some_and(Json::is_array) =>
        {
            let sorted = |a: &[Json]| {
                let mut a: Vec<String> = a.iter().map(Json::to_string).collect();
                a.sort();
                a
            };
            if sorted(t) != sorted(o) {
                out.push(format!(
                    "{path}: {} theirs, {} ours, not the same",
                    t.len(),
                    o.len()
                ));
            }
        }
        (Json::Array(t), Some(Json::Array(o))) if t.len() == o.len() => {
            for (i, (t, o)) in t.iter().zip(o).enumerate() {
                differences(&format!("{path}[{i}]"), t, Some(o), out);
            }
        }
        (Json::Number(t), Some(Json::Number(o))) => {
            // Fractions are printed in single precision.
            let single = |n: &serde_json::Number| n.as_f64().map(|x| x as f32);
            if t != o && (t.is_i64() && o.is_i64() || single(t) != single(o)) {
                out.push(format!("{path}: {t} theirs, {o} ours"));
            }
        }
        (t, o) => {
            if Some(t) != o {
                let o = o.map_or_else(|| "nothing".into(), Json::to_string);
                out.push(format!("{path}: {t} theirs, {o} ours"));
            }
        }
    }
}

/// Events that give the counts of messages that a run printed: its journal is not recorded,
/// so this shows only that they are set against the operations as upstream does.
fn events(net: &Json) -> Vec<NetEvent> {
    let mut events = Vec::new();
    let mut id = 0;
    for (part, involves_client) in [("clients", true), ("servers", false)] {
        let count = |key: &str| net[part][key].as_u64().unwrap();
        for i in 0..count("msg-count") {
            id += 1;
            let event = |kind| NetEvent {
                id,
                kind,
                involves_client,
            };
            if i < count("send-count") {
                events.push(event(NetEventKind::Sent));
            }
            if i < count("recv-count") {
                events.push(event(NetEventKind::Received));
            }
        }
    }
    events
}

/// Of each key's search what does not depend on the algorithm: the verdict, and the
/// completion at which it became impossible.
fn linearizability(theirs: &Json) -> Json {
    let mut theirs = theirs.clone();
    for (_, key) in theirs["results"].as_object_mut().unwrap() {
        let evidence = &key["linearizable"];
        *key = serde_json::json!({"valid?": key["valid?"], "linearizable": {
            "valid?": evidence["valid?"], "op": {"index": evidence["op"]["index"]}}});
        if key["linearizable"]["op"]["index"].is_null() {
            key["linearizable"].as_object_mut().unwrap().remove("op");
        }
    }
    theirs
}

/// Of the anomalies of transactions what does not depend on the speed of a machine: where
/// upstream's search for cycles timed out, the kinds of cycles that it found do.
fn isolation(theirs: &Json, ours: &mut Json) -> Json {
    let all = theirs["anomaly-types"].as_array().unwrap();
    let timed_out = all.iter().any(|t| t == "cycle-search-timeout");
    let keep = |types: &Json| -> Vec<Json> {
        let cycle = |t: &str| ["G0", "G1c", "G-", "G2"].iter().any(|c| t.starts_with(c));
        let types = types.as_array().unwrap().iter();
        types
            .filter(|t| !timed_out || !cycle(t.as_str().unwrap()))
            .filter(|t| **t != "cycle-search-timeout")
            .cloned()
            .collect()
    };
    let mut kept = serde_json::json!({"valid?": theirs["valid?"], "anomaly-types": keep(&theirs["anomaly-types"])});
    ours["anomaly-types"] = keep(&ours["anomaly-types"]).into();
    for key in ["not", "also-not"] {
        if let Some(models) = theirs.get(key) {
            kept[key] = models.clone();
        }
    }
    kept
}

fn compare(run: &Path) -> Vec<String> {
    let file = |name: &str| std::fs::read_to_string(run.join(name)).unwrap();
    let workload: Workload = run
        .parent()
        .unwrap()
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let theirs = EdnReader::new(&file("results.edn"))
        .next_form()
        .unwrap()
        .unwrap()
        .to_json();
    let history = match History::parse(&file("history.edn")) {
        Ok(history) => history,
        Err(error) => return vec![error.to_string()],
    };
    let results = check(workload, &history, &options(&file("command.txt")))
        .with_net(net(events(&theirs["net"]), &history));
    let mut ours = results.to_json();
    let mut out = Vec::new();
    for part in ["stats", "availability", "exceptions", "net", "workload"] {
        let mut theirs = theirs[part].clone();
        if let Some(errors) = theirs.get_mut("exceptions").and_then(Json::as_array_mut) {
            for error in errors {
                // The example's exception is a trace of upstream's own; its operation is what counts.
                error["example"] = serde_json::json!({"index": error["example"]["index"]});
            }
        }
        if workload == Workload::LinKv && part == "workload" {
            theirs = linearizability(&theirs);
        }
        if part == "workload" && theirs.get("anomaly-types").is_some() {
            theirs = isolation(&theirs, &mut ours[part]);
        }
        differences(part, &theirs, ours.get(part), &mut out);
    }
    differences(
        "valid?",
        &theirs["valid?"],
        Some(&ours["maelstrom"]),
        &mut out,
    );
    out
}

#[test]
fn agrees_with_recorded_runs() {
    let Some(folder) = crate::support::folder("GLOMERS_RECORDED_RUNS") else {
        return;
    };
    let list = |dir: &Path| -> Vec<PathBuf> {
        let mut dirs: Vec<PathBuf> = std::fs::read_dir(dir)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        dirs.retain(|d| d.is_dir());
        dirs.sort();
        dirs
    };
    let runs: Vec<PathBuf> = list(Path::new(&folder))
        .iter()
        .flat_map(|w| list(w))
        .collect();
    let mut agree = 0;
    for run in &runs {
        let differences = compare(run);
        if differences.is_empty() {
            agree += 1;
            continue;
        }
        println!("{}:", run.strip_prefix(&folder).unwrap().display());
        for d in differences.iter().take(12) {
            println!("  {}", d.chars().take(300).collect::<String>());
        }
    }
    println!("recorded runs: {agree} of {} agree", runs.len());
    assert_eq!(agree, runs.len(), "see the differences above");
}
