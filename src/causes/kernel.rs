//! A kernel's own reason for the reset that decided, as evidence for the causes that it means.

use super::{Candidate, Cause, Story};
use crate::evidence::{Aspect, Weight};

/// Adds what the kernel of the sender's host says for a cause. A special case of a cause has the same reason.
pub(super) fn testify(candidate: Candidate, story: &Story<'_>) -> Candidate {
    let Some(decisive) = story.by_host() else { return candidate };
    let word = decisive.verdict.heard.as_ref().and_then(|heard| heard.sent.as_ref());
    let reason = word.and_then(|word| word.reason.as_deref());
    let Some((reason, meant)) = reason.and_then(|reason| Some((reason, cause(reason)?))) else { return candidate };
    // A socket that is gone says as little of a refusal as of a lost connection: the packets tell which it was.
    if candidate.cause != meant && !candidate.cause.is_case_of(meant) {
        return candidate;
    }
    let name = story.name(decisive.reset.way);
    let text = || format!("{name}'s own kernel gives {reason} as its reason");
    candidate.because(Aspect::Witness, Weight::Strong, [decisive.reset.segment.frame], text)
}

/// The cause that a reason means.
fn cause(reason: &str) -> Option<Cause> {
    Some(match reason {
        "NO_SOCKET" => Cause::RefusedNoListener,
        "TCP_ABORT_ON_CLOSE" => Cause::ClosedWithUnreadData,
        "TCP_STATE" | "TCP_ABORT_ON_LINGER" | "TCP_DISCONNECT_WITH_DATA" => Cause::AbortLinger0,
        "TCP_ABORT_ON_DATA" => Cause::DataAfterClose,
        "TCP_KEEPALIVE_TIMEOUT" => Cause::KeepaliveFailure,
        "INVALID_SYN" => Cause::BacklogOverflow,
        _ => return None,
    })
}
