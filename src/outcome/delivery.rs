//! How much of what was sent arrived.

use crate::attribution::{Judged, Mechanism, Party};
use crate::causes::Story;
use crate::flow::Way;
use crate::tcp::{FrameNumber, SeqNum};
use crate::timeline::Sighting;

/// What arrived of the last exchange, and what was lost of everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Delivery {
    /// Octets of the last request.
    pub request: u64,
    /// How many of them the server's stack acknowledged; `None` where the capture does not tell.
    pub request_arrived: Option<u64>,
    /// Octets that the server sent after it.
    pub response: u64,
    /// How many of them the client's stack has; `None` where the capture does not tell.
    pub response_arrived: Option<u64>,
    /// Octets of both sides that were sent and lost; `None` where the capture does not tell.
    pub lost: Option<u64>,
}

impl Delivery {
    pub(super) fn of(story: &Story<'_>) -> Self {
        let (client, server) = (story.client(), story.client().reverse());
        let at = |first: FrameNumber| {
            let place = story.case.timeline.place_of(first)?;
            Some((place, story.case.timeline.sightings.get(place)?.segment.seq))
        };
        let start = |way: Way| at(story.turns.iter().rev().find(|turn| turn.way == way)?.first);
        // The server may have answered in the middle of it.
        let begun = story.application.last_request.as_ref().filter(|request| request.by == client);
        let request = begun
            .and_then(|request| at(request.first_frame))
            .into_iter()
            .chain(start(client))
            .min_by_key(|(place, _)| *place);
        // What came before the last request answered an earlier one.
        let response = start(server).filter(|(place, _)| request.is_none_or(|(asked, _)| *place > asked));
        let (request, request_arrived) = part(story, client, request.map(|(_, seq)| seq));
        let (response, response_arrived) = part(story, server, response.map(|(_, seq)| seq));
        let lost = |way: Way| Some(undelivered(story, way)? + unread(story, way));
        let lost = lost(client).zip(lost(server)).map(|(one, other)| one + other);
        Self { request, request_arrived, response, response_arrived, lost }
    }

    pub(super) fn request_delivered(&self) -> Option<bool> {
        Some(self.request_arrived? == self.request).filter(|_| self.request > 0)
    }
}

/// Octets sent from a sequence number on, and how many of them arrived.
fn part(story: &Story<'_>, way: Way, start: Option<SeqNum>) -> (u64, Option<u64>) {
    let distance = |end: SeqNum, start: SeqNum| u64::try_from(end.since(start)).unwrap_or(0);
    let ends = story.before(way).filter(|one| one.segment.payload_len > 0).map(data_end);
    let (Some(start), Some(end)) = (start, ends.reduce(SeqNum::max)) else { return (0, Some(0)) };
    let arrived = confirmed(story, way).map(|reached| if reached.after(end) { end } else { reached });
    (distance(end, start), arrived.map(|reached| distance(reached, start)))
}

/// Octets that were sent this way and never acknowledged.
fn undelivered(story: &Story<'_>, way: Way) -> Option<u64> {
    let flow = story.case.flow;
    let octets = flow.ends[way].octets;
    if octets == 0 {
        return Some(0);
    }
    let next = flow.stream.sides[way].next()?;
    let end = if flow.ends[way].fin_end() == Some(next) { next.add(u32::MAX) } else { next };
    let open = u64::try_from(end.since(confirmed(story, way)?)).unwrap_or(0);
    Some(open.min(octets))
}

/// How far the receiver of what goes this way got, as it says itself. A reset that it obeyed stood just behind what it had.
fn confirmed(story: &Story<'_>, way: Way) -> Option<SeqNum> {
    let receiver = way.reverse();
    let resets = story.case.flow.resets().iter().zip(story.judged);
    let by_reset = resets.filter(|(_, verdict)| verdict.party == Some(Party::Host)).filter_map(|(reset, verdict)| {
        let segment = &reset.segment;
        if reset.way == receiver {
            // What a live socket says; an answer without one repeats the number that came.
            let is_live = matches!(
                verdict.mechanism,
                Mechanism::Abort | Mechanism::AbortUnreadData | Mechanism::KeepaliveTimeout
            );
            (is_live && segment.flags.ack()).then_some(segment.ack)
        } else {
            (verdict.has_ended_it() && segment.seq.0 != 0).then_some(segment.seq)
        }
    });
    // A host that refuses an address that it does not know takes nothing from it.
    let refuses = |reset: &Judged| reset.party == Some(Party::Host) && reset.mechanism == Mechanism::NoConnection;
    let moved = story.case.earlier().is_some_and(|earlier| earlier.changed == way);
    let nothing = || {
        let first = story.before(way).last().filter(|_| moved && story.verdict().is_some_and(refuses))?;
        Some(first.segment.seq)
    };
    let known = story.case.flow.stream.sides[receiver].acked().or_else(nothing);
    by_reset.fold(known, |known, other| Some(known.map_or(other, |known| known.max(other))))
}

/// Octets that went this way, were acknowledged, and lay unread when their receiver aborted: those behind the last that it
/// had before it last spoke.
fn unread(story: &Story<'_>, way: Way) -> u64 {
    let receiver = way.reverse();
    let mut resets = story.case.flow.resets().iter().zip(story.judged);
    let aborted = resets.any(|(reset, verdict)| {
        reset.way == receiver && verdict.party == Some(Party::Host) && verdict.mechanism == Mechanism::AbortUnreadData
    });
    if !aborted {
        return 0;
    }
    let start = story.turns.iter().find(|turn| turn.way == way).and_then(|turn| {
        let place = story.case.timeline.place_of(turn.first)?;
        Some(story.case.timeline.sightings.get(place)?.segment.seq)
    });
    let spoke = story.before(receiver).filter(|one| one.segment.payload_len > 0 && one.segment.flags.ack());
    let answered = spoke.map(|one| one.segment.ack).chain(start).reduce(SeqNum::max);
    let (Some(answered), Some(reached)) = (answered, confirmed(story, way)) else { return 0 };
    let end = story.before(way).map(data_end).reduce(SeqNum::max);
    let reached = end.filter(|end| reached.after(*end)).unwrap_or(reached);
    u64::try_from(reached.since(answered)).unwrap_or(0)
}

/// The end of a segment's data, without SYN and FIN.
fn data_end(one: &Sighting) -> SeqNum {
    let segment = &one.segment;
    segment.seq.add(u32::from(segment.flags.syn())).add(segment.payload_len)
}
