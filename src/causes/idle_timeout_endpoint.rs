//! The server's own idle limit.

use super::around::Connection;
use super::idle_gaps::{are_alike, slack};
use super::others::other_connections;
use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::Mechanism;
use crate::evidence::{Aspect, Weight};
use crate::knowledge::idle_timeouts::{self, Place};
use crate::tcp::Duration;

/// What one event ends, ends within this.
const ONE_EVENT: Duration = Duration::from_millis(2);

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.by_host()?;
    let server = story.client().reverse();
    if decisive.reset.way != server || decisive.verdict.mechanism == Mechanism::KeepaliveTimeout {
        return None;
    }
    // A timer ends a live connection, by an abort or by FIN; a bare reset answers something. And only what is in the capture can be silent.
    let by_timer = decisive.verdict.is_active || story.fin(server).is_some();
    if !by_timer || !story.case.flow.ends[story.client()].is_seen() {
        return None;
    }
    let pause = story.pause?;
    // It ended the silence itself, by the reset or by its FIN; not the client, whose late request only met the end.
    if pause.broken_by != server {
        return None;
    }
    let ended = story.ended()?;
    // Between requests, and not while it worked on one.
    let at_rest = story.last_turn().is_none_or(|turn| turn.way == server);
    let half_asked = story.application.request_complete == Some(false);
    let has_all_asked = story.application.request_complete == Some(true);
    let seconds = pause.length.as_secs_f64();
    question.of_others(move |others| {
    let rested_alike = |other: &&Connection| other.pause.is_some_and(|gap| are_alike(gap, pause.length));
    let near = others.near_server().filter(|other| others.is_other(other));
    // Silences that both began and ended together are alike whatever ended them: only those at other moments show a timer.
    let at_once = |other: &&Connection| {
        other.ended.is_some_and(|end| end.since(ended).0.saturating_abs() <= slack(pause.length).0)
    };
    let same = near.filter(|other| rested_alike(other) && !at_once(other));
    let same: Vec<_> = same.filter_map(|other| other.reset).take(6).collect();
    let ended_with_it = |is_alike: bool| {
        let near = others.ended_near(ended, ONE_EVENT);
        near.filter(move |other| !other.by_client && rested_alike(other) == is_alike).filter_map(|other| other.reset)
    };
    let alike = ended_with_it(true).next();
    // Connections that rested for other times and ended with this one ended by one event, not each by its timer.
    let with_it: Vec<_> = ended_with_it(false).take(4).collect();
    let mut candidate = others.candidate(
        Cause::IdleTimeoutEndpoint,
        || if half_asked {
            format!("the server waited {seconds:.3} s for the rest of the client's request and ended the connection: its own limit")
        } else {
            format!("the server ended the connection after {seconds:.3} s without anything from the client: its own idle limit")
        },
    )
    .because(
        Aspect::Timing,
        match at_rest || half_asked {
            true => Weight::Strong,
            false if has_all_asked => Weight::Weak,
            false => Weight::Moderate,
        },
        [pause.from, pause.until],
        || format!("nothing passed for {seconds:.3} s, and then the server itself ended the connection"),
    )
    .advise(|| match half_asked {
        true => format!("find out why the client stopped in the middle of its request; the server's limit for slow requests is {seconds:.0} s"),
        false => format!("let the client close or use idle connections before {seconds:.0} s, or raise the server's limit"),
    });
    if !with_it.is_empty() {
        candidate = candidate.although(
            Aspect::Aftermath,
            // Two timers may meet by chance.
            if with_it.len() > 1 { Weight::Strong } else { Weight::Moderate },
            with_it,
            "other connections to this port that had rested for other times ended in the same moment",
        );
    }
    if let Some(other) = alike {
        candidate = candidate.although(
            Aspect::Aftermath,
            Weight::Weak,
            [other],
            "another connection to this port ended in the same moment, as by one event for both",
        );
    }
    if !same.is_empty() {
        candidate = candidate.because(Aspect::Company, Weight::Moderate, same.iter().copied(), || {
            format!("{} to this server ended after the same silence", other_connections(same.len()))
        });
    }
    let known = others.idle_limits(pause.length, Place::End);
    if let (Some(first), Some(whose)) = (known.first(), idle_timeouts::whose(&known)) {
        candidate = candidate
            .because(Aspect::Declared, Weight::Weak, [pause.until], || format!("{} s is {whose}", first.seconds))
            .advise(|| first.advice());
    }
    Some(candidate)
    })
}
