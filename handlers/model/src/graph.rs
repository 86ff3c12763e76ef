//! Whether the end can still be reached from everywhere: a stronger promise than that nothing is stuck now.

use std::collections::HashSet;

/// The states from which steps lead, or to which, but that have no way to any of the ends.
pub fn without_end(mut steps: Vec<(u64, u64)>, ends: &[u64]) -> HashSet<u64> {
    steps.sort_unstable_by_key(|(_, to)| *to);
    let mut alive: HashSet<u64> = ends.iter().copied().collect();
    let mut front: Vec<u64> = alive.iter().copied().collect();
    while let Some(state) = front.pop() {
        let first = steps.partition_point(|(_, to)| *to < state);
        let into = steps[first..].iter().take_while(|(_, to)| *to == state);
        for (from, _) in into {
            if alive.insert(*from) {
                front.push(*from);
            }
        }
    }
    let states: HashSet<u64> = steps.iter().flat_map(|(from, to)| [*from, *to]).collect();
    states.difference(&alive).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_with_a_way_out_reaches_the_end() {
        assert_eq!(
            without_end(vec![(1, 2), (2, 1), (2, 3)], &[3]),
            HashSet::new()
        );
    }

    #[test]
    fn a_circle_without_a_way_out_does_not() {
        assert_eq!(
            without_end(vec![(1, 2), (2, 4), (4, 2), (1, 3)], &[3]),
            HashSet::from([2, 4])
        );
    }
}
