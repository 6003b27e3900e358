//! What stands around one RST segment at the moment it was captured.

use super::connection::Flow;
use super::endpoint::fact;
use super::way::{Pair, Way};
use crate::tcp::{Duration, Segment, SeqNum};

/// Whether a reset carried an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// RST without ACK.
    Rst,
    /// RST with ACK.
    RstAck,
}

/// How far a connection had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// A connection request and no answer yet.
    Syn,
    /// Answered, but the handshake's last acknowledgement was not seen yet.
    Handshake,
    /// Established, or seen in mid-stream.
    Data,
    /// One or both sides had sent FIN, and not all of it was acknowledged.
    Closing,
    /// Both FINs were acknowledged, or an earlier reset that the receiver must accept had ended it.
    Closed,
}

/// One RST segment and its circumstances.
#[derive(Clone, Debug)]
pub struct ResetSegment {
    /// The segment.
    pub segment: Segment,
    /// Which way it went; its source address claims to be the endpoint that sends this way.
    pub way: Way,
    /// How far the connection had come.
    pub phase: Phase,
    /// Whether its sequence number is just what the receiver expects next (RFC 5961 section 3.2), or, for a receiver that
    /// has only sent a SYN, whether it acknowledges that SYN (RFC 9293 section 3.10.7.3). `None` where the capture does not tell.
    pub exact: Option<bool>,
    /// Whether its sequence number lies in the receiver's window (RFC 9293 section 3.10.7.4). `None` where the capture does not tell.
    pub in_window: Option<bool>,
    /// Time since the flow's previous segment.
    pub after: Option<Duration>,
    /// Which endpoints had sent FIN by then.
    pub fin_before: Pair<bool>,
    /// It is a further copy of a packet captured before.
    pub duplicate: bool,
}

impl ResetSegment {
    /// Whether it carried an acknowledgement.
    pub fn form(&self) -> Form {
        if self.segment.flags.ack() { Form::RstAck } else { Form::Rst }
    }
}

/// Where a reset's sequence number stands: (exact, in the window).
pub(super) fn position(flow: &Flow, segment: &Segment, way: Way) -> (Option<bool>, Option<bool>) {
    let (claimed, receiver) = (&flow.ends[way], &flow.ends[way.reverse()]);
    let (claimed_side, receiver_side) = (&flow.stream.sides[way], &flow.stream.sides[way.reverse()]);

    // The receiver has only asked for a connection: it knows no sequence number of the other side yet, so the acknowledgement decides.
    if receiver.sent_syn() && receiver_side.acked().is_none() && !claimed.sent_syn_ack() {
        let Some(syn) = receiver.syn_seq() else { return (None, None) };
        let next = receiver_side.next().unwrap_or(syn.add(1));
        // With data in the SYN (RFC 7413) anything up to its end is acceptable.
        let acknowledges = segment.flags.ack() && segment.ack.after(syn) && !segment.ack.after(next);
        return (Some(acknowledges), Some(acknowledges));
    }

    // The receiver answers a new SYN out of an older connection on the same ports (RFC 5961 section 4): what it acknowledges
    // is what it expects, and the claimed sender's new numbers mean nothing to it.
    if let (Some(syn), Some(acked)) = (claimed.syn_seq(), receiver_side.acked())
        && claimed.sent_syn()
        && !receiver.sent_syn()
        && !receiver.sent_syn_ack()
        && acked != syn
        && !acked.after(syn)
    {
        let exact = segment.seq == acked;
        return (Some(exact), if exact { Some(true) } else { in_window(flow, segment.seq, acked, way) });
    }

    let contiguous = if claimed.has(fact::SKIPPED) {
        flow.rare(way).and_then(|rare| rare.holes.first()).or(claimed_side.next())
    } else {
        claimed_side.next()
    };
    // The receiver has at least what it acknowledged, and what passed here in order reached it before this segment, unless
    // it had to be repeated and still was not acknowledged: then it may have been lost behind this point.
    let (expected, or_else) = match (contiguous, receiver_side.acked()) {
        (Some(passed), Some(acked))
            if acked.before(passed) && (claimed.has(fact::REPEATS) || flow.has_ignored(way)) =>
        {
            (acked, passed)
        }
        (Some(passed), Some(acked)) => (passed.max(acked), passed.max(acked)),
        (Some(known), None) | (None, Some(known)) => (known, known),
        (None, None) => return (None, None),
    };
    if segment.seq == expected || segment.seq == or_else {
        return (Some(true), Some(true));
    }
    (Some(false), in_window(flow, segment.seq, expected, way))
}

fn in_window(flow: &Flow, seq: SeqNum, expected: SeqNum, way: Way) -> Option<bool> {
    if seq.before(expected) {
        return Some(false);
    }
    let field = u32::from(flow.stream.sides[way.reverse()].window()?);
    match flow.latest_scale(way.reverse()) {
        // Both SYNs were seen, or the receiver's own offered no scale: the window is known.
        Some(scale) => Some(seq.is_within(expected, field << scale)),
        // In mid-stream the window is the field times an unknown power of two up to 2¹⁴.
        None if seq.is_within(expected, field) => Some(true),
        None if !seq.is_within(expected, field << MAX_SCALE) => Some(false),
        None => None,
    }
}

/// The largest shift count (RFC 7323 section 2.3).
pub(super) const MAX_SCALE: u8 = 14;
