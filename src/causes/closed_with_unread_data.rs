//! A program closed its socket while received data lay unread.

use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::Mechanism;
use crate::evidence::{Aspect, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.by_host()?;
    let way = decisive.reset.way;
    let (name, other) = (story.name(way), story.name(way.reverse()));
    let frames = || {
        let form = decisive.verdict.evidence.iter().filter(|piece| piece.clue == "form");
        form.flat_map(|piece| piece.frames.clone()).take(6)
    };
    let candidate = question.candidate(
        Cause::ClosedWithUnreadData,
        || format!("{name}'s application closed the socket without having read all that {other} had sent"),
    )
    .advise(|| format!(
        "let {name} read what {other} sends to its end, or shut down its sending side and drain the socket before it closes"
    ))
    .advise(|| format!("on {name}'s host `nstat -az TcpExtTCPAbortOnClose` counts such closes"));
    match decisive.verdict.mechanism {
        Mechanism::AbortUnreadData => {
            let why = decisive.verdict.evidence.iter().find(|piece| piece.clue == "form");
            let why = || why.map_or("data lay unread at the reset".into(), |piece| piece.text.clone());
            let weight = if decisive.verdict.or_else.is_some() { Weight::Moderate } else { Weight::Strong };
            Some(candidate.because(Aspect::Form, weight, frames(), why))
        }
        Mechanism::Abort if story.octets(way.reverse()) > 0 || decisive.verdict.or_else.is_some() => {
            Some(candidate.because(Aspect::Form, Weight::Weak, frames(), || {
                format!("{name} had received data, and whether all was read does not show")
            }))
        }
        _ => None,
    }
}
