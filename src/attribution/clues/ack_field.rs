//! What stands in the acknowledgement field of a bare RST, where it means nothing.

use super::Question;
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};
use crate::flow::Form;
use crate::knowledge::ttl;

/// What Windows begins with.
const WINDOWS: u8 = 128;

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let segment = suspect.segment();
    if suspect.reset.form() != Form::Rst || segment.ack.0 == 0 {
        return None;
    }
    let baseline = question.baseline?;
    let name = suspect.case.name(suspect.own());
    let frames = [baseline.frame, segment.frame];
    if baseline.ttls.iter().all(|&ttl| ttl::initial(ttl) == WINDOWS) {
        let text = || {
            format!("its acknowledgement field repeats its sequence number, as Windows does, and {name} has its TTL")
        };
        return (segment.ack == segment.seq)
            .then(|| suspect.genuine("ack_field", Aspect::Form, Weight::Weak, frames, text));
    }
    let linux = baseline.ttls.iter().all(|&ttl| ttl::initial(ttl) == 64)
        && suspect.of_claimed_sender().any(|one| one.segment.options.timestamps().is_some());
    linux.then(|| {
        let text =
            || format!("its acknowledgement field is set without the ACK bit; stacks like {name}'s leave 0 there");
        suspect.forged("ack_field", Aspect::Form, Weight::Moderate, frames, text)
    })
}
