//! A cycle of transactions as a graph: the transactions on a ring, an arrow for each reason.

use std::f64::consts::TAU;
use std::fmt::Write as _;

use crate::markup::escaped;

/// Why one transaction comes before another.
pub(crate) struct Step {
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// `ww`, `wr`, `rw`, `process`, `realtime`.
    pub(crate) rel: String,
    /// The same in words.
    pub(crate) why: String,
}

const WIDTH: f64 = 460.0;
/// Half of a transaction's box.
const BOX: (f64, f64) = (38.0, 16.0);

/// The graph.
pub(crate) fn svg(kind: &str, steps: &[Step]) -> String {
    let count = steps.len().max(1);
    let radius = (26.0 * count as f64).clamp(70.0, 150.0);
    let (cx, cy) = (WIDTH / 2.0, radius + 34.0);
    let at = |place: usize| {
        let angle = TAU * (place % count) as f64 / count as f64 - TAU / 4.0;
        (cx + radius * 1.25 * angle.cos(), cy + radius * angle.sin())
    };
    let words: Vec<String> = steps
        .iter()
        .map(|step| {
            format!(
                "T{} comes before T{} ({}): {}",
                step.from, step.to, step.rel, step.why
            )
        })
        .collect();
    let id: String = steps.iter().map(|step| format!("-{}", step.from)).collect();
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {:.0}\" role=\"group\" aria-labelledby=\"cycle{id}-title cycle{id}-desc\" class=\"graph\">\
         <title id=\"cycle{id}-title\">{} cycle of {count} transactions</title><desc id=\"cycle{id}-desc\">{}.</desc>\
         <defs><marker id=\"arrow{id}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto-start-reverse\"><path d=\"M0 0 10 5 0 10z\" class=\"arrow\"/></marker></defs>\n",
        2.0 * cy,
        escaped(kind),
        escaped(words.join("; "))
    );
    for (place, step) in steps.iter().enumerate() {
        let (from, to) = (at(place), at(place + 1));
        // Bent outwards, so that the two arrows between two transactions lie apart.
        let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy).max(1.0);
        let bend = if count == 2 { 42.0 } else { 14.0 };
        let control = (middle.0 + dy / length * bend, middle.1 - dx / length * bend);
        let (start, end) = (edge(from, control), edge(to, control));
        let class = match step.rel.as_str() {
            "ww" | "wr" | "rw" => step.rel.as_str(),
            _ => "order",
        };
        // Writing to a string can't fail, here and below.
        let _ = writeln!(
            out,
            "<path d=\"M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}\" class=\"edge {class}\" marker-end=\"url(#arrow{id})\"/>",
            start.0, start.1, control.0, control.1, end.0, end.1
        );
        let label = ((middle.0 + control.0) / 2.0, (middle.1 + control.1) / 2.0);
        let away = (
            label.0 + dy / length * 14.0,
            label.1 - dx / length * 12.0 + 4.0,
        );
        let anchor = match dy / length {
            side if side > 0.35 => "start",
            side if side < -0.35 => "end",
            _ => "middle",
        };
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" class=\"rel\">{}</text>",
            away.0,
            away.1,
            escaped(&step.rel)
        );
    }
    for (place, step) in steps.iter().enumerate() {
        let (x, y) = at(place);
        let _ = writeln!(
            out,
            "<a href=\"#diagram\" data-op=\"{index}\"><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{}\" height=\"{}\" rx=\"8\" class=\"node\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">T{index}</text></a>",
            x - BOX.0,
            y - BOX.1,
            2.0 * BOX.0,
            2.0 * BOX.1,
            y + 5.0,
            index = step.from
        );
    }
    out + "</svg>"
}

/// Where the line from the middle of a box to a point leaves the box.
fn edge(middle: (f64, f64), to: (f64, f64)) -> (f64, f64) {
    let (dx, dy) = (to.0 - middle.0, to.1 - middle.1);
    let share = (BOX.0 / dx.abs().max(0.01))
        .min(BOX.1 / dy.abs().max(0.01))
        .min(1.0);
    (middle.0 + dx * share, middle.1 + dy * share)
}
