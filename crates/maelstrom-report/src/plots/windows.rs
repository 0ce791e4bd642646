//! Time cut into windows of the same length, for what is counted per second.

/// About how many windows a run is cut into.
const WINDOWS: f64 = 60.0;

/// The windows of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Windows {
    /// The length of each, in seconds.
    pub(super) length: f64,
    pub(super) count: usize,
}

impl Windows {
    /// Windows of a round length over a run that ends at this second.
    pub(super) fn over(end: f64) -> Self {
        let rounds = [0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];
        let fits = rounds.into_iter().find(|length| end / length <= WINDOWS);
        let length = fits.unwrap_or_else(|| (end / WINDOWS).ceil());
        let count = (end / length).floor() as usize + 1;
        Self { length, count }
    }

    /// The window of a moment.
    pub(super) fn of(self, second: f64) -> usize {
        ((second / self.length).floor() as usize).min(self.count - 1)
    }

    /// The middle of a window.
    pub(super) fn middle(self, window: usize) -> f64 {
        (window as f64 + 0.5) * self.length
    }

    /// How often per second, from counts, as points at the middles.
    pub(super) fn rates(self, counts: &[usize]) -> Vec<(f64, f64)> {
        let rate =
            |(window, count): (usize, &usize)| (self.middle(window), *count as f64 / self.length);
        counts.iter().enumerate().map(rate).collect()
    }
}
