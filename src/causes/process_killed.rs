//! A process died, and its kernel ended all its connections at once.

use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::Mechanism;
use crate::evidence::{Aspect, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.by_host()?;
    let fits = matches!(
        decisive.verdict.mechanism,
        Mechanism::AbortUnreadData
            | Mechanism::Abort
            | Mechanism::DataAfterClose
            | Mechanism::TimeWait
            | Mechanism::NoConnection
    );
    if !fits {
        return None;
    }
    // Who only answers the other side's FIN was not what ended it.
    let decisive_time = decisive.reset.segment.time;
    let peer_fin = story.fin(decisive.reset.way.reverse()).filter(|_| story.fin(decisive.reset.way).is_none());
    if peer_fin.and_then(|fin| Some(decisive_time?.since(fin.time()?))).is_some_and(|since| story.is_moment(since)) {
        return None;
    }
    let exit = story.process_exit()?;
    let name = story.name(decisive.reset.way);
    // Who drains, reloads or drops its clients ends them together, too, and lives on; that nobody tried the port since shows neither.
    let is_sure = exit.refused.is_some() || exit.accepted.is_some();
    let candidate = question.candidate(
        Cause::ProcessKilled,
        || format!(
            "{name}'s process ended{}: {} other connections of it ended in the same moment",
            if is_sure { "" } else { ", or it dropped them all at once" },
            exit.others
        ),
    )
    .because(
        Aspect::Company,
        if is_sure { Weight::Decisive } else { Weight::Strong },
        exit.frames.iter().copied().chain([decisive.reset.segment.frame]),
        || format!("{} connections of the same process ended within a quarter of a second", exit.others + 1),
    )
    .advise(|| format!("look on {name}'s host why the process ended: `journalctl`, `dmesg` (out of memory), the exit status its supervisor logged"));
    Some(match (exit.refused, exit.accepted) {
        // Then it is a restart.
        (Some(_), _) if exit.back.is_some() && decisive.reset.way != story.client() => return None,
        (Some(frame), _) => {
            candidate.because(Aspect::Aftermath, Weight::Weak, [frame], "a connection tried afterwards was refused")
        }
        (None, Some(frame)) => {
            let text = "a connection was accepted or served meanwhile or right afterwards, so the service went on";
            candidate.although(Aspect::Aftermath, Weight::Decisive, [frame], text)
        }
        (None, None) if exit.aborts == 0 => {
            let text = "all of them ended by FIN, which one timer for idle connections does as well";
            candidate.although(Aspect::Aftermath, Weight::Decisive, [], text)
        }
        (None, None) if exit.has_fin => {
            // Who drops its clients aborts all, who drains closes all.
            let text = "some ended by FIN and some by abort: a kernel closes sockets by what lies unread in each";
            candidate.because(Aspect::Form, Weight::Weak, exit.frames.iter().copied(), text)
        }
        (None, None) => candidate,
    })
}
