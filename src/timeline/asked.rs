//! Requests that nobody has answered by anything but an acceptance, in bounded memory of their own: a flood of them must not push out
//! what else was recorded.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use crate::decode::View;
use crate::flow::Flow;
use crate::tcp::{Endpoint, Segment, TcpFlags};

/// Segments held back of one pair of endpoints: as often as a request and its acceptance are repeated (Linux: tcp_syn_retries 6,
/// tcp_synack_retries 5).
const MOST: usize = 16;

/// What two endpoints take beside their segments: a slot at the usual load, a turn, two allocations.
const BESIDE: usize = 2 * size_of::<(Ends, Begun)>() + size_of::<(u64, Ends)>() + 32;

/// Turns of endpoints that were let in meanwhile, before they are cleared away.
const STALE: usize = 1024;

pub(super) type Ends = (Endpoint, Endpoint);

/// A segment with its data.
pub(super) type Held = (Segment, View, Box<[u8]>);

struct Begun {
    held: Vec<Held>,
    turn: u64,
}

/// Segments of connections of which nothing but SYNs was seen.
pub(super) struct Asked {
    by_ends: HashMap<Ends, Begun, RandomState>,
    /// In the order in which they began.
    turns: VecDeque<(u64, Ends)>,
    /// Turns so far.
    begun: u64,
    octets: usize,
    limit: usize,
}

/// Whether a segment may be held back.
pub(super) fn may_wait(segment: &Segment) -> bool {
    segment.flags.syn() && !segment.flags.intersects(TcpFlags::FIN.union(TcpFlags::RST))
}

impl Asked {
    /// Holds at most so many octets.
    pub(super) fn new(limit: usize) -> Self {
        Self { by_ends: HashMap::default(), turns: VecDeque::new(), begun: 0, octets: 0, limit }
    }

    /// Octets in use, about.
    pub(super) fn octets(&self) -> usize {
        self.octets
    }

    /// Whether there is no room for another segment of these endpoints.
    pub(super) fn is_full(&self, ends: Ends) -> bool {
        self.by_ends.get(&ends).is_some_and(|begun| begun.held.len() >= MOST)
    }

    /// Holds a segment back; how many others left for it, the oldest.
    pub(super) fn hold(&mut self, ends: Ends, held: Held) -> u64 {
        self.octets += octets(&held);
        let turn = self.begun;
        let begun = self.by_ends.entry(ends).or_insert_with(|| {
            self.begun += 1;
            self.octets += BESIDE;
            self.turns.push_back((turn, ends));
            Begun { held: Vec::with_capacity(1), turn }
        });
        begun.held.push(held);
        let mut left = 0;
        while self.octets > self.limit
            && let Some((turn, ends)) = self.turns.pop_front()
        {
            if self.by_ends.get(&ends).is_some_and(|begun| begun.turn == turn) {
                left += self.take(ends).len() as u64;
            }
        }
        left
    }

    /// Lets the segments of these endpoints go, in the order of the capture.
    pub(super) fn take(&mut self, ends: Ends) -> Vec<Held> {
        let Some(begun) = self.by_ends.remove(&ends) else { return Vec::new() };
        self.octets -= BESIDE + begun.held.iter().map(octets).sum::<usize>();
        if self.turns.len() > 2 * self.by_ends.len() + STALE {
            let by_ends = &self.by_ends;
            self.turns.retain(|(turn, ends)| by_ends.get(ends).is_some_and(|begun| begun.turn == *turn));
        }
        begun.held
    }

    /// Those of a flow with these endpoints.
    pub(super) fn of(&self, ends: Ends, flow: &Flow) -> impl Iterator<Item = &Held> {
        let held = self.by_ends.get(&ends).map_or(&[][..], |begun| &begun.held);
        held.iter().filter(move |(segment, ..)| super::recording::is_of_flow(segment, flow))
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Held> {
        self.by_ends.values().flat_map(|begun| &begun.held)
    }
}

fn octets((_, _, payload): &Held) -> usize {
    size_of::<Held>() + payload.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::testing::segment;

    fn held(number: u64) -> Held {
        (segment(number, number as i64), View::default(), [0; 10].into())
    }

    fn ends(number: u64) -> Ends {
        let [high, low] = (number as u16).to_be_bytes();
        (Endpoint::v4([10, 0, high, low], 1), Endpoint::v4([10, 1, 0, 1], 80))
    }

    #[test]
    fn memory_is_bounded_the_oldest_leave_and_all_is_accounted_for() {
        const LIMIT: usize = 100_000;
        let mut asked = Asked::new(LIMIT);
        let (mut left, mut taken) = (0, 0);
        for number in 1..=5000 {
            left += asked.hold(ends(number), held(number));
            if number % 3 == 0 {
                taken += asked.take(ends(number)).len() as u64;
                taken += asked.take(ends(number)).len() as u64;
            }
            assert!(asked.octets <= LIMIT && asked.turns.len() <= 2 * asked.by_ends.len() + STALE + 1);
        }
        let mut rest: Vec<u64> = asked.iter().map(|(segment, ..)| segment.frame.get()).collect();
        rest.sort_unstable();
        assert_eq!(left + taken + rest.len() as u64, 5000);
        let first = rest[0];
        assert_eq!(rest, (first..=5000).filter(|number| number % 3 != 0).collect::<Vec<_>>());
        rest.iter().for_each(|&number| assert_eq!(asked.take(ends(number)).len(), 1));
        assert_eq!((asked.octets, asked.by_ends.len()), (0, 0));
    }

    #[test]
    fn whoever_comes_again_has_a_new_turn() {
        let room = BESIDE + octets(&held(1));
        let mut asked = Asked::new(3 * room);
        asked.hold(ends(1), held(1));
        asked.take(ends(1));
        for number in [2, 1, 3, 4] {
            asked.hold(ends(number), held(number));
        }
        assert!(asked.take(ends(2)).is_empty(), "it is the oldest");
        assert_eq!(asked.take(ends(1)).len(), 1);
    }
}
