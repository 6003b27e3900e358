use std::num::NonZeroU32;

use crate::flow::{Flows, Followed};
use crate::tcp::FrameNumber;

/// Segments of one piece of the log, which is given back when it has been read.
const PIECE: usize = Followed::PIECE;

/// Octets that a segment takes.
const SEGMENT: usize = size_of::<u32>() + size_of::<u16>() + size_of::<u8>();

/// Where all segments lie, and of which flow each is, noted while flows are followed.
///
/// A segment takes seven octets: the id of its flow, and how far its place and its frame's number are from those of the
/// segment before.
pub struct Log {
    steps: Steps,
    /// The ids of their flows, in as many pieces.
    flows: Vec<Vec<u32>>,
}

/// The half of a [`Log`] that knows nothing of flows: where segments lie. Whoever reads notes it, since it has less to do than whoever
/// follows flows.
pub struct Steps {
    /// Full ones.
    pieces: Vec<Piece>,
    /// The one being filled.
    piece: Piece,
    /// The frame and the place noted last.
    last: (u64, u64),
    /// The most pieces.
    most: usize,
    /// The numbers, from 0, of segments that were put together from several frames, which one place does not tell.
    scattered: Vec<usize>,
}

#[derive(Default)]
struct Piece {
    /// The steps of each segment.
    steps: Vec<Step>,
    /// Those that have no room there, in their order.
    long: Vec<(u64, u64)>,
}

/// How far a segment is from the one before: in frames, and in octets (least first), of which [`u16::MAX`] says that both are among the
/// long steps.
type Step = [u8; 3];

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

impl Steps {
    /// Of at most so many segments, rounded down to whole pieces.
    pub fn new(most: usize) -> Self {
        Self { pieces: Vec::new(), piece: Piece::default(), last: (0, 0), most: most / PIECE, scattered: Vec::new() }
    }

    /// Notes the frame of the next segment and its place; whether there was room.
    #[inline]
    pub fn note(&mut self, frame: FrameNumber, place: u64) -> bool {
        // Both only grow within one file.
        let (frames, octets) = (frame.get().wrapping_sub(self.last.0), place.wrapping_sub(self.last.1));
        self.last = (frame.get(), place);
        let is_short = frames <= u8::MAX.into() && octets < u16::MAX.into();
        if is_short && !self.piece.steps.len().is_multiple_of(PIECE) {
            let [low, high, ..] = octets.to_le_bytes();
            self.piece.steps.push([frames as u8, low, high]);
            return true;
        }
        self.note_in_full((frames, octets), is_short)
    }

    #[cold]
    fn note_in_full(&mut self, step: (u64, u64), is_short: bool) -> bool {
        // Full, or there is none yet.
        if self.piece.steps.len().is_multiple_of(PIECE) {
            let full = self.len() / PIECE;
            // One of several frames takes as much again.
            if full + self.scattered.len() / PIECE >= self.most {
                return false;
            }
            let piece = Piece { steps: Vec::with_capacity(PIECE), long: Vec::new() };
            let before = std::mem::replace(&mut self.piece, piece);
            self.pieces.extend(Some(before).filter(|before| !before.steps.is_empty()));
        }
        let [low, high, ..] = if is_short { step.1 } else { u16::MAX.into() }.to_le_bytes();
        self.piece.steps.push([step.0 as u8, low, high]);
        if !is_short {
            self.piece.long.push(step);
        }
        true
    }

    /// Notes that the latest segment was put together from several frames.
    pub fn note_scattered(&mut self) {
        self.scattered.extend(self.len().checked_sub(1));
    }

    fn len(&self) -> usize {
        self.pieces.iter().chain([&self.piece]).map(|piece| piece.steps.len()).sum()
    }
}

impl Log {
    /// Segments that may be noted in so many octets.
    pub fn room(octets: usize) -> usize {
        octets / SEGMENT
    }

    /// Both halves; `None` where they are not of the same segments.
    pub fn new(steps: Steps, followed: Followed) -> Option<Self> {
        let flows = followed.into_pieces();
        (steps.len() == flows.iter().map(Vec::len).sum::<usize>()).then_some(Self { steps, flows })
    }

    /// What is noted of the wanted flows; `None` where that does not tell all their segments, or their places took more than `limit`
    /// octets.
    pub fn select(self, flows: &Flows, is_wanted: impl Fn(u64) -> bool, limit: usize) -> Option<Selection> {
        let flow_of = |segment: usize| self.flows.get(segment / PIECE)?.get(segment % PIECE);
        let mut scattered = self.steps.scattered.iter().filter_map(|&segment| flow_of(segment));
        if self.steps.last.0 > u32::MAX.into() || scattered.any(|&flow| is_wanted(flow.into())) {
            return None;
        }
        let mut next = Vec::with_capacity(flows.len() + 1);
        next.push(NOT_WANTED);
        let mut all = 0u32;
        // They lie in the order of their ids: most need no look themselves.
        for (flow, id) in flows.iter().zip(1..) {
            let wanted = is_wanted(id);
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
        let Steps { pieces, piece, .. } = log.steps;
        for (piece, flows) in pieces.into_iter().chain([piece]).zip(log.flows) {
            let mut long = piece.long.iter().copied();
            for (&flow, &[frames, low, high]) in flows.iter().zip(&piece.steps) {
                let step = u16::from_le_bytes([low, high]);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::testing::segment;
    use crate::flow::{FlowTable, Limits};
    use crate::tcp::{Endpoint, Segment};

    /// So many flows whose segments take turns, each the frame after next, with where those lie, and what is noted of it.
    fn followed(flows: u16, turns: u64) -> (Flows, Vec<(FrameNumber, u64, u32)>, Log) {
        let room = 1 << 20;
        let mut table = FlowTable::new(Limits::within(1 << 24, false, 0));
        table.watch_segments(room);
        let mut steps = Steps::new(room);
        let mut keyer = table.keyer();
        let mut noted = Vec::new();
        for at in 0..u64::from(flows) * turns {
            let flow = (at % u64::from(flows)) as u16;
            let source = Endpoint::v4([10, 0, 0, 1], 1000 + flow);
            let one = Segment { source, ..segment(2 * at + 1, at as i64 * 1000) };
            table.segments(&[one], &[keyer.key(&one)]);
            // Records of all sizes, the largest beyond four GiB.
            let place = at * at * at * 1000;
            assert!(steps.note(one.frame, place));
            noted.push((one.frame, place, u32::from(flow) + 1));
        }
        let log = Log::new(steps, table.take_followed().expect("all were noted")).expect("as many");
        (table.finish(), noted, log)
    }

    #[test]
    fn every_segment_of_the_wanted_flows_is_found_where_it_was_noted() {
        let (flows, noted, log) = followed(300, 700);
        assert!(log.flows.len() > 1);
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
        // The fifth segment is of the first flow.
        let scattered = || {
            let (flows, _, mut log) = followed(4, 10);
            log.steps.scattered.push(4);
            (flows, log)
        };
        let (flows, log) = scattered();
        assert!(log.select(&flows, |flow| flow == 1, usize::MAX).is_none());
        let (flows, log) = scattered();
        assert!(log.select(&flows, |flow| flow != 1, usize::MAX).is_some());
        let (flows, _, log) = followed(4, 10);
        assert!(log.select(&flows, |_| true, 40 * size_of::<Place>() - 1).is_none());
        let (flows, _, log) = followed(4, 10);
        assert!(log.select(&flows, |_| true, 40 * size_of::<Place>()).is_some());
    }

    #[test]
    fn it_is_the_latest_segment_that_came_in_several_frames() {
        let mut steps = Steps::new(2 * PIECE);
        steps.note_scattered();
        for frame in (1..=PIECE as u64 + 1).filter_map(FrameNumber::new) {
            assert!(steps.note(frame, frame.get() << 10));
            if [3, PIECE as u64, PIECE as u64 + 1].contains(&frame.get()) {
                steps.note_scattered();
            }
        }
        assert_eq!(steps.scattered, [2, PIECE - 1, PIECE]);
    }

    #[test]
    fn it_takes_no_more_than_it_may() {
        let frames = || (1..).filter_map(FrameNumber::new);
        let mut steps = Steps::new(Log::room(2 * PIECE * SEGMENT));
        assert_eq!(frames().take_while(|frame| steps.note(*frame, frame.get() << 10)).count(), 2 * PIECE);
        // One half without the other tells nothing.
        let mut table = FlowTable::new(Limits::within(1 << 24, false, 0));
        table.watch_segments(PIECE);
        assert!(table.take_followed().and_then(|none| Log::new(steps, none)).is_none());
        let mut steps = Steps::new(2 * PIECE);
        let note = |frame: &FrameNumber| {
            let noted = steps.note(*frame, frame.get() << 10);
            steps.note_scattered();
            noted
        };
        assert_eq!(frames().take_while(note).count(), PIECE, "those of several frames take as much again");
    }
}
