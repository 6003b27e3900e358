//! A device on the path forgot or reset an idle connection.

use super::idle_gaps::are_alike;
use super::others::other_connections;
use super::question::Question;
use super::{Candidate, Cause, Story};
use crate::attribution::{Mechanism, Sender};
use crate::evidence::{Aspect, Weight};
use crate::flow::Phase;
use crate::knowledge::idle_timeouts::{self, Place};
use crate::surroundings::SAME_EXIT;
use crate::tcp::{Duration, FrameNumber};

/// The shortest idle limit of common devices that forget a connection and reset its next packet (Azure NAT gateway). Who knows
/// nothing of a connection that rested longer has more often forgotten it by its rules than restarted meanwhile.
const LONG: Duration = Duration::from_secs(240);

/// Shorter silences are as common by themselves: of the limits on the way that are known ([`idle_timeouts`]) none is shorter.
const SHORTEST: Duration = Duration::from_secs(30);

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.decisive?;
    let pause = story.pause?;
    if decisive.reset.phase < Phase::Data {
        return None;
    }
    let forged = decisive.verdict.sender == Sender::Middlebox;
    let unsure = decisive.verdict.sender == Sender::Unknown || decisive.verdict.mechanism == Mechanism::PacketFilter;
    let forgotten = decisive.verdict.mechanism == Mechanism::NoConnection
        && story.fin(decisive.reset.way).is_none()
        && pause.broken_by != decisive.reset.way;
    if !forged && !unsure && !forgotten {
        return None;
    }
    let seconds = pause.length.as_secs_f64();
    let what = if pause.by_reset {
        "reset the connection"
    } else {
        "had forgotten the connection and answered the next packet by a reset"
    };
    let (frame, sender) = (decisive.reset.segment.frame, decisive.verdict.sender);
    let survived = survived(story, pause.length);
    let ended = story.ended()?;
    question.of_others(move |others| {
        let known = others.idle_limits(pause.length, Place::Path);
        let device = || match known.first().filter(|limit| limit.is_set()) {
            Some(limit) => format!("a device on the path, perhaps {},", limit.product),
            None => "a device on the path".to_owned(),
        };
        let mut candidate = others.candidate(
        Cause::IdleTimeoutMiddlebox,
        || format!("after {seconds:.3} s of silence {} {what}: its idle limit", device()),
    )
    .because(
        Aspect::Timing,
        match forged || forgotten && pause.length >= LONG {
            true if pause.length >= SHORTEST => Weight::Strong,
            true => Weight::Moderate,
            false => Weight::Weak,
        },
        [pause.from, pause.until, frame],
        || format!("nothing passed for {seconds:.3} s before"),
    )
    .advise(|| format!(
        "send keepalives, or close idle connections, well before {seconds:.0} s; or raise the device's idle limit"
    ));
        if forged {
            candidate = candidate.because(
                Aspect::Device,
                if pause.length >= SHORTEST { Weight::Moderate } else { Weight::Weak },
                [frame],
                "another device than the host made the reset",
            );
        }
        if let Some(frames) = survived {
            let text = "as long a silence of the same connection did no harm: it was answered after it";
            candidate = candidate.although(Aspect::Company, Weight::Decisive, frames, text);
        }
        let same: Vec<_> = others
            .near_server()
            .filter(|other| others.is_other(other) && other.sender == Some(sender))
            .filter(|other| other.pause.is_some_and(|gap| are_alike(gap, pause.length)))
            .filter_map(|other| other.reset)
            .take(6)
            .collect();
        // Who ends connections of other silences at the same time has no timer for each.
        let with_it: Vec<_> = others
            .ended_near(ended, SAME_EXIT)
            .filter(|other| other.sender == Some(sender))
            .filter(|other| other.pause.is_none_or(|gap| !are_alike(gap, pause.length)))
            .filter_map(|other| other.reset)
            .take(4)
            .collect();
        if with_it.len() > 1 {
            let text = "other connections to this server that had rested for other times, or not at all, were reset in the same moment";
            candidate = candidate.although(Aspect::Aftermath, Weight::Strong, with_it, text);
        }
        if !same.is_empty() {
            candidate = candidate.because(Aspect::Company, Weight::Moderate, same.iter().copied(), || {
                format!("{} to this server ended alike after the same silence", other_connections(same.len()))
            });
        }
        if let (Some(first), Some(whose)) = (known.first(), idle_timeouts::whose(&known)) {
            candidate = candidate
                .because(Aspect::Declared, Weight::Moderate, [pause.until], || {
                    format!("{} s is {whose}", first.seconds)
                })
                .advise(|| first.advice());
        }
        Some(candidate)
    })
}

/// The segments around a silence at least as long as `length`, and the one that answered what ended it.
fn survived(story: &Story<'_>, length: Duration) -> Option<[FrameNumber; 3]> {
    let until = story.decisive?.place;
    let before = story.case.timeline.sightings.get(..until)?;
    before.windows(2).enumerate().find_map(|(place, pair)| {
        let [from, until] = pair else { return None };
        if until.after_gap || until.time()?.since(from.time()?).0 < length.0 {
            return None;
        }
        let mut later = before.iter().skip(place + 2).filter(|one| one.way != until.way && one.is_ordinary());
        let answer = later.find(|one| one.segment.flags.ack() && !one.segment.ack.before(until.segment.seq_end()))?;
        Some([from.frame(), until.frame(), answer.frame()])
    })
}
