//! The service went down with its connections, refused new ones for a while, and came back.

use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::Mechanism;
use crate::evidence::{Aspect, Weight};
use crate::surroundings::{Ending, Kind};

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.by_host()?;
    let server = story.client().reverse();
    if decisive.reset.way != server {
        return None;
    }
    let advise = |candidate: Candidate| {
        candidate
            .advise("look in the server's log and in its supervisor for a restart, a deployment or a crash at that time")
            .advise("let clients retry with growing pauses (1, 2, 4 s); let the service drain its connections before it stops")
    };
    if decisive.verdict.mechanism == Mechanism::NoListener {
        return refused(question).map(advise);
    }
    let exit = story.process_exit()?;
    let refused = exit.refused?;
    // Until it is back, it has only gone.
    let (back, after) = exit.back?;
    let candidate = question
        .candidate(Cause::ServerRestart, || {
            let refused = match exit.refusals {
                1 => "one new connection".to_owned(),
                n => format!("{n} new ones"),
            };
            let after = after.as_secs_f64();
            format!(
                "the service went down with all its connections, refused {refused}, and was back after {after:.1} s"
            )
        })
        .because(
            Aspect::Company,
            Weight::Decisive,
            exit.frames.iter().copied().chain([decisive.reset.segment.frame]),
            || format!("{} connections of the service ended within a quarter of a second", exit.others + 1),
        )
        .because(
            Aspect::Aftermath,
            Weight::Strong,
            [refused, back],
            "connections tried afterwards were refused, later ones accepted",
        );
    Some(advise(candidate))
}

/// A refusal between the end of the service's connections and its return.
fn refused(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.by_host()?;
    let own = story.case.flow.stream.endpoints[decisive.reset.way];
    let time = decisive.reset.segment.time?;
    let endings = &story.case.surroundings.endings;
    let accepts = |ending: &&Ending| ending.kind == Kind::Acceptance;
    let served = endings.before(own, time).find(accepts)?;
    let again = endings.after(own, time).find(accepts)?;
    Some(
        question
            .candidate(
                Cause::ServerRestart,
                "the service was down at that moment: it had accepted connections before and did so again afterwards",
            )
            .because(
                Aspect::Company,
                Weight::Moderate,
                [served.frame, decisive.reset.segment.frame, again.frame],
                "connections to this port were accepted before and after",
            ),
    )
}
