//! Several resets in one name whose numbers rise without anything between them that could have made them.
//!
//! RST_SEQ_CHANGE of Weaver, Sommer and Paxson (NDSS 2009).

use super::Question;
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};
use crate::tcp::Duration;

/// Resets further apart are not one burst (as the detector of the paper has it).
pub(super) const ONE_BURST: Duration = Duration::from_secs(2);

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let segment = suspect.segment();
    let near = |one: &crate::timeline::Sighting| {
        let apart = one.time().zip(segment.time).map(|(one, other)| one.since(other).0.saturating_abs());
        apart.is_none_or(|apart| apart <= ONE_BURST.0)
    };
    let mut others: Vec<_> = suspect.other_resets(suspect.own()).map(|(_, one)| one).filter(|one| near(one)).collect();
    // A device's own resets look alike; the host may answer in the middle of them.
    others.retain(|one| {
        one.segment.seq != segment.seq
            && one.segment.seq.0 != 0
            && one.segment.flags == segment.flags
            && one.segment.ttl == segment.ttl
            && one.segment.dont_fragment == segment.dont_fragment
    });
    if others.is_empty() {
        return None;
    }
    let sent = super::super::case::highest_end(suspect.of_claimed_sender())?;
    let acked = suspect.case.timeline.sightings.iter().filter(|one| one.way == suspect.peer() && one.is_ordinary());
    let acked = acked.filter(|one| one.segment.flags.ack()).map(|one| one.segment.ack);
    let reached = acked.fold(sent, crate::tcp::SeqNum::max);
    let (lowest, highest) = others.iter().fold((segment.seq, segment.seq), |(low, high), one| {
        (if one.segment.seq.before(low) { one.segment.seq } else { low }, high.max(one.segment.seq))
    });
    if !highest.after(reached) || highest.since(lowest) <= 2 {
        return None;
    }
    let mut frames: Vec<_> = others.iter().map(|one| one.frame()).chain([segment.frame]).collect();
    frames.sort_unstable();
    frames.truncate(8);
    Some(suspect.forged("burst", Aspect::Sequence, Weight::Decisive, frames, || {
        format!(
            "{} resets in this name with rising numbers, the highest {} beyond all that {} had sent (RST_SEQ_CHANGE)",
            others.len() + 1,
            highest.since(reached),
            suspect.case.name(suspect.own())
        )
    }))
}
