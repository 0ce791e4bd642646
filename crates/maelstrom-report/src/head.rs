//! The head of the page: the verdict, what was asked and measured, how to do it again, the
//! settings and the faults.

use std::fmt::Write as _;

use serde_json::Value;

use crate::Report;
use crate::faults::{Fault, FaultKind};
use crate::markup::{counted, escaped, seconds, table};

/// What the run is called.
pub(crate) fn name(report: &Report) -> String {
    let results = report.results();
    match (results["challenge"].as_str(), report.workload()) {
        (Some(name), _) => name.to_owned(),
        (None, Some(workload)) => workload.to_string(),
        (None, None) => "A run".to_owned(),
    }
}

/// How it went: a word for the class of the banner, and the sentence.
pub(crate) fn verdict(report: &Report) -> (&'static str, String) {
    let results = report.results();
    let missed = rows(report)
        .into_iter()
        .find(|row| !row.pass && row.what != "verdict");
    match (&results["error"], &results["valid?"]) {
        (Value::String(error), _) => ("unknown", format!("The run ended before its time: {error}")),
        (_, Value::Bool(true)) => match missed {
            None => ("valid", "Everything passed.".to_owned()),
            Some(Row {
                what,
                asked,
                measured,
                ..
            }) => (
                "invalid",
                format!(
                    "The run is valid, and a threshold was missed: {what} was to be {asked}, and is {measured}."
                ),
            ),
        },
        (_, Value::Bool(false)) => {
            let why = why(report).map_or(".".to_owned(), |why| format!(": {why}"));
            ("invalid", format!("The run is invalid{why}"))
        }
        _ => (
            "unknown",
            "The verdict is unknown: the run does not let the checks say.".to_owned(),
        ),
    }
}

/// What the checks found wrong, in a few words.
fn why(report: &Report) -> Option<String> {
    let results = report.results();
    let workload = &results["workload"];
    let count = |field: &str| workload[field].as_u64().filter(|count| *count > 0);
    let mut found = Vec::new();
    found.extend(
        count("lost-count").map(|count| counted(count, "value was lost", "values were lost")),
    );
    found.extend(count("duplicated-count").map(|count| {
        counted(
            count,
            "id was given more than once",
            "ids were given more than once",
        )
    }));
    let kinds = names(&workload["anomaly-types"]);
    if !kinds.is_empty() {
        found.push(format!("transactions show {}", kinds.join(", ")));
    }
    let kinds = names(&workload["bad-error-types"]);
    if !kinds.is_empty() {
        found.push(format!("logs show {}", kinds.join(", ")));
    }
    let errors = workload["errors"].as_array().map_or(0, Vec::len) as u64;
    if errors > 0 {
        let (one, many) = match workload["final-reads"] {
            Value::Null => (
                "answer is not what was sent",
                "answers are not what was sent",
            ),
            _ => (
                "final read is no sum that the additions allow",
                "final reads are no sums that the additions allow",
            ),
        };
        found.push(counted(errors, one, many));
    }
    if let Some(failures) = workload["failures"]
        .as_array()
        .filter(|keys| !keys.is_empty())
    {
        let count = failures.len() as u64;
        found.push(counted(
            count,
            "key is not linearizable",
            "keys are not linearizable",
        ));
    }
    if results["stats"]["valid?"] == false {
        let by_f = results["stats"]["by-f"].as_object().into_iter().flatten();
        // These never succeed, and nobody asks them to.
        let counts = |f: &str| !matches!(f, "crash" | "debug-topic-partitions");
        let never = by_f.filter(|(f, of)| counts(f) && of["valid?"] == false);
        found.extend(never.map(|(f, _)| format!("no {f} succeeded")));
    }
    if results["availability"]["valid?"] == false
        && let Some(share) = results["availability"]["ok-fraction"].as_f64()
    {
        let share = 100.0 * share;
        found.push(format!("only {share:.3} % of the operations were ok"));
    }
    if found.is_empty() {
        // The stricter checks often say the same in other words.
        let findings = results["strict"]["findings"].as_array();
        found.extend(findings.into_iter().flatten().filter_map(|finding| {
            let name = finding["name"].as_str()?;
            Some(format!("{name} ({})", finding["count"]))
        }));
    }
    (!found.is_empty()).then(|| found.join("; ") + ".")
}

/// The names on a list.
fn names(list: &Value) -> Vec<&str> {
    let names = list.as_array().into_iter().flatten();
    names.filter_map(Value::as_str).collect()
}

/// Something asked of the run.
struct Row {
    what: String,
    asked: String,
    measured: String,
    pass: bool,
}

fn rows(report: &Report) -> Vec<Row> {
    let rows = report.results()["thresholds"]
        .as_array()
        .into_iter()
        .flatten();
    let rows: Vec<Row> = rows
        .map(|row| {
            let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
            Row {
                what: text("what"),
                asked: text("asked"),
                measured: text("measured"),
                pass: row["pass"] == true,
            }
        })
        .collect();
    if !rows.is_empty() {
        return rows;
    }
    // A run of Maelstrom's own has its verdict alone.
    let valid = &report.results()["valid?"];
    vec![Row {
        what: "verdict".into(),
        asked: "valid".into(),
        measured: match valid {
            Value::Bool(true) => "valid".into(),
            Value::Bool(false) => "invalid".into(),
            _ => "unknown".into(),
        },
        pass: *valid == true,
    }]
}

/// The head.
pub(crate) fn head(report: &Report) -> String {
    let results = report.results();
    let (class, sentence) = verdict(report);
    let mut out = format!(
        "<p class=\"verdict {class}\" id=\"verdict\"><span aria-hidden=\"true\">{}</span> {}</p>\n",
        match class {
            "valid" => "✔",
            "invalid" => "✘",
            _ => "?",
        },
        escaped(sentence)
    );
    let rows: Vec<Vec<String>> = rows(report)
        .into_iter()
        .map(|row| {
            let (class, mark) = if row.pass {
                ("pass", "✔ pass")
            } else {
                ("fail", "✘ FAIL")
            };
            vec![
                escaped(row.what),
                escaped(row.asked),
                escaped(row.measured),
                format!("<span class=\"{class}\">{mark}</span>"),
            ]
        })
        .collect();
    out.push_str(&table(
        "What was asked of the run, and what was measured",
        &["", "Asked", "Measured", "Result"],
        &rows,
    ));
    out.push_str("<dl class=\"figures\">\n");
    for (name, text) in figures(report) {
        // Writing to a string can't fail, here and below.
        let _ = writeln!(
            out,
            "<div><dt>{}</dt><dd>{}</dd></div>",
            escaped(name),
            escaped(text)
        );
    }
    out.push_str("</dl>\n");
    if let Some(command) = results["command"].as_str() {
        let _ = writeln!(
            out,
            "<p class=\"again\">Again: <code id=\"command\">{}</code> <button type=\"button\" id=\"copy\" data-copy=\"command\">Copy</button></p>",
            escaped(command)
        );
    }
    for notice in results["notices"].as_array().into_iter().flatten() {
        let _ = writeln!(
            out,
            "<p class=\"notice\">Note: {}</p>",
            escaped(notice.as_str().unwrap_or_default())
        );
    }
    out
}

fn figures(report: &Report) -> Vec<(&'static str, String)> {
    let results = report.results();
    let mut figures = Vec::new();
    if !results["seed"].is_null() {
        figures.push(("Seed", results["seed"].to_string()));
    }
    let per_op = |part: &str| results["net"][part]["msgs-per-op"].as_f64();
    if let (Some(all), Some(servers)) = (per_op("all"), per_op("servers")) {
        figures.push((
            "Messages per operation",
            format!("{all:.3} in all, {servers:.3} between servers"),
        ));
    }
    let latencies = &results["workload"]["stable-latencies"];
    let quantile = |name: &str| latencies[name].as_i64();
    if let (Some(median), Some(p95), Some(p99), Some(max)) = (
        quantile("0.5"),
        quantile("0.95"),
        quantile("0.99"),
        quantile("1"),
    ) {
        let text = format!("median {median} ms, p95 {p95} ms, p99 {p99} ms, max {max} ms");
        figures.push(("Stable latency", text));
    }
    let stats = &results["stats"];
    let count = |name: &str| stats[name].as_u64();
    if let (Some(ok), Some(fail), Some(info)) =
        (count("ok-count"), count("fail-count"), count("info-count"))
    {
        figures.push(("Operations", format!("{ok} ok, {fail} fail, {info} info")));
    }
    if let Some(share) = results["availability"]["ok-fraction"].as_f64() {
        figures.push(("Availability", format!("{:.2} %", share * 100.0)));
    }
    if let Some(journal) = report.journal() {
        let dropped = journal.fates().iter();
        let dropped = dropped
            .filter(|(_, _, fate)| *fate == crate::Fate::Dropped)
            .count();
        figures.push((
            "Messages",
            format!("{}, {dropped} of them dropped", journal.messages().len()),
        ));
    }
    figures.push(("Length", seconds(report.end())));
    figures
}

/// The settings, as a list of names and values.
pub(crate) fn settings(report: &Report) -> String {
    let Some(settings) = report.results()["settings"].as_object() else {
        return String::new();
    };
    let mut out = String::from("<details><summary>Settings</summary>\n<dl class=\"settings\">\n");
    for (name, value) in settings {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Array(items) if items.is_empty() => "none".to_owned(),
            Value::Array(items) => {
                let items = items.iter().map(|item| match item.as_str() {
                    Some(text) => text.to_owned(),
                    None => item.to_string(),
                });
                items.collect::<Vec<_>>().join(", ")
            }
            Value::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| match value.as_str() {
                    Some(text) => format!("{name} {text}"),
                    None => format!("{name} {value}"),
                });
                fields.collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        let _ = writeln!(
            out,
            "<div><dt>{}</dt><dd>{}</dd></div>",
            escaped(name),
            escaped(text)
        );
    }
    out + "</dl></details>\n"
}

/// The faults, as a table; nothing where there were none.
pub(crate) fn faults(report: &Report) -> String {
    let faults = report.faults();
    if faults.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = faults
        .iter()
        .map(|fault| {
            vec![
                format!(
                    "<a href=\"#diagram\" data-at=\"{}\">{}</a>",
                    fault.from / 1000,
                    seconds(fault.from)
                ),
                seconds(fault.to),
                fault.kind.name().to_owned(),
                escaped(touched(fault)),
            ]
        })
        .collect();
    let count = counted(faults.len() as u64, "fault", "faults");
    format!(
        "<details><summary>{count}</summary>\n{}</details>\n",
        table("Faults", &["From", "To", "Fault", "Touched"], &rows)
    )
}

/// What a fault touched, in words.
pub(crate) fn touched(fault: &Fault) -> String {
    let sides = fault.sides();
    match fault.kind {
        FaultKind::Partition if sides.len() > 1 => {
            // Sides that overlap are told by what each of them did not hear.
            let apart = sides.iter().all(|side| {
                let others = fault.unheard.len() - side.len();
                side.iter().all(|node| fault.unheard[node].len() == others)
            });
            if apart {
                let sides: Vec<String> = sides.iter().map(|side| side.join(" ")).collect();
                return sides.join(" | ");
            }
            let unheard = fault.unheard.iter().filter(|(_, from)| !from.is_empty());
            let unheard: Vec<String> = unheard
                .map(|(node, from)| format!("{node} did not hear {}", from.join(" ")))
                .collect();
            unheard.join("; ")
        }
        FaultKind::Partition => "nobody was cut off".to_owned(),
        _ if fault.nodes.is_empty() => "all links".to_owned(),
        _ => fault.nodes.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use maelstrom_check::History;
    use serde_json::json;

    use super::*;

    /// The names of fields are Maelstrom's.
    #[test]
    fn an_invalid_run_says_why_in_a_few_words() {
        let workload = |workload: Value| json!({ "valid?": false, "workload": workload });
        for (results, why) in [
            (workload(json!({ "lost-count": 1 })), "1 value was lost."),
            (
                workload(json!({ "duplicated-count": 80 })),
                "80 ids were given more than once.",
            ),
            (
                workload(json!({ "anomaly-types": ["G0", "G2-item"] })),
                "transactions show G0, G2-item.",
            ),
            (
                workload(json!({ "bad-error-types": ["poll-skip"], "lost-count": 0 })),
                "logs show poll-skip.",
            ),
            (
                workload(json!({ "failures": [3, 5] })),
                "2 keys are not linearizable.",
            ),
            (
                workload(json!({ "errors": [["Expected"]] })),
                "1 answer is not what was sent.",
            ),
            (
                workload(json!({ "errors": [{}, {}], "final-reads": [1, 2] })),
                "2 final reads are no sums that the additions allow.",
            ),
            (
                json!({
                    "valid?": false,
                    "stats": {
                        "valid?": false,
                        "by-f": {
                            "crash": { "valid?": false },
                            "poll": { "valid?": true },
                            "send": { "valid?": false },
                        },
                    },
                }),
                "no send succeeded.",
            ),
            (
                json!({
                    "valid?": false,
                    "stats": { "valid?": true, "by-f": { "send": { "valid?": false } } },
                    "workload": { "bad-error-types": ["unseen"] },
                    "strict": { "findings": [{ "name": "never-polled", "count": 2 }] },
                }),
                "logs show unseen.",
            ),
            (
                json!({
                    "valid?": false,
                    "strict": { "findings": [{ "name": "all-reads-empty", "count": 1 }] },
                }),
                "all-reads-empty (1).",
            ),
            (
                json!({
                    "valid?": false,
                    "availability": { "valid?": false, "ok-fraction": 0.99936 },
                }),
                "only 99.936 % of the operations were ok.",
            ),
        ] {
            let report = Report::new(History::new(), None, results);
            assert_eq!(super::why(&report).as_deref(), Some(why));
        }
    }
}
