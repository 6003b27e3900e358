//! Several resets in one name that acknowledge different things, which nothing that passed explains.
//!
//! RST_ACK_CHANGE of Weaver, Sommer and Paxson (NDSS 2009).

use super::Question;
use super::burst::ONE_BURST;
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};
use crate::tcp::SeqNum;

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let segment = suspect.segment();
    if segment.ack.0 == 0 {
        return None;
    }
    let (_, other) = suspect.other_resets(suspect.own()).find(|(_, other)| {
        let apart = other.time().zip(segment.time).map(|(one, other)| one.since(other).0.saturating_abs());
        apart.is_none_or(|apart| apart <= ONE_BURST.0)
            && other.segment.flags == segment.flags
            && other.segment.ack.0 != 0
            && other.segment.ack != segment.ack
    })?;
    let stands = |number: SeqNum| {
        let mut sent = suspect.case.timeline.sightings.iter().filter(|one| one.way == suspect.peer());
        sent.any(|one| one.segment.seq == number || one.segment.seq_end() == number)
    };
    // A field without its bit may hold anything (Windows repeats the sequence number).
    let idle = |flags: crate::tcp::TcpFlags, ack: SeqNum, seq: SeqNum| !flags.ack() && ack == seq;
    if stands(segment.ack) || idle(segment.flags, segment.ack, segment.seq) {
        return None;
    }
    let mut frames = [segment.frame, other.frame()];
    frames.sort_unstable();
    Some(suspect.forged("ack_change", Aspect::Sequence, Weight::Strong, frames, || {
        format!(
            "resets in {}'s name acknowledge different numbers, and none of {}'s segments ends at this one's \
             (RST_ACK_CHANGE)",
            suspect.case.name(suspect.own()),
            suspect.case.name(suspect.peer())
        )
    }))
}
