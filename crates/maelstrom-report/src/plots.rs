//! Plots over the run's time, as SVG.

use crate::Report;

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

/// The plots of a run.
pub(crate) fn plots(_: &Report) -> Vec<Plot> {
    Vec::new()
}
