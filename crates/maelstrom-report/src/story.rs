//! What went wrong: the story, and a picture for each kind of evidence.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use maelstrom_check::{Op, Process, Value as Edn, Workload};
use serde_json::Value;

use crate::markup::{counted, escaped, linked, op_link, seconds, short, table};
use crate::{Report, cycle, lanes, window};

/// How many keys are drawn. Of each kind of cycle it is the first, as the story tells it.
const DRAWN: usize = 3;
/// How many rows a table of values has.
const ROWS: usize = 60;

/// The section about what went wrong; for a valid run the story alone, folded.
pub(crate) fn story(report: &Report) -> String {
    let text = report.results()["story"].as_str().unwrap_or_default();
    let told = paragraphs(text);
    if report.results()["valid?"] == true {
        if told.is_empty() {
            return String::new();
        }
        return format!("<details><summary>What the checks say</summary>\n{told}</details>\n");
    }
    let mut out = format!(
        "<section id=\"anomalies\" aria-labelledby=\"anomalies-title\">\n<h2 id=\"anomalies-title\">What went wrong</h2>\n<div class=\"story\">{told}</div>\n"
    );
    out.push_str(&lost(report));
    out.push_str(&cycles(report));
    out.push_str(&windows(report));
    out + "</section>\n"
}

/// Lines that are indented are items of a list under the line before them.
fn paragraphs(text: &str) -> String {
    let mut out = String::new();
    let mut in_list = false;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let item = line.starts_with(' ');
        if item != in_list {
            out.push_str(if item { "<ul>\n" } else { "</ul>\n" });
            in_list = item;
        }
        let (tag, line) = (if item { "li" } else { "p" }, linked(line.trim()));
        // Writing to a string can't fail, here and below.
        let _ = writeln!(out, "<{tag}>{line}</{tag}>");
    }
    if in_list {
        out.push_str("</ul>\n");
    }
    out
}

/// For lost values the nodes that miss each.
fn lost(report: &Report) -> String {
    if !matches!(
        report.workload(),
        Some(Workload::Broadcast | Workload::GSet)
    ) {
        return String::new();
    }
    let lanes = lanes::Lanes::of(report);
    let reader = |op: &Op| match op.process {
        Process::Client(process) => {
            let lane = &lanes.all[lanes.of_process(process)];
            lane.node.clone().unwrap_or_else(|| lane.name.clone())
        }
        _ => op.process.to_string(),
    };
    let history = report.history();
    let finals = history
        .client_ops()
        .filter(|(_, op)| op.is_ok() && op.is_final());
    let finals: BTreeMap<(usize, String), HashSet<&Edn>> = finals
        .map(|(_, op)| (reader(op), op.value.items().iter().collect()))
        // Shorter names first, so that n10 comes after n9.
        .map(|(name, values)| ((name.len(), name), values))
        .collect();
    let mut rows = Vec::new();
    let mut count = 0;
    for (position, op) in history.client_ops().filter(|(_, op)| op.is_invoke()) {
        let acknowledged = history.completion(position).is_some_and(Op::is_ok);
        if !matches!(&*op.f, "broadcast" | "add") || !acknowledged {
            continue;
        }
        let has: Vec<bool> = finals
            .values()
            .map(|values| values.contains(&op.value))
            .collect();
        if has.iter().all(|has| *has) {
            continue;
        }
        count += 1;
        if rows.len() < ROWS {
            let value = escaped(op.value.to_string());
            let mut row = vec![
                format!("<a href=\"#follow\" data-follow=\"{value}\">{value}</a>"),
                op_link(
                    op.index as u64,
                    &format!(
                        "{} to {}",
                        seconds(u64::try_from(op.time).unwrap_or(0)),
                        reader(op)
                    ),
                ),
            ];
            row.extend(has.iter().map(|has| match has {
                true => "<span class=\"has\">has it</span>".to_owned(),
                false => "<span class=\"misses\">✘ misses</span>".to_owned(),
            }));
            rows.push(row);
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let mut heads = vec!["Value", "Told"];
    heads.extend(finals.keys().map(|(_, name)| name.as_str()));
    let more = match count - rows.len() {
        0 => String::new(),
        more => format!("<p>… and {more} more.</p>\n"),
    };
    format!(
        "<h3>Who misses what</h3>\n<p>{} not in every final read.</p>\n{}{more}",
        counted(
            count as u64,
            "acknowledged value is",
            "acknowledged values are"
        ),
        table("The values that final reads miss", &heads, &rows)
    )
}

/// A transaction in a few words.
fn transaction(report: &Report, index: u64) -> String {
    let ops = report.history().ops();
    let place = ops.binary_search_by_key(&index, |op| op.index as u64);
    place.map_or(String::new(), |place| {
        short(&ops[place].value.to_string(), 90)
    })
}

/// Cycles of transactions as graphs.
fn cycles(report: &Report) -> String {
    let mut out = String::new();
    let anomalies = report.results()["workload"]["anomalies"].as_object();
    for (kind, found) in anomalies.into_iter().flatten() {
        let found = found.as_array().map_or(&[][..], Vec::as_slice);
        let cyclic = found.iter().filter(|anomaly| anomaly["steps"].is_array());
        for (number, anomaly) in cyclic.take(1).enumerate() {
            let steps = anomaly["steps"].as_array().into_iter().flatten();
            let steps: Vec<cycle::Step> = steps
                .filter_map(|step| {
                    Some(cycle::Step {
                        from: step["from"].as_u64()?,
                        to: step["to"].as_u64()?,
                        rel: step["rel"].as_str()?.to_owned(),
                        why: step["why"].as_str()?.to_owned(),
                    })
                })
                .collect();
            let _ = write!(
                out,
                "<figure class=\"cycle\"><figcaption><h3>{} <small>{} of {}</small></h3></figcaption>\n{}\n<ol>\n",
                escaped(kind),
                number + 1,
                found.len(),
                cycle::svg(kind, &steps)
            );
            for step in &steps {
                let _ = writeln!(
                    out,
                    "<li>{} comes before {} <strong class=\"rel\">{}</strong>: {}</li>",
                    op_link(step.from, &format!("T{}", step.from)),
                    op_link(step.to, &format!("T{}", step.to)),
                    escaped(&step.rel),
                    escaped(&step.why)
                );
            }
            out.push_str("</ol>\n<dl class=\"transactions\">\n");
            for step in &steps {
                let _ = writeln!(
                    out,
                    "<div><dt>{}</dt><dd><code>{}</code></dd></div>",
                    op_link(step.from, &format!("T{}", step.from)),
                    escaped(transaction(report, step.from))
                );
            }
            out.push_str("</dl></figure>\n");
        }
    }
    out
}

/// For keys that are not linearizable the window that no order explains.
fn windows(report: &Report) -> String {
    let mut out = String::new();
    let keys = report.results()["workload"]["results"].as_object();
    let broken = keys.into_iter().flatten();
    let broken = broken.filter(|(_, found)| found["linearizable"]["op"].is_object());
    for (key, found) in broken.take(DRAWN) {
        let evidence = &found["linearizable"];
        let _ = write!(
            out,
            "<figure class=\"window\"><figcaption><h3>Key {}: no order explains this</h3></figcaption>\n{}\n",
            escaped(key),
            window::svg(report, evidence)
        );
        let configs = evidence["configs"].as_array().into_iter().flatten();
        let rows: Vec<Vec<String>> = configs
            .map(|config| orders(report, evidence, config))
            .collect();
        if !rows.is_empty() {
            out.push_str(
                "<p>The orders that were tried, as far as each gets: none of them can go on.</p>\n",
            );
            out.push_str(&table(
                "Orders tried",
                &["Order", "Then the register holds", "and cannot take"],
                &rows,
            ));
        }
        out.push_str("</figure>\n");
    }
    out
}

/// An order that was tried: its last operations, what it leaves, and what can't follow.
fn orders(report: &Report, evidence: &Value, config: &Value) -> Vec<String> {
    let link = |op: &Value| {
        let index = op["index"].as_u64().unwrap_or(0);
        op_link(index, &window::told(report, index))
    };
    let order = config["order"].as_array().map_or(&[][..], Vec::as_slice);
    let order: Vec<String> = match order {
        [] if config["last-op"].is_object() => vec![link(&config["last-op"])],
        order => order.iter().map(link).collect(),
    };
    let order = match order.is_empty() {
        true => "from the start".to_owned(),
        // Longer orders are cut at their beginning.
        false if order.len() > 7 => format!("… {}", order.join(" → ")),
        false => order.join(" → "),
    };
    let model = match &config["model"] {
        Value::Null => "nothing".to_owned(),
        model => model.to_string(),
    };
    vec![order, escaped(model), link(&evidence["op"])]
}
