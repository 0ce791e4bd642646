//! Which of a run's operations or faults take place, so that a run can be cut
//! down to what matters and still be repeated.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Some of the things that a run draws, by their number, which counts from 1 in
/// the order in which they are drawn. What is not selected is drawn as ever, at
/// its time and from the same stream, and left out.
///
/// Written `3,7-9`, or `all`, or `none`.
///
/// ```
/// use maelstrom_sim::Selection;
///
/// let some: Selection = "3,7-9".parse().unwrap();
/// assert!(some.contains(8) && !some.contains(4));
/// assert_eq!(some.to_string(), "3,7-9");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// Everything.
    #[default]
    All,
    /// What has one of these numbers, and nothing else.
    Only(BTreeSet<usize>),
}

impl Selection {
    /// Whether it takes in what has this number.
    pub fn contains(&self, number: usize) -> bool {
        match self {
            Self::All => true,
            Self::Only(numbers) => numbers.contains(&number),
        }
    }

    /// The numbers up to `last` that it takes in.
    pub fn up_to(&self, last: usize) -> BTreeSet<usize> {
        match self {
            Self::All => (1..=last).collect(),
            Self::Only(numbers) => numbers.range(..=last).copied().collect(),
        }
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = match self {
            Self::All => return f.write_str("all"),
            Self::Only(numbers) if numbers.is_empty() => return f.write_str("none"),
            Self::Only(numbers) => numbers,
        };
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for number in numbers {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == *number => *last = *number,
                _ => ranges.push((*number, *number)),
            }
        }
        let range = |(first, last): &(usize, usize)| match last - first {
            0 => first.to_string(),
            1 => format!("{first},{last}"),
            _ => format!("{first}-{last}"),
        };
        f.write_str(&ranges.iter().map(range).collect::<Vec<_>>().join(","))
    }
}

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        /// Nobody types a run of more operations than that.
        const MOST: usize = 10_000_000;
        match text {
            "all" => return Ok(Self::All),
            "none" => return Ok(Self::Only(BTreeSet::new())),
            _ => {}
        }
        let mut numbers = BTreeSet::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            match (first.trim().parse::<usize>(), last.trim().parse::<usize>()) {
                (Ok(first), Ok(last)) if 1 <= first && first <= last && last <= MOST => {
                    numbers.extend(first..=last);
                }
                _ => {
                    let expected = "expected numbers from 1 up, as in 3,7-9; or all, or none";
                    return Err(format!("`{part}` is no number or range: {expected}"));
                }
            }
        }
        Ok(Self::Only(numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["all", "none", "1", "1,2", "1-3", "2,4-6,9,10,12"] {
            let selection: Selection = text.parse().unwrap();
            assert_eq!(selection.to_string(), text);
        }
        for bad in ["", "0", "3-2", "1,,2", "a", "-1", "1-", "1-99999999"] {
            let error = bad.parse::<Selection>().unwrap_err();
            assert!(error.contains("3,7-9"), "{bad}: {error}");
        }
    }

    #[test]
    fn a_selection_takes_in_what_it_names() {
        assert_eq!(Selection::All.up_to(3), BTreeSet::from([1, 2, 3]));
        let some: Selection = "2,5".parse().unwrap();
        assert_eq!(some.up_to(4), BTreeSet::from([2]));
        assert!(some.contains(5) && !some.contains(3));
    }
}
