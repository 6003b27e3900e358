use super::coverage::Holes;
use crate::tcp::{FrameNumber, LinkTag, Segment, SeqNum, TcpFlags, Timestamp};

/// What an observer knows of one endpoint of a flow, from the segments it sent.
///
/// Lean, since a capture may hold a million flows: what few endpoints have stands in [`Rare`], yes and no are bits, and frames
/// are told by how many they are behind the flow's first one.
#[derive(Clone, Debug)]
pub struct EndpointFacts {
    /// Octets of data it sent, each octet of the stream once, as far as they were seen.
    pub octets: u64,
    ended: Option<Timestamp>,
    /// Segments it sent, copies of a packet counted each time they were captured (as Wireshark counts).
    pub segments: u32,
    syn: SeqNum,
    fin: SeqNum,
    /// Where its first segment that was neither reset nor copy came.
    first: u32,
    ended_in: u32,
    link: LinkTag,
    mss: u16,
    ended_by: u16,
    window_scale: u8,
    facts: u8,
    /// Retransmissions and probes since the other side was last heard; 255 stands for that and more.
    pub unanswered: u8,
    first_ttl: u8,
}

/// What is true of an endpoint.
pub(super) mod fact {
    /// It sent a connection request.
    pub const SYN: u8 = 1;
    /// It answered one.
    pub const SYN_ACK: u8 = 1 << 1;
    pub const FIN: u8 = 1 << 2;
    /// Its SYN announced an MSS.
    pub const MSS: u8 = 1 << 3;
    /// It offered SACK in its SYN.
    pub const SACK: u8 = 1 << 4;
    /// Sequence numbers were skipped, so that [`super::Rare::holes`] matters.
    pub const SKIPPED: u8 = 1 << 5;
    /// Its latest segment that can tell copies from repetitions was a copy.
    pub const DOUBLED: u8 = 1 << 6;
    /// It repeated something that is not acknowledged yet: what passed here may not have arrived.
    pub const REPEATS: u8 = 1 << 7;
}

/// In place of a shift count that was not offered.
const NO_SCALE: u8 = u8::MAX;

/// The bit beside the twelve of the flags that says that the sequence number was 0.
const SEQ_IS_ZERO: u16 = 1 << 15;

/// A segment that ends a connection.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// When.
    pub time: Timestamp,
    /// In which frame.
    pub frame: FrameNumber,
    /// Its flags.
    pub flags: TcpFlags,
    /// Whether its sequence number is 0, as of a refusal (RFC 9293 section 3.10.7.1).
    pub seq_is_zero: bool,
}

impl Default for EndpointFacts {
    fn default() -> Self {
        Self {
            octets: 0,
            ended: None,
            segments: 0,
            syn: SeqNum::default(),
            fin: SeqNum::default(),
            first: 0,
            ended_in: 0,
            link: LinkTag::NONE,
            mss: 0,
            ended_by: 0,
            window_scale: NO_SCALE,
            facts: 0,
            unanswered: 0,
            first_ttl: 0,
        }
    }
}

/// What few endpoints have.
#[derive(Clone, Debug, Default)]
pub struct Rare {
    /// What was skipped of the sequence space.
    pub holes: Holes,
    /// Segments whose sequence space had all been seen before.
    pub retransmitted: u32,
    /// Segments that filled a hole.
    pub out_of_order: u32,
    /// Segments captured a moment behind what acknowledges them.
    pub acknowledged_early: u32,
    /// Times its window became zero.
    pub zero_windows: u32,
    /// Keepalive probes: at most one octet, just below what was sent already (RFC 9293 section 3.8.4).
    pub keepalive_probes: u32,
    /// Further copies of its packets.
    pub duplicates: u32,
    /// The first time to live other than its first one, and the frame that had it.
    pub(super) other_ttl: Option<(u8, FrameNumber)>,
    /// The first link address other than its first one.
    pub(super) other_link: LinkTag,
}

impl EndpointFacts {
    #[inline]
    pub(super) fn has(&self, fact: u8) -> bool {
        self.facts & fact != 0
    }

    #[inline]
    pub(super) fn set(&mut self, fact: u8, is_true: bool) {
        self.facts = self.facts & !fact | if is_true { fact } else { 0 };
    }

    /// It sent a connection request (SYN without ACK).
    #[inline]
    pub fn sent_syn(&self) -> bool {
        self.has(fact::SYN)
    }

    /// It answered one (SYN with ACK).
    #[inline]
    pub fn sent_syn_ack(&self) -> bool {
        self.has(fact::SYN_ACK)
    }

    /// It offered SACK in its SYN.
    pub fn sack_permitted(&self) -> bool {
        self.has(fact::SACK)
    }

    /// The MSS its SYN announced.
    pub fn mss(&self) -> Option<u16> {
        self.has(fact::MSS).then_some(self.mss)
    }

    /// The shift count its SYN offered, at most 14 (RFC 7323 section 2.3); in force only if both SYNs had one.
    #[inline]
    pub fn window_scale(&self) -> Option<u8> {
        Some(self.window_scale).filter(|&scale| scale != NO_SCALE)
    }

    /// Sequence number of its SYN.
    #[inline]
    pub fn syn_seq(&self) -> Option<SeqNum> {
        self.has(fact::SYN | fact::SYN_ACK).then_some(self.syn)
    }

    /// Sequence number after its FIN.
    #[inline]
    pub fn fin_end(&self) -> Option<SeqNum> {
        self.has(fact::FIN).then_some(self.fin)
    }

    /// Takes in its SYN, or SYN and ACK, whose window scale is at most `most`.
    pub(super) fn set_syn(&mut self, segment: &Segment, most: u8) {
        self.syn = segment.seq;
        self.facts |= if segment.flags.ack() { fact::SYN_ACK } else { fact::SYN };
        self.window_scale = segment.options.window_scale().map_or(NO_SCALE, |scale| scale.min(most));
        self.mss = segment.options.mss().unwrap_or(0);
        self.set(fact::MSS, segment.options.mss().is_some());
        self.set(fact::SACK, segment.options.sack_permitted());
    }

    /// Takes in its FIN.
    pub(super) fn set_fin(&mut self, end: SeqNum) {
        self.fin = end;
        self.facts |= fact::FIN;
    }

    /// Takes in its first segment other than a reset.
    pub(super) fn set_first(&mut self, segment: &Segment, begun: FrameNumber) {
        self.first = behind(begun, segment.frame);
        self.first_ttl = segment.ttl;
        self.link = segment.device.link();
    }

    /// Its first time to live, with the frame that had it. `begun`: the flow's first frame.
    pub(super) fn first_ttl(&self, begun: FrameNumber) -> Option<(u8, FrameNumber)> {
        Some((self.first_ttl, at(begun, self.first)?))
    }

    /// Its first link address.
    pub(super) fn link(&self) -> LinkTag {
        self.link
    }

    /// Takes in its FIN or RST, if it is the first.
    pub(super) fn note_end(&mut self, segment: &Segment, begun: FrameNumber) {
        if self.ended.is_none() {
            self.ended = segment.time;
            self.ended_in = behind(begun, segment.frame);
            self.ended_by = segment.flags.bits() | if segment.seq.0 == 0 { SEQ_IS_ZERO } else { 0 };
        }
    }

    /// Its first FIN or RST that was no copy and has a time.
    pub(super) fn ended(&self, begun: FrameNumber) -> Option<Ended> {
        Some(Ended {
            time: self.ended?,
            frame: at(begun, self.ended_in)?,
            flags: TcpFlags::from_bits(self.ended_by & !SEQ_IS_ZERO),
            seq_is_zero: self.ended_by & SEQ_IS_ZERO != 0,
        })
    }

    /// Whether any segment of it was seen.
    pub fn is_seen(&self) -> bool {
        self.segments > 0
    }
}

/// How many frames one is behind another; the greatest number where it has no room.
pub(super) fn behind(begun: FrameNumber, frame: FrameNumber) -> u32 {
    u32::try_from(frame.get().saturating_sub(begun.get())).unwrap_or(u32::MAX)
}

/// The frame so many behind another, where that had room.
pub(super) fn at(begun: FrameNumber, behind: u32) -> Option<FrameNumber> {
    FrameNumber::new(begun.get().checked_add(behind.into())?).filter(|_| behind != u32::MAX)
}
