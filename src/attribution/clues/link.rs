//! Which device put the frame on this link, and which way the frame went.

use super::Question;
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let reset = suspect.sighting()?;
    if suspect.was_passed_on() {
        return None;
    }
    let name = suspect.case.name(suspect.own());
    let own = suspect.own();
    let all = &suspect.case.timeline.sightings;
    // Copies too: on a router they show both links. Several inputs are of one capture point.
    let sent = || all.iter().filter(|one| one.way == own && !one.segment.flags.rst());
    if let Some(direction) = reset.direction {
        let mut known = sent().filter_map(|one| one.direction).peekable();
        if known.peek().is_some() && known.all(|other| other != direction) {
            let frame = sent().next()?.frame();
            return Some(suspect.forged("direction", Aspect::Device, Weight::Strong, [reset.frame(), frame], || {
                format!("it went the other way through the capturing host than {name}'s packets do")
            }));
        }
    }
    let link = reset.link_source?;
    let mut known = sent().filter_map(|one| Some((one.link_source?, one.frame()))).peekable();
    let &(usual, frame) = known.peek()?;
    if known.any(|(other, _)| other == link) {
        return None;
    }
    Some(suspect.forged("mac", Aspect::Device, Weight::Strong, [reset.frame(), frame], || {
        format!("it came from link address {link}, {name}'s packets come from {usual}")
    }))
}
