//! The accept queue was full.

use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::Mechanism;
use crate::evidence::{Aspect, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    if story.mechanism()? != Mechanism::BacklogOverflow {
        return None;
    }
    let reset = &story.by_host()?.reset.segment;
    let (frame, time) = (reset.frame, reset.time?);
    question.of_others(move |others| {
        let candidate = others.candidate(
            Cause::BacklogOverflow,
            "the server's kernel reset the connection as its handshake ended: its accept queue was full",
        )
        .because(
            Aspect::Form,
            Weight::Moderate,
            [frame],
            "the server granted the connection and reset the segment that completes the handshake",
        )
        .advise("look for overflows on the server: `nstat -az TcpExtListenOverflows TcpExtListenDrops`, `ss -ltn` (Recv-Q beside Send-Q)")
        .advise("let the application accept faster, or raise its backlog and net.core.somaxconn; tcp_abort_on_overflow=1 is what turns a full queue into resets");
        // Whoever stops to listen resets what waits in its queue just so.
        let next = others.after(time).find(|other| other.mechanism == Some(Mechanism::NoListener) || other.accepted);
        Some(match next {
            Some(other) if other.accepted => candidate.because(
                Aspect::Aftermath,
                Weight::Moderate,
                [other.frame],
                "the port went on to accept connections",
            ),
            Some(other) => candidate.although(
                Aspect::Aftermath,
                Weight::Moderate,
                [other.frame],
                "the port refused the next one: it may have stopped listening at that moment",
            ),
            None => candidate,
        })
    })
}
