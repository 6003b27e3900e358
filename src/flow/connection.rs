//! What is known of one TCP connection, and how a segment changes it.

use std::num::NonZeroU32;

use super::endpoint::{self, EndpointFacts, Rare, fact};
use super::inputs::InputSet;
use super::reset::{MAX_SCALE, Phase, ResetSegment, position};
use super::stream::Stream;
use super::way::{Pair, Way};
use super::zeek::ZeekConn;
use crate::prefetch;
use crate::tcp::{Duration, Endpoint, FrameNumber, IcmpError, PathId, Segment, SeqNum, TcpFlags, Timestamp};

/// How far an acknowledgement or a segment may jump ahead and still be believed: the largest window (RFC 7323 section 2.3).
const MAX_JUMP: i32 = 1 << 30;

/// By so much packets of one host overtake each other on the way at most: queues of parallel links differ by less (2 to 4 ms were
/// recorded), and an injector that imitates the host's numbers is mostly further ahead of what it holds back (12 ms were recorded).
pub const REORDERED: Duration = Duration::from_millis(5);

/// Resets kept in full for one flow. A flood beyond it is counted; no report is read frame by frame that far.
pub(super) const MAX_RESETS: usize = 4096;

/// ICMP errors kept for one flow; further ones are counted.
const MAX_ICMP_ERRORS: usize = 16;

/// Layers around its packets (VLANs, tunnels) remembered for one flow beside the latest of each way.
const MAX_PATHS: usize = 16;

/// Whose turn it was to speak: the latest run of data that went one way without data the other way.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Which way the data went.
    pub way: Way,
    /// Octets of it, 2³²−1 standing for that and more.
    pub octets: u32,
    /// When its last data was seen.
    pub last: Option<Timestamp>,
    /// The longest time without data, either way, before or within it; in whole milliseconds.
    pub pause: Duration,
}

/// An ICMP error about a segment of the flow.
#[derive(Clone, Copy, Debug)]
pub struct IcmpEvidence {
    /// The message.
    pub error: IcmpError,
    /// Which way the segment went that it is about.
    pub way: Way,
}

/// What few flows have.
#[derive(Clone, Debug, Default)]
pub struct Detail {
    /// The flow's RST segments in capture order, at most 4,096.
    pub resets: Vec<ResetSegment>,
    /// RST segments beyond those.
    pub resets_not_kept: u64,
    /// The latest run of data when the first reset came that was not outside the window.
    turn_at_reset: Option<Turn>,
    /// ICMP errors about its segments, at most 16.
    pub icmp: Vec<IcmpEvidence>,
    /// ICMP errors beyond those.
    pub icmp_not_kept: u64,
    /// What few endpoints have.
    rare: Option<Box<Pair<Rare>>>,
    /// Layers around its packets other than the latest of each way.
    pub other_paths: Vec<PathId>,
    /// Another flow of the same addresses and ports, told apart by VLAN or tunnel.
    pub(super) sibling: Option<u32>,
    /// What happened since the latest RST.
    since_reset: SinceReset,
}

/// Whether a connection lived on after a reset: first its receiver, then the side in whose name it came, sent ordinary segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum SinceReset {
    #[default]
    Nothing,
    ReceiverSpoke,
    LivedOn,
}

/// The facts of one TCP connection.
// `stream` first and the whole a multiple of half a cache line: what every segment touches then lies in two or three lines.
#[derive(Clone, Debug)]
#[repr(C, align(32))]
pub struct Flow {
    /// What every segment touches.
    pub stream: Stream,
    /// What else is known of each endpoint.
    pub ends: Pair<EndpointFacts>,
    /// The flow as Zeek tells it, where that is wanted: it is a third of the work and of the memory.
    pub zeek: Option<Box<ZeekConn>>,
    /// What few flows have.
    pub detail: Option<Box<Detail>>,
    /// Its first frame.
    pub first_frame: FrameNumber,
    /// Its earliest time.
    pub first_time: Option<Timestamp>,
    // One nanosecond more than each took, so that an unknown time needs no room of its own.
    handshake: (Option<NonZeroU32>, Option<NonZeroU32>),
    /// From 1, in the order in which flows begin in the capture.
    pub id: u64,
    /// When its request was first answered by SYN and ACK.
    accepted: Option<Timestamp>,
    accepted_in: u32,
    /// Where it was seen.
    pub inputs: InputSet,
    facts: u8,
}

/// What is true of a flow.
mod flow_fact {
    /// The acknowledgement of the handshake's answer was seen, or data.
    pub const ESTABLISHED: u8 = 1;
    /// A reset ended it.
    pub const ENDED: u8 = 1 << 1;
    /// The handshake was repeated: nobody knows what answered what.
    pub const UNTIMED: u8 = 1 << 2;
    /// The answer to its request went back.
    pub const ACCEPTED_BACK: u8 = 1 << 3;
    /// The capturing host itself sent, first this way.
    pub const OUTGOING_FORWARD: u8 = 1 << 4;
    pub const OUTGOING_BACK: u8 = 1 << 5;
    /// The latest window of the side that sends this way is that of a SYN.
    pub const SYN_WINDOW_FORWARD: u8 = 1 << 6;
    pub const SYN_WINDOW_BACK: u8 = 1 << 7;
}

fn syn_window(of: Way) -> u8 {
    if of == Way::Forward { flow_fact::SYN_WINDOW_FORWARD } else { flow_fact::SYN_WINDOW_BACK }
}

impl Flow {
    /// A flow that begins with this segment.
    pub(super) fn start(id: u64, segment: &Segment, inputs: InputSet, zeek: bool) -> Self {
        Self {
            stream: Stream::start(segment),
            ends: Pair::default(),
            zeek: zeek.then(|| Box::new(ZeekConn::start(segment))),
            detail: None,
            first_frame: segment.frame,
            first_time: segment.time,
            handshake: (None, None),
            id,
            accepted: None,
            accepted_in: 0,
            inputs,
            facts: 0,
        }
    }

    #[inline]
    fn has(&self, fact: u8) -> bool {
        self.facts & fact != 0
    }

    /// The acknowledgement of the handshake's answer was seen, or data.
    #[inline]
    pub fn established(&self) -> bool {
        self.has(flow_fact::ESTABLISHED)
    }

    /// Its first SYN-ACK that was no copy and has a time: which way, when and in which frame.
    pub(super) fn accepted(&self) -> Option<(Way, Timestamp, FrameNumber)> {
        let way = if self.has(flow_fact::ACCEPTED_BACK) { Way::Back } else { Way::Forward };
        Some((way, self.accepted?, endpoint::at(self.first_frame, self.accepted_in)?))
    }

    /// The first way in which the capturing host itself sent, as far as it tells.
    pub fn outgoing(&self) -> Option<Way> {
        match self.facts & (flow_fact::OUTGOING_FORWARD | flow_fact::OUTGOING_BACK) {
            flow_fact::OUTGOING_FORWARD => Some(Way::Forward),
            flow_fact::OUTGOING_BACK => Some(Way::Back),
            _ => None,
        }
    }

    /// Asks for the memory that every segment touches before it is needed.
    #[inline]
    pub(super) fn ask_for_stream(&self) {
        prefetch::value(self, 0, size_of::<Stream>());
    }

    /// Whether the segment will hardly take the short way.
    #[inline]
    pub(super) fn needs_more_than_stream(&self, segment: &Segment) -> bool {
        !self.stream.is_open() || segment.flags.intersects(TcpFlags::FIN.union(TcpFlags::SYN).union(TcpFlags::RST))
    }

    /// The same for what other segments touch. `zeek`: flows are followed as Zeek does, too.
    #[inline]
    pub(super) fn ask_for_rest(&self, zeek: bool) {
        prefetch::value(self, size_of::<Stream>(), size_of::<Self>());
        // To see whether it has something for Zeek's rules is to wait for it.
        if zeek && let Some(zeek) = &self.zeek {
            prefetch::value(&**zeek, 0, size_of::<ZeekConn>());
        }
    }

    /// Whether neither side's SYN was captured: the connection is older than the capture.
    pub fn is_midstream(&self) -> bool {
        Way::BOTH.into_iter().all(|way| self.ends[way].syn_seq().is_none())
    }

    /// Which way a segment of this flow goes; `None` if it belongs to other endpoints.
    #[inline]
    pub(super) fn way(&self, segment: &Segment) -> Option<Way> {
        self.way_between(&segment.source, &segment.destination, segment.ipv6)
    }

    /// Which way a segment between these goes.
    #[inline]
    pub(super) fn way_between(&self, source: &Endpoint, destination: &Endpoint, ipv6: bool) -> Option<Way> {
        let Pair { forward, back } = &self.stream.endpoints;
        // By the source alone, and without a jump: half of the segments go either way.
        let way = if source.is(forward) { Way::Forward } else { Way::Back };
        let (own, other) = if way == Way::Forward { (forward, back) } else { (back, forward) };
        (ipv6 == self.stream.ipv6 && source.is(own) & destination.is(other)).then_some(way)
    }

    /// Its latest time.
    pub fn last_time(&self) -> Option<Timestamp> {
        self.stream.last_time().or(self.first_time)
    }

    /// The shift count in force for the windows an endpoint announces; `None` where its SYN was not seen.
    pub fn scale(&self, of: Way) -> Option<u8> {
        let (own, other) = (&self.ends[of], &self.ends[of.reverse()]);
        own.syn_seq()?;
        match (own.window_scale(), other.syn_seq(), other.window_scale()) {
            (None, ..) | (Some(_), Some(_), None) => Some(0),
            (Some(scale), Some(_), Some(_)) => Some(scale.min(MAX_SCALE)),
            (Some(_), None, _) => None,
        }
    }

    /// The shift count in force for the latest window of an endpoint: that of a SYN is never scaled (RFC 7323 section 2.2).
    pub(super) fn latest_scale(&self, of: Way) -> Option<u8> {
        if self.has(syn_window(of)) { Some(0) } else { self.scale(of) }
    }

    /// Notes whether the latest window of an endpoint is that of a SYN.
    #[inline]
    pub(super) fn note_syn_window(&mut self, of: Way, is_it: bool) {
        self.facts = self.facts & !syn_window(of) | if is_it { syn_window(of) } else { 0 };
    }

    /// The flow's RST segments in capture order.
    pub fn resets(&self) -> &[ResetSegment] {
        self.detail.as_ref().map_or(&[], |detail| &detail.resets)
    }

    /// The latest run of data when the first reset came that was not outside the window.
    pub fn turn_at_reset(&self) -> Option<Turn> {
        self.detail.as_ref()?.turn_at_reset
    }

    /// The first reset that was not outside the window, or else the first.
    pub fn foremost_reset(&self) -> Option<&ResetSegment> {
        let resets = self.resets();
        resets.iter().find(|reset| reset.in_window != Some(false)).or(resets.first())
    }

    /// Whether any of its packets was captured more than once.
    pub fn has_copies(&self) -> bool {
        Way::BOTH.into_iter().filter_map(|way| self.rare(way)).any(|rare| rare.duplicates > 0)
    }

    /// The rare facts of an endpoint, if it has any.
    pub fn rare(&self, of: Way) -> Option<&Rare> {
        Some(&self.detail.as_ref()?.rare.as_ref()?[of])
    }

    /// Whether ordinary segments went both ways after the latest reset: nobody had taken notice of it.
    pub fn lived_on(&self) -> bool {
        self.detail.as_ref().is_some_and(|detail| detail.since_reset == SinceReset::LivedOn)
    }

    /// Whether both sides had sent FIN, or a reset had ended it: a connection request would begin another connection.
    #[inline]
    pub(super) fn has_ended(&self) -> bool {
        self.has(flow_fact::ENDED) || self.both_fins()
    }

    /// A reset ended it of which only the number is known.
    pub(super) fn ended_by_unknown_reset(&self) -> bool {
        let was_not_kept = |detail: &Detail| detail.resets.is_empty() && detail.resets_not_kept > 0;
        self.has(flow_fact::ENDED) && self.detail.as_deref().is_some_and(was_not_kept)
    }

    /// Both sides sent FIN.
    pub fn both_fins(&self) -> bool {
        self.ends.forward.fin_end().is_some() && self.ends.back.fin_end().is_some()
    }

    /// How far the connection has come.
    pub fn phase(&self) -> Phase {
        let acknowledged = |way: Way| match (self.ends[way].fin_end(), self.stream.sides[way.reverse()].acked()) {
            (Some(end), Some(acked)) => !acked.before(end),
            _ => false,
        };
        let (forward, back) = (&self.ends.forward, &self.ends.back);
        if self.has(flow_fact::ENDED) || (acknowledged(Way::Forward) && acknowledged(Way::Back)) {
            Phase::Closed
        } else if forward.fin_end().is_some() || back.fin_end().is_some() {
            Phase::Closing
        } else if self.established() {
            Phase::Data
        } else if forward.sent_syn_ack() || back.sent_syn_ack() {
            Phase::Handshake
        } else if forward.sent_syn() || back.sent_syn() {
            Phase::Syn
        } else {
            Phase::Data
        }
    }

    fn detail_mut(&mut self) -> &mut Detail {
        self.detail.get_or_insert_with(Box::default)
    }

    fn rare_mut(&mut self, of: Way) -> &mut Rare {
        &mut self.detail_mut().rare.get_or_insert_with(Box::default)[of]
    }

    pub(super) fn sibling(&self) -> Option<u32> {
        self.detail.as_ref()?.sibling
    }

    pub(super) fn set_sibling(&mut self, sibling: Option<u32>) {
        if sibling.is_some() || self.detail.is_some() {
            self.detail_mut().sibling = sibling;
        }
    }

    /// Takes in a segment that did not take the short way. `copy`: the same packet was captured a moment ago; `only_count`:
    /// there is no room to keep another reset.
    pub(super) fn take_the_long_way(&mut self, segment: &Segment, way: Way, copy: bool, only_count: bool) {
        self.settle();
        self.segment_in_full(segment, way, copy, only_count);
        self.open_short_way();
    }

    /// Takes in any segment; the flow is settled.
    pub(super) fn segment_in_full(&mut self, segment: &Segment, way: Way, copy: bool, only_count: bool) {
        if segment.flags.rst() {
            // Judged by what was known before it.
            self.reset(segment, way, copy, only_count);
        }
        let is_ordinary = !copy && !segment.flags.rst();
        // While the times of the segments before it are known.
        if is_ordinary && segment.flags.syn() {
            self.synchronise(segment, way);
        } else if is_ordinary && !self.established() {
            self.third_segment(segment, way);
        }
        self.stream.last_frame = segment.frame;
        if let Some(time) = segment.time {
            let last = &mut self.stream.last_times[way];
            *last = Timestamp::later(*last, segment.time);
            self.first_time = Some(self.first_time.map_or(time, |first| first.min(time)));
        }
        if let Some(zeek) = &mut self.zeek
            && segment.frame > self.first_frame
        {
            zeek.segment(way, segment);
        }
        let end = &mut self.ends[way];
        end.segments = end.segments.saturating_add(1);
        if tells_copies(segment) {
            end.set(fact::DOUBLED, copy);
        }
        if copy {
            self.rare_mut(way).duplicates += 1;
            return;
        }
        self.note_edge(segment, way);
        if is_ordinary {
            self.ordinary(segment, way);
        }
    }

    /// Notes how a side began or ended the connection, by a segment that is no copy.
    fn note_edge(&mut self, segment: &Segment, way: Way) {
        let flags = segment.flags;
        if flags.fin() || flags.rst() {
            self.ends[way].note_end(segment, self.first_frame);
        } else if flags.syn() && flags.ack() && self.accepted.is_none() {
            self.accepted = segment.time;
            self.accepted_in = endpoint::behind(self.first_frame, segment.frame);
            self.facts |= if way == Way::Back { flow_fact::ACCEPTED_BACK } else { 0 };
        }
    }

    /// Notes what a segment that is neither a reset nor a copy says of the device that sent it.
    fn note_device(&mut self, segment: &Segment, way: Way, is_first: bool) {
        if segment.device.is_capturing() && self.outgoing().is_none() {
            self.facts |= if way == Way::Forward { flow_fact::OUTGOING_FORWARD } else { flow_fact::OUTGOING_BACK };
        }
        if is_first {
            self.ends[way].set_first(segment, self.first_frame);
            return;
        }
        let end = &self.ends[way];
        let link = segment.device.link();
        let is_other_link = link.is_some() && link != end.link();
        let is_other_ttl = end.first_ttl(self.first_frame).is_some_and(|(ttl, _)| ttl != segment.ttl);
        if is_other_link || is_other_ttl {
            self.note_other_device(segment, way, is_other_link, is_other_ttl);
        }
    }

    #[cold]
    fn note_other_device(&mut self, segment: &Segment, way: Way, is_other_link: bool, is_other_ttl: bool) {
        let link = self.ends[way].link();
        let rare = self.rare_mut(way);
        if is_other_ttl && rare.other_ttl.is_none() {
            rare.other_ttl = Some((segment.ttl, segment.frame));
        }
        if is_other_link && link.is_some() && !rare.other_link.is_some() {
            rare.other_link = segment.device.link();
        }
    }

    /// A segment that is neither a reset nor a copy.
    fn ordinary(&mut self, segment: &Segment, way: Way) {
        if let Some(detail) = &mut self.detail
            && let Some(latest) = detail.resets.last()
        {
            // A late or repeated segment of the claimed sender says nothing: it must send beyond its reset, or acknowledge more.
            let own = &self.stream.sides[way];
            let is_news = segment.seq_end().after(latest.segment.seq)
                || (segment.flags.ack() && own.acked().is_some_and(|acked| segment.ack.after(acked)));
            match detail.since_reset {
                SinceReset::Nothing if latest.way != way => detail.since_reset = SinceReset::ReceiverSpoke,
                SinceReset::ReceiverSpoke if latest.way == way && is_news => {
                    detail.since_reset = SinceReset::LivedOn;
                    self.facts &= !flow_fact::ENDED;
                }
                _ => {}
            }
        }
        self.ends[way.reverse()].unanswered = 0;
        let side = &mut self.stream.sides[way];
        let is_first = side.ttl().is_none();
        side.note_header(segment.ttl, segment.options.timestamps().is_some());
        self.note_device(segment, way, is_first);

        let side = &mut self.stream.sides[way];
        let end = segment.seq_end();
        let octets_before = self.ends[way].octets;
        match side.next().map(|next| segment.seq.since(next)) {
            None | Some(0) => {
                side.set_next(end);
                let other_is_seen = self.ends[way.reverse()].is_seen();
                let own = &mut self.ends[way];
                own.octets += u64::from(segment.payload_len);
                if segment.payload_len > 0 && !other_is_seen {
                    // Who goes on has been answered, by what is not in the capture.
                    own.unanswered = 0;
                }
            }
            Some(_) => self.out_of_place(segment, way),
        }
        if segment.flags.fin() {
            self.ends[way].set_fin(end);
        }
        if segment.payload_len > 0 {
            let new = u32::try_from(self.ends[way].octets - octets_before).unwrap_or(u32::MAX);
            self.stream.take_turn(segment, way, new);
        }
        if segment.flags.ack() {
            self.acknowledge(segment, way);
        }
        if let Some(window) = segment.window {
            let side = &mut self.stream.sides[way];
            let before = side.window();
            side.set_window(window);
            // Mostly neither.
            if segment.flags.syn() || self.has(flow_fact::SYN_WINDOW_FORWARD | flow_fact::SYN_WINDOW_BACK) {
                self.note_syn_window(way, segment.flags.syn());
            }
            if window == 0 && before != Some(0) && !segment.flags.syn() {
                self.rare_mut(way).zero_windows += 1;
            }
        }
    }

    /// A segment whose sequence number is not the next one.
    #[cold]
    fn out_of_place(&mut self, segment: &Segment, way: Way) {
        let length = segment.seq_len();
        let end = segment.seq_end();
        let (own, side) = (&mut self.ends[way], &mut self.stream.sides[way]);
        let Some(next) = side.next() else { return };
        let ahead = segment.seq.since(next);
        if ahead > 0 {
            if ahead >= MAX_JUMP {
                return;
            }
            side.set_next(end);
            own.octets += u64::from(segment.payload_len);
            own.set(fact::SKIPPED, true);
            self.rare_mut(way).holes.add(next, segment.seq);
            return;
        }
        // Just below what was sent, with at most one octet and no flag that takes sequence space: asks for an acknowledgement.
        if ahead == -1 && length <= 1 && !segment.flags.syn() && !segment.flags.fin() && segment.flags.ack() {
            own.unanswered = own.unanswered.saturating_add(1);
            self.rare_mut(way).keepalive_probes += 1;
            return;
        }
        if length == 0 {
            // A late acknowledgement.
            return;
        }
        let fresh = if end.after(next) { end.since(next).unsigned_abs() } else { 0 };
        if fresh > 0 {
            side.set_next(end);
        }
        let skipped = own.has(fact::SKIPPED);
        let filled = if skipped { self.rare_mut(way).holes.fill(segment.seq, end) } else { 0 };
        let own = &mut self.ends[way];
        own.octets += (u64::from(filled) + u64::from(fresh)).min(u64::from(segment.payload_len));
        if filled > 0 {
            self.rare_mut(way).out_of_order += 1;
            self.look_for_disorder(segment, way);
        } else if fresh == 0 {
            own.unanswered = own.unanswered.saturating_add(1);
            own.set(fact::REPEATS, true);
            self.rare_mut(way).retransmitted += 1;
        }
    }

    /// Nothing is acknowledged before it has passed: whether this was, a moment before, so that the capture has another order.
    fn look_for_disorder(&mut self, segment: &Segment, way: Way) {
        let other = way.reverse();
        let since =
            segment.time.zip(self.stream.last_times[other]).map(|(now, last)| now.since(last).0.saturating_abs());
        let is_acked = self.stream.sides[other].acked().is_some_and(|acked| !acked.before(segment.seq_end()));
        if is_acked && since.is_some_and(|since| since <= REORDERED.0) {
            self.rare_mut(way).acknowledged_early += 1;
        }
    }

    fn synchronise(&mut self, segment: &Segment, way: Way) {
        if self.ends[way.reverse()].sent_syn_ack() && self.ends[way].syn_seq().is_none() {
            self.look_for_disorder(segment, way);
        }
        let own = &mut self.ends[way];
        if own.syn_seq() == Some(segment.seq) {
            // Repeated: whichever of the two was answered, its time is not known (Karn).
            self.facts |= flow_fact::UNTIMED;
            return;
        }
        own.set_syn(segment, MAX_SCALE);
        self.stream.sides[way].set_next(segment.seq);
        if segment.flags.ack() && !self.has(flow_fact::UNTIMED) {
            self.handshake.0 = nanoseconds(self.stream.last_times[way.reverse()], segment.time);
        }
    }

    /// Until the connection is established: is this what establishes it?
    fn third_segment(&mut self, segment: &Segment, way: Way) {
        let (own, other) = (&self.ends[way], &self.ends[way.reverse()]);
        if other.sent_syn_ack() && segment.flags.ack() {
            self.facts |= flow_fact::ESTABLISHED;
            if !self.has(flow_fact::UNTIMED) {
                self.handshake.1 = nanoseconds(self.stream.last_times[way.reverse()], segment.time);
            }
        } else if own.sent_syn() || !(own.sent_syn_ack() || other.sent_syn() || other.sent_syn_ack()) {
            // In mid-stream, or with the other side's answer not captured.
            self.facts |= flow_fact::ESTABLISHED;
        } else if own.sent_syn_ack() && !other.is_seen() {
            // Whoever answered goes on although nothing of the other side was captured: sends data, or acknowledges some.
            let side = &self.stream.sides[way];
            if segment.payload_len > 0 || side.acked().is_some_and(|acked| segment.ack.after(acked)) {
                self.facts |= flow_fact::ESTABLISHED;
            }
        }
    }

    /// Takes the acknowledgement of a segment; what it acknowledges and was not seen is missing from the capture.
    fn acknowledge(&mut self, segment: &Segment, way: Way) {
        let ack = segment.ack;
        let own = &mut self.stream.sides[way];
        if own.acked().is_none_or(|before| (1..MAX_JUMP).contains(&ack.since(before))) {
            own.set_acked(ack);
            if !self.ends[way.reverse()].is_seen() {
                // It heard something that is not in the capture.
                self.ends[way].unanswered = 0;
            }
        }
        let other = &mut self.stream.sides[way.reverse()];
        let receiver = &mut self.ends[way.reverse()];
        if receiver.has(fact::REPEATS) && other.next().is_none_or(|next| !ack.before(next)) {
            receiver.set(fact::REPEATS, false);
        }
        if let Some(next) = other.next()
            && (1..MAX_JUMP).contains(&ack.since(next))
        {
            other.set_next(ack);
            receiver.set(fact::SKIPPED, true);
            self.rare_mut(way.reverse()).holes.add(next, ack);
        }
    }

    /// Takes in an RST segment.
    #[cold]
    fn reset(&mut self, segment: &Segment, way: Way, copy: bool, only_count: bool) {
        let (exact, in_window) = position(self, segment, way);
        let phase = self.phase();
        let after = match (self.last_time(), segment.time) {
            (Some(last), Some(now)) if self.ends.forward.is_seen() || self.ends.back.is_seen() => Some(now.since(last)),
            _ => None,
        };
        if !copy && exact != Some(false) {
            self.facts |= flow_fact::ENDED;
        }
        let fin_before =
            Pair { forward: self.ends.forward.fin_end().is_some(), back: self.ends.back.fin_end().is_some() };
        let turn = self.stream.turn();
        let detail = self.detail_mut();
        if !copy {
            detail.since_reset = SinceReset::Nothing;
        }
        // As long as every reset so far lay outside the window, this may be the one that matters.
        if detail.resets.iter().all(|before| before.in_window == Some(false)) {
            detail.turn_at_reset = turn;
        }
        if detail.resets.len() < MAX_RESETS && !only_count {
            let segment = *segment;
            // Most flows with a reset have one.
            detail.resets.reserve_exact(usize::from(detail.resets.is_empty()));
            detail.resets.push(ResetSegment {
                segment,
                way,
                phase,
                exact,
                in_window,
                after,
                fin_before,
                duplicate: copy,
            });
        } else {
            detail.resets_not_kept += 1;
        }
    }

    /// Whether a segment with SYN begins another connection with the same addresses and ports.
    pub(super) fn is_reused_by(&self, segment: &Segment, way: Way) -> bool {
        let (own, side, other) = (&self.ends[way], &self.stream.sides[way], &self.stream.sides[way.reverse()]);
        if segment.flags.rst() || own.syn_seq() == Some(segment.seq) {
            return false;
        }
        if segment.flags.ack() && self.ends[way.reverse()].syn_seq().is_some_and(|syn| segment.ack == syn.add(1)) {
            // It answers this flow's own request, though another answer was a reset.
            return false;
        }
        if !segment.flags.ack() && self.ends[way.reverse()].sent_syn_ack() && other.acked() == Some(segment.seq.add(1))
        {
            // The answer was captured before the request.
            return false;
        }
        if segment.flags.ack() {
            // The request was not captured; it can only belong to another connection if this one is over.
            return self.has_ended() && own.is_seen();
        }
        // A first SYN of this side: simultaneous open, unless the connection had gone further.
        own.syn_seq().is_some() || side.spoke() || self.has_ended() || other.acked().is_some()
    }

    /// Whether a segment that equals an earlier one in everything is a copy of it. Acknowledgements and resets without
    /// identification are also sent alike a moment apart, one for each segment that they answer: they are copies only
    /// where the sender's segments that can tell come in copies, too.
    pub(super) fn believes_in_copy(&self, segment: &Segment, way: Way) -> bool {
        let (own, other) = (&self.ends[way], &self.ends[way.reverse()]);
        tells_copies(segment) || own.has(fact::DOUBLED) || (!self.stream.sides[way].spoke() && other.has(fact::DOUBLED))
    }

    /// Whether the other side spoke a round trip or more after this one did: what it did not acknowledge by then did not
    /// reach it, though it passed here.
    pub(super) fn has_ignored(&self, way: Way) -> bool {
        let (own, other) = (self.stream.last_times[way], self.stream.last_times[way.reverse()]);
        let between = || Some(other?.since(own?).0 >= self.rtt()?.0);
        between().unwrap_or(false)
    }

    /// Whether this side may have sent a segment with this sequence number.
    pub(super) fn has_sent_near(&self, seq: SeqNum, way: Way) -> bool {
        self.stream.sides[way].next().is_none_or(|next| seq.since(next).unsigned_abs() <= MAX_JUMP.unsigned_abs())
    }

    /// Takes in an ICMP error about a segment that went this way.
    pub(super) fn icmp_error(&mut self, error: &IcmpError, way: Way) {
        let detail = self.detail_mut();
        if detail.icmp.len() < MAX_ICMP_ERRORS {
            detail.icmp.push(IcmpEvidence { error: *error, way });
        } else {
            detail.icmp_not_kept += 1;
        }
    }

    /// Whether it was seen inside these layers, or in so many that not all are known.
    pub fn was_seen_in(&self, path: PathId) -> bool {
        self.knows_path(path) || self.detail.as_ref().is_some_and(|detail| detail.other_paths.len() >= MAX_PATHS)
    }

    /// Whether this flow was seen inside these layers before.
    pub(super) fn knows_path(&self, path: PathId) -> bool {
        let paths = &self.stream.paths;
        paths.forward == path
            || paths.back == path
            || self.detail.as_ref().is_some_and(|detail| detail.other_paths.contains(&path))
    }

    /// Makes `path` the latest of its way.
    pub(super) fn take_path(&mut self, path: PathId, way: Way) {
        let old = std::mem::replace(&mut self.stream.paths[way], path);
        if self.ends[way].is_seen() && old != path && self.stream.paths[way.reverse()] != old {
            let others = &mut self.detail_mut().other_paths;
            if !others.contains(&old) && others.len() < MAX_PATHS {
                others.push(old);
            }
        }
    }

    /// Whether a segment's numbers belong to this connection; `None` where nothing can be compared.
    pub(super) fn fits(&self, segment: &Segment, way: Way) -> Option<bool> {
        /// Farther apart than this, two numbers are not of one connection: a window that few networks ever fill,
        /// and by chance two connections come so near in less than 1 of 100 cases.
        const NEAR: u32 = 1 << 24;
        let near = |a: SeqNum, b: SeqNum| a.since(b).unsigned_abs() < NEAR;
        let (own, other) = (&self.stream.sides[way], &self.stream.sides[way.reverse()]);
        if let Some(syn) = self.ends[way].syn_seq().filter(|_| segment.flags.syn()) {
            return Some(syn == segment.seq);
        }
        let mut compared = false;
        if let Some(known) = own.next().or(other.acked()) {
            if near(segment.seq, known) {
                return Some(true);
            }
            compared = true;
        }
        if segment.flags.ack()
            && let Some(known) = other.next().or(own.acked())
        {
            if near(segment.ack, known) {
                return Some(true);
            }
            compared = true;
        }
        compared.then_some(false)
    }

    /// Time from connection request to answer, and from answer to the acknowledgement of it, where each was sent once and
    /// took less than 4.29 s.
    pub fn handshake_times(&self) -> (Option<Duration>, Option<Duration>) {
        let time = |stored: Option<NonZeroU32>| Some(Duration(i64::from(stored?.get()) - 1));
        (time(self.handshake.0), time(self.handshake.1))
    }

    /// Time from the connection request to the acknowledgement of its answer: Wireshark's initial round-trip time.
    pub fn rtt(&self) -> Option<Duration> {
        let (answer, acknowledgement) = self.handshake_times();
        Some(Duration(answer?.0 + acknowledgement?.0))
    }
}

/// Whether a stack never sends two segments like this alike within milliseconds: it has an identification, or takes up
/// sequence numbers, which only a timer repeats.
pub(super) fn tells_copies(segment: &Segment) -> bool {
    segment.ip_id.is_some_and(|id| id != 0) || (segment.seq_len() > 0 && !segment.flags.rst())
}

/// One nanosecond more than the time between two moments, where it is known, not negative and below 2³² ns.
fn nanoseconds(earlier: Option<Timestamp>, later: Option<Timestamp>) -> Option<NonZeroU32> {
    u32::try_from(later?.since(earlier?).0).ok()?.checked_add(1).and_then(NonZeroU32::new)
}
