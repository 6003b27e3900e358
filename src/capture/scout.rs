//! Runs ahead of the walk through a mapped file and fetches what it will meet into the cache.
//!
//! In memory the place of each record is known only from the one in front of it: a chain of cache misses, some 100 ns a
//! record. Scouts enter the stretch ahead at several places at once, by guess, and follow the records from there in turn,
//! so that their misses overlap; the walk behind them then hits the cache. Nothing depends on a scout being right: the
//! walk never learns what they found, and a wrong guess costs a few needless loads.
//!
//! Where records are short, nearly every cache line is wanted, and it is known which comes next: the walk itself asks for what
//! lies some way ahead of it, and need not wait for it.

use std::hint::black_box;

use crate::prefetch;

/// Measured: 8 halve the time of the walk on full-size packets, 16 are no better.
const SCOUTS: usize = 8;
/// Records of one stretch: enough to pay for the guesses, few enough that what is fetched stays in a second-level cache.
const STRETCH: usize = 1024;
/// Records shorter than this lie so close that nearly every cache line is wanted: no need to know where they begin.
const SHORT: usize = 256;
/// How far ahead of the walk short records are fetched, in octets: measured, 512 and 8,192 are slower.
const AHEAD: usize = 2 << 10;
/// The longest stretch, which bounds what a run of huge records makes us touch.
pub(super) const MAX_STRETCH: usize = 8 << 20;
/// The stretch from which the first average is taken.
const FIRST_STRETCH: usize = 64 << 10;
/// Octets in which a scout looks for its first record before it gives up.
const SEARCH: usize = 4 << 10;
/// Plausible records in a row that make a guess.
const IN_A_ROW: usize = 4;
/// Octets from the start of one cache line to the next, on all machines that matter here.
const LINE: usize = 64;

/// When the scouts go out next.
#[derive(Clone)]
pub(super) struct Scouts {
    since: usize,
    due: usize,
    records: usize,
    /// Whether records are so short that the walk fetches them itself, by [`fetch_ahead`].
    pub(super) short: bool,
}

impl Default for Scouts {
    fn default() -> Self {
        Self { since: 0, due: FIRST_STRETCH, records: 0, short: false }
    }
}

impl Scouts {
    /// Counts a step of the walk to `at`; whether it is time for [`Scouts::run`].
    #[inline]
    pub(super) fn step(&mut self, at: usize) -> bool {
        self.records += 1;
        at >= self.due
    }

    /// Counts several.
    #[inline]
    pub(super) fn count(&mut self, steps: usize) {
        self.records += steps;
    }

    /// Where it will be time.
    #[inline]
    pub(super) fn due(&self) -> usize {
        self.due
    }

    /// There is nothing to run over: what is read from a pipe is in the cache.
    pub(super) fn dismiss(&mut self) {
        self.due = usize::MAX;
    }

    /// Sends them over the stretch from `at` on. `length` tells how long a plausible record is, which is
    /// never nothing.
    #[inline(never)]
    pub(super) fn run(&mut self, memory: &[u8], at: usize, length: impl Fn(&[u8]) -> Option<usize>) {
        let average = at.saturating_sub(self.since) / self.records.max(1);
        if average < SHORT {
            *self = Self { since: at, due: at + FIRST_STRETCH, records: 0, short: true };
            return;
        }
        let stretch = (average * STRETCH).clamp(FIRST_STRETCH, MAX_STRETCH);
        *self = Self { since: at, due: at + stretch, records: 0, short: false };
        let part = stretch / SCOUTS;
        let ends: [usize; SCOUTS] = std::array::from_fn(|scout| at + (scout + 1) * part);
        let mut places: [usize; SCOUTS] = std::array::from_fn(|scout| match scout {
            0 => at,
            _ => guess(memory, at + scout * part, &length).unwrap_or(usize::MAX),
        });
        let mut touched = 0;
        loop {
            let mut on_the_way = false;
            for (place, end) in places.iter_mut().zip(ends) {
                if *place < end {
                    let record = memory.get(*place..).unwrap_or_default();
                    // The next line holds what the decoder wants of most frames.
                    touched ^= record.get(LINE).copied().unwrap_or_default();
                    *place = length(record).map_or(usize::MAX, |length| *place + length);
                    on_the_way = true;
                }
            }
            if !on_the_way {
                break;
            }
        }
        black_box(touched);
    }
}

/// Fetches what lies some way ahead of a walk over short records that is at `at`. A record is about as long as what is fetched.
#[inline(always)]
pub(super) fn fetch_ahead(memory: &[u8], at: usize) {
    prefetch::octet(memory, at + AHEAD);
    prefetch::octet(memory, at + AHEAD + LINE);
}

/// The first place from `from` on where several plausible records follow each other.
fn guess(memory: &[u8], from: usize, length: &impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
    (from..from + SEARCH).find(|start| {
        let mut place = *start;
        (0..IN_A_ROW).all(|_| {
            let found = memory.get(place..).and_then(length);
            place += found.unwrap_or_default();
            found.is_some()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records of 1 KiB, each starting with a mark.
    fn records(count: usize) -> Vec<u8> {
        let mut memory = vec![0; count << 10];
        for record in memory.chunks_mut(1 << 10) {
            record[0] = 0xee;
        }
        memory
    }

    fn length(record: &[u8]) -> Option<usize> {
        (*record.first()? == 0xee).then_some(1 << 10)
    }

    #[test]
    fn a_guess_is_the_start_of_a_run() {
        let mut memory = records(8);
        memory[100] = 0xee;
        assert_eq!(guess(&memory, 0, &length), Some(0));
        assert_eq!(guess(&memory, 1, &length), Some(1 << 10));
        assert_eq!(guess(&memory, 5 << 10, &length), None);
        assert_eq!(guess(&vec![0; 1 << 16], 0, &length), None);
    }

    #[test]
    fn every_record_of_the_stretch_is_met() {
        let memory = records(STRETCH + 100);
        let met = std::cell::RefCell::new(std::collections::BTreeSet::new());
        let base = memory.as_ptr().addr();
        let mut scouts = Scouts { since: 0, due: 10 << 10, records: 0, short: false };
        for step in 1..=10 {
            assert_eq!(scouts.step(step << 10), step == 10);
        }
        scouts.run(&memory, 10 << 10, |record| {
            met.borrow_mut().insert(record.as_ptr().addr() - base);
            length(record)
        });
        assert!((10..STRETCH + 10).all(|record| met.borrow().contains(&(record << 10))));
        assert_eq!((scouts.since, scouts.due), (10 << 10, (STRETCH + 10) << 10));
    }

    #[test]
    fn nothing_is_looked_at_where_records_are_short_or_the_memory_ends() {
        let mut scouts = Scouts::default();
        for _ in 0..FIRST_STRETCH / 100 {
            scouts.step(0);
        }
        scouts.run(&[], FIRST_STRETCH, |_| panic!("looked"));
        let mut scouts = Scouts::default();
        scouts.run(&[], FIRST_STRETCH, |_| None);
    }
}
