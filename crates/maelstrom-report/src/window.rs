//! The window of a register's history that no order explains: what was under way when, as bars.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use maelstrom_check::{Op, OpType};
use serde_json::Value;

use crate::Report;
use crate::markup::{escaped, seconds, short};

const WIDTH: f64 = 760.0;
/// Where the bars begin; the names of processes stand before that.
const LEFT: f64 = 96.0;
const ROW: f64 = 34.0;

/// The operations of the evidence as bars: who, from when to when, what.
pub(crate) fn svg(report: &Report, evidence: &Value) -> String {
    let mut indices: Vec<u64> = Vec::new();
    let mut add = |op: &Value| indices.extend(op["index"].as_u64());
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    list(&evidence["concurrent"]).iter().for_each(&mut add);
    for config in list(&evidence["configs"]) {
        add(&config["last-op"]);
        list(&config["order"]).iter().for_each(&mut add);
    }
    indices.sort_unstable();
    indices.dedup();
    let culprit = evidence["op"]["index"].as_u64();
    let spans: Vec<Span<'_>> = indices
        .iter()
        .filter_map(|index| span(report, *index))
        .collect();
    let closed = spans.iter().filter_map(|span| span.to);
    let (Some(from), Some(to)) = (
        spans.iter().map(|span| span.from).min(),
        closed.chain(spans.iter().map(|span| span.from)).max(),
    ) else {
        return String::new();
    };
    // Room is left for the label of the last bar.
    let scale = (WIDTH - LEFT - 120.0) / ((to - from).max(1) as f64);
    let x = |time: i64| LEFT + (time - from) as f64 * scale;
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    for span in &spans {
        let next = rows.len();
        rows.entry(span.start.process.to_string()).or_insert(next);
    }
    let height = ROW * rows.len() as f64 + 34.0;
    let words: Vec<String> = spans.iter().map(|span| span.words()).collect();
    let id = culprit.unwrap_or(0);
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"group\" aria-labelledby=\"window-{id}-title window-{id}-desc\" class=\"graph\">\
         <title id=\"window-{id}-title\">Operations around the one that no order explains</title><desc id=\"window-{id}-desc\">{}.</desc>\n",
        escaped(words.join("; "))
    );
    // Writing to a string can't fail, here and below.
    for (process, row) in &rows {
        let y = ROW * *row as f64 + 20.0;
        let _ = writeln!(
            out,
            "<text x=\"4\" y=\"{:.1}\">process {}</text>",
            y + 5.0,
            escaped(process)
        );
        let _ = writeln!(
            out,
            "<line x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\" class=\"lane\"/>"
        );
    }
    for span in &spans {
        let y = ROW * rows[&span.start.process.to_string()] as f64 + 20.0;
        let (left, right) = (x(span.from), span.to.map_or(WIDTH - 4.0, x));
        let wide = (right - left).max(4.0);
        let is_culprit = span
            .end
            .is_some_and(|end| Some(end.index as u64) == culprit);
        let class = if is_culprit { "culprit" } else { span.class() };
        let text = told(report, span.start.index as u64);
        let _ = writeln!(
            out,
            "<a href=\"#diagram\" data-op=\"{index}\"><title>{words}</title><rect x=\"{left:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"22\" rx=\"3\" class=\"op {class}\"/>",
            y - 11.0,
            index = span.start.index,
            words = escaped(span.words()),
        );
        // The label stands on its bar, or after it where there is room before the next.
        let beside = spans
            .iter()
            .filter(|other| other.start.process == span.start.process && other.from > span.from);
        let next = beside.map(|other| x(other.from)).fold(WIDTH, f64::min);
        let label = 7.5 * text.chars().count() as f64;
        let at = if label < wide - 8.0 {
            Some(left + 5.0)
        } else if label < next - left - wide - 10.0 {
            Some(left + wide + 6.0)
        } else {
            None
        };
        if let Some(at) = at {
            let _ = writeln!(
                out,
                "<text x=\"{at:.1}\" y=\"{:.1}\" class=\"on-bar\">{}</text>",
                y + 5.0,
                escaped(text)
            );
        }
        out.push_str("</a>\n");
    }
    let axis = height - 6.0;
    for (anchor, at, time) in [("start", LEFT, from), ("end", x(to), to)] {
        let time = seconds(u64::try_from(time).unwrap_or(0));
        let _ = writeln!(
            out,
            "<text x=\"{at}\" y=\"{axis:.1}\" text-anchor=\"{anchor}\" class=\"axis\">{time}</text>"
        );
    }
    out + "</svg>"
}

/// An operation from its invocation to its completion.
struct Span<'a> {
    start: &'a Op,
    end: Option<&'a Op>,
    from: i64,
    to: Option<i64>,
}

impl Span<'_> {
    fn class(&self) -> &'static str {
        match self.end.map(|end| end.kind) {
            Some(OpType::Ok) => "ok",
            Some(OpType::Fail) => "fail",
            _ => "info",
        }
    }

    fn words(&self) -> String {
        let op = self.end.unwrap_or(self.start);
        let time = |time: i64| seconds(u64::try_from(time).unwrap_or(0));
        let to = self.to.map_or("open".to_owned(), time);
        format!(
            "process {} {} from {} to {to}",
            op.process,
            in_words(op),
            time(self.from)
        )
    }
}

fn position(report: &Report, index: u64) -> Option<usize> {
    let ops = report.history().ops();
    ops.binary_search_by_key(&index, |op| op.index as u64).ok()
}

fn span(report: &Report, index: u64) -> Option<Span<'_>> {
    let history = report.history();
    let position = position(report, index)?;
    let start = &history.ops()[position];
    let end = history.completion(position);
    Some(Span {
        start,
        end,
        from: start.time,
        // One that ended in `info` may take effect at any later time.
        to: end
            .filter(|end| end.kind != OpType::Info)
            .map(|end| end.time),
    })
}

/// What an operation did, in a few words: as its completion says, where it has one.
pub(crate) fn told(report: &Report, index: u64) -> String {
    let history = report.history();
    let Some(position) = position(report, index) else {
        return format!("operation {index}");
    };
    in_words(
        history
            .completion(position)
            .unwrap_or(&history.ops()[position]),
    )
}

fn in_words(op: &Op) -> String {
    let value = op.value.items().get(1).unwrap_or(&op.value);
    let text = match (&*op.f, value.items()) {
        ("cas", [from, to]) => format!("cas {from}→{to}"),
        (f, _) => format!("{f} {value}"),
    };
    let text = short(&text, 40);
    match op.kind {
        OpType::Fail => format!("{text} (failed)"),
        OpType::Info => format!("{text} (unknown)"),
        OpType::Ok | OpType::Invoke => text,
    }
}
