//! Delta debugging: the smallest part of a list that still fails.

/// Leaves items out as long as `fails` says of what is left that it fails, and
/// gives a list of which no single item can be left out. All of them together
/// must fail. When `fails` does not say, there is no time for more.
///
/// In the manner of Zeller and Hildebrandt, "Simplifying and isolating
/// failure-inducing input" (2002): halves first, then quarters, and so on down
/// to single items.
pub(super) fn minimal<T: Copy>(
    items: Vec<T>,
    mut fails: impl FnMut(&[T]) -> Option<bool>,
) -> Vec<T> {
    if items.is_empty() || fails(&[]) == Some(true) {
        return Vec::new();
    }
    let mut left = items;
    let mut size = left.len().div_ceil(2);
    loop {
        let before = left.len();
        // From the end: what comes last stirs the least of what else happens.
        let mut end = left.len();
        while end > 0 {
            let start = end.saturating_sub(size);
            let rest = [&left[..start], &left[end..]].concat();
            if !rest.is_empty() {
                match fails(&rest) {
                    Some(true) => left = rest,
                    Some(false) => {}
                    None => return left,
                }
            }
            end = start;
        }
        if size > 1 {
            size = size.div_ceil(2);
        } else if left.len() == before {
            return left;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_search_without_time_keeps_what_it_has() {
        let mut tries = 0;
        let left = minimal((0..1000).collect(), |left: &[i32]| {
            tries += 1;
            (tries <= 2).then_some(left.len() == 500)
        });
        assert_eq!((left.len(), tries), (500, 3));
    }

    #[test]
    fn what_fails_by_itself_leaves_nothing() {
        assert_eq!(minimal(vec![1, 2, 3], |_| Some(true)), [0; 0]);
        assert_eq!(minimal(Vec::<i32>::new(), |_| Some(true)), [0; 0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_items_that_matter_are_left_and_no_others(
            count in 1_usize..200,
            picks in proptest::collection::btree_set(0_usize..200, 1..6),
        ) {
            let culprits: Vec<usize> = picks.into_iter().map(|pick| pick % count).collect();
            let fails = |left: &[usize]| culprits.iter().all(|culprit| left.contains(culprit));
            let mut tries = 0;
            let left = minimal((0..count).collect(), |left| {
                tries += 1;
                Some(fails(left))
            });
            let mut expected = culprits.clone();
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(left, expected);
            prop_assert!(tries <= 120, "{tries} tries");
        }

        /// Also where more is not always worse: what is left fails, and would
        /// not without any one of its items.
        #[test]
        fn no_single_item_can_be_left_out(parity in 0_usize..4, count in 4_usize..60) {
            let fails = |left: &[usize]| left.len() > 3 && left.len() % 4 != parity || left.len() == count;
            let left = minimal((0..count).collect(), |left| Some(fails(left)));
            prop_assert!(fails(&left));
            for gone in 0..left.len() {
                let mut rest = left.clone();
                rest.remove(gone);
                prop_assert!(!fails(&rest) || rest.is_empty(), "{left:?} without {gone}");
            }
        }
    }
}
