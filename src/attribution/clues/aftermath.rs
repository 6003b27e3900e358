//! The host that is said to have reset the connection goes on with it.
//!
//! RST_SEQ_DATA of Weaver, Sommer and Paxson (NDSS 2009), and its counterpart for acknowledgements.

use super::Question;
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};
use crate::timeline::Sighting;

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    if suspect.is_scanner() {
        // Its kernel resets what the scanner itself goes on with.
        return None;
    }
    let segment = suspect.segment();
    let sent = suspect.sent();
    let known = suspect.acknowledged();
    // An abort acknowledges what its sender has; a bare RST leaves what was acknowledged before.
    let acknowledged = if segment.flags.ack() { Some(segment.ack) } else { known };
    let name = suspect.case.name(suspect.own());
    for one in suspect.later(suspect.own()) {
        let later = &one.segment;
        if later.flags.syn() {
            // Asks anew, or answers a request that was repeated.
            return granted(question, one);
        }
        let new_data = later.payload_len > 0 && sent.is_some_and(|sent| later.seq_end().after(sent));
        let new_ack = later.flags.ack() && acknowledged.is_some_and(|acknowledged| later.ack.after(acknowledged));
        if new_data || new_ack {
            let what = if new_data { "new data" } else { "new acknowledgements" };
            return Some(suspect.forged(
                "aftermath",
                Aspect::Aftermath,
                Weight::Decisive,
                [segment.frame, one.frame()],
                || format!("{name} went on with {what} after it (RST_SEQ_DATA), so its connection lived"),
            ));
        }
    }
    moved(question)
}

/// Its connection goes on under another address: a router translates that no longer, and spoke in its name.
fn moved(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let segment = suspect.segment();
    let later = suspect.case.later()?;
    (later.changed == suspect.own() && later.frame > segment.frame).then(|| {
        suspect.forged("aftermath", Aspect::Aftermath, Weight::Strong, [segment.frame, later.frame], || {
            format!(
                "{} went on with the connection after it, under another address (flow {})",
                suspect.case.name(suspect.own()),
                later.flow
            )
        })
    })
}

/// A host that refused a request does not grant the same one afterwards.
fn granted(question: &Question<'_>, grant: &Sighting) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let segment = suspect.segment();
    let grants = grant.segment.flags.ack() && segment.flags.ack() && segment.ack == grant.segment.ack;
    let refused = suspect.earlier(suspect.own()).next().is_none();
    let repeated = suspect.later(suspect.peer()).any(|one| one.frame() < grant.frame() && one.segment.flags.syn());
    (grants && refused && !repeated).then(|| {
        suspect.forged("aftermath", Aspect::Aftermath, Weight::Decisive, [segment.frame, grant.frame()], || {
            format!(
                "{} granted the connection after it, and had not been asked again",
                suspect.case.name(suspect.own())
            )
        })
    })
}
