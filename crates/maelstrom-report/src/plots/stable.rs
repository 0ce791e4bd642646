//! How long values took until every read saw them.

use kuva::plot::LinePlot;
use kuva::render::annotations::ReferenceLine;
use kuva::render::plots::Plot as Marks;
use maelstrom_check::{Quantiles, stable_latencies};

use super::Plot;
use super::canvas::{Canvas, SERIES, above};
use crate::Report;

/// The share of values that were stable within a time.
pub(super) fn latencies(report: &Report) -> Option<Plot> {
    if !["broadcast", "g-set"].contains(&report.results()["settings"]["workload"].as_str()?) {
        return None;
    }
    let mut latencies = stable_latencies(report.history());
    latencies.sort_unstable();
    let Quantiles([_, median, _, _, largest]) = Quantiles::of(latencies.clone())?;
    let count = latencies.len();
    let end = above(largest as f64);
    let mut points = vec![(0.0, 0.0)];
    for (place, latency) in latencies.iter().enumerate() {
        // Of values with the same latency the last says it all.
        if latencies.get(place + 1) != Some(latency) {
            points.push((*latency as f64, (place + 1) as f64 / count as f64 * 100.0));
        }
    }
    points.push((end, 100.0));
    let line = |at: i64, words: String| {
        ReferenceLine::vertical(at as f64)
            .with_color("var(--plot-line)")
            .with_label(words)
    };
    let mut lines = vec![line(median, String::new())];
    if largest > median {
        lines.push(line(largest, String::new()));
    }
    let steps = LinePlot::new()
        .with_data(points)
        .with_color(SERIES[0])
        .with_stroke_width(2.0)
        .with_step();
    let canvas = Canvas {
        id: "stable".into(),
        title: "Distribution of stable latency".into(),
        description: format!(
            "Of {count} values half were stable within {median} ms, and all within {largest} ms; \
             dashed lines mark the two. A value is stable once every later read sees it."
        ),
        x: "stable latency (ms)".into(),
        y: "share of values (%)".into(),
        x_range: (0.0, end),
        y_range: (0.0, 100.0),
        lines,
        ..Canvas::default()
    };
    Some(canvas.draw(vec![Marks::Line(steps)]))
}
