//! A request on a kept-alive connection that the server had closed or was closing.

use super::question::Question;
use super::{Candidate, Cause, benign};
use crate::attribution::Mechanism;
use crate::evidence::{Aspect, Weight};
use crate::timeline::Sighting;

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.by_host()?;
    let (client, server) = (story.client(), story.client().reverse());
    let answers =
        matches!(decisive.verdict.mechanism, Mechanism::DataAfterClose | Mechanism::TimeWait | Mechanism::NoConnection);
    if decisive.reset.way != server || !answers {
        return None;
    }
    let fin = story.fin(server)?;
    // The connection was at rest when the server closed it: the last words were the server's, in answer to the client's.
    let request = story.turns.last().filter(|turn| turn.way == client)?;
    let answered = story.turns.iter().rev().nth(1).filter(|turn| turn.way == server)?;
    let asked = story.turns.iter().rev().nth(2).filter(|turn| turn.way == client)?;
    // A farewell is no request.
    let farewell = matches!(benign::lost(story), Some(benign::Lost::Alert)) || story.application.said_goodbye();
    if answered.first > fin.frame() || farewell {
        return None;
    }
    // Who had it before, or the client's own end, closed for that.
    let has = |one: Option<&Sighting>| one.is_some_and(|one| fin.segment.ack.after(one.segment.seq));
    if has(story.sighting(request.first)) || has(story.fin(client)) {
        return None;
    }
    // An alert in front of the FIN only announces it (RFC 8446 section 6.1).
    let mut spoken = story.before(server).filter(|one| one.segment.payload_len > 0 && one.frame() < fin.frame());
    let spoken = spoken.find(|one| !benign::is_alert(one));
    // What does not acknowledge the request does not answer it.
    let asked_for = story.sighting(asked.first)?;
    if spoken.is_some_and(|spoken| !spoken.segment.ack.after(asked_for.segment.seq)) {
        return None;
    }
    let rested = fin.time()?.since(spoken.and_then(|last| last.time()).or(answered.ended)?);
    let late = request.began?.since(fin.time()?);
    let round_trip = story.case.flow.rtt().map_or(0, |rtt| rtt.0);
    // A request that had begun more than a round trip before the FIN could have arrived in time.
    if late.0 < -(round_trip + round_trip / 2) {
        return None;
    }
    let mut candidate = question.candidate(
        Cause::StaleKeepaliveReuse,
        || format!(
            "the client sent a request on a connection that the server had closed {}: the request and the server's FIN {}",
            if rested.0 > 0 { format!("after {:.3} s of rest", rested.as_secs_f64()) } else { "already".to_owned() },
            if late.0 <= round_trip { "crossed" } else { "missed each other" },
        ),
    )
    .because(
        Aspect::Form,
        Weight::Strong,
        [asked.first, answered.first, fin.frame(), request.first, decisive.reset.segment.frame],
        "a request had been answered, the server closed, and the next request was answered by a reset",
    );
    if rested.0 > round_trip.saturating_mul(2) {
        candidate = candidate.because(Aspect::Timing, Weight::Moderate, [answered.first, fin.frame()], || {
            format!("the connection had been at rest for {:.3} s when the server closed it", rested.as_secs_f64())
        });
        // An idle limit would have ended it then.
        let rests = story.turns.windows(2).filter(|pair| pair[1].way == client && pair[1].first < request.first);
        let mut longer = rests
            .filter(|pair| pair[1].began.zip(pair[0].ended).is_some_and(|(began, ended)| began.since(ended) > rested));
        if let Some([_, next]) = longer.next() {
            candidate = candidate.although(
                Aspect::Company,
                Weight::Strong,
                [next.first],
                "it had been at rest for longer before, and lived on",
            );
        }
    } else {
        candidate = candidate.although(
            Aspect::Timing,
            Weight::Strong,
            [answered.first, fin.frame()],
            "the server closed right after its answer, so the connection was not kept for reuse",
        );
    }
    Some(
        candidate
            .advise(|| {
                let limit = rested.as_secs_f64().max(0.1);
                let digits = usize::from(limit < 1.0);
                format!("make the client's idle limit for pooled connections shorter than the server's {limit:.digits$} s, or let the server keep them longer")
            })
            .advise("the server has not read the request: repeat it once on a new connection"),
    )
}
