//! Nothing answers data or probes any more.

use super::question::Question;
use super::{Candidate, Cause};
use crate::evidence::{Aspect, Weight};
use crate::flow::{Phase, Teardown};

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let phase = story.case.flow.phase();
    if story.decisive.is_some() || story.teardown != Teardown::Unanswered || phase < Phase::Handshake {
        return None;
    }
    let last = story.case.timeline.sightings.iter().rfind(|one| one.is_ordinary())?;
    let (name, other) = (story.name(last.way), story.name(last.way.reverse()));
    // What nobody could see is not known to be missing.
    let is_seen = story.case.flow.ends[last.way.reverse()].is_seen();
    let frames = story.before(last.way).map(|one| one.frame()).take(6);
    let pause = || match story.pause {
        Some(pause) => format!(" after {:.1} s of silence", pause.length.as_secs_f64()),
        None => String::new(),
    };
    Some(
        question
            .candidate(Cause::UnansweredData, || match is_seen {
                true => format!("{other} no longer answered{}: {name} repeated itself in vain", pause()),
                false => format!("{name} repeated itself{}; of {other} nothing is in the capture", pause()),
            })
            .because(Aspect::Company, if is_seen { Weight::Strong } else { Weight::Weak }, frames, || match is_seen {
                true => format!("{name} repeated what it had sent, and nothing came back"),
                false => format!("{name} repeated what it had sent"),
            })
            .advise(
                "a device that forgot the connection and drops its packets, a broken path, or a dead host: look for them",
            )
            .advise_if(!story.is_compared(), || format!("capture on {other}'s side to see what arrives")),
    )
}
