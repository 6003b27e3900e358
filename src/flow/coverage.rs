use crate::tcp::SeqNum;

/// How many holes are remembered for one direction. Linux reassembles across as many as memory allows; a capture with more
/// concurrent holes than this in one direction has lost packets rather than seen them reordered.
const MAX_HOLES: usize = 64;

/// The parts of a direction's sequence space that were skipped so far: lost on the line, late, or missed by the capture.
///
/// Holes are disjoint, in order, and lie below the highest sequence number seen.
#[derive(Clone, Debug, Default)]
pub struct Holes {
    holes: Vec<(SeqNum, SeqNum)>,
    /// Octets in holes that were forgotten because there were too many.
    forgotten: u64,
}

impl Holes {
    /// Notes that `[start, end)` was skipped; it begins at or after the end of every hole so far.
    pub fn add(&mut self, start: SeqNum, end: SeqNum) {
        if !start.before(end) {
            return;
        }
        if self.holes.len() == MAX_HOLES {
            let (start, end) = self.holes.remove(0);
            self.forgotten += u64::from(end.since(start).unsigned_abs());
        }
        self.holes.push((start, end));
    }

    /// Notes that `[start, end)` was seen after all; says how many octets of it were missing until now.
    pub fn fill(&mut self, start: SeqNum, end: SeqNum) -> u32 {
        let mut filled = 0u32;
        let mut kept = Vec::with_capacity(self.holes.len() + 1);
        for &(from, to) in &self.holes {
            let (low, high) = (from.max(start), if end.before(to) { end } else { to });
            if !low.before(high) {
                kept.push((from, to));
                continue;
            }
            filled = filled.wrapping_add(high.since(low).unsigned_abs());
            if from.before(low) {
                kept.push((from, low));
            }
            if high.before(to) {
                kept.push((high, to));
            }
        }
        // One hole split in two may exceed the bound by one: the oldest goes.
        if kept.len() > MAX_HOLES {
            let (start, end) = kept.remove(0);
            self.forgotten += u64::from(end.since(start).unsigned_abs());
        }
        self.holes = kept;
        filled
    }

    /// Where the first hole begins: what a receiver that got what was seen here expects next.
    pub fn first(&self) -> Option<SeqNum> {
        self.holes.first().map(|&(start, _)| start)
    }

    /// Octets that were skipped and never seen.
    pub fn missing(&self) -> u64 {
        self.forgotten + self.holes.iter().map(|(start, end)| u64::from(end.since(*start).unsigned_abs())).sum::<u64>()
    }

    /// Whether nothing is missing.
    pub fn is_empty(&self) -> bool {
        self.holes.is_empty() && self.forgotten == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seq(n: u32) -> SeqNum {
        // Start just below the wrap, so that every test crosses it.
        SeqNum(u32::MAX - 20).add(n)
    }

    #[test]
    fn a_hole_fills_from_either_end_and_the_middle() {
        let mut holes = Holes::default();
        holes.add(seq(10), seq(40));
        assert_eq!(holes.fill(seq(0), seq(15)), 5);
        assert_eq!(holes.fill(seq(35), seq(60)), 5);
        assert_eq!(holes.fill(seq(20), seq(25)), 5);
        assert_eq!(holes.missing(), 15);
        assert_eq!(holes.first(), Some(seq(15)));
        assert_eq!(holes.fill(seq(0), seq(100)), 15);
        assert!(holes.is_empty());
    }

    #[test]
    fn filling_what_is_not_missing_counts_nothing() {
        let mut holes = Holes::default();
        holes.add(seq(10), seq(20));
        assert_eq!(holes.fill(seq(20), seq(30)), 0);
        assert_eq!(holes.fill(seq(0), seq(10)), 0);
        assert_eq!(holes.fill(seq(12), seq(12)), 0);
        assert_eq!(holes.missing(), 10);
    }

    #[test]
    fn too_many_holes_are_forgotten_but_counted() {
        let mut holes = Holes::default();
        for n in 0..MAX_HOLES as u32 + 10 {
            holes.add(seq(n * 10), seq(n * 10 + 4));
        }
        assert_eq!(holes.missing(), (MAX_HOLES as u64 + 10) * 4);
        assert_eq!(holes.first(), Some(seq(100)));
        assert!(!holes.is_empty());
    }

    proptest::proptest! {
        /// Against an obvious model: one bit an octet.
        #[test]
        fn coverage_equals_a_bitmap(steps in proptest::collection::vec((proptest::bool::ANY, 0..280u32, 0..20u32), 1..60)) {
            let mut holes = Holes::default();
            let mut missing = [false; 300];
            let mut top = 0;
            for (is_new, start, length) in steps {
                if is_new {
                    let start = (top + start % 8).min(300);
                    let end = (start + length).min(300);
                    holes.add(seq(start), seq(end));
                    missing[start as usize..end as usize].fill(true);
                    top = end;
                } else {
                    let end = start + length;
                    let expected = missing[start as usize..end as usize].iter().filter(|bit| **bit).count();
                    missing[start as usize..end as usize].fill(false);
                    assert_eq!(holes.fill(seq(start), seq(end)), expected as u32);
                }
                assert_eq!(holes.missing(), missing.iter().filter(|bit| **bit).count() as u64);
                let first = missing.iter().position(|bit| *bit);
                assert_eq!(holes.first(), first.map(|place| seq(place as u32)));
            }
        }
    }
}
