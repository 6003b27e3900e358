//! The accept queue was full.

use super::diagnose::Question;
use super::{Candidate, Cause};
use crate::attribution::Mechanism;
use crate::evidence::{Aspect, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    if story.mechanism()? != Mechanism::BacklogOverflow {
        return None;
    }
    let frame = story.by_host()?.reset.segment.frame;
    question.of_others(move |others| {
        let candidate = others.candidate(
            Cause::BacklogOverflow,
            "the server's kernel reset the connection as its handshake ended: its accept queue was full",
        )
        .because(
            Aspect::Form,
            Weight::Strong,
            [frame],
            "the server granted the connection and reset the segment that completes the handshake",
        )
        .advise("look for overflows on the server: `nstat -az TcpExtListenOverflows TcpExtListenDrops`, `ss -ltn` (Recv-Q beside Send-Q)")
        .advise("let the application accept faster, or raise its backlog and net.core.somaxconn; tcp_abort_on_overflow=1 is what turns a full queue into resets");
        let lives = others.near_server().find(|other| other.accepted && other.has_data);
        Some(match lives {
            Some(other) => candidate.because(
                Aspect::Company,
                Weight::Moderate,
                [other.frame],
                "other connections to the same port were served",
            ),
            None => candidate,
        })
    })
}
