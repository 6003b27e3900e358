//! Data that arrived ahead of a hole, as the sequence space it fills.

/// Holes remembered in one direction of a connection. Zeek's bound is 10 MiB of data, held as such; 256 stretches with a
/// hole before each do not occur on a path that works at all, and cost 4 KiB.
pub const MOST: usize = 256;

/// Stretches `[from, to)` in ascending order, apart from each other.
#[derive(Clone, Debug, Default)]
pub struct Blocks(Vec<(u64, u64)>);

impl Blocks {
    /// Nothing held.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first stretch.
    pub fn first(&self) -> Option<(u64, u64)> {
        self.0.first().copied()
    }

    /// After the last octet held.
    pub fn end(&self) -> Option<u64> {
        self.0.last().map(|&(_, to)| to)
    }

    /// Octets held.
    pub fn octets(&self) -> u64 {
        self.0.iter().fold(0u64, |sum, &(from, to)| sum.saturating_add(to - from))
    }

    /// Adds a stretch; one more than [`MOST`] is forgotten, as if it had not been captured.
    pub fn add(&mut self, mut from: u64, mut to: u64) {
        if from >= to {
            return;
        }
        let touched_from = self.0.partition_point(|&(_, end)| end < from);
        let touched_to = self.0.partition_point(|&(start, _)| start <= to);
        if touched_from == touched_to && self.0.len() >= MOST {
            return;
        }
        if let Some(touched) = self.0.get(touched_from..touched_to) {
            from = touched.iter().fold(from, |least, &(start, _)| least.min(start));
            to = touched.iter().fold(to, |most, &(_, end)| most.max(end));
            self.0.splice(touched_from..touched_to, [(from, to)]);
        }
    }

    /// Takes out all that follows `at` without a hole; the value is where it ends.
    pub fn absorb(&mut self, mut at: u64) -> u64 {
        let reached = self.0.partition_point(|&(from, _)| from <= at);
        for (_, to) in self.0.drain(..reached) {
            at = at.max(to);
        }
        at
    }

    /// Forgets what ends at or before `at`.
    pub fn drop_until(&mut self, at: u64) {
        let done = self.0.partition_point(|&(_, to)| to <= at);
        self.0.drain(..done);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.0 = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the obvious model: one truth value an octet.
    #[test]
    fn stretches_equal_a_bitmap() {
        let mut seed = 1u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) % below
        };
        for _ in 0..200 {
            let (mut blocks, mut bitmap) = (Blocks::default(), [false; 64]);
            for _ in 0..random(12) {
                let from = random(60);
                let to = from + 1 + random(4);
                blocks.add(from, to);
                bitmap[from as usize..to as usize].fill(true);
            }
            assert_eq!(blocks.octets(), bitmap.iter().filter(|&&set| set).count() as u64);
            assert_eq!(blocks.first().map(|(from, _)| from), bitmap.iter().position(|&set| set).map(|at| at as u64));
            assert!(blocks.0.windows(2).all(|pair| pair[0].1 < pair[1].0));
            if let Some((from, to)) = blocks.first() {
                assert_eq!(blocks.absorb(from), to);
                assert_eq!(bitmap.get(to as usize), Some(&false));
            }
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut blocks = Blocks::default();
        for at in 0..10_000 {
            blocks.add(at * 3, at * 3 + 1);
        }
        assert_eq!(blocks.0.len(), MOST);
        blocks.add(0, u64::MAX);
        assert_eq!(blocks.0.len(), 1);
    }
}
