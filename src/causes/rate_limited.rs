//! A packet filter rejects what goes beyond so many connections or octets in a time.

use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::{Mechanism, Sender};
use crate::evidence::{Aspect, Weight};
use crate::flow::Phase;

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.decisive?;
    let server_way = story.client().reverse();
    let filtered =
        decisive.verdict.sender == Sender::Middlebox || decisive.verdict.mechanism == Mechanism::PacketFilter;
    if decisive.reset.phase != Phase::Syn || decisive.reset.way != server_way || !filtered {
        return None;
    }
    let began = story.case.flow.first_time?;
    let frame = decisive.reset.segment.frame;
    question.of_others(move |others| {
        let near = others.near_server();
        let others_near = || near.clone().filter(|other| others.is_other(other));
        let before = others_near().filter(|other| other.accepted && other.began < began).last()?;
        let after = others_near().find(|other| other.accepted && other.began > began);
        let granted = || others_near().filter(|other| other.accepted).count();
        let rejected = || others_near().filter(|other| !other.accepted && other.reset.is_some()).count() + 1;
        let candidate = others.candidate(
            Cause::RateLimited,
            || format!("a packet filter rejected the connection: of {} in all it let {} pass", granted() + rejected(), granted()),
        )
        .advise(
            "look for a limit on new connections in the packet filters between: `limit rate`, hashlimit, SYN protection",
        )
        .advise("let the client open fewer connections a second, or retry with growing pauses");
        // Where those granted before are still open, their number may be the limit as well as their rate.
        let open = others_near().filter(|other| other.accepted && other.began < began);
        let open = open.filter(|other| other.ended.is_none_or(|end| end > began)).count();
        Some(
            match after {
                Some(after) => candidate.because(
                    Aspect::Company,
                    if open >= 2 { Weight::Moderate } else { Weight::Strong },
                    [before.frame, frame, after.frame],
                    "connections to the same port were granted before and after",
                ),
                // One alone may as well be the first that a new rule rejects.
                None => candidate.because(
                    Aspect::Company,
                    if rejected() > 1 { Weight::Moderate } else { Weight::Weak },
                    [before.frame, frame],
                    "connections to the same port were granted before",
                ),
            }
            .because(Aspect::Form, Weight::Moderate, [frame], "a packet filter made the reset"),
        )
    })
}
