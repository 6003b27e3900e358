//! A program ended the connection by a reset on purpose.

use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::Mechanism;
use crate::evidence::{Aspect, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.by_host()?;
    let name = story.name(decisive.reset.way);
    let frames = decisive.verdict.evidence.iter().filter(|piece| piece.clue == "form");
    let frames = frames.flat_map(|piece| piece.frames.clone()).take(6);
    let candidate = question.candidate(
        Cause::AbortLinger0,
        || format!("{name}'s side aborted a live connection, as an application does on purpose with SO_LINGER and a time of 0"),
    )
    .advise(|| format!("look in {name}'s application and its configuration for SO_LINGER 0, `nolinger`, `reset_timedout_connection` or an explicit abort"));
    let was_silent = decisive.reset.way != story.client() && story.octets(decisive.reset.way) == 0;
    let candidate = candidate.advise_if(
        was_silent,
        || "a listener that is closed resets what waits to be accepted just so: look whether the service stopped then",
    );
    match decisive.verdict.mechanism {
        Mechanism::Abort => Some(candidate.because(
            Aspect::Form,
            if decisive.verdict.or_else.is_some() { Weight::Moderate } else { Weight::Strong },
            frames,
            || match decisive.verdict.or_else {
                Some(_) => "a live socket was aborted; data that lay unread would look alike".to_owned(),
                None => format!("a live socket was aborted, and {name} had dealt with all that it received"),
            },
        )),
        Mechanism::AbortUnreadData => {
            Some(candidate.because(Aspect::Form, Weight::Weak, frames, "an abort on purpose would look the same"))
        }
        _ => None,
    }
}
