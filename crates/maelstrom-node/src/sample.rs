//! Counting what happens often, and saying so seldom.

/// A counter that picks what is worth a line in the log: the first few, then
/// each time the count has doubled. A million cases make 22 lines.
#[derive(Debug, Default)]
pub(crate) struct Sample(u64);

impl Sample {
    /// Counts one more; the count so far, if this one is worth a line.
    pub(crate) fn count(&mut self) -> Option<u64> {
        self.0 += 1;
        (self.0 <= 5 || self.0.is_power_of_two()).then_some(self.0)
    }

    pub(crate) fn total(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_cases_make_few_lines() {
        let mut sample = Sample::default();
        let lines: Vec<u64> = (0..1_000_000).filter_map(|_| sample.count()).collect();
        assert_eq!(lines[..7], [1, 2, 3, 4, 5, 8, 16]);
        assert_eq!((lines.len(), sample.total()), (22, 1_000_000));
    }
}
