//! What a reset says of itself: some devices and old stacks give their reason as data, Multipath TCP as an option.

use super::Question;
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};
use crate::knowledge::declared::{self, Dialect};

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let segment = suspect.segment();
    let frames = [segment.frame];
    if let Some(code) = segment.options.mptcp_reset_reason() {
        let text = || format!("it gives a Multipath TCP reason, as the endpoint does: {}", declared::mptcp(code));
        return Some(suspect.genuine("payload", Aspect::Declared, Weight::Weak, frames, text));
    }
    if segment.payload_len == 0 {
        return None;
    }
    let payload = suspect.sighting().map(|one| &*one.payload).unwrap_or_default();
    // RFC 9293 section 3.5.3 lets a reset carry data.
    let Some(reason) = declared::reason(payload) else {
        let text =
            || format!("it carries {} bytes of data, which the resets of common stacks never do", segment.payload_len);
        return Some(suspect.forged("payload", Aspect::Declared, Weight::Weak, frames, text));
    };
    if let Some(meaning) = reason.meaning() {
        let text = || format!("it gives its reason as Solaris and HP-UX do, \"{}\": {meaning}", reason.text);
        return Some(suspect.genuine("payload", Aspect::Declared, Weight::Weak, frames, text));
    }
    let on_path = reason.code.is_some_and(|code| declared::ON_PATH.contains(&code));
    Some(match reason.dialect {
        Dialect::Diagnostic if !on_path => {
            let text = || format!("it gives its reason as an endpoint does: {}", reason.text);
            suspect.genuine("payload", Aspect::Declared, Weight::Weak, frames, text)
        }
        Dialect::Diagnostic => {
            let text = || format!("it gives a reason that is for devices on the path: {}", reason.text);
            suspect.forged("payload", Aspect::Declared, Weight::Moderate, frames, text)
        }
        Dialect::Text | Dialect::Unix => {
            let text = || format!("it says \"{}\", and the resets of common stacks carry no text", reason.text);
            suspect.forged("payload", Aspect::Declared, Weight::Moderate, frames, text)
        }
    })
}
