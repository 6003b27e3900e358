//! How a kernel says that it came to send a reset, in the words of [`Mechanism`].

use super::Mechanism;
use super::case::Suspect;
use super::origin::{Misfit, Origin};
use crate::flow::Form;

/// How the claimed host's kernel says that it came to send the reset; `None` where it says nothing of it.
pub(super) fn origin(suspect: &Suspect<'_>, inferred: Option<&Result<Origin, Misfit>>) -> Option<Origin> {
    let word = suspect.heard()?.sent.as_ref()?;
    let reason = word.reason.as_deref()?;
    let mechanism = mechanism(reason, suspect)?;
    let trigger = match inferred {
        // The packets tell the same, and in which frames.
        Some(Ok(origin)) if origin.mechanism == mechanism => return Some(Origin { or_else: None, ..origin.clone() }),
        Some(Ok(origin)) => origin.trigger,
        Some(Err(_)) if !word.names_both_ends => return None,
        _ => None,
    };
    let name = suspect.case.name(suspect.own());
    let words = suspect.case.words;
    let text = words.text(|| format!("{name}'s own kernel gives {reason} as its reason"));
    Some(Origin { mechanism, trigger, frames: words.frames([suspect.segment().frame]), text, or_else: None })
}

/// What a reason means (Linux `enum sk_rst_reason`); `None` for one that says nothing of it.
fn mechanism(reason: &str, suspect: &Suspect<'_>) -> Option<Mechanism> {
    let refuses = suspect.reset.form() == Form::RstAck && suspect.segment().seq.0 == 0;
    Some(match reason {
        "NO_SOCKET" if refuses => Mechanism::NoListener,
        "NO_SOCKET" | "TCP_FLAGS" => Mechanism::NoConnection,
        "TCP_TIMEWAIT_SOCKET" => Mechanism::TimeWait,
        "TCP_ABORT_ON_DATA" => Mechanism::DataAfterClose,
        "TCP_ABORT_ON_CLOSE" => Mechanism::AbortUnreadData,
        "TCP_STATE" | "TCP_ABORT_ON_LINGER" | "TCP_ABORT_ON_MEMORY" | "TCP_DISCONNECT_WITH_DATA" => Mechanism::Abort,
        "TCP_KEEPALIVE_TIMEOUT" => Mechanism::KeepaliveTimeout,
        "INVALID_SYN" => Mechanism::BacklogOverflow,
        "TCP_INVALID_ACK_SEQUENCE" | "TCP_RFC7323_PAWS" | "TCP_TOO_OLD_ACK" | "TCP_ACK_UNSENT_DATA" | "TCP_OLD_ACK" => {
            Mechanism::UnacceptableAck
        }
        _ => return None,
    })
}
