//! What the kernel of the claimed host says, where its trace is at hand ([`crate::witness`]).

use super::Question;
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};
use crate::knowledge::kernel_reasons;
use crate::witness::Word;

/// The clue's name where the kernel says that it sent the reset.
pub const SENT: &str = "kernel_sent";

/// The clue's name where the kernel says that its TCP sent none.
pub const SILENT: &str = "kernel_silent";

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let heard = suspect.heard()?;
    let name = suspect.case.name(suspect.own());
    let frames = [suspect.segment().frame];
    if let Some(word) = &heard.sent {
        // A listening socket's report names only its port; and one report alone may be of another moment.
        let weight = match (word.names_both_ends, word.is_timed, word.is_known_host) {
            (true, true, _) => Weight::Decisive,
            (true, false, _) | (false, true, true) => Weight::Strong,
            (false, true, false) | (false, false, true) => Weight::Moderate,
            (false, false, false) => Weight::Weak,
        };
        return Some(suspect.genuine(SENT, Aspect::Witness, weight, frames, || said(name, word)));
    }
    heard.silence?;
    // A packet filter of that host speaks in its name without its TCP.
    let text = || {
        format!(
            "the kernel of {name}'s host reports no such reset, and its trace covers the moment: forged, or made by a packet \
         filter of that host"
        )
    };
    Some(suspect.forged(SILENT, Aspect::Witness, Weight::Moderate, frames, text))
}

/// `the kernel of the server's host says that it sent it: TCP_ABORT_ON_CLOSE (...), socket in TCP_CLOSE, ...`
fn said(name: &str, word: &Word) -> String {
    let mut text = format!("the kernel of {name}'s host says that ");
    text +=
        if word.names_both_ends { "it sent this" } else { "a listening socket of this port sent it at this moment" };
    if let Some(reason) = &word.reason {
        text += &format!(": {reason}");
        if let Some(known) = kernel_reasons::reason(reason) {
            text += &format!(" ({})", known.meaning);
        }
    }
    if let Some(state) = word.state.filter(|_| word.names_both_ends) {
        text += &format!(", its socket in {state}");
    }
    if let Some(process) = &word.process {
        text += &format!(", by a call of the process \"{}\" ({})", process.name.replace('"', "'"), process.pid);
    }
    text
}
