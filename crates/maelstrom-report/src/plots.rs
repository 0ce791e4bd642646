//! Plots over the run's time, as SVG.
//!
//! Each is one `<svg>` element whose text is text and whose colours are CSS variables
//! ([`STYLE`]), so that it follows the page from light to dark. However long the run, a plot
//! has a bounded number of marks: what would lie on top of each other is drawn once.

mod canvas;
mod messages;
mod operations;
mod plane;
mod stable;
#[cfg(test)]
mod tests;
mod windows;

use crate::Report;

pub use plane::{Axis, Group, Plane, Spot};

/// The colours of plots, light and dark, as CSS for the page that shows them.
pub const STYLE: &str = include_str!("plots/plots.css");

/// A picture with words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plot {
    /// What it shows, in a few words.
    pub title: String,
    /// The same in a sentence or two, figures included, for who does not see it.
    pub description: String,
    /// The picture: one `<svg>` element.
    pub svg: String,
}

/// The plots of a run: those that it has something for.
pub(crate) fn plots(report: &Report) -> Vec<Plot> {
    let done = operations::done(report);
    let plots = [
        operations::latency(report, &done),
        operations::quantiles(report, &done),
        operations::rate(report, &done),
        stable::latencies(report),
        messages::by_type(report),
    ];
    plots.into_iter().flatten().collect()
}
