//! A packet filter rejects what goes beyond so many connections or octets in a time.

use super::diagnose::Question;
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
    let near = question.near_server();
    let others = || near.clone().filter(|other| other.flow != story.case.flow.id);
    let before = others().filter(|other| other.accepted && other.began < began).last()?;
    let after = others().find(|other| other.accepted && other.began > began);
    let granted = others().filter(|other| other.accepted).count();
    let rejected = others().filter(|other| !other.accepted && other.reset.is_some()).count() + 1;
    let candidate = question.candidate(
        Cause::RateLimited,
        || format!("a packet filter rejected the connection: of {} in all it let {granted} pass", granted + rejected),
    )
    .advise(
        "look for a limit on new connections in the packet filters between: `limit rate`, hashlimit, SYN protection",
    )
    .advise("let the client open fewer connections a second, or retry with growing pauses");
    // Where those granted before are still open, their number may be the limit as well as their rate.
    let open = others().filter(|other| other.accepted && other.began < began);
    let open = open.filter(|other| other.ended.is_none_or(|end| end > began)).count();
    Some(
        match after {
            Some(after) => candidate.because(
                Aspect::Company,
                if open >= 2 { Weight::Moderate } else { Weight::Strong },
                [before.frame, decisive.reset.segment.frame, after.frame],
                "connections to the same port were granted before and after",
            ),
            None => candidate.because(
                Aspect::Company,
                Weight::Moderate,
                [before.frame, decisive.reset.segment.frame],
                "connections to the same port were granted before",
            ),
        }
        .because(
            Aspect::Form,
            Weight::Moderate,
            [decisive.reset.segment.frame],
            "a packet filter made the reset",
        ),
    )
}
