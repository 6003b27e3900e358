//! A forged reset without a reason in the content.

use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::Party;
use crate::evidence::{Aspect, Weight};
use crate::flow::Phase;

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.by_middlebox()?;
    if decisive.reset.phase < Phase::Handshake {
        return None;
    }
    let frame = decisive.reset.segment.frame;
    // What has the form of an answer by a stack that does not know the connection may be just that.
    let plain = decisive.verdict.evidence.iter().any(|piece| piece.clue == "form" && piece.about == Party::Host);
    let betrayed = story.judged.iter().flat_map(|judged| &judged.evidence);
    let mut betrayed = betrayed.filter(|piece| piece.about == Party::Middlebox && piece.aspect != Aspect::Device);
    let plain = plain && betrayed.next().is_none();
    if plain && !decisive.reset.segment.flags.ack() && story.alive_after().is_none() {
        return None;
    }
    let ignored = decisive.verdict.obedience.is_some_and(|obedience| obedience.obeyed == Some(false));
    let has_wrong_number = ignored && decisive.reset.exact != Some(true);
    // What gives a filter its reason is mostly what the client says: that has to be in the capture, and not just behind the reset in
    // one that has packets in another order.
    let said = story.before(story.client()).next().is_some() && !story.case.is_in_disorder(decisive.place);
    if !has_wrong_number && !said {
        return None;
    }
    let mut candidate = question.candidate(
        Cause::InjectedBlindOrInvalid,
        || format!(
            "something on the path or beside it forged a reset in {}'s name{}",
            story.name(decisive.reset.way),
            if ignored { "; it was of no effect" } else { "" }
        ),
    )
    .because(Aspect::Device, Weight::Weak, [frame], "no host of the connection sent it")
    .advise(
        "look for a device or a tool that resets connections: an intrusion prevention system, tcpkill, a security test",
    )
    .advise("captures on both sides of the suspected device show where the reset first appears");
    if has_wrong_number {
        candidate = candidate.because(
            Aspect::Sequence,
            Weight::Strong,
            [frame],
            "it does not have the number that its receiver expects",
        );
    }
    if let Some(burst) = decisive.verdict.evidence.iter().find(|piece| piece.clue == "burst") {
        candidate = candidate.because(Aspect::Company, Weight::Weak, burst.frames.clone(), || burst.text.clone());
    }
    Some(candidate)
}
