//! Operations over time: how long each took, the quantiles of that, and how many there were.

use std::collections::{BTreeMap, BTreeSet};

use kuva::plot::scatter::MarkerShape;
use kuva::plot::{LinePlot, LineStyle, ScatterPlot};
use kuva::render::plots::Plot as Marks;
use maelstrom_check::OpType;

use super::Plot;
use super::canvas::{Canvas, SERIES, SIZE, above, end, figure, shaded};
use super::windows::Windows;
use crate::Report;

/// An operation that came to an end.
#[derive(Debug)]
pub(super) struct Done {
    f: String,
    outcome: OpType,
    /// When it was invoked and how long it took, in seconds and milliseconds.
    at: f64,
    latency: f64,
}

/// The outcomes, with the sign and the colour of each.
const OUTCOMES: [(OpType, MarkerShape, &str); 3] = [
    (OpType::Ok, MarkerShape::Circle, "var(--plot-ok)"),
    (OpType::Fail, MarkerShape::Triangle, "var(--plot-fail)"),
    (OpType::Info, MarkerShape::Cross, "var(--plot-info)"),
];

/// Shorter latencies are drawn as this on a logarithmic axis, in milliseconds.
const FLOOR: f64 = 0.1;

/// The operations of clients, each with what came back.
pub(super) fn done(report: &Report) -> Vec<Done> {
    let history = report.history();
    let invoked = history.client_ops().filter(|(_, op)| op.is_invoke());
    let done = invoked.filter_map(|(position, op)| {
        let end = history.completion(position)?;
        Some(Done {
            f: op.f.to_string(),
            outcome: end.kind,
            at: op.time as f64 / 1e9,
            latency: (end.time - op.time).max(0) as f64 / 1e6,
        })
    });
    done.collect()
}

/// How latencies are shown: all plots of them have the same axis.
#[derive(Clone, Copy)]
struct Scale {
    log: bool,
    range: (f64, f64),
}

impl Scale {
    fn of(done: &[Done]) -> Self {
        let latencies = done.iter().map(|done| done.latency);
        let largest = latencies.clone().fold(0.0, f64::max);
        let positive = latencies.filter(|latency| *latency > 0.0);
        let smallest = positive.fold(largest, f64::min).max(FLOOR);
        let log = largest / smallest > 30.0;
        let range = match log {
            true => (FLOOR, 10f64.powf((largest * 1.2).log10().ceil())),
            false => (0.0, above(largest)),
        };
        Self { log, range }
    }

    /// Where a latency is drawn.
    fn place(self, latency: f64) -> f64 {
        latency.clamp(self.range.0, self.range.1)
    }

    fn label(self) -> String {
        match self.log {
            true => format!("latency (ms, log scale from {FLOOR})"),
            false => "latency (ms)".into(),
        }
    }
}

/// The latency of each operation at the time of its invocation.
pub(super) fn latency(report: &Report, done: &[Done]) -> Option<Plot> {
    let scale = Scale::of(done);
    let end = end(report);
    let mut marks = Vec::new();
    let mut counts = Vec::new();
    for (outcome, shape, colour) in OUTCOMES {
        let of = done.iter().filter(|done| done.outcome == outcome);
        let of = of.map(|done| (done.at, scale.place(done.latency)));
        let points: Vec<(f64, f64)> = of.collect();
        if points.is_empty() {
            continue;
        }
        let name = format!("{} {}", points.len(), outcome.name());
        let marker = ScatterPlot::new()
            .with_data(apart(&points, end, scale))
            .with_marker(shape)
            .with_color(colour)
            .with_size(2.8)
            .with_marker_opacity(0.75)
            .with_legend(outcome.name());
        marks.push(Marks::Scatter(marker));
        counts.push(name);
    }
    let slowest = done.iter().max_by(|a, b| a.latency.total_cmp(&b.latency))?;
    let description = format!(
        "{}; the slowest ({} at {} s) took {} ms.{}",
        counts.join(", "),
        slowest.f,
        figure(slowest.at),
        figure(slowest.latency),
        shaded(report)
    );
    let canvas = Canvas {
        id: "latency".into(),
        title: "Latency of each operation".into(),
        description,
        x: "time of invocation (s)".into(),
        y: scale.label(),
        // Room for marks at the very bottom.
        y_range: match scale.log {
            true => (FLOOR * 0.8, scale.range.1),
            false => (-0.02 * scale.range.1, scale.range.1),
        },
        log: (false, scale.log),
        ..Canvas::over_time(report, end)
    };
    Some(canvas.draw(marks))
}

/// The points without those that would hide behind others.
fn apart(points: &[(f64, f64)], end: f64, scale: Scale) -> Vec<(f64, f64)> {
    let height = |latency: f64| match scale.log {
        true => (latency / scale.range.0).log10() / (scale.range.1 / scale.range.0).log10(),
        false => latency / scale.range.1,
    };
    let mut cell = 1.5;
    loop {
        let place = |(at, latency): (f64, f64)| {
            let x = at / end * SIZE.0 / cell;
            let y = height(latency) * SIZE.1 / cell;
            (x.round() as i64, y.round() as i64)
        };
        let mut taken = BTreeSet::new();
        let kept: Vec<_> = points
            .iter()
            .copied()
            .filter(|point| taken.insert(place(*point)))
            .collect();
        if kept.len() <= 1200 {
            return kept;
        }
        cell *= 1.25;
    }
}

/// The quantiles that are drawn, with the dash of each.
const QUANTILES: [(f64, &str, &str, &str); 4] = [
    (0.5, "median", SERIES[0], ""),
    (0.95, "95 %", SERIES[2], "7 3"),
    (0.99, "99 %", SERIES[4], "2 3"),
    (1.0, "maximum", SERIES[1], "8 3 2 3"),
];

/// The quantiles of the latencies of operations that succeeded, over time.
pub(super) fn quantiles(report: &Report, done: &[Done]) -> Option<Plot> {
    let scale = Scale::of(done);
    let end = end(report);
    let windows = Windows::over(end);
    let mut latencies = vec![Vec::new(); windows.count];
    let mut all = Vec::new();
    for done in done.iter().filter(|done| done.outcome == OpType::Ok) {
        latencies[windows.of(done.at)].push(done.latency);
        all.push(done.latency);
    }
    for window in latencies.iter_mut().chain([&mut all]) {
        window.sort_by(f64::total_cmp);
    }
    let of = |sorted: &[f64], q: f64| {
        let last = sorted.len().checked_sub(1)?;
        Some(sorted[last.min((sorted.len() as f64 * q).floor() as usize)])
    };
    let mut marks = Vec::new();
    let mut words = Vec::new();
    for (q, name, colour, dash) in QUANTILES {
        // Where nothing ended there is a gap.
        let mut stretches = vec![Vec::new()];
        for (window, sorted) in latencies.iter().enumerate() {
            match (of(sorted, q), stretches.last_mut()) {
                (Some(found), Some(stretch)) => {
                    stretch.push((windows.middle(window), scale.place(found)));
                }
                (None, Some(stretch)) if !stretch.is_empty() => stretches.push(Vec::new()),
                _ => {}
            }
        }
        words.push(format!("{name} {} ms", figure(of(&all, q)?)));
        marks.extend(line(&stretches, colour, dash, name));
    }
    let canvas = Canvas {
        id: "quantiles".into(),
        title: "Latency quantiles of successful operations".into(),
        description: format!(
            "Over the whole run: {}. Drawn for each {} s.{}",
            words.join(", "),
            windows.length,
            shaded(report)
        ),
        x: "time of invocation (s)".into(),
        y: scale.label(),
        y_range: scale.range,
        log: (false, scale.log),
        ..Canvas::over_time(report, end)
    };
    Some(canvas.draw(marks))
}

/// A line with a dash, which tells it from others where colours do not. It may have gaps;
/// a stretch of one point is drawn as a short dash.
pub(super) fn line(
    stretches: &[Vec<(f64, f64)>],
    colour: &str,
    dash: &str,
    name: &str,
) -> Vec<Marks> {
    let style = match dash {
        "" => LineStyle::Solid,
        dash => LineStyle::Custom(dash.to_owned()),
    };
    let drawn = stretches.iter().filter(|stretch| !stretch.is_empty());
    let drawn = drawn.enumerate().map(|(place, stretch)| {
        let mut points = stretch.clone();
        if let [(x, y)] = points[..] {
            points = vec![(x - x * 0.004, y), (x + x * 0.004, y)];
        }
        let line = LinePlot::new()
            .with_data(points)
            .with_color(colour)
            .with_line_style(style.clone())
            .with_stroke_width(1.8);
        // One line of the legend for all of them.
        Marks::Line(match place {
            0 => line.with_legend(name),
            _ => line,
        })
    });
    drawn.collect()
}

/// How many operations ended per second, by what they were and how they ended.
pub(super) fn rate(report: &Report, done: &[Done]) -> Option<Plot> {
    let end = end(report);
    let windows = Windows::over(end);
    let mut counts: BTreeMap<(&str, usize), Vec<usize>> = BTreeMap::new();
    for done in done {
        let outcome = OUTCOMES
            .iter()
            .position(|(outcome, ..)| *outcome == done.outcome)?;
        let ended = done.at + done.latency / 1e3;
        let of = counts.entry((&done.f, outcome));
        of.or_insert_with(|| vec![0; windows.count])[windows.of(ended)] += 1;
    }
    let mut fs: Vec<&str> = counts.keys().map(|(f, _)| *f).collect();
    fs.dedup();
    let mut marks = Vec::new();
    let mut largest: f64 = 0.0;
    let mut words = Vec::new();
    for ((f, outcome), counts) in &counts {
        let colour = fs.iter().position(|other| other == f).unwrap_or(0);
        let dash = ["", "7 3", "2 3"][*outcome];
        let name = format!("{f} {}", OUTCOMES[*outcome].0.name());
        let rates = windows.rates(counts);
        largest = rates.iter().map(|(_, rate)| *rate).fold(largest, f64::max);
        let all: usize = counts.iter().sum();
        words.push(format!("{all} {name}"));
        marks.extend(line(&[rates], SERIES[colour % SERIES.len()], dash, &name));
    }
    if marks.is_empty() {
        return None;
    }
    let canvas = Canvas {
        id: "rate".into(),
        title: "Rate of operations".into(),
        description: format!(
            "Ended in all: {}; at most {} of a kind per second. Drawn for each {} s.{}",
            words.join(", "),
            figure(largest),
            windows.length,
            shaded(report)
        ),
        y: "operations per second (1/s)".into(),
        y_range: (0.0, above(largest)),
        ..Canvas::over_time(report, end)
    };
    Some(canvas.draw(marks))
}
