//! Probes or repetitions without an answer.

use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::Mechanism;
use crate::evidence::{Aspect, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    if story.mechanism()? != Mechanism::KeepaliveTimeout {
        return None;
    }
    let decisive = story.by_host()?;
    let (name, other) = (story.name(decisive.reset.way), story.name(decisive.reset.way.reverse()));
    let form = decisive.verdict.evidence.iter().filter(|piece| piece.clue == "form");
    let frames = form.flat_map(|piece| piece.frames.iter().copied());
    // A probe has at most one octet (RFC 9293 section 3.8.4).
    let timeline = story.case.timeline;
    let sightings = frames.clone().filter_map(|frame| timeline.sightings.get(timeline.place_of(frame)?));
    let tried = || match sightings.map(|one| one.segment.payload_len).max() {
        Some(2..) => "repeated its data",
        _ => "probed",
    };
    // One of them may have been answered by what was lost or held back; then somebody else had enough.
    let weight = if decisive.verdict.or_else.is_some() { Weight::Weak } else { Weight::Strong };
    Some(
        question.candidate(
            Cause::KeepaliveFailure,
            || format!("{other} no longer answered: {name} {} in vain and gave the connection up", tried()),
        )
        .because(Aspect::Form, weight, frames, || format!("{name}'s probes or repetitions had no answer before it reset"))
        .advise(|| format!("find out why {other} fell silent: host down, path broken, or a device on the way that forgot the connection and drops it"))
        .advise("the probing side decides by tcp_keepalive_time/intvl/probes or TCP_USER_TIMEOUT: `ss -to` shows its timers"),
    )
}
