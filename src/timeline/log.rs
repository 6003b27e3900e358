use std::num::NonZeroU32;

use crate::flow::Flows;
use crate::tcp::FrameNumber;

/// Segments of one piece of the log, which is given back when it has been read.
const PIECE: usize = 1 << 17;

/// Octets that a segment takes.
const SEGMENT: usize = size_of::<u32>() + size_of::<u16>() + size_of::<u8>();

/// Where the segments of every flow lie, noted while flows are followed.
///
/// A segment takes seven octets: the id of its flow, and how far its place and its frame's number are from those of the
/// segment before.
pub struct Log {
    pieces: Vec<Piece>,
    /// The frame and the place noted last.
    last: (u64, u64),
    limit: usize,
    /// Flows with a segment that was put together from several frames, which one place does not tell.
    scattered: Vec<u32>,
}

#[derive(Default)]
struct Piece {
    flows: Vec<u32>,
    /// The steps from place to place; [`u16::MAX`] where both steps of the segment are among the long ones.
    octets: Vec<u16>,
    frames: Vec<u8>,
    long: Vec<(u64, u64)>,
}

/// Where a segment lies, in twelve octets, since there may be many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Frames of a log that fits in memory have no higher numbers.
    frame: NonZeroU32,
    octets: [u32; 2],
}

/// In place of where the next segment of a flow goes: nowhere.
const NOT_WANTED: u32 = u32::MAX;

/// What a log says of some flows.
pub struct Selection {
    log: Log,
    /// Where the first place of the flow with each id goes.
    next: Vec<u32>,
    /// How many places there are.
    all: u32,
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

    /// Notes the next segments: the id of each one's flow, its frame, and its place; whether there was room.
    pub fn note(&mut self, flows: &[u32], segments: impl Iterator<Item = (FrameNumber, u64)>) -> bool {
        if self.pieces.last().is_none_or(|piece| piece.flows.len() + flows.len() > PIECE) {
            let taken = (self.pieces.len() + 1) * PIECE * SEGMENT + size_of_val(self.scattered.as_slice());
            if taken > self.limit {
                return false;
            }
            self.pieces.push(Piece::default());
        }
        let Some(piece) = self.pieces.last_mut() else { return false };
        piece.reserve(flows.len());
        piece.flows.extend_from_slice(flows);
        for (frame, octets) in segments.take(flows.len()) {
            // Both only grow within one file.
            let steps = (frame.get().wrapping_sub(self.last.0), octets.wrapping_sub(self.last.1));
            let is_long = steps.0 > u8::MAX.into() || steps.1 >= u16::MAX.into();
            piece.frames.push(steps.0 as u8);
            piece.octets.push(if is_long { u16::MAX } else { steps.1 as u16 });
            if is_long {
                piece.long.push(steps);
            }
            self.last = (frame.get(), octets);
        }
        true
    }

    /// Notes that the latest segment was put together from several frames.
    pub fn note_scattered(&mut self, flow: u32) {
        if self.scattered.last() != Some(&flow) {
            self.scattered.push(flow);
        }
    }

    /// What is noted of the wanted flows; `None` where that does not tell all their segments, or their places took more than `limit`
    /// octets.
    pub fn select(self, flows: &Flows, is_wanted: impl Fn(u64) -> bool, limit: usize) -> Option<Selection> {
        if self.last.0 > u32::MAX.into() || self.scattered.iter().any(|&flow| is_wanted(flow.into())) {
            return None;
        }
        let mut next = Vec::with_capacity(flows.len() + 1);
        next.push(NOT_WANTED);
        let mut all = 0u32;
        for flow in flows.iter() {
            let wanted = is_wanted(flow.id);
            next.push(if wanted { all } else { NOT_WANTED });
            if wanted {
                all = all.checked_add(flow.ends.forward.segments)?.checked_add(flow.ends.back.segments)?;
            }
        }
        let fits = all < NOT_WANTED && (all as usize).checked_mul(size_of::<Place>())? <= limit;
        fits.then_some(Selection { log: self, next, all })
    }
}

impl Selection {
    /// Where their segments lie.
    pub fn places(self) -> Places {
        let Self { log, mut next, all } = self;
        let mut places = vec![Place { frame: NonZeroU32::MIN, octets: [0; 2] }; all as usize];
        let (mut frame, mut octets) = (0u64, 0u64);
        for piece in log.pieces {
            let mut long = piece.long.into_iter();
            for ((flow, step), frames) in piece.flows.into_iter().zip(piece.octets).zip(piece.frames) {
                let long = if step == u16::MAX { long.next() } else { None };
                let steps = long.unwrap_or((frames.into(), step.into()));
                frame = frame.wrapping_add(steps.0);
                octets = octets.wrapping_add(steps.1);
                if let Some(next) = next.get_mut(flow as usize).filter(|next| **next != NOT_WANTED)
                    && let Some(place) = places.get_mut(*next as usize)
                    && let Some(frame) = NonZeroU32::new(frame as u32)
                {
                    *place = Place { frame, octets: [(octets >> 32) as u32, octets as u32] };
                    *next += 1;
                }
            }
        }
        // Each stands where the next of its flow would have gone; those of flows that nobody wants have none.
        let mut end = 0;
        for next in &mut next {
            end = if *next == NOT_WANTED { end } else { *next };
            *next = end;
        }
        Places { ends: next, places }
    }
}

impl Places {
    /// Those of the flow with this id.
    #[inline]
    pub fn of(&self, flow: u64) -> &[Place] {
        let end = |id: u64| self.ends.get(id as usize).map_or(0, |&end| end as usize);
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

impl Piece {
    /// Makes room for so many segments: for a whole piece at once unless it is the first of a short capture.
    fn reserve(&mut self, segments: usize) {
        if self.flows.capacity() < self.flows.len() + segments {
            let most = if self.flows.is_empty() { segments } else { PIECE - self.flows.len() };
            self.flows.reserve_exact(most);
            self.octets.reserve_exact(most);
            self.frames.reserve_exact(most);
        }
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
        let mut keyer = table.keyer();
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
        for some in noted.chunks(1000) {
            let flows: Vec<u32> = some.iter().map(|one| one.2).collect();
            assert!(log.note(&flows, some.iter().map(|one| (one.0, one.1))));
        }
        assert!(log.pieces.len() > 1);
        let is_wanted = |flow: u64| flow.is_multiple_of(3);
        let places = log.select(&flows, is_wanted, usize::MAX).expect("all of them").places();
        for flow in 0..=301u64 {
            let wanted = noted.iter().filter(|one| u64::from(one.2) == flow && is_wanted(flow));
            let found = places.of(flow).iter().map(|place| (place.frame(), place.octets(), flow as u32));
            assert!(found.eq(wanted.copied()), "flow {flow}");
        }
    }

    #[test]
    fn what_does_not_tell_all_tells_nothing() {
        let (flows, noted) = followed(4, 10);
        let log = || {
            let mut log = Log::new(1 << 24);
            let flows: Vec<u32> = noted.iter().map(|one| one.2).collect();
            assert!(log.note(&flows, noted.iter().map(|one| (one.0, one.1))));
            log
        };
        let mut scattered = log();
        scattered.note_scattered(2);
        assert!(scattered.select(&flows, |flow| flow == 2, usize::MAX).is_none());
        let mut scattered = log();
        scattered.note_scattered(2);
        assert!(scattered.select(&flows, |flow| flow != 2, usize::MAX).is_some());
        assert!(log().select(&flows, |_| true, 40 * size_of::<Place>() - 1).is_none());
        assert!(log().select(&flows, |_| true, 40 * size_of::<Place>()).is_some());
    }

    #[test]
    fn it_takes_no_more_than_it_may() {
        let mut log = Log::new(2 * PIECE * SEGMENT);
        let flows = vec![1; PIECE / 4];
        let segments = || (1..).filter_map(FrameNumber::new).map(|frame| (frame, frame.get() << 10));
        assert_eq!((0..).take_while(|_| log.note(&flows, segments())).count(), 8);
    }
}
