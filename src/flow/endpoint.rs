use super::coverage::Holes;
use crate::tcp::{SeqNum, TcpFlags, Timestamp};

/// What an observer knows of one endpoint of a flow, from the segments it sent.
///
/// Lean, since a capture may hold a million flows: what few endpoints have stands in [`Rare`].
#[derive(Clone, Debug, Default)]
pub struct EndpointFacts {
    /// Segments it sent, copies of a packet counted each time they were captured (as Wireshark counts).
    pub segments: u32,
    /// Octets of data it sent, each octet of the stream once, as far as they were seen.
    pub octets: u64,
    /// All flags it ever set.
    pub flags: TcpFlags,
    /// It sent a connection request (SYN without ACK).
    pub sent_syn: bool,
    /// It answered one (SYN with ACK).
    pub sent_syn_ack: bool,
    /// It offered SACK in its SYN.
    pub sack_permitted: bool,
    /// It sent the timestamps option.
    pub timestamps: bool,
    /// Whether sequence numbers were skipped, so that [`Rare::holes`] matters.
    pub(super) skipped: bool,
    /// Whether it repeated something that is not acknowledged yet: what passed here may not have arrived.
    pub(super) repeats: bool,
    /// Retransmissions and probes since the other side was last heard; 255 stands for that and more.
    pub unanswered: u8,
    /// The shift count its SYN offered, at most 14 (RFC 7323 section 2.3); in force only if both SYNs had one.
    pub window_scale: Option<u8>,
    /// The lowest and the highest time to live of its segments other than resets.
    pub ttl: Option<(u8, u8)>,
    /// The MSS its SYN announced.
    pub mss: Option<u16>,
    /// The window field of its latest segment that was no reset, unscaled.
    pub window: Option<u16>,
    /// Which of `numbers` are known.
    known: [bool; 4],
    numbers: [SeqNum; 4],
    /// When it sent its latest segment.
    pub last_time: Option<Timestamp>,
}

/// The sequence numbers kept of an endpoint; four `Option`s would take twice the room.
#[derive(Clone, Copy)]
pub(super) enum Number {
    Syn,
    FinEnd,
    Next,
    Acked,
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
    /// Times its window became zero.
    pub zero_windows: u32,
    /// Keepalive probes: at most one octet, just below what was sent already (RFC 9293 section 3.8.4).
    pub keepalive_probes: u32,
    /// Further copies of its packets.
    pub duplicates: u32,
}

impl EndpointFacts {
    /// Sequence number of its SYN.
    #[inline]
    pub fn syn_seq(&self) -> Option<SeqNum> {
        self.number(Number::Syn)
    }

    /// Sequence number after its FIN.
    #[inline]
    pub fn fin_end(&self) -> Option<SeqNum> {
        self.number(Number::FinEnd)
    }

    /// The highest sequence number after anything it sent (SND.NXT as seen from outside).
    #[inline]
    pub fn next(&self) -> Option<SeqNum> {
        self.number(Number::Next)
    }

    /// The highest acknowledgement it sent (its RCV.NXT at that time).
    #[inline]
    pub fn acked(&self) -> Option<SeqNum> {
        self.number(Number::Acked)
    }

    #[inline]
    fn number(&self, which: Number) -> Option<SeqNum> {
        self.known[which as usize].then_some(self.numbers[which as usize])
    }

    #[inline]
    pub(super) fn set(&mut self, which: Number, to: SeqNum) {
        self.known[which as usize] = true;
        self.numbers[which as usize] = to;
    }

    /// Whether any segment of it was seen.
    pub fn is_seen(&self) -> bool {
        self.segments > 0
    }

    /// Whether it sent anything but resets.
    pub fn spoke(&self) -> bool {
        self.next().is_some()
    }
}
