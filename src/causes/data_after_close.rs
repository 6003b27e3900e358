//! Data reached a side that had closed in both directions.

use super::question::Question;
use super::{Candidate, Cause};
use crate::attribution::Mechanism;
use crate::evidence::{Aspect, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Candidate> {
    let story = question.story;
    let decisive = story.by_host()?;
    let way = decisive.reset.way;
    if !matches!(decisive.verdict.mechanism, Mechanism::DataAfterClose | Mechanism::TimeWait | Mechanism::NoConnection)
    {
        return None;
    }
    let (name, other) = (story.name(way), story.name(way.reverse()));
    let Some(fin) = story.fin(way) else {
        // The first reset says whether it may have closed with its FIN behind data.
        let closed = story.judged.iter().find(|one| one.way == way)?;
        if closed.mechanism != Mechanism::DataAfterClose {
            return None;
        }
        return Some(
            question.candidate(
                Cause::DataAfterClose,
                || format!("{name} seems to have closed the connection with data left to send, and {other} sent more: {name}'s host answered that by a reset"),
            )
            .because(
                Aspect::Form,
                Weight::Moderate,
                [closed.frame],
                || format!("{name} had data under way, and a FIN would have come behind it"),
            )
            .advise(|| format!("look on {name}'s host why it closed in the middle of its data: a process that ended, a limit of its own")),
        );
    };
    Some(
        question.candidate(
            Cause::DataAfterClose,
            || format!("{name} had closed the connection, and {other} sent more: {name}'s host answered that by a reset"),
        )
        .because(
            Aspect::Form,
            // A packet filter may have rejected what a closing socket takes.
            if decisive.verdict.or_else == Some(Mechanism::PacketFilter) { Weight::Moderate } else { Weight::Strong },
            [fin.frame(), decisive.reset.segment.frame],
            || format!("{name}'s FIN came before, and the reset answers what came after it"),
        )
        .advise(|| format!("let {name} wait for {other}'s end before it closes (shut down the sending side, read to the end), or let {other} stop sending when it sees the FIN")),
    )
}
