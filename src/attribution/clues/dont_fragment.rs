//! The Don't Fragment bit, beside the claimed host's habit.

use super::Question;
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let segment = suspect.segment();
    if segment.ipv6 || suspect.is_scanner() {
        return None;
    }
    let mut known = suspect.of_claimed_sender().peekable();
    let frame = known.peek()?.frame();
    if known.any(|one| one.segment.dont_fragment == segment.dont_fragment) {
        return None;
    }
    let name = suspect.case.name(suspect.own());
    let (has, have) = if segment.dont_fragment { ("is set", "not") } else { ("is not set", "always") };
    Some(suspect.forged("dont_fragment", Aspect::Device, Weight::Moderate, [segment.frame, frame], || {
        format!("Don't Fragment {has}, in {name}'s packets it is {have}")
    }))
}
