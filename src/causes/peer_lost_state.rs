//! A host, or the device that translates its address, no longer knows the connection.

use super::diagnose::Question;
use super::{Candidate, Cause};
use crate::attribution::{Mechanism, Sender};
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
    let frame = decisive.reset.segment.frame;
    let candidate = Candidate::new(
        Cause::PeerLostState,
        format!("{name}'s host no longer knew the connection and answered by a reset, though it had never closed it"),
    )
    .advise(format!("look whether {name}'s host restarted or its address moved to another host at that time"))
    .advise("with address translation or a load balancer between: was its table flushed, or did it fail over?");
    Some(match decisive.verdict.mechanism {
        Mechanism::NoConnection => candidate.because(
            Aspect::Form,
            Weight::Strong,
            decisive
                .verdict
                .evidence
                .iter()
                .filter(|piece| piece.clue == "form")
                .flat_map(|piece| piece.frames.clone()),
            format!("a stack without the connection answered, and {name} had sent no FIN"),
        ),
        Mechanism::Forged | Mechanism::PacketFilter | Mechanism::Unknown => {
            let answers = decisive.verdict.sender != Sender::Middlebox
                || story.last_turn().is_some_and(|turn| turn.way != way && story.pause.is_some());
            if !answers {
                return None;
            }
            candidate.because(
                Aspect::Form,
                Weight::Moderate,
                [frame],
                "a device answered in its name as one without the connection does",
            )
        }
        _ => return None,
    })
}
