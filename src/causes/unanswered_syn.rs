//! Nothing answers the SYN.

use super::question::Question;
use super::{Candidate, Cause};
use crate::evidence::{Aspect, Weight};
use crate::flow::{Phase, Teardown};

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    if story.decisive.is_some() || story.teardown != Teardown::Unanswered || story.case.flow.phase() != Phase::Syn {
        return None;
    }
    let syns = || story.before(story.client()).map(|one| one.frame());
    let candidate = question
        .candidate(Cause::UnansweredSyn, || match syns().count() {
            ..=1 => "nothing answered the client's SYN".to_owned(),
            count => format!("nothing answered the client's {count} SYNs"),
        })
        .because(Aspect::Company, Weight::Strong, syns().take(8), "no answer of any kind came back")
        .advise("a packet filter that drops, a host that is down, or a way back that leads elsewhere: look for them")
        .advise_if(!story.is_compared(), "capture on the server's side to see whether the SYN arrives");
    let server = story.client().reverse();
    if story.case.host(server).is_some_and(|host| !host.ttls.is_empty()) {
        return Some(candidate);
    }
    question.of_others(move |others| {
        let went_on = others.near_server().find(|other| others.is_other(other) && (other.accepted || other.has_data));
        Some(match went_on {
            Some(other) => candidate.clone().although(
                Aspect::Aftermath,
                Weight::Strong,
                [other.frame],
                "no packet of the server's is in the capture, though other connections to it came up: its direction is missing",
            ),
            None => candidate.clone(),
        })
    })
}
