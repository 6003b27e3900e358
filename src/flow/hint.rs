//! Which flow a segment belongs to, guessed by the thread that reads.
//!
//! Looking up the flow of each segment is much of what following takes: the slots of a million flows are 16 MiB, so each look is a
//! cache line from far and a way through the page tables. Where the thread that reads has time to spare it remembers which flow was
//! found for the segments before, in little memory of its own, and the flow table only has to see whether that is right.

use std::num::NonZeroU32;

use super::key::Key;
use crate::prefetch;

/// Flows that are remembered, as a power of two: 2 MiB, about a level-two cache, and more than are alive at a time in most captures.
const REMEMBERED_BITS: u32 = 18;

/// Keys told at a time, so that their ways to memory overlap.
const TOGETHER: usize = 32;

/// What a flow table found for a key that said nothing of it or something else: the hash of its ends, and the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    pub(super) hash: u64,
    pub(super) flow: NonZeroU32,
}

/// Remembers which flow belongs to which ends, the latest of those that share a place. What it tells may have become wrong.
#[derive(Default)]
pub struct Hints {
    /// The lower half of a hash, which says more than its place, above the flow; zeros where nothing is remembered.
    places: Vec<u64>,
}

impl Hints {
    /// Takes in what was found, and leaves nothing of it.
    pub fn learn(&mut self, news: &mut Vec<News>) {
        if self.places.is_empty() && !news.is_empty() {
            self.places = vec![0; 1 << REMEMBERED_BITS];
        }
        for News { hash, flow } in news.drain(..) {
            if let Some(place) = self.places.get_mut(place(hash)) {
                *place = hash << 32 | u64::from(flow.get());
            }
        }
    }

    /// Puts into keys which flows are theirs, as far as that is remembered.
    pub fn tell(&self, keys: &mut [Key]) {
        if self.places.is_empty() {
            return;
        }
        for some in keys.chunks_mut(TOGETHER) {
            for key in &*some {
                self.places.get(place(key.hash)).into_iter().for_each(|place| prefetch::value(place, 0, 1));
            }
            for key in some {
                let remembered = self.places.get(place(key.hash)).copied().unwrap_or_default();
                let is_it = remembered >> 32 == key.hash & u64::from(u32::MAX);
                key.flow = NonZeroU32::new(remembered as u32).filter(|_| is_it);
            }
        }
    }
}

/// By other bits than the ones that are kept.
#[inline]
fn place(hash: u64) -> usize {
    (hash >> (u64::BITS - REMEMBERED_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_flow_of_a_place_is_told_and_no_other() {
        let flow = |number| NonZeroU32::new(number).expect("no zero");
        let (here, there) = (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210);
        let mut hints = Hints::default();
        let told = |hints: &Hints| {
            // Of the last two one shares a place with the first, one shares what is kept of the hash.
            let mut keys = [here, there, here ^ 1, here ^ 1 << 63].map(|hash| Key { hash, ..Key::default() });
            hints.tell(&mut keys);
            keys.map(|key| key.flow.map(NonZeroU32::get))
        };
        assert_eq!(told(&hints), [None; 4]);
        hints.learn(&mut vec![News { hash: here, flow: flow(7) }]);
        assert_eq!(told(&hints), [Some(7), None, None, None]);
        let mut news = vec![News { hash: there, flow: flow(8) }, News { hash: here ^ 1, flow: flow(9) }];
        hints.learn(&mut news);
        assert!(news.is_empty());
        assert_eq!(told(&hints), [None, Some(8), Some(9), None]);
    }
}
