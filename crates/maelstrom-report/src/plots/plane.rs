//! A plane of spots with names: one figure against another, with limits.

use kuva::plot::ScatterPlot;
use kuva::plot::scatter::MarkerShape;
use kuva::render::annotations::ReferenceLine;
use kuva::render::plots::Plot as Marks;

use super::Plot;
use super::canvas::{Canvas, SERIES, above};

/// What an axis shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The figure, with its unit.
    pub label: String,
    /// Values that are marked by a line, each with its name.
    pub limits: Vec<(f64, String)>,
    /// Whether powers of ten are evenly apart. Values must then be above zero.
    pub log: bool,
}

/// A spot on the plane.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    /// Its name, which stands beside it. No two spots may have the same.
    pub name: String,
    /// The figures.
    pub at: (f64, f64),
    /// Where its name leads to, if anywhere.
    pub href: Option<String>,
}

/// Spots of one kind, which share a shape and a colour.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What they are.
    pub name: String,
    /// The spots.
    pub spots: Vec<Spot>,
}

/// One figure against another.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    /// What it shows, in a few words.
    pub title: String,
    /// The same in a sentence or two, figures included.
    pub description: String,
    /// The axes.
    pub x: Axis,
    /// The axes.
    pub y: Axis,
    /// The spots. Groups beyond the sixth share the last one's look.
    pub groups: Vec<Group>,
}

/// The shapes of groups, in turn.
const SHAPES: [MarkerShape; 6] = [
    MarkerShape::Circle,
    MarkerShape::Triangle,
    MarkerShape::Square,
    MarkerShape::Diamond,
    MarkerShape::Plus,
    MarkerShape::Cross,
];

impl Plane {
    /// The plane as a plot; none without a spot. No other plot of the page has its `id`.
    pub fn plot(&self, id: &str) -> Option<Plot> {
        let spots: Vec<&Spot> = self.groups.iter().flat_map(|group| &group.spots).collect();
        if spots.is_empty() {
            return None;
        }
        let range = |axis: &Axis, across: &Axis, of: fn(&Spot) -> f64| {
            let limits = axis.limits.iter().map(|(limit, _)| *limit);
            let values = spots.iter().map(|spot| of(spot)).chain(limits);
            let largest = values.clone().fold(0.0, f64::max);
            let smallest = values.filter(|value| *value > 0.0);
            let smallest = smallest.fold(largest, f64::min);
            // The name of a line across stands at its end.
            match (axis.log, across.limits.is_empty()) {
                (true, true) => (smallest / 1.5, largest * 1.5),
                (true, false) => (smallest / 1.5, largest * 6.0),
                (false, _) => (0.0, above(largest * 1.05)),
            }
        };
        let mut marks = Vec::new();
        for (place, group) in self.groups.iter().enumerate() {
            let place = place.min(SHAPES.len() - 1);
            let marker = ScatterPlot::new()
                .with_data(group.spots.iter().map(|spot| spot.at))
                .with_marker(SHAPES[place])
                .with_color(SERIES[place])
                .with_size(5.0)
                .with_legend(group.name.clone());
            marks.push(Marks::Scatter(marker));
        }
        // One series has all names, so that each keeps clear of those of other groups.
        let names = ScatterPlot::new()
            .with_data(spots.iter().map(|spot| spot.at))
            .with_labels(spots.iter().map(|spot| spot.name.clone()))
            .with_repel_labels()
            .with_color("none")
            .with_size(5.0);
        marks.push(Marks::Scatter(names));
        let mut lines = Vec::new();
        for (at, name) in &self.x.limits {
            lines.push(limit(ReferenceLine::vertical(*at), name));
        }
        for (at, name) in &self.y.limits {
            lines.push(limit(ReferenceLine::horizontal(*at), name));
        }
        let canvas = Canvas {
            id: id.to_owned(),
            title: self.title.clone(),
            description: self.description.clone(),
            x: self.x.label.clone(),
            y: self.y.label.clone(),
            x_range: range(&self.x, &self.y, |spot| spot.at.0),
            y_range: range(&self.y, &self.x, |spot| spot.at.1),
            log: (self.x.log, self.y.log),
            shades: Vec::new(),
            lines,
        };
        let mut plot = canvas.draw(marks);
        if spots.iter().any(|spot| spot.href.is_some()) {
            // A screen reader does not look for links in what is an image.
            plot.svg = plot.svg.replacen("role=\"img\"", "role=\"group\"", 1);
        }
        for spot in spots {
            if let Some(href) = &spot.href {
                let name = super::canvas::escaped(&spot.name);
                let link = format!(
                    "><a href=\"{}\">{name}</a></text>",
                    super::canvas::escaped(href)
                );
                plot.svg = plot.svg.replace(&format!(">{name}</text>"), &link);
            }
        }
        Some(plot)
    }
}

fn limit(line: ReferenceLine, name: &str) -> ReferenceLine {
    line.with_color("var(--plot-fault)").with_label(name)
}
