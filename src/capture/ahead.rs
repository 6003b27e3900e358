use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use memmap2::Mmap;

use super::scout::MAX_STRETCH;

/// Octets fetched at a time: what Linux maps around a page that is touched (`fault_around_bytes`), if it has it at hand. It takes some
/// microseconds, for which nobody need be kept waiting.
const STEP: usize = 64 << 10;
/// How far ahead of the reading, in octets: twice as far as scouts ever go, after which it says again where it is.
const MOST: usize = 2 * MAX_STRETCH;

/// Has the pages of a mapped file at hand ahead of the thread that reads it.
///
/// For a thread that would otherwise wait for that one: where records are not short, mapping pages takes the reading a third of its
/// time. Nothing depends on it.
pub struct Ahead {
    memory: Arc<Mmap>,
    reached: Arc<AtomicUsize>,
    at: usize,
}

impl Ahead {
    pub(super) fn new(memory: Arc<Mmap>, reached: Arc<AtomicUsize>) -> Self {
        Self { memory, reached, at: 0 }
    }

    /// Fetches the next piece; `false` where the reading is not near enough, or the end has been reached.
    pub fn step(&mut self) -> bool {
        let reached = self.reached.load(Ordering::Relaxed);
        let at = self.at.max(reached.saturating_add(STEP));
        if at >= reached.saturating_add(MOST) || at >= self.memory.len() {
            return false;
        }
        self.at = at + STEP;
        // One touch brings all of it. To touch each page as well takes longer than it saves, as measured.
        black_box(self.memory.get(at).copied());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_ahead_within_its_bound_and_ends_with_the_file() {
        let path = std::env::temp_dir().join(format!("tcpautopsy-ahead-{}", std::process::id()));
        std::fs::write(&path, vec![1; MOST + 2 * STEP + 1]).expect("a file");
        let map = super::super::map::Map::new(std::fs::File::open(&path).expect("the file")).expect("it maps");
        let mut ahead = map.ahead();
        let steps = |ahead: &mut Ahead| std::iter::from_fn(|| ahead.step().then_some(())).count();
        assert_eq!((steps(&mut ahead), ahead.at), (MOST / STEP - 1, MOST));
        map.reach(STEP);
        assert_eq!((steps(&mut ahead), ahead.at), (1, MOST + STEP));
        map.reach(MOST);
        assert_eq!(steps(&mut ahead), 2, "the last piece is short");
        map.reach(usize::MAX);
        assert_eq!(steps(&mut ahead), 0);
        std::fs::remove_file(path).expect("the file");
    }
}
