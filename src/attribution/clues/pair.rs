//! Two resets at once, one in each name.

use super::Question;
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};
use crate::tcp::Duration;
use crate::timeline::Sighting;

/// One device sends both within a moment.
const ONE_DEVICE: Duration = Duration::from_millis(2);

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    // What answers a segment at the time in which its host can is that host's answer, whatever else passed just then.
    if question.origin.is_some_and(|origin| origin.as_ref().is_ok_and(|origin| origin.trigger.is_some())) {
        return None;
    }
    let time = suspect.segment().time?;
    let round_trip = suspect.case.flow.rtt()?;
    if round_trip.0 < ONE_DEVICE.0 * 2 {
        return None;
    }
    // Once a reset has gone before, either host answers for itself what still comes.
    let is_before = |(_, other): (usize, &Sighting)| other.time().is_some_and(|other| time.since(other) > ONE_DEVICE);
    if suspect.other_resets(suspect.own()).chain(suspect.other_resets(suspect.peer())).any(is_before) {
        return None;
    }
    let (_, other) = suspect.other_resets(suspect.peer()).find(|(_, other)| {
        let apart = other.time().map(|other| time.since(other).0.saturating_abs());
        // One device makes both alike; a host that answers makes the other form than one that aborts.
        let alike = other.segment.flags == suspect.segment().flags;
        let answers = other.segment.ack == suspect.segment().seq && !other.segment.flags.ack();
        apart.is_some_and(|apart| apart <= ONE_DEVICE.0) && alike && !answers
    })?;
    let mut frames = [suspect.segment().frame, other.frame()];
    frames.sort_unstable();
    Some(suspect.forged(
        "both_sides",
        Aspect::Company,
        Weight::Strong,
        frames,
        "resets in both names pass here at the same moment, and the hosts are further apart than that",
    ))
}
