//! The flow label of an IPv6 abort, beside those of its connection.
//!
//! A socket has one label for all it sends (RFC 6437 section 3). An answer to a stray segment has none to take it from.

use super::Question;
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};
use crate::flow::Form;

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let label = suspect.sighting()?.flow_label?;
    if suspect.reset.form() != Form::RstAck {
        return None;
    }
    let mut known = suspect
        .earlier(suspect.own())
        .filter(|one| !one.segment.flags.syn())
        .filter_map(|one| Some((one.flow_label?, one.frame())))
        .peekable();
    let &(usual, frame) = known.peek()?;
    let frames = [frame, suspect.segment().frame];
    let name = suspect.case.name(suspect.own());
    // Linux takes a new label when a path seems to fail, so that only a steady one is a habit.
    let (mut count, mut steady) = (0, true);
    for (other, _) in known {
        count += 1;
        steady &= other == usual;
    }
    if label == usual {
        // Many devices have 0, as stacks without the habit do.
        let text = || format!("flow label {label:#07x}, as {name}'s socket has");
        return (label != 0).then(|| suspect.genuine("flow_label", Aspect::Device, Weight::Moderate, frames, text));
    }
    (steady && count > 1).then(|| {
        let text = || format!("flow label {label:#07x} where {name}'s socket has {usual:#07x}");
        suspect.forged("flow_label", Aspect::Device, Weight::Moderate, frames, text)
    })
}
