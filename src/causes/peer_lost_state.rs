//! A host, or the device that translates its address, no longer knows the connection.

use std::net::SocketAddr;

use super::around::Connection;
use super::question::Question;
use super::{Candidate, Cause, Story};
use crate::attribution::{Mechanism, Party};
use crate::evidence::{Aspect, Weight};
use crate::flow::{Phase, Way};
use crate::surroundings::Earlier;
use crate::tcp::{Duration, Endpoint, FrameNumber};
use crate::timeline::Sighting;

/// A host that restarts, or a service that moves to another host, mostly takes longer.
const SOONEST_RESTART: Duration = Duration::from_secs(1);

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.decisive?;
    let way = decisive.reset.way;
    let name = story.name(way);
    if decisive.reset.phase < Phase::Data || story.fin(way).is_some() || decisive.reset.segment.flags.ack() {
        return None;
    }
    // After a reset of its own it has forgotten on purpose.
    let mut resets = story.case.flow.resets().iter();
    if resets.any(|reset| reset.way == way && reset.segment.frame < decisive.reset.segment.frame) {
        return None;
    }
    let frame = decisive.reset.segment.frame;
    let heard = story.before(way).next().is_some();
    if let Some(earlier) = story.case.earlier().filter(|earlier| earlier.changed != way && !heard) {
        return moved(question, earlier);
    }
    let later = story.case.later().filter(|later| later.changed == way && later.frame > frame);
    let repeated = repeated_in_vain(story, way);
    let is_forged = decisive.verdict.mechanism == Mechanism::Forged;
    // Its FIN may be among what was acknowledged and is not in the capture.
    let is_whole = story.case.flow.rare(way).is_none_or(|rare| rare.holes.is_empty());
    let candidate = question.candidate(
        Cause::PeerLostState,
        || if is_forged && later.is_none() {
            format!("a device on the path answered in {name}'s name as one that does not know the connection")
        } else if later.is_some() {
            format!("the device that translates {name}'s address no longer knew the connection and answered in {name}'s name")
        } else if repeated.is_some() {
            format!("{name}'s host, which had repeated its data in vain, had given the connection up and answered by a reset")
        } else if heard && !is_whole {
            format!("{name}'s host no longer knew the connection and answered by a reset; no FIN of it passed here")
        } else if heard {
            format!("{name}'s host no longer knew the connection and answered by a reset, though it had never closed it")
        } else {
            format!("{name}'s host did not know the connection and answered by a reset; how it ended before, the capture does not show")
        },
    )
    .advise(|| match repeated {
        Some(_) => format!("find out why {name}'s data had no answer before: a broken path, or a device that dropped it"),
        None => format!("look whether {name}'s host restarted or its address moved to another host at that time"),
    })
    .advise("with address translation or a load balancer between: was its table flushed, or did it fail over?");
    let candidate = match repeated {
        Some(frames) => candidate.because(Aspect::Aftermath, Weight::Weak, frames, || {
            format!("{name} had repeated the same data and heard nothing meanwhile")
        }),
        None => candidate,
    };
    // Then it had forgotten nothing.
    let unless_alive = |candidate: Candidate| match story.alive_after() {
        Some(alive) => candidate
            .although(Aspect::Aftermath, Weight::Strong, [alive], || format!("{name}'s connection still lived")),
        None => candidate,
    };
    Some(match decisive.verdict.mechanism {
        Mechanism::NoConnection => {
            let form = decisive.verdict.evidence.iter().filter(|piece| piece.clue == "form");
            let candidate = candidate.because(
                Aspect::Form,
                if heard && is_whole { Weight::Strong } else { Weight::Moderate },
                form.flat_map(|piece| piece.frames.clone()),
                || {
                    if heard {
                        format!("a stack without the connection answered, and {name} had sent no FIN")
                    } else {
                        format!(
                            "a stack without the connection answered; nothing that {name} had sent before was captured"
                        )
                    }
                },
            );
            let candidate = match story.last_heard() {
                Some((_, since)) if since.0 < SOONEST_RESTART.0 && !story.is_compared() => candidate.advise(|| format!(
                    "it had spoken {:.0} ms before, and few hosts restart so soon: a capture on {name}'s side would show a \
                     reset that did not pass here",
                    since.0 as f64 / 1e6
                )),
                _ => candidate,
            };
            let candidate = unless_alive(candidate);
            let candidate = match story.last_heard() {
                Some((last, since)) if story.is_moment(since) => {
                    candidate.although(Aspect::Timing, Weight::Strong, [last, frame], || {
                        format!(
                            "{name} had spoken {:.1} ms before, and hosts do not restart in that time",
                            since.0 as f64 / 1e6
                        )
                    })
                }
                Some((last, since)) if since.0 < SOONEST_RESTART.0 => {
                    candidate.although(Aspect::Timing, Weight::Moderate, [last, frame], || {
                        format!(
                            "{name} had spoken {:.0} ms before, and few hosts restart so soon",
                            since.0 as f64 / 1e6
                        )
                    })
                }
                _ => candidate,
            };
            // A failover takes a server's busy connections; a device that looks into requests has let through one that was answered.
            let is_busy = story.last_heard().is_some_and(|(_, since)| since < SOONEST_RESTART);
            let asked = story.turns.iter().filter(|turn| turn.way == story.client()).count();
            if !is_busy || asked < 2 || story.from_client() {
                return Some(candidate);
            }
            let moment = decisive.reset.segment.time?;
            return question.of_others(move |others| {
                let was_unknown = Some(Mechanism::NoConnection);
                let is_same = |other: &&Connection| !other.by_client && other.mechanism == was_unknown;
                let candidate = candidate.clone();
                Some(match others.ended_near(moment, SOONEST_RESTART).find(is_same) {
                    Some(other) => candidate.because(
                        Aspect::Company,
                        Weight::Moderate,
                        other.reset.into_iter().chain([frame]),
                        "another connection with the same server was unknown in the same moment, as after a failover or a flushed table",
                    ),
                    None => candidate,
                })
            });
        }
        Mechanism::Forged | Mechanism::PacketFilter | Mechanism::Unknown => {
            let mut form = decisive.verdict.evidence.iter();
            if !form.any(|piece| piece.clue == "form" && piece.about == Party::Host) {
                return None;
            }
            let text = "a device answered in its name as one that does not know the connection";
            let candidate = candidate.because(Aspect::Form, Weight::Moderate, [frame], text);
            let candidate = match later {
                Some(later) => candidate.because(
                    Aspect::Company,
                    Weight::Strong,
                    [later.frame],
                    || format!("{name} goes on under another address, as flow {}: its address is no longer translated as before", later.flow),
                ),
                None => candidate,
            };
            unless_alive(candidate)
        }
        _ => return None,
    })
}

/// The latest repetitions by a side that had no answer to its data, nor anything else, while it repeated it.
fn repeated_in_vain(story: &Story<'_>, way: Way) -> Option<[FrameNumber; 2]> {
    let mut own = story.before(way);
    let last = own.next().filter(|one| one.segment.payload_len > 0)?;
    let before = own.next().filter(|one| one.segment.seq == last.segment.seq && one.segment.payload_len > 0)?;
    let first = own.take_while(|one| one.segment.seq == last.segment.seq).last()?;
    let heard = |one: &Sighting| (first.frame()..last.frame()).contains(&one.frame());
    let end = last.segment.seq_end();
    let has_it = |one: &Sighting| one.segment.flags.ack() && !one.segment.ack.before(end);
    (!story.before(way.reverse()).any(|one| heard(one) || has_it(one))).then(|| [before.frame(), last.frame()])
}

/// The connection came here under another address than before, which the resetting host does not know.
fn moved(question: &Question<'_>, earlier: &Earlier) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.decisive?;
    let (way, frame) = (decisive.reset.way, decisive.reset.segment.frame);
    if decisive.verdict.mechanism != Mechanism::NoConnection || earlier.other_closed {
        return None;
    }
    let flow = story.case.flow;
    let socket = |end: Endpoint| SocketAddr::from((end.ip(flow.stream.ipv6), end.port));
    let (was, is) = (socket(earlier.was), socket(flow.stream.endpoints[earlier.changed]));
    let (name, other) = (story.name(way), story.name(earlier.changed));
    let first = story.before(earlier.changed).last()?;
    let candidate = question.candidate(
        Cause::PeerLostState,
        || format!(
            "{other}'s address changed in the middle of the connection, from {was} to {is}; {name}'s host knew no connection \
             with the new one and answered by a reset"
        ),
    )
    .because(
        Aspect::Company,
        Weight::Strong,
        [earlier.frame, first.frame()],
        || format!("both sequence numbers go on where flow {} stopped, as only the same connection's do", earlier.flow),
    )
    .because(
        Aspect::Form,
        Weight::Strong,
        [frame],
        || format!("a stack without the connection answered, and {name} had sent no FIN"),
    )
    .advise(|| format!(
        "look at the devices that translate {other}'s address: was the table flushed or full, did one fail over, or did the \
         entry expire?"
    ))
    .advise(|| format!(
        "{name}'s application still holds the connection with {was} and hears no more of it: keepalives or its idle limit end that"
    ));
    Some(match story.pause.filter(|pause| pause.from == earlier.frame) {
        Some(pause) => {
            let rest = pause.length.as_secs_f64();
            candidate.advise(|| format!(
                "nothing passed for {rest:.1} s before the address changed: if the entry expires by then, send keepalives \
                 sooner, or raise the limit"
            ))
        }
        None => candidate,
    })
}
