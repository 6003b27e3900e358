//! The short way for segments that only continue an established stream, as nearly all segments of a long flow do.
//!
//! Such a segment touches two cache lines of its flow and leaves everything else for later: [`Flow::settle`] brings the rest
//! up to date before anything else looks at it. The short way decides nothing: whatever it takes, [`Flow::segment_in_full`]
//! would have taken in with the same result, which a test compares.

use super::connection::{Flow, Turn};
use super::endpoint::{EndpointFacts, fact};
use super::way::{Pair, Way};
use super::zeek::Ready;
use crate::tcp::{Duration, Endpoint, FrameNumber, PathId, Segment, SeqNum, TcpFlags, Timestamp};

/// The part of a flow that every segment touches, 128 octets at its beginning.
// In this order without padding: two cache lines where it starts at one.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Stream {
    /// The endpoint that sent the first segment, and the other one.
    pub endpoints: Pair<Endpoint>,
    /// Whether the addresses are IPv6.
    pub ipv6: bool,
    /// Whether the short way is open: nothing odd has happened and nothing is outstanding but data in order.
    open: bool,
    turn_way: Option<Way>,
    /// Whether it is the newest flow of its addresses and ports.
    pub(super) is_newest: bool,
    /// The layers around its latest packet of each way, where it has one.
    pub paths: Pair<PathId>,
    /// What every segment of an endpoint touches.
    pub sides: Pair<StreamSide>,
    turn_octets: u32,
    /// The longest time without data before or within the latest run of data, milliseconds.
    turn_pause: u32,
    /// Its last frame.
    pub last_frame: FrameNumber,
    turn_last: Option<Timestamp>,
    /// When each endpoint sent its latest segment.
    pub last_times: Pair<Option<Timestamp>>,
}

/// What every segment of an endpoint touches.
#[derive(Clone, Copy, Debug, Default)]
pub struct StreamSide {
    next: SeqNum,
    acked: SeqNum,
    window: u16,
    /// Gaps that may be counted before Zeek's history has something to say about them.
    gaps_left: u16,
    /// Octets of data in the segments taken the short way since the flow was settled.
    pending_octets: u32,
    ttl: (u8, u8),
    /// Segments taken the short way since the flow was settled.
    pending: u8,
    known: u8,
}

/// What is known of a [`StreamSide`], and what may come the short way.
mod known {
    pub const NEXT: u8 = 1;
    pub const ACKED: u8 = 1 << 1;
    pub const WINDOW: u8 = 1 << 2;
    pub const TTL: u8 = 1 << 3;
    /// Data may come.
    pub const DATA: u8 = 1 << 4;
    /// A bare acknowledgement may come.
    pub const ACK: u8 = 1 << 5;
    /// The outstanding data was cut by the snap length, so that acknowledging it reveals a gap to Zeek.
    pub const CUT: u8 = 1 << 6;
    /// It sends timestamps.
    pub const TIMESTAMPS: u8 = 1 << 7;
}

/// Unacknowledged data up to which the short way stays open: well below the 10 MiB at which Zeek stops to follow a stream.
const MOST_OUTSTANDING: u32 = 1 << 23;

/// Silence after which a segment takes the long way: the shortest patience of Zeek.
const LONGEST_PAUSE: Duration = super::zeek::SHORTEST_PATIENCE;

/// Octets of data up to which a segment may take the short way; jumbograms and larger super-frames need not.
const MOST_DATA: u32 = u16::MAX as u32;

/// Distance from 2³² that a number keeps while the short way is open: 255 segments of [`MOST_DATA`].
pub(super) const CLEARANCE: u32 = 1 << 24;

impl StreamSide {
    #[inline]
    fn when<T>(&self, bit: u8, value: T) -> Option<T> {
        (self.known & bit != 0).then_some(value)
    }

    /// The highest sequence number after anything it sent (SND.NXT as seen from outside).
    #[inline]
    pub fn next(&self) -> Option<SeqNum> {
        self.when(known::NEXT, self.next)
    }

    /// The highest acknowledgement it sent (its RCV.NXT at that time).
    #[inline]
    pub fn acked(&self) -> Option<SeqNum> {
        self.when(known::ACKED, self.acked)
    }

    /// The window field of its latest segment that was no reset, unscaled.
    #[inline]
    pub fn window(&self) -> Option<u16> {
        self.when(known::WINDOW, self.window)
    }

    /// The lowest and the highest time to live of its segments other than resets.
    #[inline]
    pub fn ttl(&self) -> Option<(u8, u8)> {
        self.when(known::TTL, self.ttl)
    }

    /// Whether it sent the timestamps option.
    #[inline]
    pub fn timestamps(&self) -> bool {
        self.known & known::TIMESTAMPS != 0
    }

    /// Whether it sent anything but resets.
    #[inline]
    pub fn spoke(&self) -> bool {
        self.known & known::NEXT != 0
    }

    #[inline]
    pub(super) fn set_next(&mut self, next: SeqNum) {
        self.next = next;
        self.known |= known::NEXT;
    }

    #[inline]
    pub(super) fn set_acked(&mut self, acked: SeqNum) {
        self.acked = acked;
        self.known |= known::ACKED;
    }

    #[inline]
    pub(super) fn set_window(&mut self, window: u16) {
        self.window = window;
        self.known |= known::WINDOW;
    }

    #[inline]
    pub(super) fn note_header(&mut self, ttl: u8, timestamps: bool) {
        let (low, high) = self.ttl().unwrap_or((ttl, ttl));
        self.ttl = (low.min(ttl), high.max(ttl));
        self.known |= known::TTL | if timestamps { known::TIMESTAMPS } else { 0 };
    }
}

impl Stream {
    pub(super) fn start(segment: &Segment) -> Self {
        Self {
            endpoints: Pair { forward: segment.source, back: segment.destination },
            ipv6: segment.ipv6,
            open: false,
            turn_way: None,
            is_newest: true,
            paths: Pair { forward: segment.path, back: segment.path },
            sides: Pair::default(),
            turn_octets: 0,
            turn_pause: 0,
            last_frame: segment.frame,
            turn_last: None,
            last_times: Pair::default(),
        }
    }

    /// Whether the short way is open.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// The latest run of data.
    #[inline]
    pub fn turn(&self) -> Option<Turn> {
        let pause = Duration::from_millis(self.turn_pause.into());
        Some(Turn { way: self.turn_way?, octets: self.turn_octets, last: self.turn_last, pause })
    }

    /// Data went this way, so many octets of them for the first time.
    #[inline]
    pub(super) fn take_turn(&mut self, segment: &Segment, way: Way, new: u32) {
        let goes_on = self.turn_way == Some(way);
        // Whoever has his turn by repeating something says that.
        let (octets, longest) =
            if goes_on { (self.turn_octets.saturating_add(new), self.turn_pause) } else { (segment.payload_len, 0) };
        let pause = match (self.turn_last, segment.time) {
            (Some(last), Some(now)) => u32::try_from(now.nanos_since(last) / 1_000_000).unwrap_or(u32::MAX),
            _ => 0,
        };
        self.turn_pause = longest.max(pause);
        self.turn_way = Some(way);
        self.turn_octets = octets;
        self.turn_last = segment.time;
    }

    /// Takes the segment in if it only continues the stream.
    #[inline(always)]
    pub(super) fn take(&mut self, segment: &Segment, way: Way) -> bool {
        /// Every other flag may come with a segment that only continues.
        const DECISIVE: TcpFlags = TcpFlags::SYN.union(TcpFlags::FIN).union(TcpFlags::RST).union(TcpFlags::ACK);
        let flags = segment.flags.bits();
        if !self.open || flags & DECISIVE.bits() != TcpFlags::ACK.bits() || segment.path != self.paths[way] {
            return false;
        }
        let (Some(now), Some(last)) = (segment.time, self.last_time()) else { return false };
        let Some(window) = segment.window.filter(|&window| window != 0) else { return false };
        if !now.follows_within(last, LONGEST_PAUSE) {
            return false;
        }
        let (own, other) = self.sides.sender_and_receiver(way);
        let advance = segment.ack.0.wrapping_sub(own.acked.0);
        let outstanding = other.next.0.wrapping_sub(own.acked.0);
        let kind = if segment.payload_len > 0 { known::DATA } else { known::ACK };
        if own.known & kind == 0
            || own.pending == u8::MAX
            || segment.seq != own.next
            || advance > outstanding
            || segment.ttl < own.ttl.0
            || segment.ttl > own.ttl.1
            || segment.options.timestamps().is_some() && own.known & known::TIMESTAMPS == 0
        {
            return false;
        }
        let mut own_known = own.known;
        if segment.payload_len > 0 {
            let in_flight = own.next.0.wrapping_sub(other.acked.0);
            let is_cut = segment.captured_payload < segment.payload_len;
            // Data that was captured whole and data that was not do not mix on the short way.
            let same_kind = in_flight == 0 || is_cut == (own.known & known::CUT != 0);
            if segment.payload_len > MOST_DATA || in_flight > MOST_OUTSTANDING || !same_kind {
                return false;
            }
            own_known = own_known & !known::CUT | if is_cut { known::CUT } else { 0 };
        }
        if advance > 0 && other.known & known::CUT != 0 {
            if other.gaps_left == 0 {
                return false;
            }
            other.gaps_left -= 1;
        }

        own.known = own_known;
        own.pending += 1;
        own.pending_octets += segment.payload_len;
        own.next = own.next.add(segment.payload_len);
        own.acked = segment.ack;
        own.window = window;
        self.last_frame = segment.frame;
        self.last_times[way] = segment.time;
        if segment.payload_len > 0 {
            self.take_turn(segment, way, segment.payload_len);
        }
        true
    }

    /// The latest time of any segment.
    #[inline]
    pub fn last_time(&self) -> Option<Timestamp> {
        Timestamp::later(self.last_times.forward, self.last_times.back)
    }
}

impl Flow {
    /// Brings up to date what segments on the short way left for later, and closes it.
    #[inline]
    pub(super) fn settle(&mut self) {
        if self.stream.open {
            self.stream.open = false;
            if self.stream.sides.forward.pending != 0 || self.stream.sides.back.pending != 0 {
                self.settle_pending();
            }
        }
    }

    fn settle_pending(&mut self) {
        let time = self.stream.last_time();
        for way in Way::BOTH {
            let (own, other) = self.stream.sides.sender_and_receiver(way);
            if let Some(zeek) = &mut self.zeek {
                zeek.settle(way, own.next, other.acked, own.known & known::CUT != 0, own.gaps_left, time);
            }
            let has_spoken = own.pending > 0;
            let end = &mut self.ends[way];
            end.segments = end.segments.saturating_add(u32::from(own.pending));
            end.octets += u64::from(std::mem::take(&mut own.pending_octets));
            own.pending = 0;
            if has_spoken {
                self.note_syn_window(way, false);
            }
        }
    }

    /// Opens the short way where the next segment may only continue the stream.
    #[inline]
    pub(super) fn open_short_way(&mut self) {
        let is_calm = |end: &EndpointFacts| end.unanswered == 0 && !end.has(fact::REPEATS | fact::DOUBLED | fact::FIN);
        if !self.established()
            || self.has_ended()
            || !is_calm(&self.ends.forward)
            || !is_calm(&self.ends.back)
            || !self.resets().is_empty()
        {
            return;
        }
        let time = self.stream.last_time();
        for way in Way::BOTH {
            let (own, other) = self.stream.sides.sender_and_receiver(way);
            own.known &= !(known::DATA | known::ACK | known::CUT);
            if own.known & (known::NEXT | known::ACKED | known::WINDOW | known::TTL)
                != known::NEXT | known::ACKED | known::WINDOW | known::TTL
            {
                return;
            }
            let ready = match &self.zeek {
                Some(zeek) => zeek.ready(way, own.next, other.acked, time),
                None => Some(Ready::ANY),
            };
            let Some(ready) = ready else { return };
            own.known |= if ready.data { known::DATA } else { 0 }
                | if ready.ack { known::ACK } else { 0 }
                | if ready.is_cut { known::CUT } else { 0 };
            own.gaps_left = ready.gaps_left;
        }
        self.stream.open = true;
    }
}

#[cfg(test)]
mod tests {

    use super::super::inputs::InputSet;
    use super::super::testing::segment;
    use super::*;

    #[test]
    fn the_part_that_every_segment_touches_fills_two_cache_lines() {
        assert_eq!(size_of::<Stream>(), 128);
    }

    /// Everything that a report could show, and all that Zeek's rules know.
    fn facts(flow: &Flow) -> String {
        let sides = Way::BOTH.map(|way| {
            let side = &flow.stream.sides[way];
            (side.next(), side.acked(), side.window(), side.ttl(), side.timestamps())
        });
        let stream = &flow.stream;
        let times = (stream.last_frame, stream.last_times, flow.first_time, flow.handshake_times());
        let scales = Way::BOTH.map(|way| flow.latest_scale(way));
        format!(
            "{sides:?} {times:?} {scales:?} {:?} {:?} {:?} {:?} {:?}",
            stream.turn(),
            stream.paths,
            flow.ends,
            flow.zeek,
            flow.detail
        )
    }

    /// A conversation: mostly data in order and acknowledgements, now and then something odd.
    struct Conversation {
        random: u64,
        /// One of so many segments is odd in some way.
        calm: u64,
        /// 0: all data is captured whole; 1: none; 2: some.
        cut: u64,
        frame: u64,
        time: Timestamp,
        sent: Pair<SeqNum>,
        acked: Pair<SeqNum>,
    }

    impl Conversation {
        fn below(&mut self, bound: u64) -> u64 {
            self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.random >> 33) % bound
        }

        fn odd(&mut self) -> bool {
            self.below(self.calm) == 0
        }

        fn next(&mut self) -> (Way, Segment) {
            let way = if self.below(2) == 0 { Way::Forward } else { Way::Back };
            self.frame += 1;
            let pause = match self.below(3 * self.calm) {
                0 => 6_000_000_000,
                1 => -1_000_000,
                2 => 400_000_000_000,
                _ => self.below(3_000_000) as i64,
            };
            self.time = self.time.plus(Duration(pause));
            let mut one = segment(self.frame, 0);
            if way == Way::Back {
                std::mem::swap(&mut one.source, &mut one.destination);
            }
            one.time = if self.odd() { None } else { Some(self.time) };
            one.payload_len = if self.below(2) == 0 { 0 } else { self.below(3000) as u32 };
            if self.odd() {
                one.payload_len = 70_000;
            }
            let cut = self.cut == 1 || self.cut == 2 && self.below(20) == 0;
            one.captured_payload = if cut { one.payload_len.min(30) } else { one.payload_len };
            one.window = Some(if self.odd() { 0 } else { 700 });
            one.flags = TcpFlags::ACK.union(if self.below(3) == 0 { TcpFlags::PSH } else { TcpFlags::ACK });
            one.seq = self.sent[way];
            // Whatever the other side has sent, or some of it.
            let outstanding = self.sent[way.reverse()].since(self.acked[way]).max(0) as u64;
            self.acked[way] =
                self.acked[way].add(if self.below(3) == 0 { 0 } else { self.below(outstanding + 1) as u32 });
            one.ack = self.acked[way];
            if self.odd() {
                one.seq = one.seq.add(self.below(5000) as u32).add(u32::MAX - 2000);
            }
            if self.odd() {
                one.ack = one.ack.add(self.below(5000) as u32).add(u32::MAX - 2000);
            }
            if self.odd() {
                one.ttl = 63;
            }
            if self.odd() {
                one.options.set_timestamps(1, 2);
            }
            if self.below(6 * self.calm) == 0 {
                one.flags = TcpFlags::from_bits(self.below(512) as u16);
            }
            self.sent[way] = self.sent[way].max(one.seq_end());
            (way, one)
        }
    }

    #[test]
    fn the_short_way_leads_where_the_long_way_does() {
        let mut taken = 0;
        for seed in 0..300 {
            // Some come to a wrap, or to numbers that are negative when taken for signed ones.
            let isn =
                SeqNum([7, u32::MAX - 60_000, 7_000, (1 << 31) - 3_000, u32::MAX - 17_000_000][seed as usize % 5]);
            let mut talk = Conversation {
                random: seed,
                calm: [60, 600, 6_000][seed as usize / 3 % 3],
                cut: seed % 3,
                frame: 3,
                time: Timestamp::from_nanos(1_000_000_000),
                sent: Pair { forward: isn.add(1), back: isn.add(1) },
                acked: Pair { forward: isn.add(1), back: isn.add(1) },
            };
            let syn = Segment { seq: isn, flags: TcpFlags::SYN, time: Some(talk.time), ..segment(1, 0) };
            let mut answer = Segment {
                seq: isn,
                ack: isn.add(1),
                flags: TcpFlags::SYN.union(TcpFlags::ACK),
                frame: syn.frame.next(),
                ..syn
            };
            std::mem::swap(&mut answer.source, &mut answer.destination);
            let mut short = Flow::start(1, &syn, InputSet::default(), seed % 2 == 0);
            let mut long = Flow::start(1, &syn, InputSet::default(), seed % 2 == 0);
            for (way, one) in [(Way::Forward, syn), (Way::Back, answer)] {
                short.take_the_long_way(&one, way, false, false);
                long.segment_in_full(&one, way, false, false);
            }
            for _ in 0..400 {
                let (way, one) = talk.next();
                let copy = talk.below(150) == 0;
                if copy || !short.stream.take(&one, way) {
                    short.take_the_long_way(&one, way, copy, false);
                }
                long.segment_in_full(&one, way, copy, false);
                taken += u32::from(short.stream.sides[way].pending > 0);
                if talk.below(20) == 0 {
                    short.settle();
                    assert_eq!(facts(&short), facts(&long), "seed {seed}, frame {}", one.frame);
                    short.open_short_way();
                }
            }
            short.settle();
            assert_eq!(facts(&short), facts(&long), "seed {seed}");
        }
        assert!(taken > 20_000, "only {taken} segments took the short way");
    }
}
