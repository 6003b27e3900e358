//! A host, or the device that translates its address, no longer knows the connection.

use super::diagnose::Question;
use super::{Candidate, Cause};
use crate::attribution::{Mechanism, Party};
use crate::evidence::{Aspect, Weight};
use crate::flow::Phase;

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
    let candidate = Candidate::new(
        Cause::PeerLostState,
        if heard {
            format!("{name}'s host no longer knew the connection and answered by a reset, though it had never closed it")
        } else {
            format!("{name}'s host did not know the connection and answered by a reset; how it ended before, the capture does not show")
        },
    )
    .advise(format!("look whether {name}'s host restarted or its address moved to another host at that time"))
    .advise("with address translation or a load balancer between: was its table flushed, or did it fail over?");
    Some(match decisive.verdict.mechanism {
        Mechanism::NoConnection => {
            let form = decisive.verdict.evidence.iter().filter(|piece| piece.clue == "form");
            let candidate = candidate.because(
                Aspect::Form,
                if heard { Weight::Strong } else { Weight::Moderate },
                form.flat_map(|piece| piece.frames.clone()),
                if heard {
                    format!("a stack without the connection answered, and {name} had sent no FIN")
                } else {
                    format!("a stack without the connection answered; nothing that {name} had sent before was captured")
                },
            );
            match story.last_heard() {
                Some((last, since)) if story.is_moment(since) => candidate.although(
                    Aspect::Timing,
                    Weight::Strong,
                    [last, frame],
                    format!(
                        "{name} had spoken {:.1} ms before, and hosts do not restart in that time",
                        since.0 as f64 / 1e6
                    ),
                ),
                _ => candidate,
            }
        }
        Mechanism::Forged | Mechanism::PacketFilter | Mechanism::Unknown => {
            let mut form = decisive.verdict.evidence.iter();
            if !form.any(|piece| piece.clue == "form" && piece.about == Party::Host) {
                return None;
            }
            let text = "a device answered in its name as one that does not know the connection";
            let candidate = candidate.because(Aspect::Form, Weight::Moderate, [frame], text);
            match story.alive_after() {
                Some(alive) => candidate.although(
                    Aspect::Aftermath,
                    Weight::Strong,
                    [alive],
                    format!("{name}'s connection still lived"),
                ),
                None => candidate,
            }
        }
        _ => return None,
    })
}
