//! The error that one side's application gets.
//!
//! Linux decides by the socket's state when it obeys a reset (`tcp_reset` in net/ipv4/tcp_input.c): SYN sent, connection
//! refused; the peer's FIN had come, broken pipe; otherwise connection reset. An application that ended the connection
//! itself has no socket left to be told by.

use super::icmp;
use crate::attribution::{Judged, LOCAL, Mechanism, Party, Sender};
use crate::causes::Story;
use crate::evidence::Aspect;
use crate::flow::{Phase, ResetSegment, Teardown, Way};
use crate::knowledge::errors::{Errno, Event};
use crate::tcp::{Duration, FrameNumber, SeqNum};
use crate::timeline::Sighting;

/// Repetitions of data without an acknowledgement that make a stack give up, if it gave up.
const REPEATED_IN_VAIN: usize = 2;

/// No host restarts sooner, and no stack gives up: the least retransmission timeout of RFC 6298 section 2.4.
const SOONEST: Duration = Duration::from_secs(1);

/// The error that a side's application gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SideOutcome {
    /// Its number.
    pub errno: Errno,
    /// What that means on the wire.
    pub event: Event,
    /// Which call reports it, in a clause.
    pub when: &'static str,
}

impl SideOutcome {
    fn new(errno: Errno, when: &'static str) -> Self {
        Self { errno, event: Event::of(errno), when }
    }
}

const CONNECT: &str = "connect";
const CONNECT_TIMED_OUT: &str = "connect, when its repetitions are used up";
const NEXT_CALL: &str = "the read or write that waits, or else the next one; a write after it gets EPIPE";
const NEXT_READ: &str = "the next read, if it had shut down only its sending side and still reads";
const NEXT_WRITE: &str = "the next write; a read gives end of file, since the peer had closed before";
const LEFT_BEHIND: &str = "the next one, if the device has reset this side, too; otherwise after it next sends, since the \
                           other side's host no longer knows the connection and answers by a reset";
const OUT_OF_SIGHT: &str = "the read or write that waited when a reset came that did not pass here: its host lost the \
                            connection within a second, and had sent neither FIN nor RST";
const GAVE_UP: &str = "the read or write that waits, or else the next one";
const TIMED_OUT: &str = "the read or write that waits, when the repetitions are used up";

/// What the application of the side that sends `way` was told.
pub(super) fn of(story: &Story<'_>, way: Way) -> Option<SideOutcome> {
    match own_end(story, way) {
        OwnEnd::GaveUp => return Some(SideOutcome::new(Errno::Etimedout, GAVE_UP)),
        OwnEnd::Closed => return None,
        OwnEnd::Vanished { frame } => {
            let before = incoming(story, way).find(|(reset, _)| reset.segment.frame < frame);
            return match before {
                Some((reset, verdict)) => by_state(story, reset, verdict),
                None => vanished(story, way, frame),
            };
        }
        OwnEnd::NotShown => {}
    }
    if let Some((reset, verdict)) = incoming(story, way).next() {
        return by_state(story, reset, verdict);
    }
    unanswered(story, way).or_else(|| left_behind(story, way))
}

/// How a side ended its connection by itself.
enum OwnEnd {
    /// Its stack gave up: nobody answered.
    GaveUp,
    /// Its application closed or aborted, or never had the connection.
    Closed,
    /// Its host knew the connection no more when it sent this frame.
    Vanished { frame: FrameNumber },
    /// The capture does not show that it did.
    NotShown,
}

fn own_end(story: &Story<'_>, way: Way) -> OwnEnd {
    let mut vanished = None;
    for (reset, verdict) in resets(story).filter(|(reset, _)| reset.way == way) {
        // An unknown sender proves nothing of the host.
        if verdict.party != Some(Party::Host) {
            continue;
        }
        match verdict.mechanism {
            Mechanism::KeepaliveTimeout if verdict.or_else.is_none() => return OwnEnd::GaveUp,
            // Its application may have.
            Mechanism::KeepaliveTimeout => return OwnEnd::Closed,
            Mechanism::Abort
            | Mechanism::AbortUnreadData
            | Mechanism::DataAfterClose
            | Mechanism::TimeWait
            | Mechanism::BacklogOverflow
            | Mechanism::NoListener => return OwnEnd::Closed,
            Mechanism::NoConnection if speaks_after(story, reset) => {}
            Mechanism::NoConnection => vanished = vanished.or(Some(reset.segment.frame)),
            // Neither takes the socket away.
            Mechanism::UnacceptableAck | Mechanism::PacketFilter => {}
            Mechanism::Forged | Mechanism::Unknown => {}
        }
    }
    vanished.map_or(OwnEnd::NotShown, |frame| OwnEnd::Vanished { frame })
}

/// Whether the host went on with the connection after its reset: something on the host made that, and the socket lived.
fn speaks_after(story: &Story<'_>, reset: &ResetSegment) -> bool {
    let own = story.case.timeline.sightings.iter().filter(|one| one.way == reset.way && one.is_ordinary());
    own.rev().take_while(|one| one.frame() > reset.segment.frame).any(|one| !one.segment.flags.syn())
}

fn resets<'s>(story: &'s Story<'_>) -> impl Iterator<Item = (&'s ResetSegment, &'s Judged)> {
    story.case.flow.resets().iter().zip(story.judged).filter(|(reset, _)| !reset.duplicate)
}

/// The resets that the side had to obey, as long as it had not obeyed one before.
fn incoming<'s>(story: &'s Story<'_>, way: Way) -> impl Iterator<Item = (&'s ResetSegment, &'s Judged)> {
    resets(story).filter(move |(reset, verdict)| reset.way != way && obeys(story, reset, verdict))
}

fn obeys(story: &Story<'_>, reset: &ResetSegment, verdict: &Judged) -> bool {
    // What ended the other side's connection, or a reset that the flow counts as its end, need not have ended this side's.
    if reset.phase == Phase::Closed {
        let is_next = reset.exact == Some(true) || answers_its_latest(story, reset, verdict);
        return is_next && !(reset.fin_before.forward && reset.fin_before.back);
    }
    match verdict.obedience.and_then(|obedience| obedience.obeyed) {
        Some(obeyed) => obeyed,
        None => !story.case.flow.lived_on(),
    }
}

/// Whether a host without the connection answered by the number that the receiver acknowledged last: though more had passed,
/// the receiver never got that.
fn answers_its_latest(story: &Story<'_>, reset: &ResetSegment, verdict: &Judged) -> bool {
    verdict.mechanism == Mechanism::NoConnection
        && verdict.party == Some(Party::Host)
        && story.case.flow.stream.sides[reset.way.reverse()].acked() == Some(reset.segment.seq)
}

/// By the state that the receiver was in.
fn by_state(story: &Story<'_>, reset: &ResetSegment, verdict: &Judged) -> Option<SideOutcome> {
    let receiver = reset.way.reverse();
    let is_client = receiver == story.client();
    let refuses =
        reset.phase == Phase::Syn || verdict.mechanism == Mechanism::NoListener || story.teardown == Teardown::Refused;
    if is_client && refuses {
        return Some(SideOutcome::new(Errno::Econnrefused, CONNECT));
    }
    if !is_client && reset.phase <= Phase::Handshake {
        // The connection never came up to where an application accepts it.
        return None;
    }
    if has_closed_unseen(story, reset, verdict) {
        return None;
    }
    // A socket that was reset sends no FIN: one that was captured later was sent before.
    let has_closed = reset.fin_before[receiver] || story.case.flow.ends[receiver].fin_end().is_some();
    match (reset.fin_before[reset.way], has_closed) {
        (false, false) => Some(SideOutcome::new(Errno::Econnreset, NEXT_CALL)),
        (false, true) => Some(SideOutcome::new(Errno::Econnreset, NEXT_READ)),
        (true, false) => Some(SideOutcome::new(Errno::Epipe, NEXT_WRITE)),
        (true, true) => None,
    }
}

/// Whether a host's reset answers by a number one behind all that was captured of that host: what had passed between was its FIN.
fn has_closed_unseen(story: &Story<'_>, reset: &ResetSegment, verdict: &Judged) -> bool {
    let sent = story.before(reset.way).map(|one| one.segment.seq_end()).reduce(SeqNum::max);
    verdict.party == Some(Party::Host)
        && !reset.fin_before[reset.way]
        && sent.is_some_and(|sent| reset.segment.seq == sent.add(1))
}

/// The host knew the connection no more, and no reset that was captured had told it so.
fn vanished(story: &Story<'_>, way: Way, frame: FrameNumber) -> Option<SideOutcome> {
    if story.case.flow.ends[way].fin_end().is_some() {
        return None;
    }
    if repeated_in_vain(story, way, frame) {
        return Some(SideOutcome::new(Errno::Etimedout, GAVE_UP));
    }
    // Whatever forged one may have forged another beyond this capture point.
    let is_forged = resets(story).any(|(_, verdict)| verdict.sender == Sender::Middlebox);
    if is_forged {
        return Some(SideOutcome::new(Errno::Econnreset, NEXT_CALL));
    }
    reset_out_of_sight(story, way, frame).then(|| SideOutcome::new(Errno::Econnreset, OUT_OF_SIGHT))
}

/// Whether only a reset beyond this capture point can have ended a client's connection: its host forgot it sooner than hosts
/// restart or give up, and what it sends on its own passes here. A server's address may have moved to another host as quickly.
fn reset_out_of_sight(story: &Story<'_>, way: Way, frame: FrameNumber) -> bool {
    let Some(verdict) = story.judged.iter().find(|verdict| verdict.frame == frame) else { return false };
    let mut device = verdict.evidence.iter().filter(|piece| piece.aspect == Aspect::Device);
    // The same host answered, and the capture was not taken on it, where nothing would be out of sight.
    let far =
        device.any(|piece| piece.about == Party::Host) && verdict.evidence.iter().all(|piece| piece.clue != LOCAL);
    let timeline = story.case.timeline;
    let mut own = timeline.sightings.iter().filter(|one| one.way == way && one.is_ordinary() && one.frame() < frame);
    let last = own.next_back().and_then(Sighting::time);
    let answer = timeline.place_of(frame).and_then(|place| timeline.sightings.get(place)?.time());
    let soon = last.zip(answer).is_some_and(|(last, answer)| answer.since(last).0 < SOONEST.0);
    let sides = &story.case.flow.stream.sides;
    let waits = sides[way].next() != sides[way.reverse()].acked();
    // Who gave up while it connected, needed no reset.
    let is_up = story.case.flow.phase() > Phase::Handshake;
    way == story.client() && is_up && far && soon && !waits && story.case.later().is_none()
}

/// Whether the side had repeated data that was never acknowledged before this frame.
fn repeated_in_vain(story: &Story<'_>, way: Way, frame: FrameNumber) -> bool {
    let all = &story.case.timeline.sightings;
    let before = || all.iter().filter(|one| one.is_ordinary() && one.frame() < frame);
    let acks = before().filter(|one| one.way != way && one.segment.flags.ack()).map(|one| one.segment.ack);
    let Some(acked) = acks.reduce(SeqNum::max) else { return false };
    let mut sent: Option<SeqNum> = None;
    let mut repeated = 0;
    for one in before().filter(|one| one.way == way && one.segment.seq_len() > 0) {
        let end = one.segment.seq_end();
        if !end.after(acked) {
            continue;
        }
        repeated += usize::from(sent.is_some_and(|sent| !end.after(sent)));
        sent = Some(sent.map_or(end, |sent| sent.max(end)));
    }
    repeated >= REPEATED_IN_VAIN
}

/// The other side obeyed a reset that nobody on this side made: this side does not know of it yet.
fn left_behind(story: &Story<'_>, way: Way) -> Option<SideOutcome> {
    let flow = story.case.flow;
    let forged = |(reset, verdict): (&ResetSegment, &Judged)| {
        verdict.sender == Sender::Middlebox && reset.phase > Phase::Handshake && obeys(story, reset, verdict)
    };
    let is_left = resets(story).filter(|(reset, _)| reset.way == way).any(forged);
    (is_left && flow.ends[way].fin_end().is_none()).then(|| SideOutcome::new(Errno::Econnreset, LEFT_BEHIND))
}

/// Without a reset: what silence and ICMP lead to.
fn unanswered(story: &Story<'_>, way: Way) -> Option<SideOutcome> {
    let flow = story.case.flow;
    let reported = flow.detail.iter().flat_map(|detail| &detail.icmp).filter(|said| said.way == way);
    let reported = reported.filter_map(icmp::errno).next_back();
    let connects = way == story.client() && flow.phase() == Phase::Syn;
    match (story.teardown, reported) {
        // While connecting an ICMP error counts at once.
        (Teardown::Refused | Teardown::Unanswered, Some(errno)) if connects => Some(SideOutcome::new(errno, CONNECT)),
        (Teardown::Unanswered, None) if connects => Some(SideOutcome::new(Errno::Etimedout, CONNECT_TIMED_OUT)),
        // Later it is kept until the repetitions are used up (RFC 1122 section 4.2.3.9).
        (Teardown::Unanswered, reported)
            if flow.ends[way].unanswered > 0 && flow.phase() >= Phase::Data && flow.ends[way.reverse()].is_seen() =>
        {
            Some(SideOutcome::new(reported.unwrap_or(Errno::Etimedout), TIMED_OUT))
        }
        _ => None,
    }
}
