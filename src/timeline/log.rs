use std::num::NonZeroU32;

use crate::flow::Flows;
use crate::tcp::FrameNumber;

/// Octets of one piece of the log, which is given back when it has been read.
const PIECE: usize = 1 << 20;

/// The most octets that one segment takes: numbers of 64 and 32 bits, seven bits an octet.
const MOST: usize = 10 + 10 + 5;

/// Where the segments of every flow lie, noted while flows are followed.
///
/// A segment takes five octets or six: how far its frame's number and its place are from those of the segment before, and
/// the id of its flow.
pub struct Log {
    pieces: Vec<Vec<u8>>,
    /// The frame and the place noted last.
    last: (u64, u64),
    limit: usize,
    /// Flows with a segment that was put together from several frames, which one place does not tell.
    scattered: Vec<u32>,
}

/// Where a segment lies, in twelve octets, since there may be many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Frames of a log that fits in memory have no higher numbers.
    frame: NonZeroU32,
    octets: [u32; 2],
}

/// Where the segments of some flows lie, in capture order.
pub struct Places {
    /// Those of the flow with each id end here; they begin where those of the id before end.
    ends: Vec<u32>,
    places: Vec<Place>,
}

impl Log {
    /// Takes at most so many octets.
    pub fn new(limit: usize) -> Self {
        Self { pieces: Vec::new(), last: (0, 0), limit, scattered: Vec::new() }
    }

    /// Notes the next segment; whether there was room.
    #[inline]
    pub fn note(&mut self, frame: FrameNumber, octets: u64, flow: u32) -> bool {
        if self.pieces.last().is_none_or(|piece| piece.len() + MOST > piece.capacity()) && !self.add_piece() {
            return false;
        }
        let Some(piece) = self.pieces.last_mut() else { return false };
        // Both only grow within one file.
        put(piece, frame.get().wrapping_sub(self.last.0));
        put(piece, octets.wrapping_sub(self.last.1));
        put(piece, flow.into());
        self.last = (frame.get(), octets);
        true
    }

    /// Notes that the latest segment was put together from several frames.
    pub fn note_scattered(&mut self, flow: u32) {
        if self.scattered.last() != Some(&flow) {
            self.scattered.push(flow);
        }
    }

    #[cold]
    fn add_piece(&mut self) -> bool {
        let room = (self.pieces.len() + 1) * PIECE <= self.limit;
        if room {
            self.pieces.push(Vec::with_capacity(PIECE));
        }
        room
    }

    /// Where the segments of the wanted flows lie; `None` where that does not tell all of them, or their places took more
    /// than `limit` octets.
    pub fn places(self, flows: &Flows, is_wanted: impl Fn(u32) -> bool, limit: usize) -> Option<Places> {
        if self.scattered.iter().any(|&flow| is_wanted(flow)) {
            return None;
        }
        let mut ends = vec![0; 1];
        let mut all = 0u32;
        for flow in flows.iter() {
            // Each stands first for where the next of its flow goes.
            ends.push(all);
            if is_wanted(flow.id) {
                all = all.checked_add(flow.ends.forward.segments)?.checked_add(flow.ends.back.segments)?;
            }
        }
        if (all as usize).checked_mul(size_of::<Place>())? > limit {
            return None;
        }
        let mut places = vec![Place { frame: NonZeroU32::MIN, octets: [0; 2] }; all as usize];
        let (mut frame, mut octets) = (0u64, 0u64);
        for piece in self.pieces {
            let mut rest = piece.as_slice();
            while !rest.is_empty() {
                frame = frame.wrapping_add(take(&mut rest)?);
                octets = octets.wrapping_add(take(&mut rest)?);
                let flow = take(&mut rest)? as u32;
                if is_wanted(flow) {
                    let next = ends.get_mut(flow as usize)?;
                    let frame = NonZeroU32::new(u32::try_from(frame).ok()?)?;
                    *places.get_mut(*next as usize)? = Place { frame, octets: [(octets >> 32) as u32, octets as u32] };
                    *next += 1;
                }
            }
        }
        Some(Places { ends, places })
    }
}

impl Places {
    /// Those of the flow with this id.
    #[inline]
    pub fn of(&self, flow: u32) -> &[Place] {
        let end = |id: u32| self.ends.get(id as usize).map_or(0, |&end| end as usize);
        self.places.get(flow.checked_sub(1).map_or(0, end)..end(flow)).unwrap_or_default()
    }
}

impl Place {
    /// The number of its frame.
    #[inline]
    pub fn frame(&self) -> FrameNumber {
        self.frame.into()
    }

    /// The place of that frame's octets.
    #[inline]
    pub fn octets(&self) -> u64 {
        let [high, low] = self.octets;
        u64::from(high) << 32 | u64::from(low)
    }
}

/// Puts a number at the end, seven bits an octet, the lowest first (LEB128).
#[inline]
fn put(octets: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        octets.push(number as u8 | 0x80);
        number >>= 7;
    }
    octets.push(number as u8);
}

/// Takes a number from the front.
#[inline]
fn take(octets: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (&octet, rest) = octets.split_first()?;
        *octets = rest;
        number |= u64::from(octet & 0x7f).checked_shl(shift)?;
        if octet & 0x80 == 0 {
            return Some(number);
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::testing::segment;
    use crate::flow::{FlowTable, Limits};
    use crate::tcp::{Endpoint, Segment};

    /// So many flows whose segments take turns, each the frame after next, and where they lie.
    fn followed(flows: u16, turns: u64) -> (Flows, Vec<(FrameNumber, u64, u32)>) {
        let mut table = FlowTable::new(Limits::within(1 << 24, false, 0));
        table.watch_segments();
        let keyer = table.keyer();
        let mut noted = Vec::new();
        for at in 0..u64::from(flows) * turns {
            let source = Endpoint::v4([10, 0, 0, 1], 1000 + (at % u64::from(flows)) as u16);
            let one = Segment { source, ..segment(2 * at + 1, at as i64 * 1000) };
            table.segments(&[one], &[keyer.key(&one)]);
            let flow = table.followed().and_then(Vec::pop).expect("it was noted");
            // Records of all sizes, the largest beyond four GiB.
            noted.push((one.frame, at * at * at * 1000, flow));
        }
        (table.finish(), noted)
    }

    #[test]
    fn every_segment_of_the_wanted_flows_is_found_where_it_was_noted() {
        let (flows, noted) = followed(300, 700);
        let mut log = Log::new(1 << 24);
        assert!(noted.iter().all(|&(frame, octets, flow)| log.note(frame, octets, flow)));
        assert!(log.pieces.len() > 1);
        let is_wanted = |flow: u32| flow.is_multiple_of(3);
        let places = log.places(&flows, is_wanted, usize::MAX).expect("all of them");
        for flow in 0..=301 {
            let wanted = noted.iter().filter(|one| one.2 == flow && is_wanted(flow));
            let found = places.of(flow).iter().map(|place| (place.frame(), place.octets(), flow));
            assert!(found.eq(wanted.copied()), "flow {flow}");
        }
    }

    #[test]
    fn what_does_not_tell_all_tells_nothing() {
        let (flows, noted) = followed(4, 10);
        let log = || {
            let mut log = Log::new(1 << 24);
            noted.iter().for_each(|&(frame, octets, flow)| assert!(log.note(frame, octets, flow)));
            log
        };
        let mut scattered = log();
        scattered.note_scattered(2);
        assert!(scattered.places(&flows, |flow| flow == 2, usize::MAX).is_none());
        let mut scattered = log();
        scattered.note_scattered(2);
        assert!(scattered.places(&flows, |flow| flow != 2, usize::MAX).is_some());
        assert!(log().places(&flows, |_| true, 40 * size_of::<Place>() - 1).is_none());
        assert!(log().places(&flows, |_| true, 40 * size_of::<Place>()).is_some());
    }

    #[test]
    fn it_takes_no_more_than_it_may() {
        let mut log = Log::new(2 * PIECE);
        let numbers = (1..).filter_map(FrameNumber::new);
        let taken = numbers.take_while(|&frame| log.note(frame, frame.get() << 16, 1)).count();
        assert!((2 * PIECE / 6..2 * PIECE / 4).contains(&taken), "{taken}");
        assert_eq!(log.pieces.iter().map(Vec::capacity).sum::<usize>(), 2 * PIECE);
    }
}
