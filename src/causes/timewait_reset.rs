//! Leftovers of an old connection of the same addresses and ports.

use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::Mechanism;
use crate::evidence::{Aspect, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.by_host()?;
    let name = story.name(decisive.reset.way);
    let frames = decisive.verdict.evidence.iter().filter(|piece| piece.clue == "form");
    let frames = frames.flat_map(|piece| piece.frames.iter().copied());
    let candidate = |sentence: &dyn Fn() -> String| {
        question.candidate(Cause::TimewaitReset, sentence)
            .advise("let clients use more ports and reuse connections, so that a pair of ports does not come again so soon")
            .advise("a device that holds half-dead connections longer than the hosts do makes this likelier: compare its timers")
    };
    match decisive.verdict.mechanism {
        Mechanism::UnacceptableAck => Some(
            candidate(&|| format!("an old connection of the same ports was still alive at the other side: it answered {name}'s SYN with its old numbers")).because(
                Aspect::Form,
                Weight::Strong,
                frames,
                || format!("{name} had sent a SYN and was answered with an acknowledgement of another connection"),
            ),
        ),
        Mechanism::TimeWait | Mechanism::NoConnection if story.case.flow.both_fins() => Some(
            candidate(&|| format!("a late segment met {name}'s connection after both sides had closed it")).because(
                Aspect::Form,
                Weight::Moderate,
                frames,
                "both sides had sent FIN before",
            ),
        ),
        _ => None,
    }
}
