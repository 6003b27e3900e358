//! Nothing listens on the port.

use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::Mechanism;
use crate::evidence::{Aspect, Weight};
use crate::knowledge::ttl;

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    if story.mechanism()? != Mechanism::NoListener {
        return None;
    }
    let decisive = story.by_host()?;
    let port = story.case.flow.stream.endpoints[story.client().reverse()].port;
    let frames = decisive.verdict.evidence.iter().flat_map(|piece| piece.frames.clone()).take(4);
    // From another distance than its other packets, another device may have refused.
    let hops = ttl::hops(decisive.reset.segment.ttl);
    let host = story.case.host(decisive.reset.way).filter(|host| !host.ttls.is_empty());
    let is_as_far = host.is_none_or(|host| host.ttls.iter().any(|seen| ttl::hops(seen.value) == hops));
    Some(
        question.candidate(
            Cause::RefusedNoListener,
            || format!("the server's host refused the connection: nothing listened on port {port}"),
        )
        .because(
            Aspect::Form,
            if is_as_far { Weight::Strong } else { Weight::Moderate },
            frames,
            "the host's own stack answered the SYN by a reset with sequence number 0",
        )
        .advise(|| format!(
            "look on the server whether the service runs and on which address and port: `ss -ltnp 'sport = :{port}'`"
        ))
        .advise("a listener on 127.0.0.1 only, or on IPv6 only, refuses like none at all"),
    )
}
