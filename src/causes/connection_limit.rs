//! Connections beyond a number open at once are rejected or ended at once; those before live on.

use super::around::Connection;
use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::{Mechanism, Sender};
use crate::evidence::{Aspect, Weight};
use crate::flow::Phase;
use crate::surroundings::SAME_EXIT;
use crate::tcp::Duration;

/// Ended so soon after they were granted: no service takes longer to see that it is full.
const TURNED_AWAY_WITHIN: Duration = Duration::from_millis(500);

/// So many open ones at least are a limit.
const OPEN: usize = 2;

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.decisive?;
    if let Some(declared) = story.application.limit_declared().filter(|declared| declared.by != story.client()) {
        return Some(
            question
                .candidate(
                    Cause::ConnectionLimit,
                    "the server said that it had reached one of its limits, and ended this connection",
                )
                .because(Aspect::Declared, Weight::Decisive, [declared.frame], || {
                    format!("the server said: {}", declared.text)
                })
                .advise(
                    "look for the limit that it names: maxclients, max_connections, limit_conn, a queue that is full, a rate of requests",
                )
                .advise("let the client reuse connections, wait and try again, or raise the limit"),
        );
    }
    let server_way = story.client().reverse();
    let refused = decisive.reset.phase == Phase::Syn && decisive.reset.way == server_way;
    let began = story.case.flow.first_time?;
    let ended = decisive.reset.segment.time?;
    let first_end = story.fin(server_way).and_then(|fin| fin.time()).unwrap_or(ended);
    let thrown_out = !refused
        && decisive.verdict.sender == Sender::Server
        // Else nobody knows when it began.
        && story.case.flow.ends[story.client()].sent_syn()
        && first_end.since(began).0 <= TURNED_AWAY_WITHIN.0 + story.case.flow.rtt().map_or(0, |rtt| rtt.0 * 3)
        && decisive.reset.phase >= Phase::Data;
    if !refused && !thrown_out {
        return None;
    }
    if decisive.verdict.mechanism == Mechanism::BacklogOverflow {
        return None;
    }
    // What the client had sent by then is as good a reason.
    let has_asked = story.octets(story.client()) > 0;
    let judged = (decisive.verdict.sender, decisive.verdict.mechanism);
    let (frame, took) = (decisive.reset.segment.frame, first_end.since(began));
    question.of_others(move |others| {
        // Others that met the same.
        let is_alike = |other: &Connection| {
            others.is_other(other) && (other.sender, other.mechanism) == (Some(judged.0), Some(judged.1))
        };
        // Connections that were granted before, and were open when this one was rejected; what met the same later was in no better place.
        let open: Vec<_> = others
            .before(began)
            .filter(|other| other.accepted && others.is_other(other) && !is_alike(other))
            // What ends together, ends for another reason.
            .filter(|other| other.ended.is_none_or(|end| end.since(ended).0 > SAME_EXIT.0))
            .collect();
        if open.len() < OPEN {
            return None;
        }
        // One that was granted while as many were open shows that the number was not the limit.
        let was_exceeded_by = |other: &Connection| {
            let earlier = others.before(other.began).filter(|one| one.accepted);
            let open_then = earlier.filter(|one| one.ended.is_none_or(|end| end > other.began));
            open_then.take(open.len()).count() == open.len()
        };
        let exceeded =
            others.after(began).find(|other| other.accepted && !is_alike(other) && was_exceeded_by(other));
        let alike = others.near_server().filter(|other| is_alike(other));
        let alike: Vec<_> = alike.filter_map(|other| other.reset).take(4).collect();
        let candidate = others.candidate(
            Cause::ConnectionLimit,
            || format!("{} connections were open, and this one was {}: a limit on their number", open.len(), if refused { "refused" } else { "ended at once" }),
        )
        .because(
            Aspect::Company,
            if alike.is_empty() || has_asked { Weight::Moderate } else { Weight::Strong },
            open.iter().map(|other| other.frame).take(4).chain([frame]).chain(alike),
            || format!("{} earlier connections to the same port lived on", open.len()),
        )
        .advise("look for the limit: maxconn, limit_conn, max_connections, maxclients, ulimit -n, or connlimit in the packet filter")
        .advise("let the client reuse connections, or raise the limit");
        let candidate = match exceeded {
            Some(other) => candidate.although(
                Aspect::Aftermath,
                Weight::Strong,
                [other.frame],
                "a later one was granted while as many were open",
            ),
            None => candidate,
        };
        Some(if refused {
            candidate.because(Aspect::Form, Weight::Moderate, [frame], "a port that serves others refused this one")
        } else {
            candidate.because(Aspect::Timing, Weight::Moderate, [frame], || {
                format!("the server ended it {:.1} ms after it began", took.0 as f64 / 1e6)
            })
        })
    })
}
