//! Nothing answers the SYN.

use super::diagnose::Question;
use super::{Candidate, Cause};
use crate::evidence::{Aspect, Weight};
use crate::flow::{Phase, Teardown};

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    if story.decisive.is_some() || story.teardown != Teardown::Unanswered || story.case.flow.phase() != Phase::Syn {
        return None;
    }
    let syns = || story.before(story.client()).map(|one| one.frame());
    Some(
        question
            .candidate(Cause::UnansweredSyn, || format!("nothing answered the client's {} SYNs", syns().count().max(1)))
            .because(Aspect::Company, Weight::Strong, syns().take(8), "no answer of any kind came back")
            .advise(
                "a packet filter that drops, a host that is down, or a way back that leads elsewhere: look for them",
            )
            .advise_if(!story.is_compared(), "capture on the server's side to see whether the SYN arrives"),
    )
}
