//! A kernel's own reason for the reset that decided, as evidence for the causes that it means.

use super::story::Decisive;
use super::{Candidate, Cause, Story};
use crate::evidence::{Aspect, Weight};

/// Adds what the kernel of the sender's host says for a cause.
pub(super) fn testify(candidate: Candidate, story: &Story<'_>) -> Candidate {
    let Some((decisive, reason, meant)) = reason(story) else { return candidate };
    if !is_meant(&candidate, meant) {
        return candidate;
    }
    let name = story.name(decisive.reset.way);
    let text = || format!("{name}'s own kernel gives {reason} as its reason");
    candidate.because(Aspect::Witness, Weight::Strong, [decisive.reset.segment.frame], text)
}

/// The cause that the kernel of the sender's host means.
pub(super) fn meant(story: &Story<'_>) -> Option<Cause> {
    reason(story).map(|(.., meant)| meant)
}

/// The same as [`testify`] where nothing is told.
pub(super) fn confirm(candidate: Candidate, meant: Option<Cause>) -> Candidate {
    match meant {
        Some(meant) if is_meant(&candidate, meant) => candidate.because(Aspect::Witness, Weight::Strong, [], ""),
        _ => candidate,
    }
}

fn reason<'a>(story: &Story<'a>) -> Option<(Decisive<'a>, &'a str, Cause)> {
    let decisive = story.by_host()?;
    let word = decisive.verdict.heard.as_ref()?.sent.as_ref()?;
    let reason = word.reason.as_deref()?;
    Some((decisive, reason, cause(reason)?))
}

/// A special case of a cause has the same reason. But a socket that is gone says as little of a refusal as of a lost
/// connection: the packets tell which it was.
fn is_meant(candidate: &Candidate, meant: Cause) -> bool {
    candidate.cause == meant || candidate.cause.is_case_of(meant)
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
