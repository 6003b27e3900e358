//! How a flow ended.

use super::connection::{Flow, IcmpEvidence};
use super::reset::{Phase, ResetSegment};
use super::role::Roles;
use super::way::Way;
use crate::tcp::{Duration, Timestamp};

/// Silence after a SYN sent once that counts as no answer: the retransmission timeout that RFC 6298 section 5.7 prescribes
/// after a repeated SYN, three times the initial one of its section 2.1.
const SYN_UNANSWERED_AFTER: Duration = Duration::from_secs(3);

/// Silence after data or a probe repeated once that counts as no answer: the least retransmission timeout of RFC 6298
/// section 2.4. Where the capture ends sooner, the answer may only not have been captured.
const DATA_UNANSWERED_AFTER: Duration = Duration::from_secs(1);

/// How a flow ended, as far as the capture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Teardown {
    /// Both sides sent FIN, and no reset came that the receiver had to heed.
    Fin,
    /// A reset ended it before both sides had closed.
    Reset,
    /// The connection request was answered by a reset, or by an ICMP error that ends it.
    Refused,
    /// Both sides had closed; resets that came then or between the two FINs changed nothing.
    ResetAfterFin,
    /// A SYN, data or a probe was repeated and never answered, or a SYN stood unanswered for three seconds.
    Unanswered,
    /// One side sent FIN, the other did not.
    HalfClosed,
    /// None of these: it was open when the capture ended.
    Open,
}

impl Teardown {
    /// Of this flow, in a capture whose latest time is `capture_end`.
    pub fn of(flow: &Flow, capture_end: Option<Timestamp>) -> Self {
        if let Some(reset) = decisive_reset(flow) {
            return by_reset(flow, reset);
        }
        if flow.ended_by_unknown_reset() {
            return by_unknown_reset(flow);
        }
        if flow.both_fins() {
            Self::Fin
        } else if is_refused_by_icmp(flow) {
            Self::Refused
        } else if Way::BOTH.iter().any(|&way| is_unanswered(flow, way, capture_end)) {
            Self::Unanswered
        } else if flow.ends.forward.fin_end().is_some() || flow.ends.back.fin_end().is_some() {
            Self::HalfClosed
        } else {
            Self::Open
        }
    }
}

/// The first reset that can have ended the connection.
fn decisive_reset(flow: &Flow) -> Option<&ResetSegment> {
    if flow.lived_on() {
        return None;
    }
    flow.resets().iter().find(|reset| !reset.duplicate && !is_ignored(flow, reset))
}

/// Whether the receiver drops the reset: it lies outside its window (RFC 9293 section 3.10.7.4).
///
/// One octet below what the receiver expects is heeded once the sender's FIN was seen: stacks answer late segments by the
/// number before their FIN, and Linux accepts that (`tcp_reset_check`). With gaps in what was captured, nothing is certain.
fn is_ignored(flow: &Flow, reset: &ResetSegment) -> bool {
    reset.in_window == Some(false)
        && reset.phase != Phase::Syn
        && flow.ends[reset.way].fin_end().is_none_or(|end| reset.segment.seq.add(1) != end)
        && flow.rare(reset.way).is_none_or(|rare| rare.holes.is_empty())
}

fn by_reset(flow: &Flow, reset: &ResetSegment) -> Teardown {
    let from_server = Roles::of(flow).from_client != reset.way;
    if reset.phase == Phase::Syn && from_server && !flow.stream.sides[reset.way].spoke() {
        return Teardown::Refused;
    }
    // With only the server's direction captured, its form still tells (RFC 9293 section 3.5.2, group 1).
    let answers_syn = reset.segment.seq.0 == 0 && reset.segment.flags.ack() && reset.segment.ack.0 != 0;
    if answers_syn && !flow.stream.sides.forward.spoke() && !flow.stream.sides.back.spoke() {
        return Teardown::Refused;
    }
    // Its sender had closed already, and so did the other side in the end: Zeek too takes that as a regular close.
    if flow.both_fins() && reset.fin_before[reset.way] {
        return Teardown::ResetAfterFin;
    }
    Teardown::Reset
}

/// The same of a reset for which there was no room: what it met is told by how far the connection had come.
fn by_unknown_reset(flow: &Flow) -> Teardown {
    let server = Roles::of(flow).from_client.reverse();
    if flow.both_fins() {
        Teardown::ResetAfterFin
    } else if flow.established() || flow.stream.sides[server].spoke() {
        Teardown::Reset
    } else {
        Teardown::Refused
    }
}

/// Whether the connection request drew an ICMP error that ends the attempt.
fn is_refused_by_icmp(flow: &Flow) -> bool {
    let client = Roles::of(flow).from_client;
    let Some(detail) = &flow.detail else { return false };
    flow.ends[client].sent_syn()
        && !flow.stream.sides[client.reverse()].spoke()
        && !flow.established()
        && detail.icmp.iter().any(|evidence| evidence.way == client && ends_attempt(evidence))
}

/// Destination unreachable, but for the codes that only ask for smaller packets (RFC 792, RFC 1191, RFC 4443).
fn ends_attempt(evidence: &IcmpEvidence) -> bool {
    const ICMP_UNREACHABLE: u8 = 3;
    const FRAGMENTATION_NEEDED: u8 = 4;
    const ICMPV6_UNREACHABLE: u8 = 1;
    let error = &evidence.error;
    if error.icmpv6 {
        error.icmp_type == ICMPV6_UNREACHABLE
    } else {
        error.icmp_type == ICMP_UNREACHABLE && error.code != FRAGMENTATION_NEEDED
    }
}

fn is_unanswered(flow: &Flow, way: Way, capture_end: Option<Timestamp>) -> bool {
    let (own, other) = (&flow.ends[way], &flow.ends[way.reverse()]);
    let silence = || {
        let last = flow.stream.last_times[way]?;
        Some(capture_end?.since(last))
    };
    let silent_for = |least: Duration| silence().is_some_and(|silence| silence >= least);
    match own.unanswered {
        0 => own.sent_syn() && !other.is_seen() && !flow.established() && silent_for(SYN_UNANSWERED_AFTER),
        // A SYN is repeated by a timer, so it has waited already.
        1 if flow.phase() <= Phase::Handshake => true,
        1 => silent_for(DATA_UNANSWERED_AFTER),
        2.. => true,
    }
}
