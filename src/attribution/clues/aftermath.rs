//! The host that is said to have reset the connection goes on with it.
//!
//! RST_SEQ_DATA of Weaver, Sommer and Paxson (NDSS 2009), and its counterpart for acknowledgements.

use super::{Question, forged};
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};

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
            // Asks anew, or answers a repeated request.
            return None;
        }
        let new_data = later.payload_len > 0 && sent.is_some_and(|sent| later.seq_end().after(sent));
        let new_ack = later.flags.ack() && acknowledged.is_some_and(|acknowledged| later.ack.after(acknowledged));
        if new_data || new_ack {
            let what = if new_data { "new data" } else { "new acknowledgements" };
            return Some(forged(
                "aftermath",
                Aspect::Aftermath,
                Weight::Decisive,
                vec![segment.frame, one.frame()],
                format!("{name} went on with {what} after it (RST_SEQ_DATA), so its connection lived"),
            ));
        }
    }
    None
}
