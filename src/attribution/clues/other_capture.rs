//! What captures at other points of the path have of it.

use super::Question;
use crate::attribution::Party;
use crate::compare::{Absence, Passage};
use crate::evidence::{Aspect, Evidence, Weight};
use crate::knowledge::ttl;
use crate::surroundings::Near;

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let frame = suspect.segment().frame;
    let passage = suspect.case.passages?.of(frame)?;
    let name = suspect.case.name(suspect.own());
    let nearest = passage.nearest()?;
    if nearest.frame != frame {
        // It is judged where it was seen nearest to the claimed sender.
        return None;
    }
    let own = nearest.point + 1;
    if let Some((beyond, absence)) = passage.made_behind() {
        let weight = if *absence == Absence::Proven { Weight::Decisive } else { Weight::Strong };
        return Some(suspect.forged("other_capture", Aspect::Elsewhere, weight, [frame], || {
            format!("capture {own} has it; capture {}, nearer to {name}, {absence}", beyond + 1)
        }));
    }
    // Where a point beyond cannot tell, this one is not the last word.
    if !passage.beyond().is_empty() || passage.unseen.is_empty() && passage.seen.len() < 2 {
        return None;
    }
    let local = is_beside(question, passage);
    let frames = passage.seen.iter().map(|seen| seen.frame);
    let elsewhere = passage.seen.len() > 1;
    Some(suspect.genuine(
        "other_capture",
        Aspect::Elsewhere,
        if local { Weight::Decisive } else { Weight::Weak },
        frames,
        || match (local, elsewhere) {
            (true, _) => format!("it left {name}'s side: capture {own} was taken there and has it"),
            (false, true) => format!("it came from {name}'s side of capture {own}, the nearest to it"),
            (false, false) => format!("only capture {own}, the nearest to {name}, has it"),
        },
    ))
}

/// Whether the capture was taken beside the claimed host, and the reset has crossed no router on its way there.
fn is_beside(question: &Question<'_>, passage: &Passage) -> bool {
    let suspect = question.suspect;
    let side = if passage.to_server { Near::Client } else { Near::Server };
    let ttl = suspect.segment().ttl;
    let usual = suspect.case.host(suspect.own());
    let at_once = || {
        question
            .trigger()
            .and_then(|trigger| suspect.since(trigger))
            .is_some_and(|took| took < crate::attribution::origin::ON_THE_HOST)
    };
    ttl::hops(ttl) == 0
        && (suspect.case.surroundings.vantage.near == side || at_once())
        && usual.is_none_or(|host| host.ttls.iter().all(|seen| seen.value == ttl))
}
