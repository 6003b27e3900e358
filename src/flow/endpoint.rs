use super::coverage::Holes;
use crate::tcp::SeqNum;

/// What an observer knows of one endpoint of a flow, from the segments it sent.
///
/// Lean, since a capture may hold a million flows: what few endpoints have stands in [`Rare`].
#[derive(Clone, Debug, Default)]
pub struct EndpointFacts {
    /// Octets of data it sent, each octet of the stream once, as far as they were seen.
    pub octets: u64,
    /// Segments it sent, copies of a packet counted each time they were captured (as Wireshark counts).
    pub segments: u32,
    syn: SeqNum,
    fin: SeqNum,
    /// The MSS its SYN announced.
    pub mss: Option<u16>,
    /// The shift count its SYN offered, at most 14 (RFC 7323 section 2.3); in force only if both SYNs had one.
    pub window_scale: Option<u8>,
    /// It sent a connection request (SYN without ACK).
    pub sent_syn: bool,
    /// It answered one (SYN with ACK).
    pub sent_syn_ack: bool,
    sent_fin: bool,
    /// It offered SACK in its SYN.
    pub sack_permitted: bool,
    /// Whether sequence numbers were skipped, so that [`Rare::holes`] matters.
    pub(super) skipped: bool,
    /// Its latest segment that can tell copies from repetitions was a copy.
    pub(super) doubled: bool,
    /// Whether it repeated something that is not acknowledged yet: what passed here may not have arrived.
    pub(super) repeats: bool,
    /// Retransmissions and probes since the other side was last heard; 255 stands for that and more.
    pub unanswered: u8,
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
        (self.sent_syn || self.sent_syn_ack).then_some(self.syn)
    }

    /// Sequence number after its FIN.
    #[inline]
    pub fn fin_end(&self) -> Option<SeqNum> {
        self.sent_fin.then_some(self.fin)
    }

    /// Takes in its SYN, or SYN and ACK.
    pub(super) fn set_syn(&mut self, seq: SeqNum, answers: bool) {
        self.syn = seq;
        self.sent_syn |= !answers;
        self.sent_syn_ack |= answers;
    }

    /// Takes in its FIN.
    pub(super) fn set_fin(&mut self, end: SeqNum) {
        self.fin = end;
        self.sent_fin = true;
    }

    /// Whether any segment of it was seen.
    pub fn is_seen(&self) -> bool {
        self.segments > 0
    }
}
