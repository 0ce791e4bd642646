//! What all plots share: axes, colours, faults as shades, a legend, and words for who does
//! not see the picture.

use std::fmt::Write as _;
use std::sync::Arc;

use kuva::backend::svg::SvgBackend;
use kuva::plot::LegendPosition;
use kuva::render::annotations::{ReferenceLine, ShadedRegion};
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot as Marks;
use kuva::render::render::render_multiple;
use kuva::render::theme::Theme;

use super::Plot;
use crate::{Fault, Report};

/// The size of a plot in its own units; a page scales it.
pub(super) const SIZE: (f64, f64) = (560.0, 330.0);

/// The colours of series, in turn. Each goes with a dash of its own.
pub(super) const SERIES: [&str; 7] = [
    "var(--plot-1)",
    "var(--plot-2)",
    "var(--plot-3)",
    "var(--plot-4)",
    "var(--plot-5)",
    "var(--plot-6)",
    "var(--plot-7)",
];

/// Where the text of plots comes from.
const FONTS: &str = "system-ui, sans-serif";

/// A plot before it is drawn.
#[derive(Default)]
pub(super) struct Canvas {
    /// A name for its parts that no other plot of a page has.
    pub(super) id: String,
    pub(super) title: String,
    pub(super) description: String,
    /// What the axes show, with units.
    pub(super) x: String,
    pub(super) y: String,
    pub(super) x_range: (f64, f64),
    pub(super) y_range: (f64, f64),
    /// Whether powers of ten are evenly apart.
    pub(super) log: (bool, bool),
    pub(super) shades: Vec<(f64, f64)>,
    pub(super) lines: Vec<ReferenceLine>,
}

impl Canvas {
    /// For what happened from the beginning to `end`, in seconds, with the faults shaded.
    pub(super) fn over_time(report: &Report, end: f64) -> Self {
        Self {
            x: "time (s)".into(),
            x_range: (0.0, end),
            shades: shades(report),
            ..Self::default()
        }
    }

    /// Draws the marks.
    pub(super) fn draw(self, marks: Vec<Marks>) -> Plot {
        let mut layout = Layout::auto_from_plots(&marks)
            .with_width(SIZE.0)
            .with_height(SIZE.1)
            .with_x_label(self.x)
            .with_y_label(self.y)
            .with_x_axis_min(self.x_range.0)
            .with_x_axis_max(self.x_range.1)
            .with_y_axis_min(self.y_range.0)
            .with_y_axis_max(self.y_range.1)
            .with_theme(theme())
            .with_legend_position(LegendPosition::OutsideBottomColumns)
            .with_legend_box(false)
            .with_tick_format(TickFormat::Custom(Arc::new(figure)))
            .with_tick_size(13)
            .with_label_size(14)
            .with_body_size(13);
        if self.log.0 {
            layout = layout.with_log_x();
        }
        if self.log.1 {
            layout = layout.with_log_y();
        }
        for (from, to) in self.shades {
            let shade = ShadedRegion::vertical(from, to);
            let shade = shade.with_color("var(--plot-fault)").with_opacity(0.16);
            layout = layout.with_shaded_region(shade);
        }
        for line in self.lines {
            layout = layout.with_reference_line(line);
        }
        let scene = render_multiple(marks, layout);
        let drawn = SvgBackend::new().render_scene(&scene);
        let (width, height) = (scene.width, bottom(&drawn) + 10.0);
        Plot {
            svg: named(
                &drawn,
                &self.id,
                (width, height),
                &self.title,
                &self.description,
            ),
            title: self.title,
            description: self.description,
        }
    }
}

fn theme() -> Theme {
    Theme {
        background: "none".into(),
        axis_color: "var(--plot-line)".into(),
        grid_color: "var(--plot-grid)".into(),
        tick_color: "var(--plot-line)".into(),
        text_color: "var(--plot-text)".into(),
        legend_bg: "none".into(),
        legend_border: "none".into(),
        font_family: Some(FONTS.into()),
        ..Theme::light()
    }
}

/// The drawn element under a head of ours: it scales, and says what it shows.
fn named(
    drawn: &str,
    id: &str,
    (width, height): (f64, f64),
    title: &str,
    description: &str,
) -> String {
    let inner = drawn.split_once('>').map_or("", |(_, inner)| inner);
    let inner = match inner.split_once("-->") {
        // Who drew it, which would change with each release.
        Some((before, after)) if before.trim_start().starts_with("<!--") => after,
        _ => inner,
    };
    let inner = gathered(&rounded(&own_clip(inner, id)));
    let (title, description) = (escaped(title), escaped(description));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" id=\"plot-{id}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         role=\"img\" aria-labelledby=\"plot-{id}-title plot-{id}-desc\" font-family=\"{FONTS}\" fill=\"var(--plot-text)\">\
         <title id=\"plot-{id}-title\">{title}</title><desc id=\"plot-{id}-desc\">{description}</desc>{inner}"
    )
}

/// The area of the marks under a name of its own: the library numbers those of the process.
fn own_clip(drawn: &str, id: &str) -> String {
    let mut parts = drawn.split("kuva-clip-");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("plot-");
        out.push_str(id);
        out.push_str("-clip");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}

/// Numbers with two digits after the point, where the library leaves the noise of sums.
fn rounded(drawn: &str) -> String {
    let mut out = String::with_capacity(drawn.len());
    let mut digits = None;
    for c in drawn.chars() {
        digits = match (c, digits) {
            ('.', _) => Some(0),
            ('0'..='9', Some(count)) => Some(count + 1),
            _ => None,
        };
        if digits.is_none_or(|count| count <= 2) {
            out.push(c);
        }
    }
    out
}

/// Dots that are alike in a row as one path, which takes a fifth of the room.
fn gathered(drawn: &str) -> String {
    let mut out = String::with_capacity(drawn.len());
    let mut rest = drawn;
    while let Some((before, from)) = rest.split_once("<circle ") {
        out.push_str(before);
        let mut places = String::new();
        let mut count = 0;
        let style = dot(from).map(|dot| dot.style);
        let mut after = from;
        while let Some(dot) = dot(after).filter(|dot| Some(dot.style) == style) {
            // A line without length, whose round ends are the dot. Writing to a string can't fail, here and below.
            let _ = write!(places, "M{} {}h0", dot.x, dot.y);
            count += 1;
            rest = dot.rest;
            match rest.strip_prefix("<circle ") {
                Some(next) => after = next,
                None => break,
            }
        }
        let size = style.and_then(|style| style.strip_prefix("r=\"")?.split_once('"'));
        match size.filter(|_| count >= FEWEST_DOTS) {
            Some((radius, style)) => {
                let style = style.replace("fill", "stroke");
                let width = 2.0 * radius.parse::<f64>().unwrap_or(1.0);
                let _ = write!(
                    out,
                    "<path d=\"{places}\" fill=\"none\" stroke-linecap=\"round\" stroke-width=\"{width:.1}\"{style}/>"
                );
            }
            None => {
                out.push_str("<circle ");
                let taken = if count == 0 {
                    0
                } else {
                    from.len() - rest.len()
                };
                out.push_str(&from[..taken]);
                rest = &from[taken..];
            }
        }
    }
    out + rest
}

/// Fewer dots stay as they are.
const FEWEST_DOTS: usize = 20;

/// A circle as the library writes it.
struct Dot<'a> {
    x: &'a str,
    y: &'a str,
    style: &'a str,
    rest: &'a str,
}

fn dot(text: &str) -> Option<Dot<'_>> {
    let (inside, rest) = text.split_once("/>")?;
    let (x, inside) = inside.strip_prefix("cx=\"")?.split_once("\" cy=\"")?;
    let (y, style) = inside.split_once("\" ")?;
    Some(Dot { x, y, style, rest })
}

/// Where the lowest text stands: the end of the legend, of which there may be more than the
/// drawing had room for.
fn bottom(drawn: &str) -> f64 {
    let texts = drawn.split("<text ").skip(1);
    let places = texts.filter_map(|text| {
        let (_, place) = text.split_once(" y=\"")?;
        place.split_once('"')?.0.parse::<f64>().ok()
    });
    places.fold(0.0, f64::max)
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Nanoseconds as seconds.
pub(super) fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// The end of an axis of the run's time, in seconds. A run that was over at once has an axis
/// too, whose numbers can be told apart.
pub(super) fn end(report: &Report) -> f64 {
    seconds(report.end()).max(0.1)
}

/// The run's faults as shades.
fn shades(report: &Report) -> Vec<(f64, f64)> {
    let faults = report.faults();
    let shade = |fault: &Fault| (seconds(fault.from), seconds(fault.to));
    faults.iter().map(shade).collect()
}

/// What the shades are, in words; nothing where there are none.
pub(super) fn shaded(report: &Report) -> String {
    let faults = report.faults();
    if faults.is_empty() {
        return String::new();
    }
    let mut kinds: Vec<_> = faults.iter().map(|fault| fault.kind.name()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    format!(" Shaded: {}, {} in all.", kinds.join(", "), faults.len())
}

/// A number in as many digits as tell something.
pub(super) fn figure(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}").trim_end_matches(".0").to_owned(),
        _ => {
            let text = format!("{number:.2}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

/// A round number a little above the largest value, for the end of an axis.
pub(super) fn above(largest: f64) -> f64 {
    if largest.is_nan() || largest <= 0.0 {
        return 1.0;
    }
    let unit = 10f64.powf((largest * 1.04).log10().floor()) / 2.0;
    (largest * 1.04 / unit).ceil() * unit
}
