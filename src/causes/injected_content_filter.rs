//! A device on the path reset the connection because of what was asked for.

use super::diagnose::Question;
use super::{Candidate, Cause};
use crate::attribution::{Mechanism, Sender};
use crate::evidence::{Aspect, Weight};
use crate::flow::Phase;

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.decisive?;
    let forged = decisive.verdict.sender == Sender::Middlebox || decisive.verdict.mechanism == Mechanism::PacketFilter;
    if !forged || decisive.reset.phase < Phase::Data {
        return None;
    }
    // The words that it answers: the client's, not answered yet, and not long ago.
    let client = story.client();
    let asked = story.last_turn().filter(|turn| turn.way == client)?;
    let since = decisive.reset.segment.time?.since(asked.ended?);
    let round_trip = story.case.flow.rtt()?;
    if since.0 > round_trip.0.saturating_mul(2) {
        return None;
    }
    let first = story.turns.len() == 1;
    let candidate = Candidate::new(
        Cause::InjectedContentFilter,
        "a device on the path reset the connection right after it saw the client's request: a filter on its content",
    )
    .because(
        Aspect::Timing,
        if first { Weight::Strong } else { Weight::Moderate },
        [asked.first, decisive.reset.segment.frame],
        format!("the forged reset came {:.1} ms after the client's request, and no answer had come", since.0 as f64 / 1e6),
    )
    .advise("ask the owner of the network which names or words its filter blocks; compare with another name to the same address")
    .advise("compare with a capture on the server's side: does the request reach the server, does the server see a reset too?");
    Some(if decisive.reset.exact == Some(false) && decisive.reset.in_window == Some(false) {
        candidate.although(
            Aspect::Sequence,
            Weight::Weak,
            [decisive.reset.segment.frame],
            "its number was of no effect",
        )
    } else {
        candidate
    })
}
